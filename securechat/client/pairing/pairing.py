"""Codes that this person gives out: the relay's slot for each, and the pairing over it."""

from collections.abc import Callable

from msgspec import Struct

from securechat.client.events import (
    CodeEnd,
    CodeEnded,
    CodeReady,
    Paired,
    Reason,
    Trust,
    TrustChanged,
)
from securechat.client.keys.lookups import Lookups
from securechat.client.pairing.pairing_code import PairingCode, Words
from securechat.client.pairing.pairing_rows import introduce, verified_contact
from securechat.client.state.desk import Desk, trust_of
from securechat.e2e.pairing import AnotherRelay, Introduction, Opener
from securechat.errors import LimitExceeded, PairingFailed, Unreachable
from securechat.identity.types import Name, fingerprint
from securechat.text import clip, safe_text
from securechat.wire import frames as f
from securechat.wire.codes import PairCode

MAX_LIFETIME_MS = 600_000
"""The longest that a code is offered, whatever the relay says."""

PAIRING_S = 15.0
"""How long somebody who has taken the code may need; a bit more than the relay allows them."""

MAX_MADE_ANEW = 3
"""So many codes follow by themselves when one was of no use."""

_ADDRESS_COLUMNS = 50

_ENDS = {
    "wrong-code": (PairCode.WRONG_CODE, CodeEnd.WRONG_CODE),
    "another-relay": (PairCode.ANOTHER_RELAY, CodeEnd.ANOTHER_RELAY),
    "invalid": (PairCode.INVALID, CodeEnd.INVALID),
}
"""What the relay and the user are told, by the reason of a PairingFailed."""

_SAID_BY_JOINER = {
    PairCode.WRONG_CODE.value: CodeEnd.WRONG_CODE,
    PairCode.INVALID.value: CodeEnd.INVALID,
}
"""What nobody has proven, and is worth telling."""


class _Slot(Struct):
    """A code that somebody can use, or is using: then ``opener`` is there."""

    code: PairingCode
    ends_at_s: float
    address: str = ""
    opener: Opener | None = None


