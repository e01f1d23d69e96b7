"""The people of this run's conversations: what is known of them and what waits for them."""

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from securechat.errors import SecureChatError, UsageError
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
    with one-time keys that no session has used yet.
    """

    name: Name
    user: PeerUser | None = None
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
