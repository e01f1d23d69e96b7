"""Messages from a new key of somebody known: kept until the user has decided about that key."""

from securechat.client.changed_keys import next_command
from securechat.client.contacts import Contact
from securechat.client.desk import Desk
from securechat.e2e.content import Text
from securechat.e2e.results import Invalid, Opened
from securechat.errors import KeyChanged
from securechat.identity.types import UserKey

MAX_ASIDE = 100
"""Texts kept of each such key; what comes beyond is counted."""


class SetAside:
    """Texts by the key that they came from; nothing else of such a key is heard."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._texts: dict[UserKey, list[Opened]] = {}
        self._beyond: dict[UserKey, int] = {}

    def owner(self, contact: Contact) -> Contact | None:
        """Return who is pinned under this contact's name, if the relay shows this key for them."""
        pinned = self._desk.contacts.by_name(contact.name)
        shown = pinned.shown if pinned is not None else None
        return pinned if shown and shown.user_key == contact.user_key else None

    def put(self, outcome: Opened | Invalid, owner: Contact) -> None:
        """Keep a text from the new key of ``owner``; the first one of a key is told."""
        if isinstance(outcome, Invalid) or not isinstance(outcome.content, Text):
            return
        key = outcome.sender.user_key
        if key not in self._texts:
            name = self._desk.contacts.shown_name(owner)
            self._desk.report(
                KeyChanged(
                    f"A message came from the new key of {name}: set aside until you accept it",
                    next_command(owner, name),
                )
            )
        texts = self._texts.setdefault(key, [])
        if len(texts) < MAX_ASIDE:
            texts.append(outcome)
        else:
            self._beyond[key] = self._beyond.get(key, 0) + 1

    def take(self, user_key: UserKey) -> list[Opened]:
        """Return, and keep no longer, what came from a key that is accepted now."""
        texts, beyond = self._texts.pop(user_key, []), self._beyond.pop(user_key, 0)
        if beyond:
            self._desk.report(
                KeyChanged(f"{_messages(beyond)} more had come, and could not be kept")
            )
        return texts

    def drop(self, *, all_of_them: bool = False) -> None:
        """Drop, with a word, what came from keys that the relay does not show any more."""
        for key in list(self._texts):
            contact = self._desk.contacts.by_key(key)
            if not all_of_them and contact is not None and self.owner(contact):
                continue
            count = len(self._texts.pop(key)) + self._beyond.pop(key, 0)
            name = contact.name if contact else "somebody"
            self._desk.report(
                KeyChanged(
                    f"{_messages(count)} from a new key of {name}, which you have not accepted:"
                    " dropped",
                    f"ask {name} to send again what matters",
                )
            )


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"
