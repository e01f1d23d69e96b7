"""People in rooms who follow no rules, and rooms in the middle of everything going wrong."""

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.connection.link import Up
from securechat.client.events import RoomChange
from securechat.client.messages.rosters import MAX_UNDER_WAY
from securechat.client.state.room_book import Recipient
from securechat.e2e.content import Content, Text
from securechat.e2e.room_content import Roster, RosterRequest
from securechat.identity.roster import RosterEntry, RosterMember
from securechat.identity.types import MessageId, Name
from securechat.wire import frames as f
from tests.pure.client.engine_world import CERTIFICATE, MemoryState, welcome
from tests.pure.client.rooms.test_rooms import make_room
from tests.pure.client.town import Citizen, Town, town
from tests.pure.e2e.world import NOW_MS, RELAY


def end(made: Town, name: str) -> MemoryState:
    """Let somebody's client end; return what it leaves."""
    citizen = made.citizens[name]
    made.disconnect(name)
    citizen.world.engine.stop()
    citizen.world.engine._thread.join()
    return citizen.world.state


def restart(made: Town, name: str, *, backwards: bool = False) -> Citizen:
    """Let somebody's client begin anew, with rows in the order of their keys, as a file has them.

    ``backwards`` is the order in which they would be with other random ids.
    """
    state = end(made, name)
    state.rows = dict(sorted(state.rows.items(), reverse=backwards))
    return made.move_in(name, state)


def fork(made: Town) -> None:
    """Let alice and bob, who are admins of #ops, change it at once."""
    made.do_at_once({"alice": c.Topic("#ops", "one"), "bob": c.Topic("#ops", "two")})


def test_a_later_room_never_takes_the_name_of_an_earlier_one() -> None:
    """A room's id is its creator's to choose, so nothing may depend on the order of ids."""
    with town("alice", "bob", "mallory") as made:
        make_room(made, "alice", "bob")
        made.pass_time(1)
        made.do("mallory", c.Create("#ops"), c.Invite("#ops", ("bob",)))
        for backwards in (False, True):
            again = restart(made, "bob", backwards=backwards)
            made.say("bob", "#ops", "for alice")
            assert made.citizens["alice"].heard.pop() == ("#ops", "bob", "for alice")
            made.say("alice", "#ops", "for bob")
            assert again.heard[-1] == ("#ops", "alice", "for bob")


def test_what_waited_when_one_was_removed_blocks_nothing_and_is_not_said_to_be_sent() -> None:
    with town("bob", "alice", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        made.do("alice", c.Admin("#ops", "bob"))
        made.do_at_once({"alice": c.Kick("#ops", "carol"), "bob": c.Topic("#ops", "two")})
        bob, carol = made.citizens["bob"], made.citizens["carol"]
        message_id = made.say("carol", "#ops", "is anybody there?")
        made.do("alice", c.Merge("#ops"))
        made.say("carol", "bob", "why was I thrown out?")
        assert bob.heard == [(None, "carol", "why was I thrown out?")]
        assert message_id not in [each.message_id for each in carol.world.told(ev.Accepted)]
        (problem,) = [each for each in carol.world.told(ev.Problem) if each.message_id]
        assert problem.message_id == message_id
        assert carol.world.engine.queued == 0


def test_who_leaves_a_forked_room_gets_nothing_more() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        made.do("alice", c.Admin("#ops", "bob"))
        fork(made)
        made.do("carol", c.Leave("#ops"))
        assert [each.actor for each in made.citizens["alice"].news(RoomChange.LEFT)] == ["carol"]
        assert [each.actor for each in made.citizens["bob"].news(RoomChange.LEFT)] == ["carol"]


def test_who_declines_an_invitation_gets_nothing_more() -> None:
    with town("alice", "bob") as made:
        made.do("alice", c.Create("#ops"), c.Invite("#ops", ("bob",)))
        made.do("bob", c.Leave("#ops"))
        assert [each.actor for each in made.citizens["alice"].news(RoomChange.LEFT)] == ["bob"]


def test_what_fails_in_one_invitation_does_not_hold_up_another_room() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "bob", "alice")
        made.do("alice", c.Create("#mine"))
        alice = made.citizens["alice"]
        with alice.world.at_once():
            alice.ask(c.Invite("#ops", ("carol",)))
            alice.ask(c.Invite("#mine", ("carol",)))
        made.settle()
        made.do("carol", c.Join("#mine"))
        made.say("alice", "#mine", "welcome")
        assert made.citizens["carol"].heard == [("#mine", "alice", "welcome")]


