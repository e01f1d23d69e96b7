"""The lobby over several engines: who is there, when it is known, and what waits for that."""

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.events import RoomChange
from securechat.wire import frames as f
from tests.pure.client.town import Citizen, town


def people_told(citizen: Citizen) -> list[tuple[str, list[str]]]:
    """Who was said to be where, in order."""
    told = citizen.world.told(ev.RoomPeople)
    return [(each.room, [person.name for person in each.people]) for each in told]


def test_who_is_there_is_told_when_the_relay_has_said_so() -> None:
    with town("alice", lobby=True) as made:
        bob = made.move_in("bob", connected=False, lobby=True)
        bob.ask(c.Who("#lobby"))
        bob.world.settle()
        assert people_told(bob) == []
        made.connect("bob")
        assert people_told(bob) == [("#lobby", ["alice", "bob"])]
        made.do("alice", c.Away(True), c.Who("#lobby"))
        made.do("bob", c.Who("#lobby"))
        for citizen in (made.citizens["alice"], bob):
            away = {each.name: each.away for each in citizen.world.told(ev.RoomPeople)[-1].people}
            assert away == {"alice": True, "bob": False}


def test_the_lobby_is_the_first_room_of_the_list_while_one_is_there() -> None:
    with town("alice", "bob", lobby=True) as made:
        made.do("alice", c.Create("#ops"), c.Rooms(), c.Leave("#lobby"), c.Rooms())
        there, outside = made.citizens["alice"].world.told(ev.RoomList)
        lobby, closed = there.rooms
        assert (lobby.name, lobby.creator, lobby.members, lobby.joined) == ("#lobby", None, 2, True)
        assert outside.rooms == (closed,)


def test_who_comes_to_the_lobby_is_told_so_and_seen_there() -> None:
    with town("alice", "bob") as made:
        alice = made.citizens["alice"]
        made.do("alice", c.Join("#lobby"))
        assert alice.status == f.Status(visible=True, lobby=True, away=False)
        assert len(alice.news(RoomChange.ENTERED)) == 1
        made.disconnect("alice")
        made.connect("alice")
        assert len(alice.news(RoomChange.ENTERED)) == 1  # an outage is no news of the room
        made.do("alice", c.Join("#lobby"))
        assert len(alice.news(RoomChange.ENTERED)) == 2


def test_who_leaves_the_lobby_is_not_there_and_knows_of_nobody() -> None:
    with town("alice", "bob", lobby=True) as made:
        alice = made.citizens["alice"]
        made.do("alice", c.Leave("#lobby"), c.Who("#lobby"), c.Leave("#lobby"))
        assert not alice.status.lobby
        assert alice.world.problems == ["You are not in #lobby"] * 2
        made.disconnect("bob")
        before = len(alice.world.told(ev.PresenceChanged))
        made.do("alice", c.Join("#lobby"))
        assert alice.world.told(ev.PresenceChanged)[before:] == []


def test_who_leaves_before_it_was_known_who_is_there_is_not_told_later() -> None:
    with town("alice", "bob", lobby=True) as made:
        alice = made.citizens["alice"]
        made.disconnect("alice")
        made.do("alice", c.Who("#lobby"), c.Leave("#lobby"))
        made.connect("alice")
        made.do("alice", c.Join("#lobby"))
        assert people_told(alice) == []


def test_what_is_typed_in_an_outage_goes_to_those_who_are_there_after_it() -> None:
    with town("alice", "bob", lobby=True) as made:
        made.disconnect("alice")
        made.say("alice", "#lobby", "back again")
        made.move_in("carol", lobby=True)
        made.connect("alice")
        assert made.citizens["carol"].heard == [("#lobby", "alice", "back again")]


def test_who_finds_the_lobby_full_is_not_in_it() -> None:
    with town("alice", lobby=True) as made:
        alice = made.citizens["alice"]
        alice.world.tell(f.Lobby((), (), begins=True, full=True))
        made.do("alice", c.Rooms())
        assert [each.room for each in alice.news(RoomChange.FULL)] == ["#lobby"]
        assert alice.world.told(ev.RoomList)[-1].rooms == ()


def test_who_was_never_in_the_lobby_can_hide() -> None:
    with town("alice") as made:
        alice = made.citizens["alice"]
        made.do("alice", c.Presence(False))
        assert alice.status == f.Status(visible=False, lobby=False, away=False)
        assert alice.world.told(ev.OwnPresence) == [ev.OwnPresence(visible=False, away=False)]
        assert alice.world.problems == []


def test_nobody_who_is_in_the_lobby_too_is_a_stranger() -> None:
    with town("alice", "bob", lobby=True) as made:
        made.move_in("carol", lobby=False)
        made.say("bob", "alice", "hi")
        made.say("carol", "alice", "hi")
        messages = made.citizens["alice"].world.told(ev.Message)
        assert {each.sender: each.request for each in messages} == {"bob": False, "carol": True}
