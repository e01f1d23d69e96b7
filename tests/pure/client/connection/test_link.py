"""The link: numbers, reconnecting, and a relay that says strange things."""

from collections.abc import Callable

import pytest

from securechat.client.connection import link as module
from securechat.client.connection.link import (
    Answered,
    Arrived,
    Delivery,
    Down,
    Link,
    LinkNews,
    NotTaken,
    Up,
)
from securechat.client.connection.read_ahead import READ_AHEAD_BYTES, Mark
from securechat.errors import (
    KeyChanged,
    LoginRefused,
    NameTaken,
    RemoteProtocolError,
    SecureChatError,
    Unreachable,
    Untrusted,
)
from securechat.identity.types import EnvelopeId, MailboxId
from securechat.transport.connection import Handler
from securechat.wire import frames as f
from securechat.wire.codec import MAX_FRAME_BYTES, client_frame_decoder, encode
from tests.pure.protocol.pair import FRAMES

CHALLENGE = FRAMES[f.Challenge]
WELCOME = FRAMES[f.Welcome]
GONE = Unreachable("gone")


class FakeConnection:
    """Remembers what was written; `frames` decodes it."""

    remote_certificate = b"certificate"

    def __init__(self) -> None:
        self.data = b""
        self.closing = False
        self.deadline: float | None = None
        self.paused = False

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def write(self, data: bytes) -> None:
        self.data += data

    def set_timer(self, deadline: float | None) -> None:
        self.deadline = deadline

    def close(self) -> None:
        self.closing = True

    @property
    def frames(self) -> list[f.ClientFrame]:
        decoder = client_frame_decoder()
        decoder.limit_bytes = MAX_FRAME_BYTES
        return list(decoder.decode(self.data))


class FakeLoop:
    """Runs calls at once, and timers when told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.clock: Callable[[], float] = lambda: self.now
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def call_soon(self, call: Callable[[], None]) -> None:
        call()

    def call_later(self, delay_s: float, call: Callable[[], None]) -> object:
        self.timers.append((self.now + delay_s, call))
        return None

    def run_timers(self) -> None:
        """Let the time come for all timers that are set now."""
        due, self.timers = self.timers, []
        for at, call in due:
            self.now = max(self.now, at)
            call()


class World:
    """A link, the relay's end of its connection, and what it told the engine."""

    def __init__(self, jitter: float = 1.0) -> None:
        self.loop = FakeLoop()
        self.news: list[LinkNews] = []
        self.handlers: list[Handler] = []
        self.link = Link(self.loop, self.handlers.append, self.news.append, lambda: jitter)
        self.link.start()

    def open(self) -> FakeConnection:
        """Let the last attempt succeed as far as TLS goes."""
        self.connection = FakeConnection()
        self.handlers[-1].opened(self.connection)  # type: ignore[arg-type]
        return self.connection

    def receive(self, *frames: f.AnyFrame) -> None:
        self.handlers[-1].received(b"".join(map(encode, frames)))

    def log_in(self) -> None:
        self.open()
        self.link.send(FRAMES[f.Hello])  # type: ignore[arg-type]
        self.receive(CHALLENGE)
        self.link.send(FRAMES[f.Login])  # type: ignore[arg-type]
        self.receive(WELCOME)
        self.news.clear()
        self.connection.data = b""

    def break_(self, error: SecureChatError | None = GONE) -> Down:
        """Let the connection, or the attempt, end; return what the engine hears."""
        self.handlers[-1].closed(error)
        down = self.news[-1]
        assert isinstance(down, Down)
        return down

    def send(self, *ids: int, size_bytes: int = 512) -> None:
        self.link.send_envelopes([outgoing(number, size_bytes) for number in ids])


def envelope_id(number: int) -> EnvelopeId:
    return EnvelopeId(number.to_bytes(16, "big"))


def outgoing(number: int, size_bytes: int = 512) -> f.Outgoing:
    return f.Outgoing(MailboxId(b"m" * 16), envelope_id(number), b"e" * size_bytes)


