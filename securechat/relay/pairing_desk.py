"""Where a relay lets two people pair: it passes their messages on and understands none of them."""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from securechat.errors import NameInvalid, NameTaken
from securechat.identity.types import UserKey
from securechat.relay.channel import Channel
from securechat.relay.events import SlotEnded
from securechat.relay.limits import RateLimit
from securechat.relay.pairing import LAST_MESSAGE, SLOT_LIFE_S, Slot, Slots
from securechat.wire import frames as f
from securechat.wire.codes import FailedCode, PairCode

OPENS_PER_MINUTE = 5
FIRST_SLOTS = 9
"""A relay begins with one of so many numbers."""

_OF_AN_END = frozenset(
    {
        PairCode.WRONG_CODE,
        PairCode.ANOTHER_RELAY,
        PairCode.INVALID,
        PairCode.CANCELLED,
        PairCode.EXPIRED,
    }
)
"""What an end may say of why it has enough; anything else is told as invalid."""


class PairingDesk:
    """All slots of a relay, and the connections at their two ends.

    ``check_name`` raises NameInvalid or NameTaken for a name that this key could not register.
    ``admit`` lets a key register and calls back with whether that is kept. ``tell`` gets an event
    of every slot that somebody has joined, or has tried to.
    """

    def __init__(
        self,
        *,
        tries_per_minute: int,
        random: Callable[[int], bytes],
        clock: Callable[[], float],
        call_later: Callable[[float, Callable[[], None]], object],
        check_name: Callable[[str, UserKey], None],
        admit: Callable[[UserKey, Callable[[bool], None]], None],
        tell: Callable[[SlotEnded], None],
    ) -> None:
        self._slots = Slots[Channel](1 + random(1)[0] % FIRST_SLOTS)
        self._opens = RateLimit(OPENS_PER_MINUTE, 60.0)
        self._tries = RateLimit(tries_per_minute, 60.0)
        self._clock = clock
        self._call_later = call_later
        self._check_name = check_name
        self._admit = admit
        self._tell = tell

    # The opener -----------------------------------------------------------------------------------

    def open(self, opener: Channel, user_key: UserKey, request: int) -> f.PairOpened | f.Failed:
        """Return the answer to PairOpen; an earlier slot of this connection ends first."""
        now = self._clock()
        if not self._opens.admit(user_key, now):
            return _too_many(request, "You have made many codes; try again in a minute")
        older = self._slots.of(opener)
        if older is not None:
            self._end(older, PairCode.REPLACED, {older.joiner: PairCode.REPLACED})
        slot = self._slots.open(opener, now)
        if slot is None:
            return _too_many(request, "This relay has as many codes as it takes; try again later")
        self._call_later(SLOT_LIFE_S, lambda: self._expire(slot))
        return f.PairOpened(request, slot.number, int(SLOT_LIFE_S * 1000))

    def _expire(self, slot: Slot[Channel]) -> None:
        if self._slots.of(slot.opener) is slot and slot.joiner is None:
            self._end(slot, PairCode.EXPIRED, {slot.opener: PairCode.EXPIRED})

    # The joiner -----------------------------------------------------------------------------------

    def join(self, joiner: Channel, frame: f.PairJoin) -> None:
        """Hand a stranger's first message to the opener, or say why not and close."""
        host, now = joiner.connection.remote.host, self._clock()
        slot = self._find(frame, network_of(host), now)
        if isinstance(slot, PairCode):
            self._tell(SlotEnded(host, slot))
            _close(joiner, frame.slot, slot)
            return
        self._slots.join(slot, joiner, frame.user_key, host)
        slot.opener.write(f.PairKnock(slot.number, host, frame.payload))

    def _find(self, frame: f.PairJoin, network: str, now: float) -> Slot[Channel] | PairCode:
        """Return the slot to join; every try counts, whatever it meets."""
        if not self._tries.admit(network, now):
            return PairCode.LIMIT
        slot = self._slots.find(frame.slot, now)
        if isinstance(slot, Slot):
            try:
                self._check_name(frame.name, frame.user_key)
            except NameTaken:
                return PairCode.NAME_TAKEN
            except NameInvalid:
                return PairCode.NAME_INVALID
        return slot

    # Both -----------------------------------------------------------------------------------------

    def passed(self, end: Channel, frame: f.PairPass) -> None:
        """Pass a message on to the other end, if it is its turn; else the pairing is over."""
        slot = self._slot_of(end, frame.slot)
        if slot is None:
            return
        other = slot.other(end)
        if other is None or not slot.take_turn(end):
            self._end_both(slot, PairCode.INVALID)
        else:
            other.write(frame)

    def ended(self, end: Channel, frame: f.PairEnd) -> None:
        """One end has enough, or is done."""
        slot = self._slot_of(end, frame.slot)
        if slot is None:
            return
        if frame.code == PairCode.DONE and end == slot.opener and slot.passed == LAST_MESSAGE:
            self._finish(slot, frame.admit)
            return
        code = PairCode(frame.code) if frame.code in _OF_AN_END else PairCode.INVALID
        late = PairCode.EXPIRED if code == PairCode.EXPIRED else PairCode.CANCELLED
        self._end(slot, late, {slot.other(end): code})

    def _finish(self, slot: Slot[Channel], admit: UserKey | None) -> None:
        """Tell the joiner that it may log in, once the relay is sure to let it register."""
        joiner = slot.joiner

        def kept(is_kept: bool) -> None:
            code = PairCode.DONE if is_kept else PairCode.LIMIT
            self._tell(SlotEnded(slot.joiner_address, code))
            if joiner is not None:
                _close(joiner, slot.number, code)

        self._slots.end(slot, PairCode.DONE, self._clock())
        if admit is not None and admit == slot.joiner_key:
            self._admit(admit, kept)
        else:
            kept(True)

    def gone(self, end: Channel) -> None:
        """A connection has ended, and with it the slot that it was an end of."""
        slot = self._slots.of(end)
        if slot is not None:
            self._end(slot, PairCode.CANCELLED, {slot.other(end): PairCode.GONE})

    def _slot_of(self, end: Channel, number: int) -> Slot[Channel] | None:
        """Return the slot of this end; None when it is over, and this has crossed its end."""
        slot = self._slots.of(end)
        return slot if slot is not None and slot.number == number else None

    def _end_both(self, slot: Slot[Channel], code: PairCode) -> None:
        self._end(slot, code, {slot.opener: code, slot.joiner: code})

    def _end(
        self, slot: Slot[Channel], code: PairCode, told: dict[Channel | None, PairCode]
    ) -> None:
        """Forget a slot, of which late comers hear ``code``, and tell its ends."""
        self._slots.end(slot, code, self._clock())
        for end, why in told.items():
            if end is slot.opener:
                end.write(f.PairEnd(slot.number, why))
            elif end is not None:
                _close(end, slot.number, why)
        if slot.joiner is not None:
            self._tell(SlotEnded(slot.joiner_address, next(iter(told.values()))))


def network_of(host: str) -> str:
    """Return what counts as one address: an IPv4 one, or the IPv6 network that a household has."""
    address = ip_address(host.partition("%")[0])
    if isinstance(address, IPv6Address):
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)


def _close(joiner: Channel, number: int, code: PairCode) -> None:
    joiner.write(f.PairEnd(number, code))
    joiner.close()


def _too_many(request: int, message: str) -> f.Failed:
    return f.Failed(request, FailedCode.LIMIT, message)
