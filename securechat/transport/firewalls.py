"""Which firewall this machine may have: judged by what is installed, since only root can ask it."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from securechat.transport.private_files import is_there

PLACES = tuple(map(Path, ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin")))
"""Where the programs of firewalls are; a user's PATH often lacks half of these."""


class Firewall(NamedTuple):
    """A firewall, and the command, for root, that lets TCP connections to a port in."""

    name: str
    allow: str


_KNOWN = (
    ("ufw", "ufw", "sudo ufw allow {port}/tcp"),
    (
        "firewalld",
        "firewall-cmd",
        "sudo firewall-cmd --permanent --add-port={port}/tcp && sudo firewall-cmd --reload",
    ),
    ("nftables", "nft", "sudo nft insert rule inet filter input tcp dport {port} accept"),
    ("iptables", "iptables", "sudo iptables -I INPUT -p tcp --dport {port} -j ACCEPT"),
)
"""By the name of its program; those that others are built on come after these."""


def find_firewall(port: int, places: Sequence[Path] = PLACES) -> Firewall | None:
    """Return the firewall that is installed here, on or off; None without one that is known.

    Nothing is run. Raises FileProblem when a place cannot be looked at.
    """
    for name, program, allow in _KNOWN:
        if any(is_there(place / program) for place in places):
            return Firewall(name, allow.format(port=port))
    return None
