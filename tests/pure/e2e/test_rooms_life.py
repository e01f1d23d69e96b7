"""A room with several admins and a relay that drops, delays, repeats and reorders."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from securechat.e2e.content import Content, Text
from securechat.e2e.results import Opened, Outcome
from securechat.e2e.room import Room
from securechat.e2e.room_content import Held, RoomPlace, Roster, RosterRequest
from securechat.e2e.rooms import NO_HEAD, Taken
from securechat.errors import CannotOpen, RemoteProtocolError, UsageError
from securechat.identity.names import parse_name
from securechat.identity.roster import RosterEntry, RosterMember
from securechat.identity.types import DeviceAddress, MessageId, UserKey
from tests.pure.e2e.profiles import profile
from tests.pure.e2e.room_world import PEOPLE, key_of, listed, people, rooms_of
from tests.pure.e2e.world import NOW_MS

CREATOR = 0
PERSON = st.integers(0, len(PEOPLE) - 1)
MAX_ROUNDS = 40
MAX_LETTERS = 5_000


@dataclass(frozen=True)
class Letter:
    """An envelope under way."""

    reader: int
    envelope: bytes


@dataclass
class Shown:
    """What a reader has been shown of a sender's posts."""

    counters: list[int] = field(default_factory=list)
    late: set[int] = field(default_factory=set)


