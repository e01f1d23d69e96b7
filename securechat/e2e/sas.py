"""Two people compare emoji: one comparison, as one of the two devices sees it (E2E.md, section 15).

It decides and keeps nothing but its own state: the caller sends what the methods return and marks
the person verified when the state is `State.DONE` and ``peer`` is still the key pinned for them.
"""

import hmac
from collections.abc import Callable
from enum import StrEnum
from typing import Self, TypeVar

from securechat.crypto.sas import AgreedSas, Sas, Shown
from securechat.crypto.sealing import random_bytes
from securechat.e2e.sas_content import (
    TRANSACTION_SIZE_BYTES,
    Comparing,
    SasFailure,
    Step,
    abort,
)
from securechat.errors import LocalProtocolError, RemoteProtocolError
from securechat.identity.notation import digest
from securechat.identity.types import DeviceAddress, DeviceId, RelayId, UserKey

LIFE_S = 600.0
"""How long a comparison may take, from its start to the last confirm."""

_T = TypeVar("_T")


class State(StrEnum):
    """How far a comparison is."""

    STARTED = "waits for a device of the other side to commit"
    ASKED = "waits for the own user to agree"
    PROMISED = "has committed to a key, and waits for the other side's"
    COMMITTED = "has sent its key, and waits for the one committed to"
    SHOWN = "shows what to compare"
    CONFIRMED = "the own user has said that it is the same"
    PEER_CONFIRMED = "the other side has said that it is the same"
    DONE = "both have: the other side is verified"
    ENDED = "over, with nobody verified"


class _Role(StrEnum):
    INITIATOR = "initiator"
    RESPONDER = "responder"


