"""The relay's doctor looks at how others come in: port, addresses, firewall, sockets, registration.

Each check takes what those before it found out, in the order of `securechat.relay.doctor`.
"""

from securechat.config import DEFAULT_PORT
from securechat.errors import PortInUse, Unreachable, Untrusted
from securechat.findings import Level, Outcome
from securechat.identity.types import RelayId, fingerprint
from securechat.relay.doctor_case import Examination
from securechat.relay.entry import takes_anybody
from securechat.relay.server import ANY_ADDRESS
from securechat.transport.addresses import reachable_hosts
from securechat.transport.bind import bind
from securechat.transport.endpoint import Endpoint
from securechat.transport.firewalls import find_firewall
from securechat.transport.pins import relay_id
from securechat.transport.probe import probe
from securechat.transport.route import find_addresses

OTHER_FILES = 64
"""How many files a relay may have open beside its connections: its store, its listening sockets."""


def check_port(examination: Examination) -> Outcome:
    """Listen for a moment; where that cannot be, look at who does."""
    place = examination.place
    try:
        for sock in bind(*place):
            sock.close()
    except PortInUse as taken:
        return _recognize(examination, taken)
    if place.port and examination.is_data_in_use:
        return Outcome(
            f"nothing listens on {place}, although a relay uses {examination.setup.data}",
            Level.WARN,
            "the same with the --host and --port with which that relay was started",
        )
    if not place.port:
        return Outcome("port 0 stands for a free one, another at each start")
    return Outcome(f"{place} is free")


def find_reachable(examination: Examination) -> Outcome:
    """Find the addresses to give to people on other machines."""
    place = examination.place
    examination.hosts = _hosts_for_others(place)
    if examination.hosts:
        found = (str(place._replace(host=host)) for host in examination.hosts)
        return Outcome(f"other machines reach it at {', '.join(found)}")
    port = "" if place.port == DEFAULT_PORT else f" --port {place.port}"
    return Outcome(
        f"only this machine reaches {place}",
        Level.WARN,
        f"securechat server --host 0.0.0.0{port}, to let others connect",
    )


def look_for_firewall(examination: Examination) -> Outcome:
    """See which firewall is installed, if others are to get through it."""
    if not examination.hosts:
        return Outcome("does not matter: only this machine reaches the relay")
    port = examination.setup.config.port
    firewall = find_firewall(port, examination.case.firewall_places)
    if firewall is None:
        return Outcome("none that is known here is installed")
    return Outcome(
        f"{firewall.name} is installed; if it is on, it may keep others from port {port}",
        Level.WARN,
        firewall.allow,
    )


def check_open_files(examination: Examination) -> Outcome:
    """Hold the limit on open files against the connections that are allowed."""
    allowed = examination.setup.config.max_connections
    limit = examination.case.open_file_limit()
    if limit is None or limit >= allowed + OTHER_FILES:
        return Outcome(f"enough for {allowed} connections")
    return Outcome(
        f"{limit} files may be open at once, which is too few for {allowed} connections",
        Level.WARN,
        f"ulimit -Hn {allowed + OTHER_FILES}, as root; or:"
        f" securechat server --max-connections {max(1, limit - OTHER_FILES)}",
    )


def say_registration(examination: Examination) -> Outcome:
    """Say who may become new."""
    if takes_anybody(examination.setup.config):
        return Outcome("open: whoever reaches the relay may register")
    return Outcome("by invitation: securechat invite, or /code in a chat, lets somebody in")


def _recognize(examination: Examination, taken: PortInUse) -> Outcome:
    """Return who listens, if that is this relay; raise PortInUse if it is anybody else."""
    place, own = examination.place, examination.certificate
    here = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (it is dialled)
    asked = place._replace(host=here.get(place.host, place.host))
    try:
        shown = relay_id(probe(*asked))
    except (Unreachable, Untrusted) as error:
        what = f"A program that is no relay listens on {place}."
        raise PortInUse(what, taken.try_next) from error
    if own is not None and own.relay_id == shown:
        return _say_where(examination, asked, shown)
    what = f"Another relay listens on {place}: it shows {fingerprint(shown)}."
    raise PortInUse(what, taken.try_next)


def _say_where(examination: Examination, asked: Endpoint, shown: RelayId) -> Outcome:
    """Say where this relay answers; whether for others, it may have been told otherwise."""
    if not _hosts_for_others(asked):
        everywhere = "::" if ":" in asked.host else "0.0.0.0"  # noqa: S104 (it is not bound)
        hosts = _hosts_for_others(asked._replace(host=everywhere))
        places = [asked._replace(host=host) for host in hosts]
        if any(_answers(place, shown) for place in places):
            examination.take_host(everywhere)
            return Outcome(f"this relay answers at {asked}, and to other machines")
        if places:
            examination.take_host(asked.host)
    return Outcome(f"this relay answers at {asked}")


def _answers(place: Endpoint, relay: RelayId) -> bool:
    try:
        return relay_id(probe(*place)) == relay
    except (Unreachable, Untrusted):
        return False


def _hosts_for_others(place: Endpoint) -> list[str]:
    """Return by which hosts other machines reach a relay that is told to listen at this place."""
    if place.host in ANY_ADDRESS:
        bound: tuple[str, ...] = (place.host or "0.0.0.0",)  # noqa: S104 (it is not bound)
    else:
        bound = find_addresses(place)
    return reachable_hosts(place._replace(host=host) for host in bound)
