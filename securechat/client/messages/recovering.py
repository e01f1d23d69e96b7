"""Messages that do not open or do not come: asked for again; and who has missed some gets them."""

from securechat.client.messages.sending import Sending
from securechat.client.names.contacts import Contact
from securechat.client.state.desk import Desk
from securechat.e2e.content import Recovery
from securechat.errors import CannotOpen
from securechat.identity.types import DeviceAddress

GAP_PATIENCE_S = 5.0
"""How long a missing message may be late before it is asked for."""

ASK_AGAIN_S = 600.0
"""How long to wait while the device was asked less than an hour ago."""


class Recovering:
    """Asks people who are no strangers, each device once an hour, and answers them."""

    def __init__(self, desk: Desk, sending: Sending) -> None:
        self._desk = desk
        self._sending = sending
        self._gaps: dict[DeviceAddress, float] = {}

    @property
    def due_at(self) -> float | None:
        """When `do_what_is_due` wants to be called, if at all."""
        return min(self._gaps.values(), default=None)

    def do_what_is_due(self) -> None:
        """Ask for messages that have been missing for some seconds."""
        now = self._desk.now_s()
        for device in [device for device, at in self._gaps.items() if at <= now]:
            del self._gaps[device]
            self._ask_for_missing(device)

    def note_gap(self, device: DeviceAddress) -> None:
        """Take notice that a message of a device has not come before a later one."""
        self._gaps.setdefault(device, self._desk.now_s() + GAP_PATIENCE_S)

    def note_unreadable(self, claimed: DeviceAddress) -> bool:
        """Return whether what did not open is asked for, on a fresh session.

        Only a device known to be a contact's is asked: anybody can claim to be any sender.
        """
        contact = self._desk.contacts.pinned(claimed.user_key)
        if contact is None or not self._desk.is_acquainted(contact):
            return False
        if self._desk.is_barred(contact.name):
            return False
        person = self._desk.open_person(contact)
        if person.user is not None and claimed not in {d.address for d in person.user.devices}:
            return False
        if any(person.recoveries.values()):
            return True
        endpoint, now_ms = self._desk.endpoint, self._desk.now_ms()
        if not endpoint.may_ask_recovery(claimed, now_ms):
            return False
        person.recoveries[claimed] = not endpoint.awaits_answer(claimed, now_ms)
        name = self._desk.contacts.shown_name(contact)
        self._desk.report(
            CannotOpen(
                f"A message that seems to come from {name} cannot be opened;"
                " it is asked for again by itself",
                "wait a moment",
            )
        )
        self._sending.flush(person)
        return True

    def answer(self, request: Recovery, device: DeviceAddress, contact: Contact) -> None:
        """Send again what somebody known has missed."""
        if self._desk.is_acquainted(contact):
            person = self._desk.open_person(contact)
            person.requests[device] = request
            self._sending.flush(person)

    def _ask_for_missing(self, device: DeviceAddress) -> None:
        endpoint, contact = self._desk.endpoint, self._desk.contacts.by_key(device.user_key)
        may_ask = endpoint.may_ask_recovery(device, self._desk.now_ms())
        if contact is None or not endpoint.has_gaps(device):
            return
        if may_ask:
            person = self._desk.open_person(contact)
            person.recoveries.setdefault(device, False)
            self._sending.flush(person)
        else:
            self._gaps[device] = self._desk.now_s() + ASK_AGAIN_S
