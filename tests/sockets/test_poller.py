"""Both pollers behave the same, and a loop runs on either."""

import socket
from collections.abc import Callable, Iterator

import pytest

from securechat.errors import SecureChatError
from securechat.transport import reactor
from securechat.transport.poller import (
    READ,
    READABLE,
    WRITABLE,
    WRITE,
    Poller,
    _Epoll,
    _Selector,
    make_poller,
)
from tests.sockets.loop_world import (
    FAILURE_S,
    Recorder,
    Server,
    call,
    echo,
    make_files,
    running_loop,
)

pollers = pytest.mark.parametrize("make", [_Epoll, _Selector, make_poller])
Pair = tuple[socket.socket, socket.socket]


class Nobody:
    """A source that is asked for nothing."""

    def ready(self, _events: int) -> None:
        raise AssertionError

    def abort(self, _error: SecureChatError | None = None) -> None:
        raise AssertionError


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def poller(make: Callable[[], Poller]) -> Iterator[Poller]:
    poller = make()
    yield poller
    poller.close()


def ready(poller: Poller, sock: socket.socket) -> int:
    """Return the events of one socket now, 0 without any."""
    return dict(poller.poll(0.0)).get(sock.fileno(), 0)


@pollers
def test_tells_what_is_waited_for_and_nothing_else(poller: Poller, pair: Pair) -> None:
    ours, theirs = pair
    source = Nobody()
    poller.watch(ours, 0, READ, source)
    assert poller.sources == {ours.fileno(): source}
    assert not ready(poller, ours)
    theirs.send(b"x")
    assert ready(poller, ours) & READABLE
    assert not ready(poller, ours) & WRITE
    poller.watch(ours, READ, WRITE, source)
    assert ready(poller, ours) & WRITABLE
    assert not ready(poller, ours) & READ
    poller.watch(ours, WRITE, READ | WRITE, source)
    assert ready(poller, ours) & (READ | WRITE) == READ | WRITE
    poller.watch(ours, READ | WRITE, 0, source)
    assert not poller.sources
    assert poller.poll(0.0) == []


@pollers
@pytest.mark.parametrize("waits_for", [READ, WRITE, READ | WRITE])
def test_a_broken_socket_is_told_to_whoever_waits(
    poller: Poller, pair: Pair, waits_for: int
) -> None:
    ours, theirs = pair
    poller.watch(ours, 0, waits_for, Nobody())
    theirs.close()
    events = ready(poller, ours)
    assert events & (READABLE if waits_for & READ else WRITABLE)


@pollers
def test_a_number_that_is_used_again_belongs_to_the_new_one(poller: Poller, pair: Pair) -> None:
    ours, theirs = pair
    theirs.send(b"x")
    poller.watch(ours, 0, READ, Nobody())
    number = ours.fileno()
    poller.watch(ours, READ, 0, Nobody())
    ours.close()
    again, other = socket.socketpair()
    with again, other:
        assert number in (again.fileno(), other.fileno())
        new = again if again.fileno() == number else other
        source = Nobody()
        poller.watch(new, 0, READ, source)
        assert poller.sources == {number: source}
        assert poller.poll(0.0) == []


class Closer:
    """A source that, when it is ready, stops watching the other one, as closing it does."""

    def __init__(self, poller: Poller, mine: socket.socket) -> None:
        self.poller, self.mine = poller, mine
        self.other: Closer
        self.times = 0

    def ready(self, _events: int) -> None:
        self.times += 1
        for each in (self, self.other):
            self.poller.watch(each.mine, READ, 0, each)

    def abort(self, _error: SecureChatError | None = None) -> None:
        raise AssertionError


@pollers
def test_who_was_closed_in_a_tick_hears_nothing_more_of_it(
    make: Callable[[], Poller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reactor, "make_poller", make)
    with running_loop() as loop:
        pairs = [socket.socketpair() for _ in range(2)]
        closers = [Closer(loop._poller, ours) for ours, _ in pairs]
        closers[0].other, closers[1].other = closers[1], closers[0]

        def begin() -> None:
            for closer, (ours, theirs) in zip(closers, pairs, strict=True):
                theirs.send(b"x")
                loop.watch(ours, 0, READ, closer)

        call(loop, begin)
        for _ in range(3):
            call(loop, lambda: None)
        assert sum(closer.times for closer in closers) == 1
        for sock in (sock for pair in pairs for sock in pair):
            sock.close()


@pollers
def test_a_loop_moves_bytes_and_sees_ends(
    make: Callable[[], Poller], monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setattr(reactor, "make_poller", make)
    data = bytes(range(256)) * 8192
    with running_loop() as loop:
        assert isinstance(loop._poller, _Selector) == (make is _Selector)
        server = Server(loop, make_files(tmp_path / "certs"), answer=echo)
        client, handler = server.pair()
        call(loop, lambda: client.connection.write(data))
        assert client.read(len(data)) == data
        call(loop, client.connection.close)
        assert client.next("closed") is None
        assert handler.next("closed") is None
        last = Recorder()
        call(loop, server.listener.close)
        loop.dial(server.host, server.port, server.files.client(), last)
        assert last.events.get(timeout=FAILURE_S)[0] == "closed"
