"""The checks of the doctor, in the order of `securechat.client.doctor`.

Each takes what those before it found out.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from msgspec import Struct

from securechat.client.connection.handed_over import HandedOver
from securechat.client.connection.login import Login
from securechat.client.connection.relays import known_relays, parse_address
from securechat.client.connection.short_visit import Visit
from securechat.client.profiles.access import read_trust
from securechat.client.profiles.profile import (
    STATE,
    Profile,
    open_vault,
    profile_directory,
    remembered_name,
)
from securechat.client.profiles.surroundings import load_settings, resolve_home
from securechat.client.profiles.trusting import trusted_by
from securechat.client.profiles.vault import Passphrases, Vault
from securechat.config import Config
from securechat.e2e.endpoint import Endpoint as OwnEndpoint
from securechat.e2e.seen import SEEN_TABLES
from securechat.errors import Busy, Untrusted
from securechat.findings import Level, Outcome
from securechat.identity.names import parse_name
from securechat.identity.types import Name, fingerprint
from securechat.store.state import Rows
from securechat.store.state_view import StateView
from securechat.transport.connection import Connection
from securechat.transport.endpoint import Endpoint
from securechat.transport.loop import Loop
from securechat.transport.pins import check_dates_and_pin, relay_id
from securechat.transport.private_files import is_there
from securechat.transport.probe import probe
from securechat.transport.route import find_addresses, knock, local_address_for
from securechat.wire import frames as f

MAX_CLOCK_DIFFERENCE_S = 300
"""More than this can make a good certificate look expired, and orders messages oddly."""

SHOWN_ADDRESSES = 4


class Case(Struct, frozen=True, kw_only=True):
    """What the user said: who they are, which relay is meant, and whom to trust there.

    ``passphrases`` gives what may open the profile of a name.
    """

    home: Path | None
    name: str | None = None
    address: str | None = None
    pin: str | None = None
    ca_file: Path | None = None
    passphrases: Callable[[Name], Passphrases]
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000


class Examination:
    """What the checks have found out so far; ``resources`` ends with the last one."""

    def __init__(self, case: Case, resources: ExitStack) -> None:
        self.case = case
        self.resources = resources
        self.settings = Config()
        self.name: Name | None = None
        self.rows: Rows = {}
        self.no_login = "there is no profile here yet"
        """Why no login is tried; empty when one is."""
        self.certificate: bytes
        self.visit: Visit
        self.login: Login
        self.challenge: f.Challenge

    @property
    def address(self) -> Endpoint:
        """The relay: as given, else where it was met last, else as the settings say."""
        if self.case.address is not None:
            return parse_address(self.case.address)
        relays = known_relays(self.rows)
        return parse_address(relays[0].address if relays else self.settings.client.server)


def read_settings(examination: Examination) -> Outcome:
    """Read the configuration file."""
    examination.settings = load_settings(examination.case.home)
    return Outcome("the configuration is in order, or there is none")


def open_profile(examination: Examination) -> Outcome:
    """Open the profile if there is one; one that is in use is only read."""
    case, home = examination.case, resolve_home(examination.case.home)
    said = case.name or examination.settings.client.name
    name = parse_name(said) if said else remembered_name(home)
    directory = profile_directory(home, name) if name else home
    if name is None or not is_there(directory / STATE):
        return Outcome(
            f"there is no profile{f' of {name}' if name else ''} in {home}",
            Level.WARN,
            "securechat client --name ME, which makes one",
        )
    examination.name, passphrases = name, case.passphrases(name)
    try:
        profile = examination.resources.enter_context(Profile(home, name, passphrases))
    except Busy:
        key = open_vault(Vault(directory, name, locked=False), passphrases)
        with closing(StateView(directory / STATE, key)) as view:
            examination.rows = view.load(without=SEEN_TABLES)
        examination.no_login = f"{name} is open in another securechat command"
        return Outcome(examination.no_login)
    examination.rows, examination.no_login = profile.state.load(), ""
    return Outcome(f"the profile of {name} opens")


def resolve(examination: Examination) -> Outcome:
    """Find the addresses of the relay's name."""
    remote = examination.address
    addresses = find_addresses(remote)
    what = f"{remote} is {', '.join(addresses[:SHOWN_ADDRESSES])}"
    if all(ip_address(address.partition("%")[0]).is_loopback for address in addresses):
        what += ": this machine itself, which no other one reaches under that address"
    return Outcome(what)


