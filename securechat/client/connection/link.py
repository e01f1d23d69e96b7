"""The client's connection to its relay: kept up, numbered, and quiet about it.

The link lives in the loop's thread. What it has to say goes to the engine through ``inbox``; what
the engine wants of it comes through the methods marked "any thread".
"""

import random
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Protocol

from msgspec import Struct

from securechat.client.connection.faults import fault_error
from securechat.client.connection.read_ahead import Mark, ReadAhead
from securechat.errors import (
    LocalProtocolError,
    LoginRefused,
    RemoteProtocolError,
    SecureChatError,
    Untrusted,
)
from securechat.identity.types import EnvelopeId
from securechat.protocol.client_side import ClientSide
from securechat.protocol.states import State
from securechat.text import safe_text
from securechat.transport.connection import Connection, Handler
from securechat.wire import frames as f

ACK_AFTER_S = 0.005
FIRST_RETRY_S = 0.25
EARLY_RETRY_MAX_S = 5.0
EARLY_S = 60.0
LATE_RETRY_MAX_S = 30.0
STEADY_S = 10.0
"""A connection that lasted this long was no part of the trouble before it."""
MAX_BATCH_BYTES = 128 * 1024


class Up(Struct, frozen=True):
    """A connection stands; the relay showed this certificate (DER)."""

    certificate: bytes


class Down(Struct, frozen=True):
    """The connection is gone or could not be made; ``retry_in_s`` is None when that is final."""

    error: SecureChatError
    retry_in_s: float | None


class Arrived(Struct, frozen=True):
    """A frame of the relay that is the engine's business."""

    frame: f.RelayFrame


class Delivery(Struct, frozen=True):
    """Envelopes for this device; acknowledge ``last`` when all have been disposed of."""

    last: int
    envelopes: tuple[f.Incoming, ...]


class Answered(Struct, frozen=True):
    """The relay answers for these envelopes: they are accepted."""

    envelope_ids: tuple[EnvelopeId, ...]


class NotTaken(Struct, frozen=True):
    """The relay refuses this envelope, with a code of PROTOCOL.md."""

    envelope_id: EnvelopeId
    code: str


LinkNews = Up | Down | Arrived | Delivery | Answered | NotTaken | Mark


class LinkLoop(Protocol):
    """What the link needs of `securechat.transport.loop.Loop`."""

    clock: Callable[[], float]

    def call_soon(self, call: Callable[[], None]) -> None:
        """Run ``call`` in the loop's thread; any thread."""

    def call_later(self, delay_s: float, call: Callable[[], None]) -> object:
        """Run ``call`` once in ``delay_s``; the loop's thread."""


