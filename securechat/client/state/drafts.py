"""What waits to be sealed for somebody: own messages, and what rooms have to say."""

from collections.abc import Iterable, Mapping, MutableSequence
from typing import Self

import msgspec
from msgspec.structs import replace

from securechat.e2e.amend_content import AMEND_KINDS, Amendment, Reaction
from securechat.e2e.content import (
    KIND_POST,
    KIND_TEXT,
    Content,
    Text,
    Unsupported,
    decode_content,
    encode_content,
    place_of,
)
from securechat.e2e.room_content import (
    KIND_ROSTER,
    KIND_ROSTER_REQUEST,
    RoomNotice,
    RoomPlace,
)
from securechat.e2e.unconfirmed import UnconfirmedText
from securechat.errors import LocalProtocolError
from securechat.identity.types import MessageId, RelayId, RoomId, UserKey

DRAFTS = "draft"
"""The table of what waits for one person."""

POSTS = "post"
"""The table of what waits until it is known who is in a room."""

NO_ROOM = RoomId(b"")
"""What a draft for a person has in the place of a room's id."""

DELETED = "-"
"""What goes out for a text that was deleted before it could; a message has some text."""

ANYBODY = UserKey(b"")
"""Whoever the relay, and the pins, say that a name is."""


class Draft(msgspec.Struct, frozen=True, array_like=True):
    """A message that was typed and is not sealed yet; ``sequence`` orders drafts over all runs.

    It is for the person of that name on that relay, and never goes out on another one.
    ``written_ms`` is when it was typed, which rows of earlier versions do not say. What is no plain
    text has a ``kind`` and a ``body`` (`securechat.e2e.content`), and the id of its ``room``, if it
    is about one: the place in there is that of the moment when it is sealed. With a ``user_key`` it
    is sealed for that person only, whoever has the name.
    """

    relay_id: RelayId
    sequence: int
    recipient: str
    message_id: MessageId
    text: str
    written_ms: int = 0
    kind: int = KIND_TEXT
    body: bytes = b""
    room: RoomId = NO_ROOM
    user_key: UserKey = ANYBODY

    @classmethod
    def of(
        cls,
        relay_id: RelayId,
        message_id: MessageId,
        content: Content,
        written_ms: int,
        recipient: str = "",
    ) -> Self:
        """Let a content wait, without a place in the order yet."""
        kind, body = encode_content(content)
        text = content.text if isinstance(content, Text) else ""
        if kind == KIND_TEXT:
            return cls(relay_id, 0, recipient, message_id, text, written_ms)
        place = place_of(content)
        room = place.room_id if place else NO_ROOM
        return cls(relay_id, 0, recipient, message_id, text, written_ms, kind, body, room)

    @classmethod
    def anew(cls, relay_id: RelayId, recipient: str, text: UnconfirmedText) -> Self:
        """Let a text wait to be sealed once more, without a place in the order yet."""
        return cls.of(relay_id, text.message_id, text.content, text.time_ms, recipient)

    @property
    def is_of_room(self) -> bool:
        """Whether it is for somebody only since they are in a room."""
        return self.kind in (KIND_ROSTER, KIND_ROSTER_REQUEST) or self.room != NO_ROOM

    @property
    def is_never_plain(self) -> bool:
        """Whether it goes out encrypted even to somebody with whom the user does without."""
        return self.is_of_room or self.kind in AMEND_KINDS

    @property
    def is_message(self) -> bool:
        """Whether a user wrote it."""
        return self.kind in (KIND_TEXT, KIND_POST)

    @property
    def is_said(self) -> bool:
        """Whether it is a message, or what its writer says about one."""
        return self.is_message or self.kind in AMEND_KINDS

    @property
    def changed(self) -> MessageId | None:
        """The message that it changes or reacts to, if it is no message itself."""
        if self.kind not in AMEND_KINDS:
            return None
        content = decode_content(self.kind, self.body)
        return content.message_id if isinstance(content, Amendment | Reaction) else None

    def applied_to(self, message: Self) -> Self | None:
        """Return a message that waits with the text that this gives it; None if it gives none.

        What is deleted goes out without its text, and deleted: others may have it already.
        """
        if not message.is_message or message.message_id != self.changed:
            return None
        amended, before = self.content(None), message.content(None)
        if not (isinstance(amended, Amendment) and isinstance(before, Text)):
            return None
        text = amended.text or DELETED
        kind, body = encode_content(replace(before, text=text))
        if kind == KIND_TEXT:
            return msgspec.structs.replace(message, text=text)
        return msgspec.structs.replace(message, text=text, body=body)

    def content(self, place: RoomPlace | None) -> Content:
        """Return what is to be sealed; ``place`` is that in the room, if it is about one."""
        if self.kind == KIND_TEXT:
            return Text(self.text)
        content = decode_content(self.kind, self.body)
        match content:
            case Text() | Amendment() | Reaction() if place:
                return replace(content, room=place)
            case RoomNotice() if place:
                return replace(content, place=place)
            case Unsupported():
                raise LocalProtocolError(f"A draft is of the kind {self.kind}")
            case _:
                return content

    @property
    def row(self) -> tuple[str, bytes]:
        """Table and key of its row, which is kept until the message is sealed."""
        return DRAFTS, self.sequence.to_bytes(8, "big")


def change_waiting(waiting: MutableSequence[Draft], change: Draft) -> list[Draft]:
    """Let messages that wait be as something changes them; return those."""
    changed = {
        index: applied
        for index, each in enumerate(waiting)
        if (applied := change.applied_to(each)) is not None
    }
    for index, each in changed.items():
        waiting[index] = each
    return [*changed.values()]


def with_changes(messages: Iterable[Draft], waiting: Iterable[Draft]) -> list[Draft]:
    """Return messages, and what waits behind them that is about one of them."""
    ids = {each.message_id for each in messages}
    return [each for each in waiting if each.message_id in ids or each.changed in ids]


def stored_drafts(rows: Mapping[tuple[str, bytes], bytes], table: str = DRAFTS) -> list[Draft]:
    """Return the drafts of a table for all relays, in the order in which they were typed."""
    return [
        msgspec.msgpack.decode(value, type=Draft)
        for (name, _), value in sorted(rows.items())
        if name == table
    ]