# The connection -------------------------------------------------------------------------------


def test_the_way_to_a_login() -> None:
    world = World()
    world.open()
    assert world.news == [Up(b"certificate")]
    world.link.send(FRAMES[f.Hello])  # type: ignore[arg-type]
    world.receive(CHALLENGE)
    world.link.send(FRAMES[f.Login])  # type: ignore[arg-type]
    world.receive(WELCOME)
    assert world.news[1:] == [Arrived(CHALLENGE), Arrived(WELCOME)]  # type: ignore[arg-type]
    assert [type(frame) for frame in world.connection.frames] == [f.Hello, f.Login]


@pytest.mark.parametrize("kind", [f.Who, f.Lookup, f.Watch, f.Publish, f.Login, f.Pong])
def test_what_was_meant_for_an_earlier_connection_is_dropped(kind: type[f.ClientFrame]) -> None:
    world = World()
    world.link.send(FRAMES[kind])  # type: ignore[arg-type]
    connection = world.open()
    world.link.send(FRAMES[kind])  # type: ignore[arg-type]
    world.send(1)
    world.link.ack(7)
    world.loop.run_timers()
    assert connection.data == b""


def test_goodbye() -> None:
    world = World()
    world.log_in()
    world.link.ack(0)
    world.link.stop()
    assert [type(frame) for frame in world.connection.frames] == [f.Bye]
    assert world.connection.closing
    assert world.break_(None).retry_in_s is None
    world.loop.run_timers()
    assert len(world.handlers) == 1


def test_pings_are_answered_and_sent() -> None:
    world = World()
    world.log_in()
    world.receive(f.Ping(7))
    world.loop.now += 31.0
    world.handlers[-1].timer(world.loop.now)
    assert [type(frame) for frame in world.connection.frames] == [f.Pong, f.Ping]
    world.loop.now += 60.0
    with pytest.raises(Unreachable):
        world.handlers[-1].timer(world.loop.now)


# Numbers --------------------------------------------------------------------------------------


def test_envelopes_are_answered_by_number() -> None:
    world = World()
    world.log_in()
    world.send(1, 2, 3, 4, 5)
    world.receive(f.Accepted(2, ((4, 4),)))
    world.receive(f.Refused(3, "order"), f.Accepted(5))
    assert world.news == [
        Answered((envelope_id(1), envelope_id(2))),
        Answered((envelope_id(4),)),
        NotTaken(envelope_id(3), "order"),
        Answered((envelope_id(5),)),
    ]


def test_signals_have_numbers_and_nobody_waits_for_them() -> None:
    world = World()
    world.log_in()
    world.send(1)
    signals = [outgoing(2), outgoing(3)]
    world.link.send_signals(signals)
    world.send(4)
    sends = [frame for frame in world.connection.frames if isinstance(frame, f.Send)]
    assert [(each.first, each.ephemeral) for each in sends] == [(1, False), (2, True), (4, False)]
    world.receive(f.Refused(2, "unknown-mailbox"), f.Accepted(4))
    assert world.news == [Answered((envelope_id(1), envelope_id(4)))]


def test_signals_beyond_one_frame_are_dropped() -> None:
    world = World()
    world.log_in()
    world.link.send_signals([*map(outgoing, range(f.MAX_ENVELOPES + 1))])
    [send] = world.connection.frames
    assert isinstance(send, f.Send)
    assert len(send.envelopes) == f.MAX_ENVELOPES


def test_signals_are_dropped_before_the_login() -> None:
    world = World()
    world.link.send_signals([outgoing(1)])
    world.open()
    world.link.send_signals([outgoing(1)])
    assert world.connection.frames == []


