"""An engine between a test that plays the relay and faces that remember what they were told."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from securechat.client import events as ev
from securechat.client.connection.invite_link import InviteToken
from securechat.client.connection.link import Answered, Arrived, Delivery, Down, LinkNews, Up
from securechat.client.engine.audience import Audience
from securechat.client.engine.engine import Engine
from securechat.client.state.run import Run
from securechat.config import FOREVER_DAYS
from securechat.e2e.content import Content, Text
from securechat.e2e.endpoint import Endpoint
from securechat.errors import FileProblem, SecureChatError
from securechat.identity.chain import PeerDevice, PublishedDevice, PublishedUser, verify_published
from securechat.identity.names import parse_name
from securechat.identity.types import EnvelopeId, MailboxId, Name, RelayId
from securechat.store.history import HistoryChange, HistoryTable
from securechat.wire import frames as f
from tests.pure.e2e.world import NOW_MS, RELAY, Seat, carry_out, small_batches
from tests.pure.store.memory_history import open_in_memory

SECRET = "for bob's eyes only"
CERTIFICATE = b"certificate"
OTHER_CERTIFICATE, OTHER_RELAY = b"other", RelayId(b"o" * 32)

F = TypeVar("F", bound=f.Frame)
E = TypeVar("E")


class MemoryState:
    """Rows in memory; ``broken`` makes each commit fail."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, bytes], bytes] = {}
        self.history = HistoryTable(open_in_memory())
        self.broken = False

    def copy(self) -> "MemoryState":
        """Return a state of the same rows, as a kill leaves them; it has no history."""
        copied = MemoryState()
        copied.rows = dict(self.rows)
        return copied

    def load(self, *, without: Collection[str] = ()) -> dict[tuple[str, bytes], bytes]:
        return {row: value for row, value in self.rows.items() if row[0] not in without}

    def commit(
        self,
        changes: Mapping[tuple[str, bytes], bytes | None],
        history: Sequence[HistoryChange] = (),
    ) -> None:
        if (changes or history) and self.broken:
            raise FileProblem("The disk is full", "df")
        carry_out(changes, self.rows)
        for change in history:
            self.history.apply(change)

    @contextmanager
    def read_history(self) -> Iterator[HistoryTable]:
        yield self.history


class FakeLink:
    """Remembers what the engine wants of its connection."""

    def __init__(self, inbox: Callable[[LinkNews], None]) -> None:
        self.inbox = inbox
        self.frames: list[f.ClientFrame] = []
        self.envelopes: list[f.Outgoing] = []
        self.signals: list[f.Outgoing] = []
        self.acks: list[int] = []
        self.stopped = False
        self.reconnects = 0

    def start(self) -> None:
        """Do nothing: the test says when it is up."""

    def stop(self) -> None:
        self.stopped = True

    def reconnect(self) -> None:
        self.reconnects += 1

    def send(self, frame: f.ClientFrame) -> None:
        self.frames.append(frame)

    def send_envelopes(self, envelopes: list[f.Outgoing]) -> None:
        self.envelopes += envelopes

    def send_signals(self, envelopes: list[f.Outgoing]) -> None:
        self.signals += envelopes

    def ack(self, number: int) -> None:
        self.acks.append(number)


