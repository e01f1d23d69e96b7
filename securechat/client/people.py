"""The people of this run's conversations: what is known of them and what waits for them."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import msgspec

from securechat.client.contacts import split_key_id
from securechat.e2e.content import (
    KIND_POST,
    KIND_TEXT,
    Content,
    Recovery,
    Text,
    Unsupported,
    decode_content,
    encode_content,
)
from securechat.e2e.room_content import (
    KIND_ROSTER,
    KIND_ROSTER_REQUEST,
    RoomNotice,
    RoomPlace,
)
from securechat.e2e.unconfirmed import UnconfirmedText
from securechat.errors import LocalProtocolError, NameInvalid, SecureChatError, UsageError
from securechat.identity.chain import PeerUser
from securechat.identity.names import name_key, parse_name
from securechat.identity.types import DeviceAddress, MessageId, Name, RelayId, RoomId, UserKey

_TABLE = "draft"

NO_RELAY = RelayId(bytes(32))
"""Stands for the relay until the first connection has shown which one it is."""

NO_ROOM = RoomId(b"")
"""What a draft for a person has in the place of a room's id."""

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

    @property
    def is_of_room(self) -> bool:
        """Whether it is for somebody only since they are in a room."""
        return self.kind in (KIND_ROSTER, KIND_ROSTER_REQUEST) or self.room != NO_ROOM

    @property
    def is_message(self) -> bool:
        """Whether a user wrote it."""
        return self.kind in (KIND_TEXT, KIND_POST)

    def content(self, place: RoomPlace | None) -> Content:
        """Return what is to be sealed; ``place`` is that in the room, if it is about one."""
        if self.kind == KIND_TEXT:
            return Text(self.text)
        content = decode_content(self.kind, self.body)
        match content:
            case Text() if place:
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
        return _TABLE, self.sequence.to_bytes(8, "big")


def draft(
    relay_id: RelayId, message_id: MessageId, content: Content, now_ms: int, recipient: str = ""
) -> Draft:
    """Return what waits to be sealed, without a place in the order yet."""
    kind, body = encode_content(content)
    if isinstance(content, Text) and kind == KIND_TEXT:
        return Draft(relay_id, 0, recipient, message_id, content.text, now_ms)
    match content:
        case Text(room=RoomPlace(room_id=room)) | RoomNotice(RoomPlace(room_id=room)):
            pass
        case _:
            room = NO_ROOM
    text = content.text if isinstance(content, Text) else ""
    return Draft(relay_id, 0, recipient, message_id, text, now_ms, kind, body, room)


def unseal(relay_id: RelayId, recipient: str, text: UnconfirmedText) -> Draft:
    """Return the draft, without a place in the order yet, of a text that is to be sealed again."""
    return draft(relay_id, text.message_id, text.content, text.time_ms, recipient)


def stored_drafts(rows: Mapping[tuple[str, bytes], bytes]) -> list[Draft]:
    """Return the drafts for all relays, in the order in which they were typed."""
    return [
        msgspec.msgpack.decode(value, type=Draft)
        for (table, _), value in sorted(rows.items())
        if table == _TABLE
    ]


@dataclass(slots=True)
class Person:
    """Somebody to write to or to answer.

    ``user`` are the verified keys once a look-up has brought them; ``claimed`` says that they came
    for a session that has not been started yet, with one-time keys unless these ran out.
    """

    name: Name
    wanted: bool = False
    """The user chose to talk to them, and so accepts them."""
    companion: bool = False
    """They were opened only because they share a room with the user."""
    only_asked: bool = False
    """The user wanted to know who they are, and has written them nothing."""
    user: PeerUser | None = None
    fetched_at_s: float = 0.0
    claimed: bool = False
    asked: bool = False
    """A look-up is under way."""
    online: bool | None = None
    """Whether they are connected; None before the relay has said so."""
    away: bool = False
    last_seen_ms: int | None = None
    stuck: bool = False
    """Nothing can be sealed for them now: the relay shows no keys of theirs, or none that serve."""
    told_waiting: bool = False
    told_ready: bool = False
    told_encrypted: bool | None = None
    """What was told of the encryption of this conversation, if its user wants to do without."""
    verify: bool = False
    """The safety number is wanted once the keys are known."""
    drafts: deque[Draft] = field(default_factory=deque)
    receipts: dict[DeviceAddress, list[MessageId]] = field(default_factory=dict)
    reads: dict[DeviceAddress, list[MessageId]] = field(default_factory=dict)
    """What was read of theirs, and they are to know."""
    recoveries: dict[DeviceAddress, bool] = field(default_factory=dict)
    """Devices to ask to send again; True: on a fresh session, since theirs does not open here."""
    requests: dict[DeviceAddress, Recovery] = field(default_factory=dict)
    """What devices of theirs ask this one to send again."""

    @property
    def has_waiting(self) -> bool:
        """Whether anything waits to be sealed for them."""
        receipts = self.receipts or self.reads
        return bool(self.drafts or receipts or self.recoveries or self.requests)

    @property
    def is_followed(self) -> bool:
        """Whether the user cares for their coming and going, and for their keys beforehand."""
        return self.wanted or not self.companion

    @property
    def wants_claim(self) -> bool:
        """Whether a look-up should bring keys to start a session with."""
        return bool(self.drafts) or any(self.recoveries.values())


