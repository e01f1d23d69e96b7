"""What users ask of closed rooms, and what each question is answered with."""

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.events import RoomChange, RoomPerson, Trust
from tests.pure.client.town import make_room, town


def test_who_is_in_a_room_is_told_by_name_with_admins_and_without_those_who_left() -> None:
    with town("alice", "bob", "carol", "dave") as made:
        make_room(made, "alice", "bob", "carol", "dave")
        made.do("dave", c.Leave("#ops"))
        made.do("alice", c.Admin("#ops", "bob"), c.Who("#ops"))
        (told,) = made.citizens["alice"].world.told(ev.RoomPeople)
        assert told.people == (
            RoomPerson("alice", None, admin=True),
            RoomPerson("bob", Trust.NEW, admin=True),
            RoomPerson("carol", Trust.NEW),
        )


def test_who_joins_is_told_the_topic_and_has_accepted_the_inviter() -> None:
    with town("alice", "bob") as made:
        made.do("alice", c.Create("#ops"), c.Topic("#ops", "all well"), c.Invite("#ops", ("bob",)))
        bob = made.citizens["bob"]
        made.do("bob", c.Contacts(), c.Join("#ops"), c.Contacts())
        assert [each.text for each in bob.news(RoomChange.ENTERED)] == ["all well"]
        before, after = (each.people for each in bob.world.told(ev.Contacts))
        assert [each.request for each in (*before, *after)] == [True, False]


def test_the_topic_is_told_to_who_asks_and_to_who_changes_it() -> None:
    with town("alice") as made:
        made.do("alice", c.Create("#ops"), c.Topic("#ops", "all well"), c.Topic("#ops", None))
        changed, shown = made.citizens["alice"].news(RoomChange.TOPIC)
        assert (changed.actor, changed.text) == ("alice", "all well")
        assert (shown.actor, shown.text) == (None, "all well")


def test_nobody_writes_in_a_room_before_joining_it() -> None:
    with town("alice", "bob") as made:
        made.do("alice", c.Create("#ops"), c.Invite("#ops", ("bob",)))
        made.say("bob", "#ops", "hello")
        assert made.citizens["bob"].world.problems == [
            "You have not joined #ops yet, nothing was sent"
        ]
        assert made.citizens["alice"].heard == []


@pytest.mark.parametrize("others", [(), ("bob",)])
def test_the_last_admin_leaves_only_an_empty_room(others: tuple[str, ...]) -> None:
    with town("alice", *others) as made:
        make_room(made, "alice", *others)
        made.do("alice", c.Leave("#ops"), c.Rooms())
        (listed,) = made.citizens["alice"].world.told(ev.RoomList)
        assert len(listed.rooms) == len(others)


def test_who_has_left_a_room_is_listed_in_none() -> None:
    with town("alice", "bob") as made:
        make_room(made, "alice", "bob")
        made.do("bob", c.Rooms(), c.Leave("#ops"), c.Rooms())
        before, after = (each.rooms for each in made.citizens["bob"].world.told(ev.RoomList))
        assert [(each.name, each.creator, each.admin) for each in before] == [
            ("#ops", "alice", False)
        ]
        assert after == ()


def test_an_admin_removes_somebody_whom_only_the_roster_names() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        made.do("alice", c.Admin("#ops", "carol"))
        made.do("carol", c.Kick("#ops", "BOB"), c.Kick("#ops", "dave"))
        (removed,) = made.citizens["bob"].news(RoomChange.REMOVED)
        assert (removed.actor, removed.subject) == ("carol", "bob")
        assert made.citizens["carol"].world.problems == ["dave is not in #ops"]


def test_who_changes_a_room_is_told_what_has_changed() -> None:
    with town("alice", "bob") as made:
        make_room(made, "alice", "bob")
        made.do("alice", c.Admin("#ops", "bob"), c.Kick("#ops", "bob"))
        alice = made.citizens["alice"]
        changes = (RoomChange.INVITED, RoomChange.ADMIN, RoomChange.REMOVED)
        told = [each.subject for change in changes for each in alice.news(change)]
        assert told == ["bob", "bob", "bob"]