@pytest.mark.parametrize(
    "frame",
    [
        f.Accepted(3),
        f.Accepted(2**63 - 1),
        f.Accepted(0, ((1, 2**62),)),
        f.Accepted(1, ((1, 2),)),
        f.Refused(0, "order"),
        f.Refused(3, "order"),
        f.Deliver(2, 0, (f.Incoming(envelope_id(1), b"x"),)),
        f.Deliver(0, 0, (f.Incoming(envelope_id(1), b"x"),)),
        f.Deliver(1, 9, (f.Incoming(envelope_id(1), b"x"),)),
        CHALLENGE,
        WELCOME,
    ],
)
def test_numbers_and_frames_that_cannot_be(frame: f.AnyFrame) -> None:
    world = World()
    world.log_in()
    world.send(1, 2)
    with pytest.raises(RemoteProtocolError):
        world.receive(frame)
    assert world.news == []


def test_deliveries_are_acknowledged_together_and_ride_on_envelopes() -> None:
    world = World()
    world.log_in()
    world.receive(f.Deliver(1, 0, (f.Incoming(envelope_id(1), b"a"),)))
    world.receive(f.Deliver(2, 0, (f.Incoming(envelope_id(2), b"b"),)))
    assert [news.last for news in world.news if isinstance(news, Delivery)] == [1, 2]
    world.link.ack(1)
    world.link.ack(2)
    assert world.connection.frames == []
    world.loop.run_timers()
    assert world.connection.frames == [f.Ack(2)]
    world.receive(f.Deliver(3, 0, (f.Incoming(envelope_id(3), b"c"),)))
    world.link.ack(3)
    world.send(1)
    world.loop.run_timers()
    sent = world.connection.frames[1:]
    assert [type(frame) for frame in sent] == [f.Send]
    assert isinstance(sent[0], f.Send)
    assert sent[0].ack == 3


def test_deliveries_of_one_read_are_acknowledged_each_for_itself() -> None:
    world = World()
    world.log_in()
    world.receive(
        f.Deliver(1, 0, (f.Incoming(envelope_id(1), b"a"), f.Incoming(envelope_id(2), b"b"))),
        f.Deliver(3, 0, (f.Incoming(envelope_id(3), b"c"),)),
    )
    assert [news.last for news in world.news if isinstance(news, Delivery)] == [2, 3]


def test_many_envelopes_are_cut_into_frames() -> None:
    world = World()
    world.log_in()
    world.send(*range(1, 301))
    world.send(*range(301, 321), size_bytes=16 * 1024)
    sends = [frame for frame in world.connection.frames if isinstance(frame, f.Send)]
    assert [frame.first for frame in sends] == [1, 257, 301, 309, 317]
    assert [o.envelope_id for frame in sends for o in frame.envelopes] == [
        envelope_id(number) for number in range(1, 321)
    ]
    assert all(len(encode(frame)) <= MAX_FRAME_BYTES for frame in sends)


# Coming back ----------------------------------------------------------------------------------


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_attempts_are_near_at_first_and_never_stop(jitter: float) -> None:
    world = World(jitter)
    waits = []
    while world.loop.now < 600.0:
        waits.append((world.loop.now, world.break_().retry_in_s or 0.0))
        world.loop.run_timers()
    first_minute = [wait for at, wait in waits if at < module.EARLY_S]
    assert max(first_minute) <= module.EARLY_RETRY_MAX_S
    assert waits[0][1] <= module.FIRST_RETRY_S
    assert all(0.0 < wait <= module.LATE_RETRY_MAX_S for _, wait in waits)
    assert len(waits) < 100


def test_a_relay_that_welcomes_and_drops_is_not_hammered() -> None:
    world = World()
    waits = []
    for _ in range(8):
        world.log_in()
        waits.append(world.break_().retry_in_s or 0.0)
        world.loop.run_timers()
    assert waits[-1] == module.EARLY_RETRY_MAX_S
    world.log_in()
    world.loop.now += module.STEADY_S
    assert world.break_().retry_in_s == module.FIRST_RETRY_S


@pytest.mark.parametrize(
    "error",
    [
        Untrusted("no"),
        KeyChanged("no"),
        LoginRefused("no"),
        NameTaken("no"),
        RemoteProtocolError("no"),
    ],
)
def test_what_will_not_be_better_next_time(error: SecureChatError) -> None:
    world = World()
    world.log_in()
    assert world.break_(error) == Down(error, None)
    assert world.loop.timers == []


