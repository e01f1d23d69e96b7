"""Two thousand connections that start at once, each talking both ways while others shake hands."""

import random
import threading
from collections.abc import Iterator

import pytest

from securechat.errors import SecureChatError
from securechat.transport import dial
from securechat.transport.admission import Limits
from securechat.transport.connection import Connection
from securechat.transport.endpoint import Endpoint
from securechat.transport.loop import Loop
from tests.sockets.loop_world import Files, make_files, running_loop

CONNECTIONS = 2000
MESSAGES = 10
STORM_S = 45.0


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("certs") / "certs")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a handshake take as long as all of them do: they all begin at once."""
    monkeypatch.setattr(dial, "HANDSHAKE_S", STORM_S)


class Talker:
    """Sends its stream in pieces, each as soon as something came, and checks the other's stream."""

    def __init__(self, storm: "Storm", sends: bytes, expects: bytes) -> None:
        self._storm = storm
        self._pieces: Iterator[bytes] = iter(
            [sends[start : start + 256] for start in range(0, len(sends), 256)]
        )
        self._expects = expects
        self._received = bytearray()
        self._connection: Connection

    def opened(self, connection: Connection) -> None:
        self._connection = connection
        self._storm.opened()
        connection.authenticated()
        connection.write(next(self._pieces))

    def received(self, data: bytes) -> None:
        self._received += data
        for piece in self._pieces:
            self._connection.write(piece)
            break
        if len(self._received) >= len(self._expects):
            self._storm.stream_done(self._received == self._expects)

    def timer(self, now: float) -> None:
        raise AssertionError("no timer was set")

    def closed(self, error: SecureChatError | None) -> None:
        self._storm.closed(error)


class Storm:
    """Counts, under a lock since both loops report, the streams that are whole and the breaks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened = 0
        self._left = 2 * CONNECTIONS
        self.all_done = threading.Event()
        self.wrong = 0
        self.whole_during_handshakes = 0
        self.broken: list[SecureChatError | None] = []

    def opened(self) -> None:
        with self._lock:
            self._opened += 1

    def stream_done(self, right: bool) -> None:
        with self._lock:
            self.whole_during_handshakes += self._opened < 2 * CONNECTIONS
            self._left -= 1
            self.wrong += not right
            if not self._left:
                self.all_done.set()

    def closed(self, error: SecureChatError | None) -> None:
        with self._lock:
            if not self.all_done.is_set():
                self.broken.append(error)
                self.all_done.set()


def start(storm: Storm, files: Files, server_loop: Loop, client_loop: Loop, limits: Limits) -> None:
    draw = random.Random(7)
    up, down = draw.randbytes(256 * MESSAGES), draw.randbytes(256 * MESSAGES)

    def accept(_remote: Endpoint) -> Talker:
        return Talker(storm, sends=down, expects=up)

    listener = server_loop.listen("127.0.0.1", 0, files.server(), accept, limits=limits)
    tls, port = files.client(), listener.addresses[0].port
    for _ in range(CONNECTIONS):
        talker = Talker(storm, sends=up, expects=down)
        client_loop.dial("127.0.0.1", port, tls, talker, timeout_s=STORM_S)


def run_storm(files: Files, **limits: int) -> Storm:
    """Let all of them in at once, as far as the limits allow, and wait until the last is done."""
    storm = Storm()
    with running_loop() as server_loop, running_loop() as client_loop:
        patient = Limits(
            max_per_address=CONNECTIONS,
            handshake_s=STORM_S,
            fair_chance_s=STORM_S,
            crowd_chance_s=STORM_S,
            **limits,
        )
        start(storm, files, server_loop, client_loop, patient)
        finished = storm.all_done.wait(STORM_S)
    assert storm.broken == []
    assert finished
    assert storm.wrong == 0
    return storm


def test_two_thousand_handshakes_at_once(files: Files) -> None:
    run_storm(files, max_unauthenticated=CONNECTIONS)


def test_traffic_both_ways_while_others_shake_hands(files: Files) -> None:
    assert run_storm(files, max_unauthenticated=100).whole_during_handshakes > CONNECTIONS
