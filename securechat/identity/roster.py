"""Who is in a closed room: signed entries, each of which names the one before by its hash."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, ClassVar, Self

import msgspec

from securechat.crypto.signing import SigningKey
from securechat.identity.device import DeviceCertificate
from securechat.identity.names import MAX_RAW_CHARACTERS, parse_name
from securechat.identity.notation import L, digest, u64
from securechat.identity.signed import UNSIGNED, SignedObject, require
from securechat.identity.types import (
    SIZE_32,
    Digest,
    Name,
    Number,
    RelayId,
    RoomId,
    UserKey,
)

MAX_MEMBERS = 128
MAX_TOPIC_CHARACTERS = 256
MAX_PREVIOUS = 2
ROOM_SALT_SIZE_BYTES = 32

_LAST_CONTROL_CHARACTER, _FIRST_C1, _LAST_C1 = "\x1f", "\x7f", "\x9f"
_LINE_SEPARATORS = "\u2028\u2029"

_AnyName = Annotated[Name, msgspec.Meta(max_length=MAX_RAW_CHARACTERS)]


class RosterMember(msgspec.Struct, frozen=True, array_like=True):
    """A person in a room, and the name under which they were taken in.

    The name is the word of whoever signed the entry: a key that is known goes by its own.
    """

    user_key: Annotated[UserKey, SIZE_32]
    admin: bool
    name: _AnyName


class RosterEntry(SignedObject, frozen=True, array_like=True):
    """One version of a room's roster, signed by a device of an admin of the version before.

    ``previous`` holds no hash in version 0, two (ascending) in an entry that merges a fork, else
    one. ``members`` ascend by user key; 1 to `MAX_MEMBERS`.
    """

    label: ClassVar[str] = "securechat/roster-entry/v1"

    relay_id: Annotated[RelayId, SIZE_32]
    room_id: Annotated[RoomId, SIZE_32]
    version: Number
    previous: Annotated[
        tuple[Annotated[Digest, SIZE_32], ...], msgspec.Meta(max_length=MAX_PREVIOUS)
    ]
    creator: Annotated[UserKey, SIZE_32]
    salt: Annotated[bytes, SIZE_32]
    name: _AnyName
    topic: Annotated[str, msgspec.Meta(max_length=MAX_TOPIC_CHARACTERS)]
    members: Annotated[tuple[RosterMember, ...], msgspec.Meta(min_length=1, max_length=MAX_MEMBERS)]
    actor: DeviceCertificate
    time_ms: Number

    @classmethod
    def begin(
        cls,
        key: SigningKey,
        actor: DeviceCertificate,
        *,
        relay_id: RelayId,
        salt: bytes,
        name: Name,
        own_name: Name,
        time_ms: int,
    ) -> Self:
        """Make version 0 of a room: its creator alone, who is its admin."""
        creator = actor.user_key
        return cls(
            signature=UNSIGNED,
            relay_id=relay_id,
            room_id=room_id_of(relay_id, creator, salt),
            version=0,
            previous=(),
            creator=creator,
            salt=salt,
            name=name,
            topic="",
            members=(RosterMember(creator, admin=True, name=own_name),),
            actor=actor,
            time_ms=time_ms,
        )._signed_with(key)

    def follow(
        self,
        key: SigningKey,
        actor: DeviceCertificate,
        *,
        version: int,
        previous: Iterable[Digest],
        members: Iterable[RosterMember],
        topic: str,
        time_ms: int,
    ) -> Self:
        """Make another entry of the same room; nothing is checked."""
        return msgspec.structs.replace(
            self,
            version=version,
            previous=tuple(sorted(previous)),
            members=tuple(sorted(members, key=lambda member: member.user_key)),
            topic=topic,
            actor=actor,
            time_ms=time_ms,
        )._signed_with(key)

    def parts(self) -> tuple[bytes, ...]:
        """Return the fields in their order; lists as an ``L`` of their own, actor as its hash."""
        members = (
            part
            for member in self.members
            for part in (member.user_key, bytes([member.admin]), member.name.encode())
        )
        return (
            self.relay_id,
            self.room_id,
            u64(self.version),
            L("securechat/roster-previous/v1", *self.previous),
            self.creator,
            self.salt,
            self.name.encode(),
            self.topic.encode(),
            L("securechat/roster-members/v1", *members),
            self.actor.hash,
            u64(self.time_ms),
        )

    @property
    def hash(self) -> Digest:
        """The hash that the next entry names, and that messages of this version are bound to."""
        return Digest(digest("securechat/roster-entry-hash/v1", *self.parts()))

    @property
    def members_by_key(self) -> dict[UserKey, RosterMember]:
        """The members by their keys."""
        return {member.user_key: member for member in self.members}

    @property
    def member_keys(self) -> frozenset[UserKey]:
        """Everybody who is in the room."""
        return frozenset(member.user_key for member in self.members)

    @property
    def admins(self) -> frozenset[UserKey]:
        """Who may sign the next entry."""
        return frozenset(member.user_key for member in self.members if member.admin)

    def verify(self, relay_id: RelayId) -> None:
        """Check all that an entry shows by itself; whether it follows is the chain's to say.

        Raises `RemoteProtocolError`, `NameInvalid` or `InvalidSignature`.
        """
        require(self.relay_id == relay_id, "A roster is for another relay.")
        expected = room_id_of(relay_id, self.creator, self.salt)
        require(self.room_id == expected, "A room's id is not that of its creator.")
        require(is_topic(self.topic), "A topic is too long, or not one line.")
        for name in (self.name, *(member.name for member in self.members)):
            require(parse_name(name) == name, "A name in a roster is not normalised.")
        self._verify_members()
        self._verify_place()
        self.actor.verify(self.actor.user_key)
        self._verify_under(self.actor.signing_key)

    def _verify_members(self) -> None:
        keys = [member.user_key for member in self.members]
        require(keys == sorted(set(keys)), "The members of a roster are not in order.")
        require(1 <= len(keys) <= MAX_MEMBERS, "A room has no member, or too many.")
        require(bool(self.admins), "A room has no admin.")

    def _verify_place(self) -> None:
        ascending = tuple(sorted(set(self.previous)))
        require(self.previous == ascending, "The hashes in a roster are not in order.")
        if self.version:
            require(1 <= len(self.previous) <= MAX_PREVIOUS, "A roster follows nothing.")
            return
        require(not self.previous, "The first roster of a room follows another.")
        begun = self.actor.user_key == self.creator and self.creator in self.admins
        require(begun, "The first roster of a room is not its creator's.")


def room_id_of(relay_id: RelayId, creator: UserKey, salt: bytes) -> RoomId:
    """Return the id of a room: nobody can begin one in another's name, or on another relay."""
    return RoomId(digest("securechat/room/v1", relay_id, creator, salt))


@lru_cache(maxsize=16)
def lobby_id_of(relay_id: RelayId) -> RoomId:
    """Return the id of a relay's lobby, which is open to all whom the relay admits."""
    return RoomId(digest("securechat/lobby/v1", relay_id))


def is_topic(text: str) -> bool:
    """Tell whether a text can be a topic: one line of up to `MAX_TOPIC_CHARACTERS`, or nothing."""
    return len(text) <= MAX_TOPIC_CHARACTERS and not any(map(_breaks_a_line, text))


def _breaks_a_line(character: str) -> bool:
    is_control = character <= _LAST_CONTROL_CHARACTER or _FIRST_C1 <= character <= _LAST_C1
    return is_control or character in _LINE_SEPARATORS or "\ud800" <= character <= "\udfff"