class Turns:
    """Stand for an engine's thread: take its turns when the test lets it, and never wait."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._started = False

    def start(self) -> None:
        self._started = True

    def is_alive(self) -> bool:
        return self._started and not self.engine._ended

    def join(self, _timeout_s: float | None = None) -> None:
        self.take()

    def take(self) -> None:
        """Do all that has come, and what is due by now, and what comes of that."""
        for _ in range(2):
            self.engine._calls.put(lambda: None)  # wakes it, so that it looks at the time
            while self.is_alive() and not self.engine._calls._queue.empty():
                self.engine._take_turn()


class World:
    """Alice's engine, and the test at the other end of its connection."""

    def __init__(
        self,
        peer: str | None = None,
        state: MemoryState | None = None,
        *,
        e2e: bool = True,
        history_days: int = FOREVER_DAYS,
        read_receipts: bool = False,
        name: str = "alice",
        lobby: bool = False,
        visible: bool = True,
        takes_new_keys: bool = False,
        invite: InviteToken | None = None,
        known_relay: RelayId | None = None,
        trusts_one_relay: bool = False,
    ) -> None:
        self.state = state or MemoryState()
        self.now_ms, self.now_s = NOW_MS, 1000.0
        run = Run(
            name=parse_name(name),
            relay="relay:5555",
            lobby=lobby,
            visible=visible,
            peer=peer,
            invite=invite,
            unencrypted=None if e2e else peer,
            history_days=history_days,
            read_receipts=read_receipts,
            takes_new_keys=takes_new_keys,
            known_relay=lambda: known_relay,
            trusts_one_relay=trusts_one_relay,
            now_ms=lambda: self.now_ms,
            now_s=lambda: self.now_s,
        )
        relays = {CERTIFICATE: RELAY, OTHER_CERTIFICATE: OTHER_RELAY}
        audience = Audience()
        self.hear = audience.join
        self.engine = Engine(run, self.state, audience, self._make_link, relays.__getitem__)
        self.turns = Turns(self.engine)
        vars(self.engine)["_thread"] = self.turns
        self.events: list[ev.Event] = []
        self.hear(self.events.append)
        self._register: f.Register | None = None
        self._publish: f.Publish | None = None

    def _make_link(self, inbox: Callable[[LinkNews], None]) -> FakeLink:
        self.link = FakeLink(inbox)
        return self.link

    # Time and order -------------------------------------------------------------------------------

    def settle(self) -> None:
        """Return when the engine has done, and carried out, all that came by now."""
        self.turns.take()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Let all that comes within the block come in one wake-up of the engine."""
        self.settle()
        yield
        self.settle()

    def pass_time(self, seconds: float) -> None:
        self.now_s += seconds
        self.now_ms += round(seconds * 1000)
        self.settle()

    # What the relay does --------------------------------------------------------------------------

    def news(self, *news: LinkNews) -> None:
        for one in news:
            self.link.inbox(one)
        self.settle()

    def tell(self, *frames: f.RelayFrame) -> None:
        self.news(*map(Arrived, frames))

    def log_in(self, certificate: bytes = CERTIFICATE, relay_id: RelayId = RELAY) -> None:
        """Bring up a connection, as an honest relay does that holds no keys of this device yet."""
        if not self.engine._thread.is_alive():
            self.engine.start()
        self.news(Up(certificate))
        self.sent(f.Hello)
        self.tell(f.Challenge(1, relay_id, b"n" * 32, NOW_MS, False))
        self._register = self.sent(f.Register)
        self.sent(f.Login)
        self.tell(welcome())
        self._publish = self.sent(f.Publish)

    def lose_connection(self) -> None:
        self.news(Down(SecureChatError("The relay is gone"), 1.0))

    def accept_all(self) -> None:
        """Answer for all that the relay was ever handed."""
        self.news(Answered(tuple(each.envelope_id for each in self.link.envelopes)))

    def deliver(self, *envelopes: bytes, last: int = 1) -> None:
        self.news(self.delivery(*envelopes, last=last))

    @staticmethod
    def delivery(*envelopes: bytes, last: int = 1) -> Delivery:
        ids = (EnvelopeId(bytes([number] * 16)) for number in range(len(envelopes)))
        return Delivery(last, tuple(map(f.Incoming, ids, envelopes)))

    def find(self, name: str, user: PublishedUser) -> None:
        """Answer the last look-up of a name."""
        self.tell(f.Found(self.asked(name).request, user))

    def fail(self, name: str, code: str = "unknown-name") -> None:
        """Refuse the last look-up of a name."""
        self.tell(f.Failed(self.asked(name).request, code, "no"))

    # What the engine did --------------------------------------------------------------------------

    def sent(self, kind: type[F]) -> F:
        """Return the last frame of a kind."""
        return self.all_sent(kind)[-1]

    def all_sent(self, kind: type[F]) -> list[F]:
        return [frame for frame in self.link.frames if isinstance(frame, kind)]

    def asked(self, name: str) -> f.Lookup:
        """Return the last look-up of a name."""
        return [look for look in self.all_sent(f.Lookup) if look.name.casefold() == name][-1]

    def told(self, kind: type[E]) -> list[E]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.told(ev.Message)]

    @property
    def problems(self) -> list[str]:
        return [problem.error.what for problem in self.told(ev.Problem)]

    def has_ended(self) -> bool:
        return bool(self.told(ev.Ended))

    @property
    def error(self) -> SecureChatError:
        """What ended the engine."""
        (ended,) = self.told(ev.Ended)
        assert ended.error is not None
        return ended.error

    @property
    def wire(self) -> bytes:
        """Everything that ever went to the relay."""
        return msgspec.msgpack.encode([self.link.frames, self.link.envelopes])

    # Alice, as others see her ---------------------------------------------------------------------

    @property
    def device(self) -> PeerDevice:
        """Alice's device, as she published it; with a one-time key of its own while any is left."""
        register, publish = self._register, self._publish
        assert register is not None
        assert publish is not None
        assert publish.bundle is not None
        key, *rest = publish.one_time_keys or (None,)
        self._publish = msgspec.structs.replace(publish, one_time_keys=tuple(rest))
        device = PublishedDevice(register.certificates[0], publish.bundle, key)
        user, _ = verify_published(
            PublishedUser(register.registration, register.device_list, (device,)),
            pin=register.registration.user_key,
            relay_id=RELAY,
            highest=None,
        )
        return user.devices[0]

    def write(self, seat: Seat, content: Content | str, claim_name: str | None = None) -> bytes:
        """Return an envelope from a seat to Alice, which may claim another name than the seat's."""
        device = self.device
        if claim_name is not None:
            seat.endpoint.registration(RELAY, parse_name(claim_name), NOW_MS)
        if seat.endpoint.needs_session(device.address, self.now_ms):
            seat.endpoint.start_session(device, self.now_ms)
        content = Text(content) if isinstance(content, str) else content
        return seat.endpoint.seal(device, content, self.now_ms, written_ms=self.now_ms).envelope

    def mail_for(self, seat: Seat) -> list[bytes]:
        """Return the envelopes for a seat's mailbox."""
        return [o.envelope for o in self.link.envelopes if o.mailbox == seat.endpoint.mailbox]

    @property
    def mailboxes(self) -> set[MailboxId]:
        """Where envelopes went."""
        return {outgoing.mailbox for outgoing in self.link.envelopes}


