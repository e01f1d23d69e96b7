"""The attacks of `scripts/siege attacks`, and how long the relay may let each of them live."""

from collections.abc import Iterator
from dataclasses import dataclass

HANDSHAKE_S, LOGIN_S = 5.0, 10.0
"""The relay's deadlines, both from the moment it accepts a connection."""

QUEUED_S = 15.0
"""The longest that one lives which waits for a file descriptor before the relay accepts it."""

KEY_UPDATERS = 50
"""Changing keys thousands of times costs the attacker much, too."""

_ANYBODY = {
    "silent": ("silent after the connect", HANDSHAKE_S),
    "dripping": ("a byte of a ClientHello a second", HANDSHAKE_S),
    "half-handshake": ("silent after the ClientHello", HANDSHAKE_S),
    "garbage": ("random bytes instead of TLS", HANDSHAKE_S),
    "silent-in-tls": ("silent after the TLS handshake", LOGIN_S),
    "garbage-in-tls": ("random frames after it", LOGIN_S),
    "long-greeting": ("a frame over 4 KiB before the login", LOGIN_S),
}
_MEMBERS = {
    "long-frame": "a frame over 256 KiB after the login",
    "too-many-envelopes": "257 envelopes in a frame",
}
_KEY_UPDATES = {
    "early-key-updates": "TLS key updates with the end of the handshake",
    "key-updates": "TLS key updates after the login",
}
_ONE_ACCOUNT = {
    "flood": "one account floods with envelopes",
    "pings": "one account floods with pings",
    "never-reading": "one account asks, and never reads",
}


@dataclass(frozen=True)
class Attack:
    """One attack; ``kind`` is one of `siegelib.attack`."""

    kind: str
    title: str
    sources: str
    """``one`` or ``many`` addresses."""
    count: int
    longest_s: float | None = None
    """How long the relay may let a connection live, None for those that it need not close."""
    newcomers_in: float = 0.99
    """The share of newcomers who must get in."""
    runs_out_of_files: bool = False
    """Whether it is for a relay that cannot open as many files as it meets."""


def all_attacks(connections: int) -> Iterator[Attack]:
    """Yield every attack, with so many connections at a time."""
    for kind, (title, longest_s) in _ANYBODY.items():
        for sources in ("many", "one"):
            yield Attack(kind, title, sources, connections, longest_s)
    for kind, title in _MEMBERS.items():
        yield Attack(kind, title, "many", connections, LOGIN_S)
    updaters = min(connections, KEY_UPDATERS)
    for kind, title in _KEY_UPDATES.items():
        yield Attack(kind, title, "many", updaters, LOGIN_S)
    for kind, title in _ONE_ACCOUNT.items():
        yield Attack(kind, title, "one", 1)
    yield Attack(
        "silent", "silent, and no descriptors left", "many", connections, QUEUED_S, 0.5, True
    )
