"""The people this profile knows on one relay: which name is pinned to which key."""

from collections.abc import Mapping

import msgspec

from securechat.identity.chain import Highest
from securechat.identity.names import name_key
from securechat.identity.types import Name, RelayId, UserKey

_TABLE = "contact"

Row = tuple[tuple[str, bytes], bytes]


class Contact(msgspec.Struct, frozen=True, array_like=True):
    """A person and their key. ``accepted`` once the user chose to talk to them: no stranger.

    ``highest`` is there once the relay has shown this key for the name. Until then the name is
    nothing but what the person claims, and pins nothing.
    """

    name: Name
    user_key: UserKey
    accepted: bool = False
    verified: bool = False
    highest: Highest | None = None

    @property
    def is_pinned(self) -> bool:
        """Whether the name stands for this key and no other."""
        return self.highest is not None


class ContactBook:
    """Contacts of one relay, by name and by key; every change is handed out as a row."""

    def __init__(self, relay_id: RelayId, rows: Mapping[tuple[str, bytes], bytes]) -> None:
        self._relay_id = relay_id
        self._by_name: dict[str, Contact] = {}
        self._by_key: dict[UserKey, Contact] = {}
        for (table, key), value in rows.items():
            if table == _TABLE and key.startswith(relay_id):
                self._keep(msgspec.msgpack.decode(value, type=Contact))

    def by_name(self, name: str) -> Contact | None:
        """Return who is pinned under this name; case does not count."""
        return self._by_name.get(name_key(Name(name)))

    def by_key(self, user_key: UserKey) -> Contact | None:
        """Return who claims this key, pinned or not."""
        return self._by_key.get(user_key)

    def put(self, contact: Contact) -> Row:
        """Add or change a contact; return the row to commit."""
        self._keep(contact)
        key = self._relay_id + contact.user_key
        return (_TABLE, key), msgspec.msgpack.encode(contact)

    def _keep(self, contact: Contact) -> None:
        if contact.is_pinned:
            self._by_name[name_key(contact.name)] = contact
        self._by_key[contact.user_key] = contact
