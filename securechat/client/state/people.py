"""The people of this run's conversations: what is known of them and what waits for them."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

import msgspec
from msgspec import Struct, field

from securechat.client.commands import How
from securechat.client.names.typed_names import parse_other
from securechat.client.state.drafts import Draft, stored_drafts
from securechat.e2e.content import Recovery
from securechat.e2e.sas_content import Comparing
from securechat.e2e.unconfirmed import UnconfirmedText
from securechat.errors import NameInvalid, SecureChatError
from securechat.identity.chain import PeerUser
from securechat.identity.names import name_key, parse_name
from securechat.identity.types import DeviceAddress, MessageId, Name, RelayId

NO_RELAY = RelayId(bytes(32))
"""Stands for the relay until the first connection has shown which one it is."""


class Person(Struct):
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
    verify: How | None = None
    """How the safety number is wanted once the keys are known."""
    drafts: deque[Draft] = field(default_factory=deque)
    receipts: dict[DeviceAddress, list[MessageId]] = field(default_factory=dict)
    reads: dict[DeviceAddress, list[MessageId]] = field(default_factory=dict)
    """What was read of theirs, and they are to know."""
    recoveries: dict[DeviceAddress, bool] = field(default_factory=dict)
    """Devices to ask to send again; True: on a fresh session, since theirs does not open here."""
    requests: dict[DeviceAddress, Recovery] = field(default_factory=dict)
    """What devices of theirs ask this one to send again."""
    comparing: list[tuple[DeviceAddress | None, Comparing]] = field(default_factory=list)
    """Steps of comparing emoji, for a device of theirs or for all."""

    @property
    def has_waiting(self) -> bool:
        """Whether anything waits to be sealed for them."""
        receipts = self.receipts or self.reads
        asked = self.recoveries or self.requests
        return bool(self.drafts or receipts or asked or self.comparing)

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
        self._own_name = own_name
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
            person.comparing.clear()
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
        before = [Draft.anew(relay_id, person.name, each) for each in texts]
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
        """Return the name of somebody else as `parse_other` does, and raise as that."""
        return parse_other(name, self._own_name)

    def open(self, name: str, *, companion: bool = False) -> Person:
        """Return the person of this name, adding them; raises as `check` does."""
        parsed = self.check(name)
        person = self.find(parsed)
        if person is None:
            person = self._people[name_key(parsed)] = Person(parsed, companion=companion)
        return person

    def forget(self, person: Person) -> None:
        """Wait no more for somebody."""
        del self._people[name_key(person.name)]