class Pairing:
    """At most one code at a time; a new one takes the place of the last."""

    def __init__(
        self, desk: Desk, lookups: Lookups, own_name: Name, draw: Callable[[], Words]
    ) -> None:
        """``draw`` gives the words of each code."""
        self._desk = desk
        self._lookups = lookups
        self._own_name = own_name
        self._draw = draw
        self._request: int | None = None
        self._slot: _Slot | None = None
        self._left_anew = 0

    @property
    def is_awaited(self) -> bool:
        """Whether the relay is still to say where a code can be used."""
        return self._request is not None

    @property
    def due_at(self) -> float | None:
        """When `do_what_is_due` wants to be called: a code ends."""
        return None if self._slot is None else self._slot.ends_at_s

    def do_what_is_due(self) -> None:
        """End the code: nobody has used it in time."""
        if self._slot is not None and self._slot.opener is not None:
            self._end(PairCode.CANCELLED, CodeEnd.GONE)
        elif self._slot is not None:
            self._end(PairCode.EXPIRED, CodeEnd.EXPIRED)

    def make_code(self) -> None:
        """Ask the relay where a code can be used; Unreachable without a connection."""
        if not self._desk.online:
            raise Unreachable("There is no connection to the relay right now", "/code, a bit later")
        self._left_anew = MAX_MADE_ANEW
        self._ask()

    def begin(self) -> None:
        """After a login: ask anew for what the last connection took with it."""
        if self._slot is not None:
            self._over(CodeEnd.LOST if self._slot.opener is None else CodeEnd.GONE)
        elif self._request is not None:
            self._ask()

    # What the relay says --------------------------------------------------------------------------

    def hear(self, frame: f.PairOpened | f.PairKnock | f.PairPass | f.PairEnd) -> None:
        """Take a frame about a slot; one about a slot of before is passed over."""
        match frame:
            case f.PairOpened():
                self._opened(frame)
            case f.PairKnock():
                self._knocked(frame)
            case f.PairPass():
                self._passed(frame)
            case f.PairEnd():
                self._ended(frame)

    def failed(self, failed: f.Failed) -> None:
        """Take that the relay does not open a slot, if that had been asked of it.

        Raises LimitExceeded then.
        """
        if failed.request == self._request:
            self._request = None
            why = clip(safe_text(failed.code), _ADDRESS_COLUMNS)
            raise LimitExceeded(f"The relay makes no code now ({why})", "/code, in a minute")

    def _opened(self, frame: f.PairOpened) -> None:
        if frame.request != self._request:
            return
        self._request = None
        desk, lifetime_ms = self._desk, min(frame.lifetime_ms, MAX_LIFETIME_MS)
        code = PairingCode(frame.slot, self._draw())
        self._slot = _Slot(code, desk.now_s() + lifetime_ms / 1000)
        desk.tell(CodeReady(code.text, desk.now_ms() + lifetime_ms))

    def _knocked(self, frame: f.PairKnock) -> None:
        slot = self._slot
        if slot is None or slot.code.slot != frame.slot or slot.opener is not None:
            return
        own = introduce(
            self._desk.endpoint, self._desk.relay_id, self._own_name, self._desk.now_ms()
        )
        slot.opener = opener = Opener(frame.slot, slot.code.password, own)
        slot.address = clip(safe_text(frame.address), _ADDRESS_COLUMNS)
        slot.ends_at_s = self._desk.now_s() + PAIRING_S
        try:
            self._send(f.PairPass(frame.slot, opener.answer(frame.payload)))
        except PairingFailed as error:
            self._fail(error)

    def _passed(self, frame: f.PairPass) -> None:
        slot = self._slot
        if slot is None or slot.code.slot != frame.slot or slot.opener is None:
            return
        try:
            theirs, message4 = slot.opener.finish(frame.payload)
            self._keep(theirs)
        except PairingFailed as error:
            self._fail(error)
            return
        self._slot = None
        self._send(f.PairPass(frame.slot, message4))
        self._send(f.PairEnd(frame.slot, PairCode.DONE, theirs.user_key))

    def _ended(self, frame: f.PairEnd) -> None:
        """Take the relay's word that nobody can use the code any more."""
        slot = self._slot
        if slot is None or slot.code.slot != frame.slot:
            return
        if slot.opener is not None:
            self._over(_SAID_BY_JOINER.get(frame.code, CodeEnd.GONE))
        else:
            self._over(CodeEnd.EXPIRED if frame.code == PairCode.EXPIRED else CodeEnd.LOST)

    # What follows ---------------------------------------------------------------------------------

    def _ask(self) -> None:
        """Ask for a slot, now or after the next login."""
        self._slot = None
        self._request = self._lookups.new_request()
        self._send(f.PairOpen(self._request))

    def _keep(self, theirs: Introduction) -> None:
        """Pin whoever has used the code, and tell of them; raises as `verified_contact` does."""
        desk = self._desk
        before = desk.contacts.pinned(theirs.user_key)
        contact = verified_contact(desk.contacts, self._own_name, theirs, desk.now_ms())
        desk.keep_contact(contact)
        name, key = desk.contacts.shown_name(contact), fingerprint(contact.user_key)
        if before is not None and trust_of(before) is not Trust.VERIFIED:
            desk.tell(TrustChanged(name, Trust.VERIFIED, key, Reason.PAIRED))
        desk.tell(Paired(name, key, contact.blocked))

    def _fail(self, error: PairingFailed) -> None:
        """End the code for what the pairing has shown."""
        if error.reason not in _ENDS:
            self._desk.report(error)
            self._say_end(PairCode.CANCELLED)
            self._slot = None
            return
        shown = fingerprint(error.seen) if isinstance(error, AnotherRelay) else ""
        self._end(*_ENDS[error.reason], shown)

    def _end(self, code: PairCode, reason: CodeEnd, shown: str = "") -> None:
        self._say_end(code)
        self._over(reason, shown)

    def _say_end(self, code: PairCode) -> None:
        if self._slot is not None:
            self._send(f.PairEnd(self._slot.code.slot, code))

    def _send(self, frame: f.PairOpen | f.PairPass | f.PairEnd) -> None:
        if self._desk.online:
            self._desk.batch.frames.append(frame)

    def _over(self, reason: CodeEnd, shown: str = "") -> None:
        """Tell that a code was of no use, and make another unless that becomes too many."""
        slot, self._slot = self._slot, None
        again = self._left_anew > 0 and reason is not CodeEnd.EXPIRED
        self._desk.tell(CodeEnded(reason, slot.address if slot else "", again, shown))
        if again:
            self._left_anew -= 1
            self._ask()