@pytest.mark.parametrize("retry_after_ms", [0, 2000, 2**63 - 1])
def test_a_relay_that_says_when_to_come_back(retry_after_ms: int) -> None:
    """It is heard, within reason."""
    world = World()
    world.log_in()
    world.receive(f.Bye("draining", retry_after_ms))
    assert world.connection.closing
    down = world.break_(None)
    expected = min(max(module.FIRST_RETRY_S, retry_after_ms / 1000), module.LATE_RETRY_MAX_S)
    assert down.retry_in_s == expected
    assert down.error.what == "the relay is stopping"


def test_a_device_that_logs_in_twice() -> None:
    world = World()
    world.log_in()
    world.receive(f.Bye("replaced"))
    down = world.break_(None)
    assert isinstance(down.error, LoginRefused)
    assert down.retry_in_s is None


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("name-taken", 6),
        ("name-invalid", 6),
        ("login-refused", 6),
        ("invite", 6),
        ("limit", 5),
        ("version", 1),
        ("a code of the future", 1),
    ],
)
def test_a_fault_says_why_and_has_no_power_over_the_terminal(code: str, status: int) -> None:
    world = World()
    world.log_in()
    world.receive(f.Fault(code, "because \x1b]52;c;eA==\x07\u202e\n  try: rm -rf"))
    error = world.break_(None).error
    assert error.exit_status == status
    assert "because" in error.what
    assert error.what.isprintable()
    assert error.try_next


def test_it_says_goodbye_and_comes_back_when_it_is_told_to() -> None:
    world = World()
    world.log_in()
    world.link.reconnect()
    assert world.connection.frames == [f.Bye("quit")]
    assert world.connection.closing
    assert world.break_(None).retry_in_s is not None
    world.loop.run_timers()
    assert len(world.handlers) == 2


def test_a_post_for_a_room_of_128_travels_in_one_frame() -> None:
    world = World()
    world.log_in()
    world.send(*range(1, 129))
    (frame,) = world.connection.frames
    assert isinstance(frame, f.Send)
    assert [each.envelope_id for each in frame.envelopes] == [*map(envelope_id, range(1, 129))]


# An engine that waits -------------------------------------------------------------------------


def flood(world: World, first: int, size_bytes: int) -> int:
    """Deliver until nothing more is read, at most for so many bytes; return what was taken."""
    taken, envelope = 0, b"e" * 65_536
    while not world.connection.paused and taken < size_bytes:
        world.receive(f.Deliver(first, 0, (f.Incoming(envelope_id(first), envelope),)))
        first, taken = first + 1, taken + len(envelope)
    return taken


def take(world: World) -> None:
    """Let the engine take all that came."""
    news, world.news[:] = world.news[:], []
    for each in news:
        if isinstance(each, Mark):
            each.note()


def test_what_an_engine_does_not_take_is_not_read_for_ever() -> None:
    world = World()
    world.log_in()
    taken = flood(world, 1, 4 * READ_AHEAD_BYTES)
    assert READ_AHEAD_BYTES - 65_536 <= taken <= READ_AHEAD_BYTES
    take(world)
    assert not world.connection.paused
    assert flood(world, 1 + taken // 65_536, 4 * READ_AHEAD_BYTES) > 0
    assert world.connection.paused


def test_nor_by_way_of_one_connection_after_another() -> None:
    world = World()
    world.log_in()
    flood(world, 1, 4 * READ_AHEAD_BYTES)
    for _ in range(3):
        world.break_()
        world.loop.run_timers()
        assert world.open().paused
    take(world)
    assert not world.connection.paused


def test_an_engine_that_keeps_up_never_holds_anything_up() -> None:
    world = World()
    world.log_in()
    for number in range(1, 100):
        assert flood(world, number, 1) > 0
        take(world)
        assert not world.connection.paused
