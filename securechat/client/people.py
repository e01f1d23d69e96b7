"""The people of this run's conversations: what is known of them and what waits for them."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from securechat.errors import NameInvalid, SecureChatError, UsageError
from securechat.identity.chain import PeerUser
from securechat.identity.names import name_key, parse_name
from securechat.identity.types import DeviceAddress, MessageId, Name

_TABLE = "draft"


class Draft(msgspec.Struct, frozen=True, array_like=True):
    """A message that was typed and is not sealed yet; ``sequence`` orders drafts over all runs."""

    sequence: int
    recipient: str
    message_id: MessageId
    text: str

    @property
    def row(self) -> tuple[str, bytes]:
        """Table and key of its row, which is kept until the message is sealed."""
        return _TABLE, self.sequence.to_bytes(8, "big")


@dataclass(slots=True)
class Person:
    """Somebody to write to or to answer.

    ``user`` are the verified keys once a look-up has brought them; ``claimed`` says that they came
    for a session that has not been started yet, with one-time keys unless these ran out.
    """

    name: Name
    user: PeerUser | None = None
    fetched_at_s: float = 0.0
    claimed: bool = False
    asked: bool = False
    """A look-up is under way."""
    online: bool | None = None
    """Whether they are connected; None before the relay has said so."""
    told_waiting: bool = False
    told_ready: bool = False
    verify: bool = False
    """The safety number is wanted once the keys are known."""
    drafts: deque[Draft] = field(default_factory=deque)
    receipts: dict[DeviceAddress, list[MessageId]] = field(default_factory=dict)


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

    def restore_drafts(self, rows: Mapping[tuple[str, bytes], bytes]) -> None:
        """Take up what earlier runs left unsent."""
        stored = (value for (table, _), value in sorted(rows.items()) if table == _TABLE)
        for value in stored:
            draft = msgspec.msgpack.decode(value, type=Draft)
            self._last_draft = draft.sequence
            with suppress(SecureChatError):
                self.open(draft.recipient).drafts.append(draft)

    def add_draft(self, recipient: str, message_id: MessageId, text: str) -> Draft:
        """Let a typed message wait for its recipient; raises as `open` does."""
        person = self.open(recipient)
        self._last_draft += 1
        draft = Draft(self._last_draft, recipient, message_id, text)
        person.drafts.append(draft)
        return draft

    def __iter__(self) -> Iterator[Person]:
        return iter(self._people.values())

    def forget_keys(self) -> None:
        """Begin anew with everybody's keys: this is another relay."""
        for person in self:
            person.user, person.claimed = None, False
            person.told_waiting = person.told_ready = False

    def find(self, name: str) -> Person | None:
        """Return the person of this name if they were opened before."""
        return self._people.get(name_key(Name(name)))

    def open(self, name: str) -> Person:
        """Return the person of this name, adding them; NameInvalid or UsageError (own name)."""
        parsed = parse_name(name)
        key = name_key(parsed)
        if key == self._own_key:
            raise UsageError("That is your own name", "/who shows who else is here")
        return self._people.setdefault(key, Person(parsed))

    @property
    def draft_count(self) -> int:
        """How many messages are not sealed yet."""
        return sum(len(person.drafts) for person in self._people.values())
