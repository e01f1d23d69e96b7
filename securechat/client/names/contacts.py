"""The people this profile knows on one relay: which name is pinned to which key."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from securechat.identity.chain import Highest
from securechat.identity.lookalikes import name_skeletons
from securechat.identity.names import name_key
from securechat.identity.types import Name, RelayId, RoomId, UserKey, fingerprint

_TABLE = "contact"

MAX_STRANGERS = 1000
"""Contacts of one relay that nobody here chose to talk to; the oldest make room."""

_KEY_ID_CHARACTERS = 9
_KEY_ID = re.compile(r"(?P<name>.+)\[(?P<key_id>[0-9a-f]{4}-[0-9a-f]{4})\]")

Changes = dict[tuple[str, bytes], bytes | None]


class ShownKey(msgspec.Struct, frozen=True, array_like=True):
    """Another key that the relay shows under a pinned name; it waits for the user's decision."""

    user_key: UserKey
    highest: Highest


class Contact(msgspec.Struct, frozen=True, array_like=True):
    """A person and their key. ``accepted`` once the user chose to talk to them: no stranger.

    ``highest`` is there once the relay has shown this key for the name. Until then the name is
    nothing but what the person claims, and pins nothing. ``shown`` is there while the relay shows
    another key under the name. ``petname`` is the user's own name for them, or empty. ``met_ms`` is
    when they were accepted; of a stranger, when they came. Once a message was encrypted
    (``encrypted_once``) none is written without; ``plain_allowed``: the user once wanted that.
    """

    name: Name
    user_key: UserKey
    accepted: bool = False
    verified: bool = False
    highest: Highest | None = None
    shown: ShownKey | None = None
    blocked: bool = False
    petname: str = ""
    met_ms: int = 0
    encrypted_once: bool = False
    plain_allowed: bool = False

    @property
    def is_pinned(self) -> bool:
        """Whether the name stands for this key and no other."""
        return self.highest is not None

    @property
    def is_stranger(self) -> bool:
        """Whether the user has said nothing about them yet."""
        return not (self.accepted or self.blocked)


def accept(contact: Contact, now_ms: int) -> Contact:
    """Return a contact as somebody whom the user chose to talk to."""
    if contact.accepted:
        return contact
    return msgspec.structs.replace(contact, accepted=True, met_ms=now_ms)


def split_key_id(text: str) -> tuple[str, str]:
    """Return the name and the short key id of ``alice[9f2c-41aa]``; of another text, an empty id.

    Key ids stand behind names that look like somebody else's.
    """
    found = _KEY_ID.fullmatch(text)
    return (found["name"], found["key_id"]) if found else (text, "")


def with_key_id(name: str, key: UserKey | RoomId) -> str:
    """Return a name with a short key id, as `split_key_id` takes it apart."""
    return f"{name}[{key_id_of(key)}]"


def key_id_of(key: UserKey | RoomId) -> str:
    """Return the beginning of a fingerprint, which tells apart who, or what, looks alike."""
    return fingerprint(key)[:_KEY_ID_CHARACTERS]


