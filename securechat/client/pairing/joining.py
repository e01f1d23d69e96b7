"""Typing somebody's code, after which it is known who they are and which relay is the right one."""

import queue
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from securechat.client.connection.faults import fault_error, pairing_error
from securechat.client.connection.relays import KnownRelay
from securechat.client.event_types.pairing_events import Paired
from securechat.client.names.contacts import ContactBook
from securechat.client.pairing.pairing_code import PairingCode
from securechat.client.pairing.pairing_rows import introduce, verified_contact
from securechat.client.profiles.profile import Profile
from securechat.client.state.opening import open_endpoint
from securechat.e2e import endpoint as e2e
from securechat.e2e.pairing import AnotherRelay, Introduction, Joiner
from securechat.e2e.seen import SEEN_TABLES
from securechat.errors import (
    LocalProtocolError,
    PairingFailed,
    RemoteProtocolError,
    SecureChatError,
    TimedOut,
)
from securechat.identity.types import Name, RelayId, fingerprint
from securechat.protocol.client_side import ClientSide
from securechat.transport.connection import Connection
from securechat.transport.endpoint import Endpoint
from securechat.transport.loop import Loop
from securechat.transport.pins import check_dates_and_pin, relay_id
from securechat.transport.tls import AnyServerTls
from securechat.wire import frames as f
from securechat.wire.codes import PairCode

DIAL_S = 5.0
FLUSH_S = 1.0
"""For the last words to the relay, which tell the other side how it ended."""

_LEAVE_IT_UNSPENT = frozenset({PairCode.NAME_TAKEN, PairCode.NAME_INVALID})
"""What makes the user type the same code again: only true before somebody has answered."""


class Joined(NamedTuple):
    """What is pinned now: the relay, and ``who`` gave the code."""

    relay_id: RelayId
    who: Paired