def proper_names(texts: Iterable[str]) -> tuple[str, ...]:
    """Return those texts of a relay that are names, and so safe to show."""

    def is_name(text: str) -> bool:
        try:
            return parse_name(text) == text
        except NameInvalid:
            return False

    return tuple(filter(is_name, texts))


class People:
    """Persons by name; case does not count."""

    def __init__(self, own_name: Name) -> None:
        self._own_key = name_key(own_name)
        self._people: dict[str, Person] = {}
        self._last_draft = 0

    def meet(self, relay_id: RelayId, rows: Mapping[tuple[str, bytes], bytes]) -> None:
        """Begin anew with everybody's keys: at another relay than before, or as a new device.

        Takes up what earlier runs left unsent here.
        """
        for person in self:
            person.user, person.claimed, person.stuck = None, False, False
            person.told_waiting = person.told_ready = False
            person.drafts.clear()
            for owed in (person.receipts, person.reads, person.recoveries, person.requests):
                owed.clear()
        stored = stored_drafts(rows)
        self._last_draft = max((draft.sequence for draft in stored), default=0)
        for waiting in stored:
            if waiting.relay_id == relay_id:
                with suppress(SecureChatError):
                    person = self.open(waiting.recipient, companion=waiting.is_of_room)
                    person.wanted = person.wanted or not waiting.is_of_room
                    person.drafts.append(waiting)

    def take_draft(self, person: Person, draft: Draft) -> Draft:
        """Let a message wait for its recipient, behind all others; return it with its number."""
        person.wanted = person.wanted or not draft.is_of_room
        person.only_asked = False
        self._last_draft += 1
        numbered = msgspec.structs.replace(draft, sequence=self._last_draft, recipient=person.name)
        person.drafts.append(numbered)
        return numbered

    def put_first(
        self, relay_id: RelayId, person: Person, texts: Iterable[UnconfirmedText]
    ) -> dict[tuple[str, bytes], bytes | None]:
        """Let messages wait before all others for a person; return the rows to commit."""
        waiting = list(person.drafts)
        changes: dict[tuple[str, bytes], bytes | None] = {draft.row: None for draft in waiting}
        person.drafts.clear()
        before = [unseal(relay_id, person.name, each) for each in texts]
        person.wanted = person.wanted or any(not each.is_of_room for each in before)
        for draft in {draft.message_id: draft for draft in (*before, *waiting)}.values():
            self._last_draft += 1
            numbered = msgspec.structs.replace(draft, sequence=self._last_draft)
            person.drafts.append(numbered)
            changes[numbered.row] = msgspec.msgpack.encode(numbered)
        return changes

    def __iter__(self) -> Iterator[Person]:
        return iter(self._people.values())

    def find(self, name: str) -> Person | None:
        """Return the person of this name if they were opened before."""
        return self._people.get(name_key(Name(name)))

    def check(self, name: str) -> Name:
        """Return the name of somebody else, in its normal form, without a key id; any thread.

        Raises NameInvalid, or UsageError for the own name.
        """
        parsed = parse_name(split_key_id(name)[0])
        if name_key(parsed) == self._own_key:
            raise UsageError("That is your own name", "/who shows who else is here")
        return parsed

    def open(self, name: str, *, companion: bool = False) -> Person:
        """Return the person of this name, adding them; raises as `check` does."""
        parsed = self.check(name)
        return self._people.setdefault(name_key(parsed), Person(parsed, companion=companion))

    def forget(self, person: Person) -> None:
        """Wait no more for somebody."""
        del self._people[name_key(person.name)]