def test_an_invitation_that_cannot_be_carried_out_when_the_connection_goes_ends_nothing() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "bob", "alice")
        made.say("alice", "carol", "hi")
        alice = made.citizens["alice"]
        alice.ask(c.Invite("#ops", ("carol", "dave")))
        alice.world.settle()
        made.disconnect("alice")
        assert not alice.world.has_ended()


def test_an_older_copy_gives_all_members_what_it_had_sealed() -> None:
    """The relay has seen more of alice's device than it knows of; she goes on as another one."""
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        made.say("alice", "#ops", "before")
        alice = made.citizens["alice"]
        alice.say("#ops", "sealed and not handed over")
        alice.world.settle()
        older = alice.world.state.copy()
        end(made, "alice")
        again = made.move_in("alice", older, connected=False)
        again.register = again.publish = None
        again.world.news(Up(CERTIFICATE))
        again.world.tell(f.Challenge(1, RELAY, b"n" * 32, NOW_MS, True))
        again.world.tell(welcome("alice", sent=10_000))
        assert again.world.link.reconnects == 1
        again.world.lose_connection()
        made.connect("alice")
        for name in ("bob", "carol"):
            heard = made.citizens[name].heard
            assert heard.count(("#ops", "alice", "sealed and not handed over")) == 1


# Strangers ----------------------------------------------------------------------------------------


def give(made: Town, sender: str, recipient: str, content: Content) -> None:
    """Let somebody's client send what an honest one would not, encrypted for another person."""
    world, key = made.citizens[sender].world, made.citizens[recipient].world.engine
    user_key = key._here.desk.endpoint.user_key
    posting = world.engine._here.parts.posting
    world.engine._calls.put(lambda: posting.give([Recipient(Name(recipient), user_key)], content))
    made.settle()


def handed_in(made: Town, name: str) -> int:
    """Return how many envelopes somebody's client has handed in."""
    return len(made.citizens[name].world.link.envelopes)


def entries_of(made: Town, name: str) -> tuple[RosterEntry, ...]:
    """Return the entries of somebody's only room."""
    rooms = made.citizens[name].world.engine._here.desk.endpoint.rooms
    (room,) = rooms
    return rooms.introduction(room.room_id)


def test_a_stranger_learns_nothing_by_asking_about_a_room_of_theirs() -> None:
    with town("alice", "mallory") as made:
        made.do("mallory", c.Create("#trap"), c.Invite("#trap", ("alice",)))
        assert made.citizens["alice"].world.told(ev.Invitation)
        first, _ = entries_of(made, "mallory")
        before = handed_in(made, "alice")
        give(made, "mallory", "alice", RosterRequest(first.room_id, 0, first.hash))
        made.pass_time(60)
        assert handed_in(made, "alice") == before


def test_a_stranger_learns_nothing_by_a_roster_that_follows_nothing() -> None:
    with town("alice", "mallory") as made:
        made.do("mallory", c.Create("#trap"))
        made.drops = lambda *_: True
        made.do("mallory", c.Invite("#trap", ("alice",)))
        made.drops = lambda *_: False
        give(made, "mallory", "alice", Roster(entries_of(made, "mallory")[-1]))
        made.pass_time(60)
        assert handed_in(made, "alice") == 0


def test_a_stranger_learns_nothing_by_a_post_that_cannot_be_read() -> None:
    with town("alice", "mallory") as made:
        made.do("mallory", c.Create("#trap"), c.Invite("#trap", ("alice",)))
        made.drops = lambda sender, *_: sender.name == "mallory"
        made.do("mallory", c.Topic("#trap", "new"))
        made.drops = lambda *_: False
        made.say("mallory", "#trap", "hello")
        made.pass_time(60)
        assert handed_in(made, "alice") == 0