class ContactBook:
    """Contacts of one relay, by name and by key; every change is handed out as rows."""

    def __init__(self, relay_id: RelayId, rows: Mapping[tuple[str, bytes], bytes]) -> None:
        self._relay_id = relay_id
        self._by_key: dict[UserKey, Contact] = {}
        self._by_name: dict[str, Contact] = {}
        self._by_petname: dict[str, Contact] = {}
        self._looks: dict[str, set[UserKey]] = {}
        self._shown_names: dict[UserKey, str] = {}
        for (table, key), value in rows.items():
            if table == _TABLE and key.startswith(relay_id):
                self._keep(msgspec.msgpack.decode(value, type=Contact))

    def __iter__(self) -> Iterator[Contact]:
        return iter(self._by_key.values())

    def by_name(self, name: str) -> Contact | None:
        """Return who is pinned under this name of the relay; case does not count."""
        return self._by_name.get(name_key(Name(name)))

    def by_key(self, user_key: UserKey) -> Contact | None:
        """Return who claims this key, pinned or not."""
        return self._by_key.get(user_key)

    def pinned(self, user_key: UserKey) -> Contact | None:
        """Return who is pinned to this key."""
        contact = self._by_key.get(user_key)
        return contact if contact is not None and contact.is_pinned else None

    def find(self, typed: str) -> Contact | None:
        """Return whom a user means: a petname wins over a name; ``alice[9f2c-41aa]`` is exact.

        Besides those who are pinned it knows the blocked.
        """
        name, key_id = split_key_id(typed)
        key = name_key(Name(name))
        if key_id:
            return next((c for c in self._named(key) if key_id_of(c.user_key) == key_id), None)
        known = self._by_petname.get(key) or self._by_name.get(key)
        return known or next(self._named(key), None)

    def shown_name(self, contact: Contact) -> str:
        """Return what to call a person: their petname, else their name.

        A key id follows a name that looks like that of somebody who was known before.
        """
        name = self._shown_names.get(contact.user_key)
        if name is None:
            name = self._shown_names[contact.user_key] = self._choose_name(contact)
        return name

    def lookalikes(self, name: Name) -> list[Contact]:
        """Return those whose name or petname could be taken for this one, or is this one."""
        keys = {key for skeleton in name_skeletons(name) for key in self._looks.get(skeleton, ())}
        return [self._by_key[key] for key in keys]

    def put(self, contact: Contact) -> Changes:
        """Add or change a contact; return the rows to commit."""
        changes: Changes = {self._row(contact): msgspec.msgpack.encode(contact)}
        self._keep(contact)
        for stranger in self._strangers_beyond(MAX_STRANGERS):
            self._forget(stranger)
            changes[self._row(stranger)] = None
        return changes

    def _choose_name(self, contact: Contact) -> str:
        if contact.petname:
            return contact.petname
        if any(_came_before(other, contact) for other in self.lookalikes(contact.name)):
            return with_key_id(contact.name, contact.user_key)
        return contact.name

    def _row(self, contact: Contact) -> tuple[str, bytes]:
        return _TABLE, self._relay_id + contact.user_key

    def _named(self, key: str) -> Iterator[Contact]:
        known = (contact for contact in self if contact.is_pinned or contact.blocked)
        return (contact for contact in known if name_key(contact.name) == key)

    def _strangers_beyond(self, count: int) -> list[Contact]:
        strangers = [contact for contact in self if contact.is_stranger]
        return sorted(strangers, key=lambda contact: -contact.met_ms)[count:]

    def _keep(self, contact: Contact) -> None:
        if (before := self._by_key.get(contact.user_key)) is not None:
            self._forget(before)
        self._shown_names.clear()
        self._by_key[contact.user_key] = contact
        if contact.is_pinned:
            self._by_name[name_key(contact.name)] = contact
        if contact.petname:
            self._by_petname[name_key(Name(contact.petname))] = contact
        for skeleton in _looks(contact):
            self._looks.setdefault(skeleton, set()).add(contact.user_key)

    def _forget(self, contact: Contact) -> None:
        del self._by_key[contact.user_key]
        for index, name in ((self._by_name, contact.name), (self._by_petname, contact.petname)):
            key = name_key(Name(name))
            if index.get(key) is contact:
                del index[key]
        for skeleton in _looks(contact):
            alike = self._looks[skeleton]
            alike.discard(contact.user_key)
            if not alike:
                del self._looks[skeleton]


def _looks(contact: Contact) -> frozenset[str]:
    petname = name_skeletons(Name(contact.petname)) if contact.petname else frozenset()
    return name_skeletons(contact.name) | petname


def _came_before(other: Contact, contact: Contact) -> bool:
    """Tell whether a name is rather the other's: the user knows them, and knew them earlier."""
    if other.user_key == contact.user_key or not (other.accepted or other.petname):
        return False
    if not contact.accepted:
        return True
    return (other.met_ms, other.user_key) < (contact.met_ms, contact.user_key)
