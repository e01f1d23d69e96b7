"""Comparing emoji with people who are known here: the messages, and what the user is told."""

from collections import deque

import msgspec
from msgspec import Struct

from securechat.client.events import (
    ComparingAgreed,
    ComparingAsked,
    ComparingEnd,
    ComparingEnded,
    ComparingShown,
    Reason,
    TrustChanged,
)
from securechat.client.messages.sending import Sending
from securechat.client.names.contacts import Contact, accept
from securechat.client.state.desk import Desk, trust_of
from securechat.e2e.sas import SasExchange, State
from securechat.e2e.sas_content import Comparing, SasFailure, Step, abort
from securechat.errors import Unreachable, UsageError
from securechat.identity.types import DeviceAddress, UserKey, fingerprint

MAX_ASKED_AN_HOUR = 3
"""So often one person can have the user told that they want to compare."""

HOUR_S = 3600.0
STRAY_EVERY_S = 60.0
"""How often somebody is told that what they sent belongs to nothing that is known here."""


class _Limits(Struct):
    """What one person has made this side do."""

    asked_at_s: deque[float]
    stray_at_s: float | None = None


class Comparisons:
    """At most one comparison with each person, in memory only: a restart ends it.

    Nobody becomes verified unless the user has said `match` and the other side has confirmed the
    same, while the key is the one that is pinned.
    """

    def __init__(self, desk: Desk, sending: Sending) -> None:
        self._desk = desk
        self._sending = sending
        self._exchanges: dict[UserKey, SasExchange] = {}
        self._limits: dict[UserKey, _Limits] = {}

    @property
    def due_at(self) -> float | None:
        """When `do_what_is_due` wants to be called: at once when a key has changed."""
        if any(self._partner(user_key) is None for user_key in self._exchanges):
            return self._desk.now_s()
        return min((each.deadline_s for each in self._exchanges.values()), default=None)

    def do_what_is_due(self) -> None:
        """End what took too long, or was about a key that is not in use any more."""
        for user_key, exchange in tuple(self._exchanges.items()):
            if self._partner(user_key) is None:
                self._give_up(exchange, SasFailure.KEY_CHANGED)
            elif self._desk.now_s() >= exchange.deadline_s:
                self._give_up(exchange, SasFailure.TIMEOUT)

    # What the user says ---------------------------------------------------------------------------

    def compare(self, typed: str) -> None:
        """Ask somebody to compare, or agree to it, or show again what is to be compared.

        Raises UsageError for whom that cannot be done with, Unreachable without a connection.
        """
        contact = self._known(typed)
        if not self._desk.online:
            name = self._desk.contacts.shown_name(contact)
            what = "There is no connection to the relay right now"
            raise Unreachable(what, f"/verify {name} emoji, a bit later")
        exchange = self._exchanges.get(contact.user_key)
        if exchange is None:
            self._begin(contact)
        elif exchange.state is State.ASKED:
            self._follow(exchange, exchange.agree())
        else:
            self._tell_state(exchange)

    def match(self, typed: str) -> None:
        """Take that both see the same; raises UsageError when nothing is shown."""
        exchange = self._shown(typed)
        if exchange.state is not State.CONFIRMED:
            self._follow(exchange, exchange.match())
        if not exchange.is_over:
            self._tell_state(exchange)

    def differ(self, typed: str) -> None:
        """Take that they see something else; raises UsageError when nothing is shown."""
        exchange = self._shown(typed)
        self._follow(exchange, exchange.differ())

    # What others send -----------------------------------------------------------------------------

    def hear(self, heard: Comparing, sender: DeviceAddress) -> None:
        """Take a step of somebody; one of a stranger, or of somebody CHANGED, is passed over."""
        if self._partner(sender.user_key) is None:
            return
        exchange = self._exchanges.get(sender.user_key)
        is_known = exchange is not None and exchange.tx == heard.tx
        if heard.step is Step.START:
            if not is_known and self._allows(sender.user_key):
                self._hear_start(exchange, heard, sender)
        elif exchange is not None and is_known:
            self._answer(exchange, heard, sender)
        elif heard.step is not Step.ABORT:
            self._answer_stray(heard, sender)

    def _answer(self, exchange: SasExchange, heard: Comparing, sender: DeviceAddress) -> None:
        was_shown = exchange.shown is not None
        answers = exchange.hear(heard, sender)
        self._send(sender.user_key, sender, answers)
        if exchange.shown is not None and not was_shown:
            self._tell_state(exchange)
        self._end_if_over(exchange)

    def _hear_start(
        self, crossed: SasExchange | None, start: Comparing, sender: DeviceAddress
    ) -> None:
        """Let the user know that somebody wants to compare; both having begun is an agreement."""
        if crossed is not None and crossed.state is State.STARTED and not crossed.yields:
            self._follow(crossed, [crossed.start])  # it counts for both, and may have been lost
            return
        desk = self._desk
        own, relay_id, now_s = desk.endpoint.certificate.address, desk.relay_id, desk.now_s()
        exchange = SasExchange.asked(own, sender, relay_id, start, now_s)
        if crossed is not None and not crossed.yields:
            self._give_up(crossed, SasFailure.OUT_OF_TURN)  # they have begun anew
        self._exchanges[sender.user_key] = exchange
        if crossed is not None and crossed.yields:
            self._follow(exchange, exchange.agree())
        else:
            self._tell_state(exchange)

    def _answer_stray(self, heard: Comparing, sender: DeviceAddress) -> None:
        limits, now_s = self._limits_of(sender.user_key), self._desk.now_s()
        if limits.stray_at_s is None or now_s >= limits.stray_at_s + STRAY_EVERY_S:
            limits.stray_at_s = now_s
            self._send(sender.user_key, sender, [abort(heard.tx, SasFailure.OUT_OF_TURN)])

    def _allows(self, user_key: UserKey) -> bool:
        asked, now_s = self._limits_of(user_key).asked_at_s, self._desk.now_s()
        while asked and now_s >= asked[0] + HOUR_S:
            asked.popleft()
        if len(asked) >= MAX_ASKED_AN_HOUR:
            return False
        asked.append(now_s)
        return True

    def _limits_of(self, user_key: UserKey) -> _Limits:
        return self._limits.setdefault(user_key, _Limits(deque()))

    # What follows ---------------------------------------------------------------------------------

    def _begin(self, contact: Contact) -> None:
        desk = self._desk
        exchange = SasExchange.begin(
            desk.endpoint.certificate.address, contact.user_key, desk.relay_id, desk.now_s()
        )
        self._exchanges[contact.user_key] = exchange
        self._follow(exchange, [exchange.start])
        self._tell_state(exchange)

    def _give_up(self, exchange: SasExchange, why: SasFailure) -> None:
        self._follow(exchange, exchange.give_up(why))

    def _follow(self, exchange: SasExchange, messages: list[Comparing]) -> None:
        """Send what an exchange says to the device that takes part, or to all while none does."""
        device_id = exchange.device
        address = None if device_id is None else DeviceAddress(exchange.peer, device_id)
        self._send(exchange.peer, address, messages)
        self._end_if_over(exchange)

    def _send(
        self, user_key: UserKey, address: DeviceAddress | None, messages: list[Comparing]
    ) -> None:
        contact = self._partner(user_key)
        if contact is not None and messages:
            person = self._desk.open_person(contact)
            person.comparing += [(address, message) for message in messages]
            self._sending.flush(person)

    def _end_if_over(self, exchange: SasExchange) -> None:
        if not exchange.is_over:
            return
        del self._exchanges[exchange.peer]
        if exchange.failure is not None:
            self._tell_end(exchange.peer, exchange.failure)
        elif (contact := self._partner(exchange.peer)) is not None:
            self._verify(contact)

    def _verify(self, contact: Contact) -> None:
        desk = self._desk
        verified = msgspec.structs.replace(accept(contact, desk.now_ms()), verified=True)
        desk.keep_contact(verified)
        name, key = desk.contacts.shown_name(verified), fingerprint(verified.user_key)
        desk.tell(TrustChanged(name, trust_of(verified), key, Reason.COMPARED))

    def _tell_state(self, exchange: SasExchange) -> None:
        name = self._called(exchange.peer)
        if exchange.state is State.CONFIRMED:
            self._desk.tell(ComparingAgreed(name))
        elif exchange.shown is not None:
            shown = exchange.shown
            self._desk.tell(ComparingShown(name, shown.emoji, shown.decimals))
        else:
            self._desk.tell(ComparingAsked(name, own=exchange.state is not State.ASKED))

    def _tell_end(self, user_key: UserKey, why: SasFailure) -> None:
        self._desk.tell(ComparingEnded(self._called(user_key), _ENDS[why], why.is_alarm))

    def _called(self, user_key: UserKey) -> str:
        contact = self._desk.contacts.by_key(user_key)
        return fingerprint(user_key) if contact is None else self._desk.contacts.shown_name(contact)

    # Whom it is about -----------------------------------------------------------------------------

    def _partner(self, user_key: UserKey) -> Contact | None:
        """Return whose pinned key this is, if one may compare with them now."""
        contact = self._desk.contacts.pinned(user_key)
        if contact is None or not contact.accepted or contact.blocked or contact.shown is not None:
            return None
        return contact

    def _shown(self, typed: str) -> SasExchange:
        contact = self._known(typed)
        exchange = self._exchanges.get(contact.user_key)
        if exchange is None or exchange.shown is None:
            name = self._desk.contacts.shown_name(contact)
            what = f"You see no emoji to compare with {name}"
            raise UsageError(what, f"/verify {name} emoji")
        return exchange

    def _known(self, typed: str) -> Contact:
        desk = self._desk
        desk.people.check(typed)
        contact = desk.contacts.find(typed)
        if contact is None:
            raise UsageError(f"Nobody known here is called {typed}", "/contacts")
        name = desk.contacts.shown_name(contact)
        if contact.shown is not None:
            raise UsageError(
                f"The key of {name} has changed: only the digits can settle that",
                f"/verify {name}",
            )
        if contact.blocked:
            raise UsageError(f"{name} is blocked", f"/unblock {name}")
        if self._partner(contact.user_key) is None:
            raise UsageError(f"{name} is a stranger until you answer", f"/msg {name} hello")
        return contact


_ENDS = {why: ComparingEnd(why.name.lower().replace("_", "-")) for why in SasFailure}