def call_members(made: Town, admin: str, **names: str) -> None:
    """Let an admin of #ops list people under other names than theirs."""
    engine = made.citizens[admin].world.engine
    keys = {
        made.citizens[name].world.engine._here.desk.endpoint.user_key: Name(called)
        for name, called in names.items()
    }

    def change() -> None:
        parts = engine._here.parts
        rooms = parts.questions._rooms
        room = parts.desk.rooms.closed("#ops")
        rooms._change(
            room.room_id,
            room.members | {key: RosterMember(key, False, keys[key]) for key in keys},
        )

    engine._calls.put(lambda: engine._here.attempt(change))
    made.settle()


@pytest.mark.parametrize("name", ["mum", "dad", "Bob", "b0b"])
def test_nobody_is_listed_as_somebody_whom_one_knows(name: str) -> None:
    with town("alice", "bob", "carol", "dad", "mallory") as made:
        made.say("bob", "alice", "hi")
        made.say("bob", "dad", "hi")
        made.do("bob", c.Call("alice", "mum"))
        make_room(made, "mallory", "bob")
        call_members(made, "mallory", carol=name)
        made.do("bob", c.Who("#ops"))
        (people,) = made.citizens["bob"].world.told(ev.RoomPeople)
        assert name not in [person.name for person in people.people]
        (news,) = made.citizens["bob"].news(RoomChange.INVITED)
        assert news.subject != name


# What waits ---------------------------------------------------------------------------------------


def test_a_new_key_gets_nothing_of_what_waits_and_the_post_has_not_failed_for_the_others() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        made.say("bob", "carol", "hi")
        end(made, "carol")
        del made.citizens["carol"]
        impostor = made.move_in("carol")
        bob = made.citizens["bob"]
        made.disconnect("bob")
        made.connect("bob")
        message_id = made.say("bob", "#ops", "for the old carol")
        assert made.citizens["alice"].heard == [("#ops", "bob", "for the old carol")]
        made.do("bob", c.Decide(c.Decision.ACCEPT_KEY, "carol"))
        assert impostor.heard == []
        assert not [each for each in bob.world.told(ev.Problem) if each.message_id == message_id]
        made.say("bob", "carol", "who are you?")
        assert impostor.heard == [(None, "bob", "who are you?")]


def test_an_answer_quotes_nothing_when_its_id_is_that_of_two_messages() -> None:
    with town("alice", "bob", "carol", "mallory") as made:
        make_room(made, "alice", "bob", "carol", "mallory")
        made.drops = lambda sender, to, _: (sender.name, to.name) == ("alice", "bob")
        message_id = made.say("alice", "#ops", "shall we have tea?")
        made.drops = lambda *_: False
        mallory = made.citizens["mallory"].world.engine
        room_id = made.citizens["mallory"].world.engine._here.desk.rooms.find("#ops")
        mallory._calls.put(
            lambda: mallory._here.parts.posting.write(
                room_id, MessageId(bytes.fromhex(message_id)), Text("shall we pay mallory?")
            )
        )
        made.settle()
        made.pass_time(60)
        made.say("alice", "#ops", "well?")
        made.pass_time(60)
        made.say("carol", "#ops", "yes, do it", reply_to=message_id)
        bob = made.citizens["bob"].world
        (answer,) = [each for each in bob.told(ev.Message) if each.text == "yes, do it"]
        assert answer.reply == ev.Quote(message_id)


def test_one_post_to_many_tells_the_relay_once_whom_to_watch() -> None:
    names = [f"guest{number}" for number in range(12)]
    with town("alice", *names, lobby=True) as made:
        alice = made.citizens["alice"].world
        before = len(alice.all_sent(f.Watch))
        made.say("alice", "#lobby", "hello everybody")
        assert len(alice.all_sent(f.Watch)) <= before + 2