class RoomLife(RuleBasedStateMachine):
    """Nobody reads what is not for them, nothing is shown twice, and all end on one roster.

    Alice, who begins the room, is never demoted: two admins who remove one another split a room.
    """

    @initialize()
    def settle(self) -> None:
        self.seats = people()
        self.now_ms = NOW_MS
        self.mail: list[Letter] = []
        self.shelf: list[Letter] = []
        self.readers: dict[MessageId, frozenset[UserKey]] = {}
        self.shown: dict[tuple[UserKey, DeviceAddress], Shown] = {}
        self.late: set[MessageId] = set()
        self.seen: set[tuple[UserKey, MessageId]] = set()
        alice = self.seats[CREATOR]
        self.room_id = rooms_of(alice).create("ops", NOW_MS).room_id
        self.change(CREATOR, listed(self.seats[:2], self.seats[2:3]))

    def person(self, user_key: UserKey) -> int:
        return [key_of(seat) for seat in self.seats].index(user_key)

    def room(self, person: int) -> Room | None:
        return rooms_of(self.seats[person]).get(self.room_id)

    def post_mail(self, sender: int, reader: int, content: Content) -> None:
        envelope = self.seats[sender].send(self.seats[reader], content, self.now_ms)
        self.mail.append(Letter(reader, envelope))

    def spread(self, actor: int, entry: RosterEntry, before: Iterable[UserKey]) -> None:
        """Send an entry to all whom it concerns, and what went before it to who is new."""
        old = set(before)
        for key in sorted((entry.member_keys | old) - {key_of(self.seats[actor])}):
            is_new = key not in old
            entries = rooms_of(self.seats[actor]).introduction(self.room_id) if is_new else (entry,)
            for each in entries:
                self.post_mail(actor, self.person(key), Roster(each))

    def change(self, actor: int, members: dict[UserKey, RosterMember]) -> None:
        room = self.room(actor)
        assert room is not None
        self.now_ms += 1
        entry = rooms_of(self.seats[actor]).change(self.room_id, self.now_ms, members=members)
        self.spread(actor, entry, room.members)

    @rule(actor=PERSON, subject=PERSON, how=st.sampled_from(["add", "promote", "drop", "demote"]))
    def administer(self, actor: int, subject: int, how: str) -> None:
        room, key = self.room(actor), key_of(self.seats[subject])
        if room is None or not room.joined or not room.am_admin or room.is_forked:
            return
        members = dict(room.members)
        is_protected = subject == CREATOR or (actor != CREATOR and key in room.head.admins)
        if how in ("add", "promote"):
            admin = how == "promote" or (key in members and members[key].admin)
            members[key] = RosterMember(key, admin, parse_name(self.seats[subject].name))
        elif key not in members or is_protected:
            return
        elif how == "drop":
            del members[key]
        else:
            members[key] = RosterMember(key, False, members[key].name)
        self.change(actor, members)

    @rule(actor=PERSON)
    def merge(self, actor: int) -> None:
        self.try_merging(actor)

    def try_merging(self, actor: int) -> bool:
        room = self.room(actor)
        if room is None or not room.is_forked:
            return False
        self.now_ms += 1
        try:
            entry = rooms_of(self.seats[actor]).merge(self.room_id, self.now_ms)
        except UsageError:
            return False
        event("merged")
        self.spread(actor, entry, room.members)
        return True

    @rule(sender=PERSON)
    def post(self, sender: int) -> None:
        room = self.room(sender)
        if room is None or not room.joined or not room.is_member or room.is_paused:
            return
        message_id = MessageId(len(self.readers).to_bytes(16, "big"))
        self.readers[message_id] = frozenset(room.present_members)
        text = Text("post", room=RoomPlace(self.room_id, room.version))
        for key in room.present_members:
            reader = self.person(key)
            envelope = self.seats[sender].send(self.seats[reader], text, self.now_ms, message_id)
            self.mail.append(Letter(reader, envelope))

    @precondition(lambda self: self.mail)
    @rule(which=st.integers(0, 30), again=st.booleans())
    def deliver(self, which: int, again: bool) -> None:
        letter = self.mail[which % len(self.mail)]
        if not again:
            self.mail.remove(letter)
        self.open(letter)

    @rule()
    def deliver_in_order(self) -> None:
        for letter in self.mail[:8]:
            self.mail.remove(letter)
            self.open(letter)

    @precondition(lambda self: self.mail)
    @rule(which=st.integers(0, 30))
    def withhold(self, which: int) -> None:
        self.shelf.append(self.mail.pop(which % len(self.mail)))

    @rule(person=PERSON)
    def restart(self, person: int) -> None:
        self.seats[person].reload()

    def open(self, letter: Letter) -> None:
        try:
            outcome = self.seats[letter.reader].receive(letter.envelope, self.now_ms)
        except CannotOpen:
            event("too late for the ratchet")
            return
        self.hear(letter.reader, outcome)

    def hear(self, reader: int, outcome: Outcome) -> None:
        if not isinstance(outcome, Opened):
            return
        if outcome.late:
            self.late.add(outcome.message_id)
        match outcome.content:
            case Text(room=RoomPlace()):
                self.read(reader, outcome)
            case Held():
                event("held")
            case Roster(entry):
                self.take(reader, entry, outcome.sender)
            case RosterRequest() as request:
                answer = rooms_of(self.seats[reader]).since(request, outcome.sender.user_key)
                for each in answer:
                    self.post_mail(reader, self.person(outcome.sender.user_key), Roster(each))

    def take(self, reader: int, entry: RosterEntry, sender: DeviceAddress) -> None:
        seat = self.seats[reader]
        try:
            taken = rooms_of(seat).take(entry, sender.user_key, self.now_ms)
        except RemoteProtocolError:
            event("refused")
            return
        self.follow(reader, sender, taken)
        seat.commit()
        for released in rooms_of(seat).release(self.room_id):
            self.hear(reader, released)
        seat.commit()

    def follow(self, reader: int, sender: DeviceAddress, taken: Taken) -> None:
        event(taken.effect.name)
        if taken.ask:
            self.post_mail(reader, self.person(sender.user_key), taken.ask)
        room = self.room(reader)
        if room is not None and room.is_member and not room.joined:
            rooms_of(self.seats[reader]).join(self.room_id)

    def read(self, reader: int, opened: Opened) -> None:
        """Check that a post may be shown to this reader, now and here."""
        own, room = key_of(self.seats[reader]), self.room(reader)
        assert room is not None
        assert own in self.readers[opened.message_id]
        assert opened.sender.user_key in room.members
        assert (own, opened.message_id) not in self.seen
        self.seen.add((own, opened.message_id))
        shown = self.shown.setdefault((own, opened.sender), Shown())
        if opened.message_id not in self.late:
            assert opened.counter > max(shown.counters, default=-1)
            shown.counters.append(opened.counter)

    @invariant()
    def removed_people_are_not_written_to(self) -> None:
        for person in range(len(self.seats)):
            room = self.room(person)
            if room is not None:
                assert set(room.present_members) <= room.head.member_keys

    def settle_down(self) -> None:
        """Deliver everything, and what is written because of it."""
        self.mail += self.shelf
        self.shelf = []
        for _ in range(MAX_LETTERS):
            if not self.mail:
                return
            self.open(self.mail.pop(0))
        raise AssertionError("People answer one another for ever.")

    def teardown(self) -> None:
        if not hasattr(self, "seats"):
            return
        for _ in range(MAX_ROUNDS):
            self.settle_down()
            if (
                not any(self.try_merging(person) for person in range(len(self.seats)))
                and self.is_one()
            ):
                break
            self.ask_all()
        assert self.is_one()

    def ask_all(self) -> None:
        for asker in range(len(self.seats)):
            room = self.room(asker)
            request = RosterRequest(self.room_id, 0, NO_HEAD)
            if room is not None:
                request = RosterRequest(self.room_id, room.version, room.head_hash)
            for asked in range(len(self.seats)):
                if asked != asker:
                    self.post_mail(asker, asked, request)

    def is_one(self) -> bool:
        """Tell whether all whom the creator's room lists have the same roster, and nobody waits."""
        creators = self.room(CREATOR)
        assert creators is not None
        views = [self.room(self.person(key)) for key in creators.members]
        heads = {room.head_hash if room else None for room in views}
        return heads == {creators.head_hash} and not any(room.is_paused for room in views if room)


def test_nobody_reads_what_is_not_for_them_and_all_end_on_one_roster() -> None:
    run_state_machine_as_test(RoomLife, settings=profile(max_examples=40, steps=40))
