"""Which key a name stands for: what the relay shows, held against what is pinned."""

from collections.abc import Callable

import msgspec

from securechat.client.events import (
    DevicesChanged,
    PeerKeyChanged,
    Reason,
    Renamed,
    SafetyNumber,
    TrustChanged,
)
from securechat.client.keys.expected import ExpectedKeys
from securechat.client.names.contacts import Contact, ShownKey, accept
from securechat.client.state.desk import Desk, trust_of
from securechat.errors import RemoteProtocolError
from securechat.identity.chain import Highest, PeerUser, PublishedUser, verify_published
from securechat.identity.names import name_key
from securechat.identity.safety_number import safety_number
from securechat.identity.types import Name, UserKey, fingerprint


class Pinning:
    """Pins keys to names, and notes when a relay shows another key under a pinned name.

    It remembers which codes and digits of a person the user was shown last in this run: only those
    can have been compared.
    """

    def __init__(self, desk: Desk, expected: ExpectedKeys) -> None:
        self._desk = desk
        self._expected = expected
        self._codes_shown: dict[UserKey, UserKey] = {}
        self._digits_shown: dict[str, UserKey] = {}
        self.take_shown: Callable[[Contact], None] | None = None
        """Takes the new key of somebody who is not verified at once, if the user wants that."""

    def pin(
        self, name: Name, published: PublishedUser, *, wanted: bool
    ) -> tuple[Contact, PeerUser] | None:
        """Take the relay's answer for a name: pin its holder, accepted if the user ``wanted`` them.

        Returns None when the user has accepted another key for the name. That one stays pinned, and
        the person is CHANGED until the user decides or the relay shows it again.

        Raises KeyChanged for a first key that is not the one of an invitation, RemoteProtocolError
        and what `verify_published` raises; then nothing has changed.
        """
        desk, shown = self._desk, published.registration.user_key
        if name_key(published.registration.name) != name_key(name):
            raise RemoteProtocolError(f"The relay answered with another name than {name}")
        pinned, known = desk.contacts.by_name(name), desk.contacts.by_key(shown)
        if known is not None and known.is_pinned and known is not pinned:
            raise RemoteProtocolError(
                f"The relay shows the key of {desk.contacts.shown_name(known)} as that of {name}"
            )
        user, highest = verify_published(
            published, pin=shown, relay_id=desk.relay_id, highest=_highest_of(shown, pinned)
        )
        if pinned is None or not pinned.accepted:
            desk.change(self._expected.meet(name, shown))
        if pinned is not None and pinned.user_key != shown:
            if pinned.accepted:
                self._note_changed(pinned, ShownKey(shown, highest))
                return None
            desk.keep_contact(msgspec.structs.replace(pinned, highest=None))
        return self._keep(known, user, highest, wanted=wanted), user

    def tell_changed(self, contact: Contact) -> None:
        """Show both codes of somebody CHANGED, unless they were the last ones shown."""
        if contact.shown is not None and not self.are_codes_shown(contact):
            self._codes_shown[contact.user_key] = contact.shown.user_key
            self._desk.tell(self._changed(contact, contact.shown))

    def introduction(self, typed: str | None) -> list[Renamed | PeerKeyChanged]:
        """Return what a face that begins now has missed of whom a user calls so.

        That is what they are called here, and that they are CHANGED if that was told in this run.
        """
        contact = self._desk.contacts.find(typed) if typed is not None else None
        if typed is None or contact is None:
            return []
        told: list[Renamed | PeerKeyChanged] = []
        shown_name = self._desk.contacts.shown_name(contact)
        if name_key(Name(typed)) != name_key(Name(shown_name)):
            told.append(Renamed(typed, shown_name))
        if contact.shown is not None and self.are_codes_shown(contact):
            told.append(self._changed(contact, contact.shown))
        return told

    def are_codes_shown(self, contact: Contact) -> bool:
        """Tell whether the codes that the user saw last are those of somebody CHANGED."""
        shown = contact.shown
        return shown is not None and self._codes_shown.get(contact.user_key) == shown.user_key

    def show_digits(self, contact: Contact, *, as_qr: bool) -> None:
        """Show the safety number with a person; with the new key of somebody CHANGED."""
        key = key_to_compare(contact)
        self._digits_shown[name_key(contact.name)] = key
        digits = safety_number(self._desk.endpoint.user_key, key)
        name = self._desk.contacts.shown_name(contact)
        self._desk.tell(SafetyNumber(name, digits, trust_of(contact), fingerprint(key), as_qr))

    def are_digits_shown(self, contact: Contact) -> bool:
        """Tell whether the digits that the user saw last are those `show_digits` would show."""
        return self._digits_shown.get(name_key(contact.name)) == key_to_compare(contact)

    def _changed(
        self, contact: Contact, shown: ShownKey, *, accepted: bool = False
    ) -> PeerKeyChanged:
        return PeerKeyChanged(
            self._desk.contacts.shown_name(contact),
            fingerprint(contact.user_key),
            fingerprint(shown.user_key),
            contact.verified,
            accepted,
        )

    def _note_changed(self, pinned: Contact, shown: ShownKey) -> None:
        contact = msgspec.structs.replace(pinned, shown=shown)
        self._desk.keep_contact(contact)
        if self.take_shown is None or contact.verified or contact.blocked:
            self.tell_changed(contact)
        else:
            self._desk.tell(self._changed(contact, shown, accepted=True))
            self.take_shown(contact)

    def _keep(
        self, known: Contact | None, user: PeerUser, highest: Highest, *, wanted: bool
    ) -> Contact:
        desk, registration = self._desk, user.registration
        contact = msgspec.structs.replace(
            known or Contact(registration.name, user.user_key, met_ms=desk.now_ms()),
            name=registration.name,
            highest=highest,
            shown=None,
        )
        if wanted:
            contact = accept(contact, desk.now_ms())
        desk.keep_contact(contact)
        if known is not None and contact.accepted and _has_more_devices(highest, known.highest):
            desk.tell(DevicesChanged(desk.contacts.shown_name(contact), trust_of(contact)))
        if known is not None and known.shown is not None:
            self._codes_shown.pop(known.user_key, None)
            desk.tell(
                TrustChanged(
                    desk.contacts.shown_name(contact),
                    trust_of(contact),
                    fingerprint(contact.user_key),
                    Reason.RESTORED,
                )
            )
        return contact


def key_to_compare(contact: Contact) -> UserKey:
    """Return the key that comparing is about: the new one of somebody CHANGED."""
    return contact.shown.user_key if contact.shown is not None else contact.user_key


def _has_more_devices(highest: Highest, before: Highest | None) -> bool:
    return before is not None and not highest.epochs.keys() <= before.epochs.keys()


def _highest_of(user_key: UserKey, pinned: Contact | None) -> Highest | None:
    """Return the newest lists and bundles seen of a key under a name."""
    if pinned is None:
        return None
    if pinned.user_key == user_key:
        return pinned.highest
    return pinned.shown.highest if pinned.shown and pinned.shown.user_key == user_key else None
