"""A relay, its clients and their network in memory: no socket, no thread, a clock that tests move.

`RelayWorld` runs a real Relay. A peer is anything with ``receive(data)`` and ``lost(error)``;
`Client` is a simple one whose envelopes are bytes without meaning. A hostile relay or network is a
subclass that overrides `RelayWorld.on_the_way`.
"""

import hashlib
import heapq
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any, Protocol, TypeVar

from securechat.config import ServerConfig
from securechat.errors import SecureChatError
from securechat.identity.login import LoginProof
from securechat.identity.prekeys import OneTimeKey
from securechat.identity.types import EnvelopeId, MailboxId, Prekey
from securechat.protocol.client_side import ClientSide
from securechat.protocol.states import State
from securechat.relay.events import Joined, Left, RelayEvent
from securechat.relay.relay import Relay, RelayStore
from securechat.relay.session import Session
from securechat.store.memory import MemoryStore
from securechat.transport.endpoint import Endpoint
from securechat.wire import frames as f
from tests.pure.identity.objects import RELAY, Person, make_person
from tests.pure.store.delayed import DelayedStore

F = TypeVar("F", bound=f.Frame)

CERTIFICATE = b"the relay's certificate"
MAX_ROUNDS = 10_000
EPOCH_MS = 1_700_000_000_000

VISIBLE = f.Status(visible=True, lobby=False, away=False)

person = lru_cache(make_person)


class Peer(Protocol):
    """The client's end of a connection."""

    def receive(self, data: bytes) -> None: ...

    def lost(self, error: SecureChatError | None) -> None: ...


class FakeConnection:
    """What a Session sees of its transport, and the wire to the peer behind it."""

    def __init__(self, world: "RelayWorld", peer: Peer, host: str) -> None:
        self.local_certificate = world.certificate
        self.remote = Endpoint(host, 40_000)
        self.deadline: float | None = None
        self.is_authenticated = False
        self.since = world.now - world.handshake_s
        self.is_paused = False
        self.is_closing = False
        self.is_open = True
        self.peer = peer
        self.peer_reads = True
        self._world = world
        self._session = Session(world.relay)
        self._to_peer: list[bytes] = []
        self._to_relay = b""
        self._session.opened(self)

    # What the session uses ------------------------------------------------------------------------

    @property
    def backlog_bytes(self) -> int:
        return sum(map(len, self._to_peer))

    def write(self, data: bytes) -> None:
        assert data
        if self.is_open and not self.is_closing:
            self._to_peer.append(data)

    def set_timer(self, deadline: float | None) -> None:
        self.deadline = deadline

    def authenticated(self) -> None:
        self.is_authenticated = True

    def pause_reading(self) -> None:
        assert not self.is_paused
        self.is_paused = True

    def resume_reading(self) -> None:
        assert self.is_paused
        self.is_paused = False

    def close(self) -> None:
        self.is_closing = True

    # What the world and the peer use --------------------------------------------------------------

    def put(self, data: bytes) -> None:
        """Take bytes of the peer; they reach the session when it reads."""
        self._to_relay += data

    def pump(self) -> bool:
        """Move bytes both ways; return whether there was anything to do."""
        return any((self._pump_in(), self._pump_out()))

    def _pump_in(self) -> bool:
        if not self.is_open or self.is_paused or self.is_closing or not self._to_relay:
            return False
        data, self._to_relay = self._to_relay, b""
        self._guard(lambda: self._session.received(data))
        return True

    def _pump_out(self) -> bool:
        if self._to_peer and self.peer_reads:
            data, self._to_peer = b"".join(self._to_peer), []
            self.peer.receive(self._world.on_the_way(self, data))
            return True
        if self.is_closing and self.is_open:
            self.lose(None)
            return True
        return False

    def fire(self, now: float) -> None:
        """The deadline has passed."""
        self.deadline = None
        if self.is_open and not self.is_closing:
            self._guard(lambda: self.set_timer(self._session.timer(now)))

    def lose(self, error: SecureChatError | None) -> None:
        """End it, as a cut cable does: nothing more arrives on either side."""
        if self.is_open:
            self.is_open = False
            self._to_peer, self._to_relay = [], b""
            self._session.closed(error)
            self.peer.lost(error)

    def break_off(self) -> None:
        """End it without the relay's session hearing of it: its process is gone."""
        if self.is_open:
            self.is_open = False
            self._to_peer, self._to_relay = [], b""
            self.peer.lost(None)

    def _guard(self, call: Callable[[], None]) -> None:
        try:
            call()
        except SecureChatError as error:
            self.lose(error)


