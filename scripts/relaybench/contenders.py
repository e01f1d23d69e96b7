"""Who is compared: how each server is started, and what its clients speak."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from relaybench import servers
from relaybench.client import Client
from relaybench.manner import Manner
from relaybench.mqtt_client import MqttDialect
from relaybench.nats_client import NatsDialect
from relaybench.relay_client import RelayDialect
from relaybench.servers import HAS_PROC, Server
from relaybench.tls_stream import Dialling, DiallingAt
from relaybench.tutorial_client import TutorialDialect

RELAY, TUTORIAL = "securechat", "tutorial"
MOSQUITTO, MOSQUITTO_0, NATS = "mosquitto", "mosquitto-qos0", "nats"
DEFAULT_SERVERS = (RELAY, TUTORIAL, MOSQUITTO, NATS)
ALL_SERVERS = (*DEFAULT_SERVERS, MOSQUITTO_0)
PROGRAMS = {MOSQUITTO: "mosquitto", MOSQUITTO_0: "mosquitto", NATS: "nats-server"}
TITLES = {
    TUTORIAL: "tutorial server",
    MOSQUITTO: "mosquitto QoS 1",
    MOSQUITTO_0: "mosquitto QoS 0",
    NATS: "nats-server",
}


class Dialect(Protocol):
    """How clients of a server come to be; each iterator connects one as it goes on."""

    has_accounts: bool
    """Whether the server keeps something of those who have been there."""
    own_manner: Manner
    """How the client writes that comes with the server."""

    def pairs(self, dialling: Dialling, count: int) -> Iterator[Client]:
        """Connect so many pairs, one after the other."""

    def room(self, dialling: Dialling, members: int, speakers: int) -> Iterator[Client]:
        """Connect a room of so many, of whom the first speak."""


Start = Callable[[Path], AbstractContextManager[Server]]
"""Starts a server that keeps what it has to keep in a folder."""


@dataclass(frozen=True)
class Contender:
    """A server under test; ``server`` runs for all loads that need no fresh one."""

    name: str
    title: str
    start: Start
    dialect: Callable[[], Dialect]
    manner: Manner
    """How its clients write."""


@dataclass(frozen=True)
class Running:
    """A contender's server that runs, and the people who know it."""

    contender: Contender
    server: Server
    dialling: Dialling
    dialect: Dialect


def contenders(
    names: Sequence[str], beside: Mapping[str, Path], core: int, certs: Path, max_connections: int
) -> tuple[list[Contender], list[str]]:
    """Return those who can run here, in this order, and a sentence about each who cannot.

    Their clients write in the manner of those that come with the servers.
    ``beside`` has the folders of other versions of the relay, by name.
    """
    found: list[Contender] = []
    missing: list[str] = []
    for name in names:
        program = servers.find(PROGRAMS[name]) if name in PROGRAMS else None
        if name not in PROGRAMS:
            found.extend(_own(name, beside, core, certs, max_connections))
        elif program and HAS_PROC:
            found.append(_foreign(name, program, core, certs))
        else:
            why = "is not installed here" if HAS_PROC else "cannot be measured without /proc"
            missing.append(f"{TITLES[name]} is left out: {PROGRAMS[name]} {why}.")
    return found, missing


def _own(
    name: str, beside: Mapping[str, Path], core: int, certs: Path, max_connections: int
) -> Iterator[Contender]:
    if name == TUTORIAL:
        yield Contender(
            name,
            TITLES[name],
            lambda _: _tutorial(core, certs),
            TutorialDialect,
            TutorialDialect.own_manner,
        )
        return
    sources: dict[str, Path | None] = {RELAY: None, **beside}
    for title, source in sources.items():
        start = partial(_relay, core, certs, max_connections, source)
        yield Contender(title, title, start, RelayDialect, RelayDialect.own_manner)


def _foreign(name: str, program: str, core: int, certs: Path) -> Contender:
    if name == NATS:
        return Contender(
            name,
            TITLES[name],
            lambda home: servers.nats(core, program, certs, home),
            NatsDialect,
            NatsDialect.own_manner,
        )
    qos = 0 if name == MOSQUITTO_0 else 1
    return Contender(
        name,
        TITLES[name],
        lambda home: servers.mosquitto(core, program, certs, home),
        lambda: MqttDialect(qos),
        MqttDialect.own_manner,
    )


def _relay(
    core: int, certs: Path, max_connections: int, source: Path | None, home: Path
) -> AbstractContextManager[Server]:
    flags = ("--json", "--port", "0", "--home", str(home), "--certs", str(certs))
    limit = ("--max-connections", str(max_connections))
    return servers.python_server(core, "securechat", "server", *flags, *limit, source=source)


def _tutorial(core: int, certs: Path) -> AbstractContextManager[Server]:
    files = (str(certs / "server.pem"), str(certs / "server-key.pem"))
    return servers.python_server(core, "relaybench.tutorial_server", *files)


@contextmanager
def running(
    contender: Contender, home: Path, dialling: DiallingAt, dialect: Dialect | None = None
) -> Iterator[Running]:
    """Run a contender's server until the block ends, for people who may know it already."""
    home.mkdir(mode=0o700, exist_ok=True)
    with contender.start(home) as server:
        known = dialect or contender.dialect()
        yield Running(contender, server, dialling(server.port, contender.manner), known)