def find_route(examination: Examination) -> Outcome:
    """Ask the system which way it would take."""
    return Outcome(f"packets leave from {local_address_for(examination.address)}")


def try_port(examination: Examination) -> Outcome:
    """Connect, and hang up."""
    remote = examination.address
    knock(remote, examination.settings.client.dial_timeout_s)
    return Outcome(f"something listens on port {remote.port}")


def look_at_certificate(examination: Examination) -> Outcome:
    """Complete a handshake with whoever answers."""
    timeout_s = examination.settings.client.dial_timeout_s
    examination.certificate = probe(*examination.address, timeout_s)
    return Outcome("it speaks TLS 1.3")


def check_certificate(examination: Examination) -> Outcome:
    """Hold the certificate's dates against the clock of this machine."""
    shown = relay_id(examination.certificate)
    now = datetime.fromtimestamp(examination.case.now_ms() / 1000, UTC)
    check_dates_and_pin(examination.certificate, shown, now)
    return Outcome(f"its dates are right; the relay's fingerprint is {fingerprint(shown)}")


def decide_trust(examination: Examination) -> Outcome:
    """Connect as a client does: to the relay that is pinned, known, or vouched for by a CA."""
    case, remote = examination.case, examination.address
    flags = read_trust(case.pin, case.ca_file, case.home, examination.settings.server.certs)
    shown = relay_id(examination.certificate)
    tls = trusted_by(known_relays(examination.rows), remote, flags, shown)
    if tls is None:
        raise Untrusted(
            f"The relay at {remote} is not known here; it shows {fingerprint(shown)}",
            f"compare that with the relay's own screen, then: securechat client --server {remote}",
        )
    loop = Loop()
    loop.start()
    examination.resources.callback(loop.stop, 1.0)
    visit = Visit(loop)
    loop.dial(*remote, tls, visit, timeout_s=examination.settings.client.dial_timeout_s)
    certificate = visit.wait_for(Connection, _DIAL_S).remote_certificate or b""
    examination.visit, examination.certificate = visit, certificate
    return Outcome("it is the relay that is trusted here")


_DIAL_S = 60.0
"""A bound for what has deadlines of its own: the dialling and the handshake."""


def say_hello(examination: Examination) -> Outcome:
    """Say who comes, and let the relay choose a version; without a profile it is nobody."""
    now_ms = examination.case.now_ms()
    own = OwnEndpoint.create(now_ms) if examination.no_login else OwnEndpoint.load(examination.rows)
    shown = relay_id(examination.certificate)
    name = examination.name or Name("nobody")
    login = Login(own, name, shown, examination.certificate)
    examination.visit.say(login.hello())
    challenge = examination.visit.wait_for(f.Challenge)
    login.answer(challenge, now_ms, 0)  # checks it; what it returns is not sent here
    examination.login, examination.challenge = login, challenge
    return Outcome(f"both speak version {challenge.version} of the protocol")


def compare_clocks(examination: Examination) -> Outcome:
    """Hold the relay's clock against that of this machine."""
    difference_s = (examination.challenge.time_ms - examination.case.now_ms()) / 1000
    if abs(difference_s) <= MAX_CLOCK_DIFFERENCE_S:
        return Outcome("the clocks of both machines agree")
    order = "ahead of" if difference_s > 0 else "behind"
    return Outcome(
        f"the relay's clock is {abs(difference_s) / 60:.0f} minutes {order} the one here",
        Level.WARN,
        "date -u, on both machines",
    )


def log_in(examination: Examination) -> Outcome:
    """Log in and leave again, if this device is registered there; never register it."""
    visit, login, challenge = examination.visit, examination.login, examination.challenge
    if examination.no_login:
        return Outcome(f"not tried: {examination.no_login}")
    if not challenge.registered:
        return Outcome(f"not tried: {examination.name} is not registered at this relay yet")
    handed_over = HandedOver(login.relay_id, examination.rows).count
    for frame in login.answer(challenge, examination.case.now_ms(), handed_over):
        visit.say(frame)
    login.check(visit.wait_for(f.Welcome))
    visit.leave()
    return Outcome(f"the relay lets {examination.name} in")