class RelayWorld:
    """One relay with everything that surrounds it."""

    def __init__(self, store: RelayStore | None = None, **settings: Any) -> None:
        self.now = 1000.0
        self.handshake_s = 0.0
        """How long before its session begins a connection was accepted."""
        self.soon: deque[Callable[[], None]] = deque()
        """What the loop does in its next turn."""
        self.certificate = CERTIFICATE
        self.events: list[RelayEvent] = []
        self.store = store or MemoryStore(self.soon.append)
        if isinstance(store, DelayedStore):
            self.soon = store.soon
        self._planned: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._connections: list[FakeConnection] = []
        self._random = count(1)
        self._settings = settings
        self.relay = self._start(self.store)

    def comings(self) -> list[RelayEvent]:
        """Return the events of people who have come or gone."""
        return [event for event in self.events if isinstance(event, Joined | Left)]

    def restart(self, store: RelayStore) -> None:
        """Kill the relay and start it again with what a store has; every connection breaks."""
        self._planned.clear()
        for connection in self._connections:
            connection.break_off()
        self.store = store
        if isinstance(store, DelayedStore):
            self.soon = store.soon
        self.relay = self._start(store)

    def _start(self, store: RelayStore) -> Relay:
        return Relay(
            RELAY,
            store,
            ServerConfig(**self._settings),
            clock=lambda: self.now,
            now_ms=lambda: EPOCH_MS + int(self.now * 1000),
            call_later=self.call_later,
            on_event=self.events.append,
            random=lambda size: next(self._random).to_bytes(size, "big"),
        )

    def client(self, name: str, seed: int | None = None, **options: Any) -> "Client":
        """Return a client that is not connected yet; its keys follow from its name."""
        return Client(self, person(name, seed or ord(name[0].upper()) - 64), **options)

    def online(self, *names: str, **options: Any) -> Iterator["Client"]:
        """Yield clients that are logged in, with their keys on the relay."""
        for name in names:
            client = self.client(name, **options)
            client.connect()
            yield client

    def dial(self, peer: Peer, host: str) -> FakeConnection:
        """Connect a peer; the relay's session is made and opened."""
        connection = FakeConnection(self, peer, host)
        self._connections.append(connection)
        return connection

    def on_the_way(self, connection: FakeConnection, data: bytes) -> bytes:
        """Return what the peer gets instead of ``data``; for hostile subclasses."""
        return data

    def call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._planned, (self.now + delay_s, next(self._order), call))

    def settle(self) -> None:
        """Let the loop turn, without time passing, until nothing moves any more."""
        for _ in range(MAX_ROUNDS):
            moved = [connection.pump() for connection in self._connections]
            for _ in range(len(self.soon)):
                self.soon.popleft()()
            self.relay.dispatch.after_tick()
            if self.soon:
                continue
            if not any(moved) and not any(c.backlog_bytes and c.peer_reads for c in self.alive()):
                return
        raise AssertionError("The world does not come to rest")

    def alive(self) -> list[FakeConnection]:
        """Forget connections that have ended; return the others."""
        self._connections = [c for c in self._connections if c.is_open]
        return self._connections

    def advance(self, seconds: float) -> None:
        """Let time pass: timers and planned calls happen when they are due, in order."""
        self.settle()
        until = self.now + seconds
        for _ in range(MAX_ROUNDS):
            due = self._next_due()
            if due > until:
                self.now = until
                return
            self.now = max(self.now, due)
            self._run_due()
            self.settle()
        raise AssertionError("Time does not pass")

    def _next_due(self) -> float:
        planned = self._planned[0][0] if self._planned else float("inf")
        deadlines = (c.deadline for c in self.alive() if c.deadline is not None)
        return min(planned, *deadlines, float("inf"))

    def _run_due(self) -> None:
        while self._planned and self._planned[0][0] <= self.now:
            heapq.heappop(self._planned)[2]()
        for connection in list(self.alive()):
            if connection.deadline is not None and connection.deadline <= self.now:
                connection.fire(self.now)