class Link:
    """One device's connection, made again whenever it breaks."""

    def __init__(
        self,
        loop: LinkLoop,
        dial: Callable[[Handler], None],
        inbox: Callable[[LinkNews], None],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._loop = loop
        self._dial = dial
        self._inbox = inbox
        self._jitter = jitter
        self._ahead = ReadAhead(lambda: inbox(Mark(self._note_reached)))
        self._attempt: _Attempt | None = None
        self._stopped = False
        self._down_since: float | None = None
        self._failures = 0

    def start(self) -> None:
        """Connect; any thread."""
        self._loop.call_soon(self._connect)

    def stop(self) -> None:
        """Say goodbye and stay away; any thread."""
        self._loop.call_soon(self._stop)

    def reconnect(self) -> None:
        """Say goodbye and come back; any thread."""
        self._with_attempt(lambda attempt: attempt.say_bye())

    def send(self, frame: f.ClientFrame) -> None:
        """Send one frame, or drop it when there is no connection; any thread."""
        self._with_attempt(lambda attempt: attempt.send(frame))

    def send_envelopes(self, envelopes: Sequence[f.Outgoing]) -> None:
        """Send envelopes in this order, or drop them when there is no connection; any thread."""
        self._with_attempt(lambda attempt: attempt.send_envelopes(envelopes))

    def send_signals(self, envelopes: Sequence[f.Outgoing]) -> None:
        """Send what fits a frame of envelopes that are never stored, or drop them; any thread."""
        self._with_attempt(lambda attempt: attempt.send_signals(envelopes))

    def ack(self, number: int) -> None:
        """Acknowledge every delivery up to this number; any thread."""
        self._with_attempt(lambda attempt: attempt.ack(number))

    def _with_attempt(self, do: Callable[["_Attempt"], None]) -> None:
        def call() -> None:
            if self._attempt is not None:
                do(self._attempt)

        self._loop.call_soon(call)

    def _connect(self) -> None:
        if not self._stopped:
            self._attempt = _Attempt(self._loop, self._inbox, self._ahead, self._lost)
            self._dial(self._attempt)

    def _note_reached(self) -> None:
        """Let the loop know how far the engine has got; any thread."""
        self._loop.call_soon(self._ahead.note_reached)

    def _stop(self) -> None:
        self._stopped = True
        if self._attempt is not None:
            self._attempt.say_bye()

    def _lost(self, attempt: "_Attempt", error: SecureChatError) -> None:
        """An attempt has ended; plan the next one, unless there is no point in it."""
        now = self._loop.clock()
        self._attempt = None
        if attempt.was_steady(now) or self._down_since is None:
            self._down_since, self._failures = now, 0
        if self._stopped or isinstance(error, Untrusted | LoginRefused | RemoteProtocolError):
            self._inbox(Down(error, None))
            return
        retry_in_s = max(self._backoff_s(now - self._down_since), attempt.retry_after_s)
        self._failures += 1
        self._inbox(Down(error, retry_in_s))
        self._loop.call_later(retry_in_s, self._connect)

    def _backoff_s(self, down_for_s: float) -> float:
        longest = EARLY_RETRY_MAX_S if down_for_s < EARLY_S else LATE_RETRY_MAX_S
        step = min(FIRST_RETRY_S * 2.0 ** min(self._failures, 10), longest)
        return float(step * (0.5 + self._jitter() / 2))


class _Attempt:
    """One connection from dialling to its end; a transport handler."""

    def __init__(
        self,
        loop: LinkLoop,
        inbox: Callable[[LinkNews], None],
        ahead: ReadAhead,
        lost: Callable[["_Attempt", SecureChatError], None],
    ) -> None:
        self._loop = loop
        self._inbox = inbox
        self._ahead = ahead
        self._lost = lost
        self._connection: Connection | None = None
        self._machine = ClientSide(loop.clock())
        self._unanswered: OrderedDict[int, EnvelopeId] = OrderedDict()
        self._ack_planned = False
        self._last_words: SecureChatError | None = None
        self._ready_at: float | None = None
        self.retry_after_s = 0.0

    def was_steady(self, now: float) -> bool:
        """Tell whether the login stood for long enough to start counting failures anew."""
        return self._ready_at is not None and now - self._ready_at >= STEADY_S

    # What the engine wants ------------------------------------------------------------------------

    def send(self, frame: f.ClientFrame) -> None:
        """Write a frame; one that was meant for an earlier connection is dropped."""
        if self._connection is None:
            return
        with suppress(LocalProtocolError):
            self._connection.write(self._machine.send(frame))
            self._connection.set_timer(self._machine.deadline())

    def send_envelopes(self, envelopes: Sequence[f.Outgoing]) -> None:
        """Write envelopes, and remember their numbers."""
        if self._connection is None or self._machine.state is not State.READY:
            return
        for batch in _batches(envelopes):
            for number, outgoing in enumerate(batch, self._machine.sent + 1):
                self._unanswered[number] = outgoing.envelope_id
            self._connection.write(self._machine.send_envelopes(batch))

    def send_signals(self, envelopes: Sequence[f.Outgoing]) -> None:
        """Write one frame of ephemeral envelopes; what the relay says of them is no news."""
        if self._connection is None or self._machine.state is not State.READY:
            return
        for batch in islice(_batches(envelopes), 1):
            self._connection.write(self._machine.send_envelopes(batch, ephemeral=True))

    def ack(self, number: int) -> None:
        """Acknowledge; the number rides on the next envelopes or travels alone a little later."""
        if self._machine.state is not State.READY:
            return
        self._machine.ack(number)
        if not self._ack_planned:
            self._ack_planned = True
            self._loop.call_later(ACK_AFTER_S, self._flush_ack)

    def say_bye(self) -> None:
        """Flush, say goodbye, close."""
        if self._connection is None:
            return
        self._flush_ack()
        self.send(f.Bye("quit"))
        self._connection.close()

    # What the transport tells ---------------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        """The TLS connection stands and the relay is the right one."""
        self._connection = connection
        self._inbox(Up(connection.remote_certificate or b""))
        self._ahead.opened(connection)
        connection.set_timer(self._machine.deadline())

    def received(self, data: bytes) -> None:
        """Hand on what came."""
        for frame in self._machine.receive(data, self._loop.clock()):
            self._handle(frame)
        self._ahead.received(len(data))

    def timer(self, now: float) -> float | None:
        """Ping, or give up by raising."""
        data = self._machine.expire(now)
        if data and self._connection is not None:
            self._connection.write(data)
        return self._machine.deadline()

    def closed(self, error: SecureChatError | None) -> None:
        """It is over."""
        self._connection = None
        self._ahead.closed()
        gone = error or SecureChatError("The relay closed the connection", "securechat client")
        self._lost(self, self._last_words or gone)

    def _handle(self, frame: f.RelayFrame) -> None:
        match frame:
            case f.Deliver():
                self._answer_up_to(frame.accepted)
                last = frame.first + len(frame.envelopes) - 1
                self._inbox(Delivery(last, frame.envelopes))
            case f.Accepted():
                self._answer_up_to(frame.accepted)
                for low, high in frame.also:
                    self._answer(range(low, high + 1))
            case f.Refused():
                envelope_id = self._unanswered.pop(frame.number, None)
                if envelope_id is not None:
                    self._inbox(NotTaken(envelope_id, frame.code))
            case f.Ping():
                self.send(f.Pong(frame.nonce))
            case f.Pong():
                pass
            case f.Bye():
                self._note_bye(frame)
            case f.Fault():
                self._last_words = fault_error(frame)
            case f.Welcome():
                self._ready_at = self._loop.clock()
                self._inbox(Arrived(frame))
            case _:
                self._inbox(Arrived(frame))

    def _note_bye(self, frame: f.Bye) -> None:
        self.retry_after_s = min(frame.retry_after_ms / 1000, LATE_RETRY_MAX_S)
        if frame.code == "replaced":
            self._last_words = LoginRefused(
                "This profile has logged in somewhere else",
                "close the other client; then the same command once more goes on here",
            )
        elif frame.code == "draining":
            self._last_words = SecureChatError("the relay is stopping")
        else:
            self._last_words = SecureChatError(f"The relay said goodbye ({safe_text(frame.code)})")
        if self._connection is not None:
            self._connection.close()

    def _answer_up_to(self, number: int) -> None:
        done: list[EnvelopeId] = []
        while self._unanswered and next(iter(self._unanswered)) <= number:
            done.append(self._unanswered.popitem(last=False)[1])
        if done:
            self._inbox(Answered(tuple(done)))

    def _answer(self, numbers: range) -> None:
        done = [self._unanswered.pop(n) for n in numbers if n in self._unanswered]
        if done:
            self._inbox(Answered(tuple(done)))

    def _flush_ack(self) -> None:
        self._ack_planned = False
        if self._connection is not None and self._machine.state is State.READY:
            self._connection.write(self._machine.take_ack())


def _batches(envelopes: Sequence[f.Outgoing]) -> Iterator[tuple[f.Outgoing, ...]]:
    """Cut a row of envelopes into what fits a frame."""
    batch: list[f.Outgoing] = []
    size_bytes = 0
    for outgoing in envelopes:
        size_bytes += len(outgoing.envelope)
        if batch and (size_bytes > MAX_BATCH_BYTES or len(batch) == f.MAX_ENVELOPES):
            yield tuple(batch)
            batch, size_bytes = [], len(outgoing.envelope)
        batch.append(outgoing)
    if batch:
        yield tuple(batch)
