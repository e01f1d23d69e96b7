"""People in rooms who follow no rules, and rooms in the middle of everything going wrong."""

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.events import RoomChange
from securechat.client.link import Up
from securechat.wire import frames as f
from tests.pure.client.engine_world import CERTIFICATE, MemoryState, welcome
from tests.pure.client.test_rooms import make_room
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
    alice, bob = made.citizens["alice"], made.citizens["bob"]
    with alice.world.at_once(), bob.world.at_once():
        alice.ask(c.Topic("#ops", "one"))
        bob.ask(c.Topic("#ops", "two"))
    made.settle()


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
        alice, bob = made.citizens["alice"], made.citizens["bob"]
        with alice.world.at_once(), bob.world.at_once():
            alice.ask(c.Kick("#ops", "carol"))
            bob.ask(c.Topic("#ops", "two"))
        made.settle()
        carol = made.citizens["carol"]
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