@dataclass(eq=False)
class Client:
    """A client that keeps what it sent until it is accepted, and remembers all it was told."""

    world: RelayWorld
    person: Person
    host: str = "192.0.2.1"
    publishes: bool = True
    acks: bool = True
    pongs: bool = True
    sent_before: int = 0
    status: f.Status | None = VISIBLE
    """What it says after each Welcome, before anything else."""
    deliveries: list[f.Incoming] = field(default_factory=list)
    accepted: set[EnvelopeId] = field(default_factory=set)
    refused: list[tuple[EnvelopeId, str]] = field(default_factory=list)
    outbox: dict[EnvelopeId, f.Outgoing] = field(default_factory=dict)
    frames: list[f.RelayFrame] = field(default_factory=list)
    lost_by: list[SecureChatError | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ids = count(1)
        self._requests = count(1)
        self._numbers: dict[int, EnvelopeId] = {}
        self.machine = ClientSide(self.world.now)
        self.connection: FakeConnection | None = None

    @property
    def mailbox(self) -> MailboxId:
        return self.person.certificate.mailbox

    @property
    def is_ready(self) -> bool:
        return self.connection is not None and self.machine.state is State.READY

    @property
    def bodies(self) -> list[bytes]:
        """The envelopes delivered so far, repetitions and all."""
        return [incoming.envelope for incoming in self.deliveries]

    def told(self, kind: type[F]) -> list[F]:
        """Return the frames of one kind that came so far."""
        return [frame for frame in self.frames if isinstance(frame, kind)]

    # Doing ----------------------------------------------------------------------------------------

    def connect(self, *, settle: bool = True) -> None:
        """Dial and say hello; the rest of the login follows from the relay's answers."""
        self.machine = ClientSide(self.world.now)
        self._numbers = {}
        self.connection = self.world.dial(self, self.host)
        self.write(f.Hello((1,), self.person.user_key, self.person.certificate.device_id, "test"))
        if settle:
            self.world.settle()

    def cut(self) -> None:
        """Lose the connection without a word."""
        assert self.connection is not None
        self.connection.lose(None)

    def write(self, *frames: f.ClientFrame) -> None:
        """Put frames on the wire, in one piece; nothing moves before the world settles."""
        assert self.connection is not None
        self.connection.put(b"".join(map(self.machine.send, frames)))

    def send(self, to: "Client | MailboxId", *bodies: bytes, ephemeral: bool = False) -> None:
        """Send envelopes in one frame and let the world settle."""
        mailbox = to.mailbox if isinstance(to, Client) else to
        envelopes = tuple(f.Outgoing(mailbox, self._new_id(), body) for body in bodies)
        if not ephemeral:
            self.outbox.update((each.envelope_id, each) for each in envelopes)
        self.hand_over(*envelopes, ephemeral=ephemeral)
        self.world.settle()

    def hand_over(self, *envelopes: f.Outgoing, ephemeral: bool = False) -> None:
        """Put envelopes on the wire as they are."""
        assert self.connection is not None
        for start in range(0, len(envelopes), f.MAX_ENVELOPES):
            part = envelopes[start : start + f.MAX_ENVELOPES]
            first = self.machine.sent + 1
            self._numbers.update(enumerate((each.envelope_id for each in part), first))
            self.connection.put(self.machine.send_envelopes(part, ephemeral=ephemeral))

    def ack(self, number: int | None = None) -> None:
        """Acknowledge everything, or up to a number; it is on its way when this returns."""
        assert self.connection is not None
        self.machine.ack(self.machine.delivered if number is None else number)
        self.connection.put(self.machine.take_ack())

    def ask(self, make: Callable[[int], f.ClientFrame]) -> f.RelayFrame:
        """Make a request; return the answer."""
        request = next(self._requests)
        self.write(make(request))
        self.world.settle()
        answers = [frame for frame in self.frames if getattr(frame, "request", None) == request]
        return answers[-1]

    def look_up(self, name: str, *, claim: bool = False) -> f.RelayFrame:
        return self.ask(lambda request: f.Lookup(request, name, claim))

    def publish(self, *keys: bytes) -> f.RelayFrame:
        """Leave one-time keys made of these bytes, and the bundle."""
        one_time_keys = tuple(map(self.one_time_key, keys))
        return self.ask(lambda request: f.Publish(request, self.person.bundle, one_time_keys))

    def one_time_key(self, key: bytes) -> OneTimeKey:
        who = self.person
        return OneTimeKey.sign(who.signer, who.certificate, bundle_epoch=3, prekey=Prekey(key * 32))

    # What the relay says --------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        for frame in self.machine.receive(data, self.world.now):
            self.frames.append(frame)
            match frame:
                case f.Challenge():
                    self.answer_challenge(frame)
                case f.Welcome():
                    self._on_welcome(frame)
                case f.Deliver():
                    self._note_answered(range(1, frame.accepted + 1))
                    self.deliveries += frame.envelopes
                case f.Accepted():
                    self._note_answered(range(1, frame.accepted + 1))
                    for first, last in frame.also:
                        self._note_answered(range(first, last + 1))
                case f.Refused():
                    self.refused.append((self._numbers.pop(frame.number), frame.code))
                case f.Ping() if self.pongs:
                    self.write(f.Pong(frame.nonce))
        if self.acks and self.is_ready and self.machine.acked < self.machine.delivered:
            self.ack()

    def lost(self, error: SecureChatError | None) -> None:
        self.connection = None
        self.lost_by.append(error)

    def answer_challenge(self, challenge: f.Challenge) -> None:
        who = self.person
        if not challenge.registered:
            self.write(f.Register(who.registration, who.device_list, (who.certificate,)))
        self.write(f.Login(self.prove(challenge), self.sent_before))

    def prove(self, challenge: f.Challenge, **other: Any) -> LoginProof:
        """Sign this login; ``other`` replaces what is true of this connection."""
        true = {
            "relay_id": challenge.relay_id,
            "certificate_hash": hashlib.sha256(self.world.certificate).digest(),
            "server_nonce": challenge.nonce,
            "client_nonce": bytes(32),
            "protocol_version": challenge.version,
        }
        return LoginProof.sign(self.person.signer, self.person.certificate, **{**true, **other})

    def _on_welcome(self, welcome: f.Welcome) -> None:
        if self.status is not None:
            self.write(self.status)
        if self.publishes and not welcome.bundle_epoch:
            self.write(f.Publish(0, self.person.bundle, ()))
        self.hand_over(*self.outbox.values())

    def _note_answered(self, numbers: range) -> None:
        for number in numbers:
            envelope_id = self._numbers.pop(number, None)
            if envelope_id is not None:
                self.accepted.add(envelope_id)
                self.outbox.pop(envelope_id, None)

    def _new_id(self) -> EnvelopeId:
        return EnvelopeId(self.person.user_key[:8] + next(self._ids).to_bytes(8, "big"))


class Unheard:
    """A client that is told in vain."""

    def tell(self, news: f.Presence | f.Lobby) -> None:
        pass


def days(number: float) -> float:
    """Return days in seconds."""
    return number * 24 * 60 * 60