class Joining:
    """The side that types the code, as frames; nothing is kept and nothing sent here.

    When it ``is_over``, there is a ``result`` (who gave the code, verified) or an ``error``.
    """

    def __init__(
        self, endpoint: e2e.Endpoint, name: Name, code: PairingCode, address: Endpoint, now_ms: int
    ) -> None:
        """Begin with the own device and ``name``; ``address`` is where the relay is, to show."""
        self._endpoint = endpoint
        self._name = name
        self._code = code
        self._address = address
        self._now_ms = now_ms
        self._began: tuple[Introduction, Joiner] | None = None
        self._theirs: Introduction | None = None
        self._is_confirmed = False
        self.result: Introduction | None = None
        self.error: SecureChatError | None = None

    @property
    def has_introduced(self) -> bool:
        """Whether the other side may know by now whose device this is."""
        return self._theirs is not None

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to say or to hear."""
        return self.result is not None or self.error is not None

    def begin(self, seen: RelayId) -> f.PairJoin:
        """Return the first frame for the relay that TLS shows, which nobody vouches for yet."""
        own = introduce(self._endpoint, seen, self._name, self._now_ms)
        joiner = Joiner(self._code.slot, self._code.password, own)
        self._began = own, joiner
        return f.PairJoin(self._code.slot, self._name, own.user_key, joiner.message)

    def hear(self, frame: f.RelayFrame) -> tuple[f.ClientFrame, ...]:
        """Take a frame of the relay; return those to answer with."""
        match frame:
            case _ if self.is_over:
                return ()
            case f.PairPass():
                return self._passed(frame.payload)
            case f.PairEnd():
                self._ended(frame.code)
            case f.Fault():
                self.error = fault_error(frame)
            case _:
                self.give_up()
        return ()

    def give_up(self, error: SecureChatError | None = None) -> None:
        """Take that nothing more comes, because of this error or for no reason that is known."""
        if not self.is_over:
            self.error = error or self._refusal(PairCode.GONE)

    def _passed(self, payload: bytes) -> tuple[f.ClientFrame, ...]:
        if self._began is None or self._is_confirmed:
            raise RemoteProtocolError("The relay passes on what no pairing has")
        slot, (own, joiner) = self._code.slot, self._began
        try:
            if self._theirs is None:
                self._theirs, message3 = joiner.answer(payload)
                return (f.PairPass(slot, message3),)
            joiner.confirm(payload)
            self._is_confirmed = True
        except AnotherRelay as error:
            self.error = self._another_relay(own, error)
            message = f.PairPass(slot, error.message3)  # so that they see it too
            return message, f.PairEnd(slot, PairCode.ANOTHER_RELAY)
        except PairingFailed as error:
            self.error = error
            is_wrong = error.reason == PairCode.WRONG_CODE
            return (f.PairEnd(slot, PairCode.WRONG_CODE if is_wrong else PairCode.INVALID),)
        return ()

    def _ended(self, code: str) -> None:
        if code == PairCode.DONE and self._is_confirmed:
            self.result = self._theirs
            return
        if self._theirs is not None and code in _LEAVE_IT_UNSPENT:
            code = PairCode.GONE
        self.error = self._refusal(code)

    def _refusal(self, code: str) -> SecureChatError:
        return pairing_error(code, self._code.slot, self._name, str(self._address))

    def _another_relay(self, own: Introduction, error: AnotherRelay) -> PairingFailed:
        return PairingFailed(
            f"Who gave you the code is on another relay ({fingerprint(error.seen)}) than the one"
            f" at {self._address} ({fingerprint(own.relay_id)}): somebody is in between",
            error.try_next,
            reason=error.reason,
        )


def join_with_code(
    profile: Profile, address: Endpoint, code: PairingCode, timeout_s: float = 10.0
) -> Joined:
    """Pair with whoever made the code, over the relay at an address that nobody vouches for.

    Keeps both: they are pinned and verified, and the relay is known. Blocks for at most
    ``timeout_s`` and what closing takes. Raises Unreachable, TimedOut, CodeRefused, LimitExceeded,
    NameTaken, NameInvalid, PairingFailed, CertificateExpired; then nothing is kept. A new profile
    may be discarded then, unless the other side may know it already.
    """
    now_ms = time.time_ns() // 1_000_000
    endpoint = open_endpoint(profile.state, now_ms)
    joining = Joining(endpoint, profile.name, code, address, now_ms)
    try:
        theirs = _talk(joining, address, timeout_s)
    finally:
        if joining.has_introduced:
            profile.keep()
    book = ContactBook(theirs.relay_id, profile.state.load(without=SEEN_TABLES))
    contact = verified_contact(book, profile.name, theirs, now_ms)
    known = KnownRelay(theirs.relay_id, str(address), now_ms)
    profile.state.commit({**endpoint.take_changes(), **book.put(contact), **known.row})
    name, key = book.shown_name(contact), fingerprint(contact.user_key)
    return Joined(theirs.relay_id, Paired(name, key, contact.blocked))


def _talk(joining: Joining, address: Endpoint, timeout_s: float) -> Introduction:
    """Connect, and go through the pairing; return who is at the other end."""
    loop = Loop()
    loop.start()
    try:
        conversation = _Conversation(joining, loop.clock)
        loop.dial(*address, AnyServerTls(), conversation, timeout_s=min(DIAL_S, timeout_s))
        conversation.over.get(timeout=timeout_s)
    except queue.Empty:
        raise TimedOut(
            f"The pairing was not done within {timeout_s:g} s; the code is used up",
            "ask for a new code, then: securechat join",
        ) from None
    finally:
        loop.stop(FLUSH_S)
    if joining.result is None:
        raise joining.error or LocalProtocolError("A pairing is over without an outcome")
    return joining.result


class _Conversation:
    """The handler of the connection; ``over`` gets a None when the pairing is over."""

    def __init__(self, joining: Joining, clock: Callable[[], float]) -> None:
        self._joining = joining
        self._clock = clock
        self._machine = ClientSide(clock())
        self._connection: Connection | None = None
        self.over: queue.SimpleQueue[None] = queue.SimpleQueue()

    def opened(self, connection: Connection) -> None:
        """Say which code was typed, to whoever is there: without its words that is worth nothing.

        A certificate outside its dates is refused before that, since nothing could follow.
        """
        certificate = connection.remote_certificate or b""
        seen = relay_id(certificate)
        check_dates_and_pin(certificate, seen, datetime.now(UTC))
        self._connection = connection
        self._write(self._joining.begin(seen))
        connection.set_timer(self._machine.deadline())

    def received(self, data: bytes) -> None:
        """Go on with what came."""
        for frame in self._machine.receive(data, self._clock()):
            self._write(*self._joining.hear(frame))
        if self._joining.is_over:
            self._finish()

    def timer(self, now: float) -> float | None:
        """Give up by raising."""
        self._machine.expire(now)
        return self._machine.deadline()

    def closed(self, error: SecureChatError | None) -> None:
        """It is over."""
        self._connection = None
        self._joining.give_up(error)
        self.over.put(None)

    def _finish(self) -> None:
        self.over.put(None)
        if self._connection is not None:
            self._connection.close()

    def _write(self, *frames: f.ClientFrame) -> None:
        for frame in frames:
            # The end may have come together with what this answers.
            if self._connection is not None and not self._machine.is_closed:
                self._connection.write(self._machine.send(frame))