@contextmanager
def alice(
    peer: str | None = None,
    state: MemoryState | None = None,
    *,
    logged_in: bool = True,
    e2e: bool = True,
    history_days: int = FOREVER_DAYS,
    read_receipts: bool = False,
    lobby: bool = False,
    visible: bool = True,
    takes_new_keys: bool = False,
    known_relay: RelayId | None = None,
    trusts_one_relay: bool = False,
) -> Iterator[World]:
    """Run Alice's engine until the block ends, which it has to outlive or to end in order."""
    with small_batches():
        world = World(
            peer,
            state,
            e2e=e2e,
            history_days=history_days,
            read_receipts=read_receipts,
            lobby=lobby,
            visible=visible,
            takes_new_keys=takes_new_keys,
            known_relay=known_relay,
            trusts_one_relay=trusts_one_relay,
        )
        world.engine.start()
        if logged_in:
            world.log_in()
        try:
            yield world
        finally:
            world.engine.stop()
            world.engine._thread.join()
            assert not world.engine._thread.is_alive()
    assert isinstance(world.events[-1], ev.Ended)
    assert world.link.stopped
    error = world.events[-1].error
    assert error is None or "Internal error" not in error.what


def welcome(name: str = "alice", **fields: Any) -> f.Welcome:
    """Return the welcome of a relay that holds nothing of the device."""
    numbers = {"bundle_epoch": 0, "one_time_keys": 0, "sent": 0, "waiting": 0, **fields}
    return f.Welcome(name=name, max_frame_bytes=262_144, **numbers)


def published(
    seat: Seat, name: str | None = None, *, claim: bool = True, relay_id: RelayId = RELAY
) -> PublishedUser:
    """Return a seat as a relay shows it, under its own name unless another one is said."""
    assert seat.bundle is not None
    registration = seat.endpoint.registration(relay_id, parse_name(name or seat.name), NOW_MS)
    key = seat.one_time_keys.pop() if claim and seat.one_time_keys else None
    device = PublishedDevice(seat.endpoint.certificate, seat.bundle, key)
    return PublishedUser(registration, seat.endpoint.device_list, (device,))


def make_seat(name: str) -> Seat:
    """Return a person with keys on the relay."""
    seat = Seat(name, Endpoint.create(NOW_MS))
    seat.endpoint.registration(RELAY, Name(name), NOW_MS)
    seat.publish(NOW_MS)
    return seat


def befriend(world: World, seat: Seat) -> None:
    """Let Alice know somebody, and have a session with them."""
    world.engine.send(seat.name, "hello")
    world.settle()
    world.find(seat.name, published(seat))
    if not world.mail_for(seat):  # she has asked who it is before; now she claims a one-time key
        world.find(seat.name, published(seat))
    assert seat.read(world.mail_for(seat)[-1], world.now_ms) == "hello"