class SasExchange:
    """One comparison, made by `begin` on the side that starts it and by `asked` on the other.

    What `hear` returns goes to the device that was heard; what the other methods return goes to
    ``device``, or to every device of ``peer`` while that is None. ``tx`` names the comparison.
    """

    __slots__ = (
        "_agreed",
        "_commitment",
        "_context",
        "_own",
        "_relay_id",
        "_role",
        "_sas",
        "deadline_s",
        "device",
        "failure",
        "peer",
        "shown",
        "state",
        "tx",
    )

    def __init__(
        self, own: DeviceAddress, peer: UserKey, relay_id: RelayId, tx: bytes, now_s: float
    ) -> None:
        if peer == own.user_key:
            raise LocalProtocolError("Nobody compares emoji with themselves.")
        self._own, self._relay_id, self._role = own, relay_id, _Role.INITIATOR
        self._sas = Sas()
        self._agreed: AgreedSas | None = None
        self._commitment = self._context = b""
        self.tx, self.peer = tx, peer
        self.device: DeviceId | None = None
        self.deadline_s = now_s + LIFE_S
        self.state = State.STARTED
        self.shown: Shown | None = None
        self.failure: SasFailure | None = None

    @classmethod
    def begin(
        cls,
        own: DeviceAddress,
        peer: UserKey,
        relay_id: RelayId,
        now_s: float,
        *,
        draw: Callable[[int], bytes] = random_bytes,
    ) -> Self:
        """Start one with a person; ``start`` goes to each of their devices."""
        return cls(own, peer, relay_id, draw(TRANSACTION_SIZE_BYTES), now_s)

    @classmethod
    def asked(
        cls,
        own: DeviceAddress,
        peer: DeviceAddress,
        relay_id: RelayId,
        start: Comparing,
        now_s: float,
    ) -> Self:
        """Note that a device of somebody has sent a start: `agree` when the own user does."""
        if start.step is not Step.START:
            raise LocalProtocolError("A comparison begins with a start.")
        exchange = cls(own, peer.user_key, relay_id, start.tx, now_s)
        exchange._role, exchange.state = _Role.RESPONDER, State.ASKED
        exchange.device = peer.device_id
        return exchange

    @property
    def start(self) -> Comparing:
        """The first message, from the side that begins."""
        return Comparing(self.tx, Step.START)

    @property
    def is_over(self) -> bool:
        """Tell whether nothing can follow."""
        return self.state in (State.DONE, State.ENDED)

    @property
    def yields(self) -> bool:
        """Tell whether a start of the other side takes the place of this one, which crossed it.

        Then make another with `asked`, and `agree` at once. Otherwise leave theirs alone: they
        yield, as the start of the smaller user key stays.
        """
        return self.state is State.STARTED and self.peer < self._own.user_key

    def agree(self) -> list[Comparing]:
        """Take part, as the own user says; return the commit."""
        self._require(State.ASKED)
        self.state = State.PROMISED
        return [Comparing(self.tx, Step.COMMIT, self._commit(self._sas.public_key))]

    def hear(self, heard: Comparing, sender: DeviceAddress) -> list[Comparing]:
        """Take a step of the authenticated ``sender`` and return the answers to that device.

        One of another comparison or person, and all that follows an end, changes nothing.
        """
        if heard.tx != self.tx or sender.user_key != self.peer or self.is_over:
            return []
        if self.device not in (None, sender.device_id):
            return [abort(self.tx, SasFailure.BUSY)] if heard.step is Step.COMMIT else []
        match self.state, heard.step:
            case _, Step.ABORT:
                self._end(SasFailure(heard.data[0]))
                return []
            case State.STARTED, Step.COMMIT:
                return self._take_commit(heard.data, sender.device_id)
            case State.PROMISED, Step.KEY:
                own_key = Comparing(self.tx, Step.KEY, self._sas.public_key)
                return self._take_key(heard.data) or [own_key]
            case State.COMMITTED, Step.KEY:
                if not hmac.compare_digest(self._commit(heard.data), self._commitment):
                    return self.give_up(SasFailure.COMMITMENT)
                return self._take_key(heard.data)
            case ((State.SHOWN | State.CONFIRMED), Step.CONFIRM):
                return self._take_confirm(heard.data)
        return self.give_up(SasFailure.OUT_OF_TURN)

    def match(self) -> list[Comparing]:
        """Note that the own user sees the same as the other; return the confirm."""
        self._require(State.SHOWN, State.PEER_CONFIRMED)
        is_last = self.state is State.PEER_CONFIRMED
        self.state = State.DONE if is_last else State.CONFIRMED
        return [Comparing(self.tx, Step.CONFIRM, self._mac(self._role))]

    def differ(self) -> list[Comparing]:
        """End it, since the own user sees something else than the other; return the abort."""
        self._require(State.SHOWN, State.CONFIRMED, State.PEER_CONFIRMED)
        return self.give_up(SasFailure.DIFFERS)

    def expire(self, now_s: float) -> list[Comparing]:
        """End it when its time is over; return the abort."""
        if now_s < self.deadline_s:
            return []
        return self.give_up(SasFailure.TIMEOUT)

    def give_up(self, why: SasFailure) -> list[Comparing]:
        """End it for this reason, with nobody verified; return the abort."""
        if self.is_over:
            return []
        self._end(why)
        return [abort(self.tx, why)]

    def __repr__(self) -> str:
        return f"SasExchange({self.state.name})"

    def _take_commit(self, commitment: bytes, device_id: DeviceId) -> list[Comparing]:
        self._commitment, self.device = commitment, device_id
        self.state = State.COMMITTED
        return [Comparing(self.tx, Step.KEY, self._sas.public_key)]

    def _take_key(self, theirs: bytes) -> list[Comparing]:
        try:
            self._agreed = self._sas.agree(theirs)
        except RemoteProtocolError:
            return self.give_up(SasFailure.KEY)
        keys = self._in_order(self._sas.public_key, theirs)
        self._context = digest("securechat/sas/v1", self.tx, self._relay_id, *self._people(), *keys)
        self.shown = self._agreed.show(self._context.hex())
        self.state = State.SHOWN
        return []

    def _take_confirm(self, mac: bytes) -> list[Comparing]:
        if not hmac.compare_digest(mac, self._mac(self._their_role)):
            return self.give_up(SasFailure.MAC)
        is_last = self.state is State.CONFIRMED
        self.state = State.DONE if is_last else State.PEER_CONFIRMED
        return []

    def _commit(self, responder_key: bytes) -> bytes:
        return digest("securechat/sas-commit/v1", self.tx, *self._people(), responder_key)

    def _mac(self, role: _Role) -> bytes:
        if self._agreed is None:
            raise LocalProtocolError("There is no key yet to confirm with.")
        person = self._own if role is self._role else self._their_address
        keys = digest("securechat/sas-keys/v1", role.encode(), *person)
        return self._agreed.mac(keys.hex(), self._context.hex() + role)

    def _people(self) -> tuple[bytes, ...]:
        first, second = self._in_order(self._own, self._their_address)
        return (*first, *second)

    def _in_order(self, own: _T, theirs: _T) -> tuple[_T, _T]:
        return (own, theirs) if self._role is _Role.INITIATOR else (theirs, own)

    @property
    def _their_role(self) -> _Role:
        return _Role.RESPONDER if self._role is _Role.INITIATOR else _Role.INITIATOR

    @property
    def _their_address(self) -> DeviceAddress:
        if self.device is None:
            raise LocalProtocolError("No device of the other side takes part yet.")
        return DeviceAddress(self.peer, self.device)

    def _require(self, *states: State) -> None:
        if self.state not in states:
            raise LocalProtocolError(f"A comparison that {self.state} cannot do that.")

    def _end(self, why: SasFailure) -> None:
        self.state, self.failure = State.ENDED, why
        self.shown = self._agreed = None