def test_a_relay_that_shows_more_people_than_a_lobby_has_is_not_believed() -> None:
    with town("alice", lobby=True) as made:
        alice = made.citizens["alice"].world
        for number in range(5):
            here = tuple((f"p{number}x{each}", False) for each in range(200))
            alice.tell(f.Lobby(here, (), False, False))
        assert len(alice.engine._here.desk.rooms.lobby_people) <= f.MAX_LOBBY


def test_a_visitor_of_the_lobby_does_not_fill_the_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("securechat.store.history.MAX_REQUESTS", 3)
    with town("alice", "bob", "mallory", lobby=True) as made:
        make_room(made, "bob", "alice")
        for number in range(3):
            made.say("bob", "#lobby", f"friend {number}")
            made.say("mallory", "#lobby", f"said to all {number}")
            made.say("mallory", "alice", f"said to alice {number}")
        kept = [each.text for each in made.citizens["alice"].world.state.history.last(100)]
        assert kept == [
            "friend 0",
            "friend 1",
            "said to alice 1",
            "friend 2",
            "said to all 2",
            "said to alice 2",
        ]


def test_what_waits_for_an_invitation_is_given_up_when_one_is_removed_meanwhile() -> None:
    with town("alice", "bob", "dave") as made:
        make_room(made, "alice", "bob")
        made.do("alice", c.Admin("#ops", "bob"))
        bob = made.citizens["bob"]
        made.disconnect("alice")
        alice = made.citizens["alice"]
        made.connect("alice")
        bob.ask(c.Invite("#ops", ("dave",)))
        message_id = bob.say("#ops", "welcome dave")
        bob.world.settle()
        alice.ask(c.Kick("#ops", "bob"))
        alice.world.settle()
        made._serve(alice)
        made._deliver(bob)
        made.settle()
        (problem,) = [each for each in bob.world.told(ev.Problem) if each.message_id]
        assert problem.message_id == message_id
        assert not [each for each in bob.world.told(ev.Accepted) if each.message_id == message_id]
        assert made.citizens["dave"].heard == []
        assert bob.world.engine.queued == 0


def test_a_roster_with_the_own_name_or_one_name_twice_stops_nothing() -> None:
    with town("alice", "bob", "carol", "dave", "mallory") as made:
        make_room(made, "mallory", "alice", "bob")
        call_members(made, "mallory", carol="alice", dave="bob")
        made.say("alice", "#ops", "hello")
        assert made.citizens["bob"].heard == [("#ops", "alice", "hello")]
        assert made.citizens["mallory"].heard == [("#ops", "alice", "hello")]
        assert made.citizens["carol"].heard == made.citizens["dave"].heard == []
        made.say("alice", "bob", "psst")
        assert made.citizens["bob"].heard[1:] == [(None, "alice", "psst")]


def test_an_answer_in_a_room_quotes_nothing_of_a_conversation_of_two() -> None:
    with town("alice", "bob", "mallory") as made:
        make_room(made, "alice", "bob", "mallory")
        secret = made.say("alice", "bob", "between us")
        own = made.say("bob", "mallory", "for mallory alone")
        for message_id in (secret, own):
            made.say("mallory", "#ops", "what was that?", reply_to=message_id)
            answer = made.citizens["bob"].world.told(ev.Message)[-1]
            assert answer.reply == ev.Quote(message_id)


def test_who_takes_no_answers_does_not_fill_the_disk_of_who_gives_them() -> None:
    with town("alice", "mallory") as made:
        make_room(made, "alice", "mallory")
        for number in range(16):
            made.do("alice", c.Topic("#ops", f"topic {number}"))
        alice, mallory = made.citizens["alice"], made.citizens["mallory"]
        first, before = entries_of(made, "alice")[0], handed_in(made, "alice")
        asking = mallory.world.engine._here.parts.posting
        request = RosterRequest(first.room_id, 0, first.hash)

        def ask() -> None:
            asking.give([Recipient(Name("alice"), first.creator)], request)

        for _ in range(10):  # the relay takes none of the answers
            mallory.world.engine._calls.put(ask)
            mallory.world.settle()
            made._serve(mallory)
            made._deliver(alice)
            alice.world.pass_time(6)
        assert 16 <= handed_in(made, "alice") - before <= MAX_UNDER_WAY + 32
