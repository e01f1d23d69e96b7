"""Rooms over several engines: who is in them, what they see, and what a hostile relay gets."""

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.events import RoomChange
from securechat.client.messages.unsent import is_unsent
from securechat.client.rooms.lobby import COME_BACK_S
from tests.pure.client.engine_world import World
from tests.pure.client.town import Citizen, Town, make_room, town


def test_a_room_is_made_joined_and_heard_by_all() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        made.say("alice", "#ops", "hello all")
        made.say("carol", "#ops", "hello alice")
        alice, bob, carol = made.citizens.values()
        assert bob.heard == [("#ops", "alice", "hello all"), ("#ops", "carol", "hello alice")]
        assert carol.heard == [("#ops", "alice", "hello all")]
        assert alice.heard == [("#ops", "carol", "hello alice")]
        assert [each.actor for each in alice.news(RoomChange.JOINED)] == ["bob", "carol"]
        (invitation,) = bob.world.told(ev.Invitation)
        assert (invitation.room, invitation.inviter, invitation.members) == ("#ops", "alice", 3)


def test_accepted_comes_once_for_all_members() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        message_id = made.say("alice", "#ops", "hello all")
        accepted = made.citizens["alice"].world.told(ev.Accepted)
        assert [each for each in accepted if each.message_id == message_id] == [
            ev.Accepted(message_id, "#ops")
        ]


def test_what_was_said_before_joining_comes_when_one_joins() -> None:
    with town("alice", "bob") as made:
        made.do("alice", c.Create("#ops"), c.Invite("#ops", ("bob",)))
        made.say("alice", "#ops", "early")
        assert made.citizens["bob"].heard == []
        made.do("bob", c.Join("#ops"))
        assert made.citizens["bob"].heard == [("#ops", "alice", "early")]


def test_who_was_kicked_gets_nothing_more_and_is_told() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        made.do("alice", c.Kick("#ops", "bob"))
        made.say("carol", "#ops", "without bob")
        bob = made.citizens["bob"]
        assert bob.heard == []
        (removed,) = bob.news(RoomChange.REMOVED)
        assert (removed.actor, removed.subject) == ("alice", "bob")
        made.say("bob", "#ops", "still here?")
        assert "There is no room #ops here" in bob.world.problems


def test_who_leaves_gets_nothing_more() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        made.do("bob", c.Leave("#ops"))
        made.say("carol", "#ops", "without bob")
        made.say("alice", "#ops", "indeed")
        assert made.citizens["bob"].heard == []
        assert [each.actor for each in made.citizens["alice"].news(RoomChange.LEFT)] == ["bob"]
        assert [each.actor for each in made.citizens["carol"].news(RoomChange.LEFT)] == ["bob"]
        made.do("alice", c.Topic("#ops", "all well"))
        assert made.citizens["bob"].world.told(ev.Invitation)[1:] == []


def test_who_has_left_can_be_invited_again() -> None:
    with town("alice", "bob") as made:
        make_room(made, "alice", "bob")
        made.do("bob", c.Leave("#ops"))
        made.do("alice", c.Invite("#ops", ("bob",)))
        assert made.citizens["alice"].news(RoomChange.REMOVED) == []
        made.do("bob", c.Join("#ops"))
        made.say("alice", "#ops", "welcome back")
        assert made.citizens["bob"].heard == [("#ops", "alice", "welcome back")]


def test_a_joiner_gets_no_past() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob")
        made.say("alice", "#ops", "before")
        made.do("alice", c.Invite("#ops", ("carol",)))
        made.do("carol", c.Join("#ops"))
        made.say("bob", "#ops", "after")
        assert made.citizens["carol"].heard == [("#ops", "bob", "after")]


def test_only_admins_change_a_room() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        made.do("bob", c.Kick("#ops", "carol"), c.Topic("#ops", "mine"))
        assert (
            made.citizens["bob"].world.problems.count("Only an admin of the room can do that.") == 2
        )
        made.do("alice", c.Admin("#ops", "bob"))
        made.do("bob", c.Topic("#ops", "ours"))
        (topic,) = made.citizens["carol"].news(RoomChange.TOPIC)
        assert (topic.actor, topic.text) == ("bob", "ours")


def test_nobody_can_be_kicked_by_themselves_or_become_an_admin_twice() -> None:
    with town("alice", "bob") as made:
        make_room(made, "alice", "bob")
        made.do("alice", *[c.Admin("#ops", "bob")] * 2, c.Kick("#ops", "Alice"))
        alice, bob = made.citizens.values()
        assert alice.world.problems == [
            "bob is an admin of #ops already",
            "You cannot take yourself out of #ops like that",
        ]
        assert [each.subject for each in bob.news(RoomChange.ADMIN)] == ["bob"]
        assert not bob.news(RoomChange.REMOVED)


def test_who_is_invited_and_not_there_is_not_waited_for() -> None:
    with town("alice", "bob") as made:
        make_room(made, "alice", "bob")
        made.do("alice", c.Invite("#ops", ("nobody",)))
        made.disconnect("alice")
        made.connect("alice")
        world = made.citizens["alice"].world
        assert world.problems == ["Nobody on this relay is called nobody"]
        assert world.told(ev.Waiting) == []


def test_an_invitation_with_a_wrong_name_in_it_looks_up_nobody() -> None:
    with town("alice", "bob") as made:
        made.do("alice", c.Create("#ops"), c.Invite("#ops", ("bob", "alice")))
        alice = made.citizens["alice"].world
        assert alice.problems == ["That is your own name"]
        assert alice.told(ev.PeerReady) == []


@pytest.mark.parametrize("question", [c.Topic("#ops", "y" * 400), c.Merge("#ops")])
def test_what_cannot_be_done_to_a_room_says_what_to_try(question: c.Question) -> None:
    with town("alice") as made:
        made.do("alice", c.Create("#ops"), question)
        (problem,) = made.citizens["alice"].world.told(ev.Problem)
        assert problem.error.try_next.startswith("/")


def test_two_admins_at_once_pause_the_room_until_one_merges() -> None:
    with town("alice", "bob", "carol", "dave", "erin") as made:
        make_room(made, "alice", "bob", "carol")
        made.do("alice", c.Admin("#ops", "bob"))
        alice, bob = made.citizens["alice"], made.citizens["bob"]
        made.do_at_once({"alice": c.Invite("#ops", ("dave",)), "bob": c.Topic("#ops", "at once")})
        assert alice.news(RoomChange.PAUSED)
        assert made.citizens["carol"].news(RoomChange.PAUSED)
        made.say("carol", "#ops", "is anybody there?")
        assert bob.heard == []
        made.do("alice", c.Merge("#ops"))
        (resumed,) = made.citizens["carol"].news(RoomChange.RESUMED)
        assert resumed.actor == "alice"
        assert bob.heard == [("#ops", "carol", "is anybody there?")]
        made.do("dave", c.Join("#ops"))
        made.say("dave", "#ops", "hello")
        for name in ("alice", "bob", "carol"):
            assert ("#ops", "dave", "hello") in made.citizens[name].heard


def test_two_rooms_of_one_name_are_told_apart() -> None:
    with town("alice", "bob", "carol") as made:
        made.do("alice", c.Create("#ops"), c.Invite("#ops", ("carol",)))
        made.do("bob", c.Create("#ops"), c.Invite("#ops", ("carol",)))
        carol = made.citizens["carol"]
        first, second = (each.room for each in carol.world.told(ev.Invitation))
        assert first == "#ops"
        assert second.startswith("#ops[")
        made.do("carol", c.Join(second))
        made.say("bob", "#ops", "from bob")
        assert carol.heard == [(second, "bob", "from bob")]


def test_the_lobby_is_heard_by_all_who_are_there() -> None:
    with town("alice", "bob", "carol", lobby=True) as made:
        made.say("alice", "#lobby", "hello everybody")
        made.say("bob", "#lobby", "hi alice")
        assert made.citizens["carol"].heard == [
            ("#lobby", "alice", "hello everybody"),
            ("#lobby", "bob", "hi alice"),
        ]
        assert [
            (each.name, each.online)
            for each in made.citizens["alice"].world.told(ev.PresenceChanged)
            if each.room
        ] == [("bob", True), ("carol", True)]


def test_who_is_not_in_the_lobby_hears_nothing_of_it() -> None:
    with town("alice", "bob", lobby=True) as made:
        made.move_in("carol", lobby=False)
        made.say("alice", "#lobby", "hello everybody")
        made.do("bob", c.Leave("#lobby"))
        made.say("alice", "#lobby", "still there?")
        assert made.citizens["carol"].heard == []
        assert made.citizens["bob"].heard == [("#lobby", "alice", "hello everybody")]
        assert [each.actor for each in made.citizens["bob"].news(RoomChange.LEFT)] == ["bob"]
        assert made.citizens["carol"].world.told(ev.RoomNews) == []


def test_a_direct_message_of_somebody_in_a_room_is_no_request() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        made.say("carol", "bob", "psst")
        (message,) = made.citizens["bob"].world.told(ev.Message)
        assert (message.room, message.request) == (None, False)


def test_replies_and_actions_and_mentions() -> None:
    with town("alice", "bob") as made:
        make_room(made, "alice", "bob")
        first = made.say("alice", "#ops", "who has the key?")
        made.say("bob", "#ops", "not me, alice", reply_to="alice")
        made.say("bob", "#ops", "waves", action=True)
        reply, action = made.citizens["alice"].world.told(ev.Message)
        assert reply.reply == ev.Quote(first, "alice", "who has the key?")
        assert reply.mention
        assert reply.alert
        assert action.action
        assert not action.mention


@pytest.mark.parametrize("muted", [True, False])
def test_muted_rooms_never_alert(muted: bool) -> None:
    with town("alice", "bob") as made:
        make_room(made, "alice", "bob")
        made.do("alice", c.Notify(c.Level.ALL), c.Mute("#ops", muted))
        made.say("bob", "#ops", "alice!")
        (message,) = made.citizens["alice"].world.told(ev.Message)
        assert message.alert is not muted


def test_what_is_muted_is_told_by_what_the_user_calls_it() -> None:
    with town("alice", "bob") as made:
        alice = made.citizens["alice"]
        make_room(made, "alice", "bob")
        made.do("alice", c.Mute("#ops", True), c.Mute("bob", True), c.Call("bob", "Bobby"))
        made.do("alice", c.Notify(None), c.Call("Bobby", None))
        muted = [each.muted for each in alice.world.told(ev.Notifications)]
        assert muted == [
            ("#ops",), ("#ops", "bob"), ("#ops", "Bobby"), ("#ops", "Bobby"), ("#ops", "bob"),
        ]  # fmt: skip


def roster_drops(made: Town, sender: str, recipient: str) -> list[int]:
    """Let the relay drop everything that one person sends another; count it."""
    dropped: list[int] = []

    def drops(one: Citizen, other: Citizen, _: object) -> bool:
        if (one.name, other.name) == (sender, recipient):
            dropped.append(1)
            return True
        return False

    made.drops = drops
    return dropped


def test_a_dropped_removal_stops_the_others_from_writing_to_who_was_removed() -> None:
    """The relay keeps the change from carol; bob's next post tells her that there is one."""
    with town("alice", "bob", "carol", "mallory") as made:
        make_room(made, "alice", "bob", "carol", "mallory")
        dropped = roster_drops(made, "alice", "carol")
        made.do("alice", c.Kick("#ops", "mallory"))
        assert dropped
        carol, mallory = made.citizens["carol"], made.citizens["mallory"]
        with carol.world.at_once():
            made.citizens["bob"].say("#ops", "she is gone")
            made.citizens["bob"].world.settle()
            made._serve(made.citizens["bob"])
            envelopes = [each.envelope for each in carol.mail]
            carol.mail.clear()
            carol.delivered += len(envelopes)
            carol.world.link.inbox(World.delivery(*envelopes, last=carol.delivered))
            carol.say("#ops", "good")
        made.settle()
        assert [each.actor for each in carol.news(RoomChange.BEHIND)] == ["bob"]
        assert carol.heard == [("#ops", "bob", "she is gone")]
        assert carol.news(RoomChange.RESUMED)
        assert ("#ops", "carol", "good") in made.citizens["bob"].heard
        assert mallory.heard == []


def test_a_removed_member_who_keeps_sending_is_not_heard() -> None:
    with town("alice", "bob", "mallory") as made:
        make_room(made, "alice", "bob", "mallory")
        roster_drops(made, "alice", "mallory")
        made.do("alice", c.Kick("#ops", "mallory"))
        made.say("mallory", "#ops", "you cannot stop me")
        assert made.citizens["bob"].heard == []
        assert made.citizens["alice"].heard == []
        what = "mallory sent a message that breaks the rules"
        assert what in made.citizens["bob"].world.problems


def test_nothing_goes_to_another_key_than_the_roster_has() -> None:
    """The relay shows bob somebody else under the name of a member whom he has never written to."""
    with town("alice", "bob", "carol") as made:
        made.do("alice", c.Create("#ops"), c.Invite("#ops", ("bob", "carol")))
        carol = made.citizens.pop("carol")
        impostor = made.move_in("carol")
        made.do("bob", c.Join("#ops"))
        made.say("bob", "#ops", "for carol alone")
        assert impostor.heard == []
        assert not impostor.world.told(ev.Invitation)
        problems = made.citizens["bob"].world.problems
        assert any("another key for carol" in problem for problem in problems)
        made.citizens["old carol"] = carol


def test_a_blocked_member_gets_nothing_and_is_not_heard() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        made.say("carol", "#ops", "hello")
        made.do("bob", c.Decide(c.Decision.BLOCK, "carol"))
        made.say("bob", "#ops", "without carol")
        made.say("carol", "#ops", "hello?")
        assert made.citizens["carol"].heard == []
        assert made.citizens["bob"].heard == [("#ops", "carol", "hello")]
        assert made.citizens["alice"].heard[1] == ("#ops", "bob", "without carol")


def test_rooms_and_what_waits_in_them_outlast_a_restart() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        bob = made.citizens["bob"]
        made.disconnect("bob")
        bob.say("#ops", "typed while away")
        bob.world.settle()
        made.say("alice", "#ops", "said meanwhile")
        again = made.move_in("bob", made.stop("bob"))
        assert again.heard == [("#ops", "alice", "said meanwhile")]
        assert ("#ops", "bob", "typed while away") in made.citizens["carol"].heard
        made.do("bob", c.Rooms())
        (listed,) = again.world.told(ev.RoomList)
        assert [(each.name, each.members, each.joined) for each in listed.rooms] == [
            ("#ops", 3, True)
        ]


def test_who_lost_the_room_with_their_machine_is_asked_to_join_again() -> None:
    """A person restored from a backup has no rosters; those who write there send them."""
    with town("alice", "bob") as made:
        make_room(made, "alice", "bob")
        made.say("bob", "alice", "hi")
        made.say("alice", "bob", "hi")
        state = made.stop("bob")
        for table, key in [row for row in state.rows if row[0].startswith("room")]:
            del state.rows[table, key]
        again = made.move_in("bob", state)
        made.say("alice", "#ops", "are you back?")
        assert len(again.world.told(ev.Invitation)) == 1
        made.do("bob", c.Join("#ops"))
        assert again.heard == [("#ops", "alice", "are you back?")]


def test_the_lobby_waits_for_a_connection() -> None:
    with town("alice", "bob", lobby=True) as made:
        made.disconnect("alice")
        alice = made.citizens["alice"]
        message_id = alice.say("#lobby", "typed while away")
        alice.world.settle()
        assert alice.world.engine.queued == 1
        assert is_unsent(alice.world.state, message_id)
        made.connect("alice")
        assert made.citizens["bob"].heard == [("#lobby", "alice", "typed while away")]
        assert alice.world.engine.queued == 0
        assert not is_unsent(alice.world.state, message_id)


def test_nothing_is_said_in_the_lobby_by_who_is_not_there() -> None:
    with town("alice", "bob") as made:
        made.do("bob", c.Join("#lobby"))
        made.say("alice", "#lobby", "unheard")
        made.do("alice", c.Join("#lobby"))
        alice, bob = made.citizens.values()
        assert alice.world.problems == ["You are not in #lobby, nothing was sent"]
        assert bob.heard == []
        assert alice.world.engine.queued == 0


def test_hidden_people_are_not_in_the_lobby() -> None:
    with town("alice", "bob", lobby=True) as made:
        made.do("alice", c.Presence(False), c.Join("#lobby"))
        assert made.citizens["bob"].world.told(ev.PresenceChanged)[-1] == ev.PresenceChanged(
            "alice", False, room="#lobby"
        )
        problems = made.citizens["alice"].world.problems
        assert "#lobby shows who is there, and you are not to be seen" in problems


def test_somebody_whose_keys_are_not_there_holds_up_nobody() -> None:
    """A relay that lost carol still takes what is said; it goes to her when she is back."""
    with town("alice", "bob", "carol") as made:
        made.do("alice", c.Create("#ops"), c.Invite("#ops", ("bob", "carol")))
        carol = made.citizens["carol"]
        made.disconnect("carol")
        register, carol.register = carol.register, None
        made.do("bob", c.Join("#ops"))
        message_id = made.say("bob", "#ops", "hello")
        bob = made.citizens["bob"]
        accepted = [each.message_id for each in bob.world.told(ev.Accepted)]
        assert accepted.count(message_id) == 1
        assert bob.world.engine.queued == 0
        carol.register = register
        made.connect("carol")
        made.do("carol", c.Join("#ops"))
        made.disconnect("bob")
        made.connect("bob")
        assert ("#ops", "bob", "hello") in carol.heard
        accepted = [each.message_id for each in bob.world.told(ev.Accepted)]
        assert accepted.count(message_id) == 1


def test_somebody_changed_in_a_room_holds_up_nobody_and_fails_nothing() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        made.stop("bob")
        del made.citizens["bob"]
        made.move_in("bob")  # somebody else, with that name
        alice = made.move_in("alice", made.stop("alice"), connected=False)
        message_id = alice.say("#ops", "hello")
        alice.world.settle()
        made.connect("alice")
        assert alice.world.told(ev.PeerKeyChanged)
        assert alice.world.told(ev.Sent) == [ev.Sent(message_id, "#ops")]
        assert alice.world.told(ev.Accepted) == [ev.Accepted(message_id, "#ops")]
        made.do("alice", c.Decide(c.Decision.BLOCK, "bob"))
        (problem,) = alice.world.told(ev.Problem)
        assert problem.error.what == "Not sent to bob, who is blocked: hello"
        assert problem.message_id is None
        assert made.citizens["carol"].heard == [("#ops", "alice", "hello")]


def test_what_waits_in_a_paused_room_can_be_given_up() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        made.do("alice", c.Admin("#ops", "bob"))
        bob = made.citizens["bob"]
        made.do_at_once({"alice": c.Topic("#ops", "one"), "bob": c.Topic("#ops", "two")})
        message_id = made.say("carol", "#ops", "never mind")
        made.do("carol", c.Unsend("#ops"))
        assert made.citizens["carol"].world.told(ev.Withdrawn) == [
            ev.Withdrawn("#ops", (message_id,))
        ]
        made.do("alice", c.Merge("#ops"))
        assert bob.heard == []


def test_what_is_muted_is_told_at_the_start() -> None:
    with town("alice", "bob") as made:
        make_room(made, "alice", "bob")
        made.do("bob", c.Mute("#ops", muted=True))
        again = made.move_in("bob", made.stop("bob"))
        again.world.engine.retell()
        again.world.settle()
        assert again.world.told(ev.Notifications) == [ev.Notifications("mentions", ("#ops",))]


def test_what_was_asked_of_rooms_before_the_first_login_is_done_in_order() -> None:
    with town("bob") as made:
        alice = made.move_in("alice", connected=False)
        alice.ask(c.Create("#ops"))
        alice.ask(c.Invite("#ops", ("bob",)))
        alice.say("#ops", "hello")
        alice.say("bob", "psst")
        alice.world.settle()
        assert alice.world.engine.queued == 2
        made.connect("alice")
        made.do("bob", c.Join("#ops"))
        assert made.citizens["bob"].heard == [(None, "alice", "psst"), ("#ops", "alice", "hello")]
        assert alice.world.problems == []


def test_an_outage_of_the_relay_is_no_news_of_those_who_come_back() -> None:
    with town("alice", "bob", "carol", lobby=True) as made:
        alice = made.citizens["alice"]
        for name in ("alice", "bob", "carol"):
            made.disconnect(name)
        before = len(alice.world.told(ev.PresenceChanged))
        for name in ("alice", "bob"):
            made.connect(name)
        assert len(alice.world.told(ev.PresenceChanged)) == before
        made.say("alice", "#lobby", "everybody back?")
        assert made.citizens["bob"].heard == [("#lobby", "alice", "everybody back?")]
        made.pass_time(COME_BACK_S)
        assert alice.world.told(ev.PresenceChanged)[before:] == [
            ev.PresenceChanged("carol", False, room="#lobby")
        ]


def test_who_left_before_a_change_is_not_said_to_be_removed_by_it() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        made.do("bob", c.Leave("#ops"))
        made.do("alice", c.Topic("#ops", "two of us"))
        for name in ("alice", "carol"):
            assert made.citizens[name].news(RoomChange.REMOVED) == []
            assert len(made.citizens[name].news(RoomChange.LEFT)) == 1


def test_an_invitation_that_is_taken_back_is_told() -> None:
    with town("alice", "bob", "carol") as made:
        made.do("alice", c.Create("#ops"), c.Invite("#ops", ("bob", "carol")))
        made.do("alice", c.Kick("#ops", "bob"))
        bob = made.citizens["bob"]
        assert bob.news(RoomChange.REMOVED) == [
            ev.RoomNews("#ops", RoomChange.REMOVED, "alice", "bob")
        ]
        made.do("bob", c.Join("#ops"))
        assert "There is no room #ops here" in bob.world.problems
        made.do("carol", c.Leave("#ops"))
        made.do("alice", c.Topic("#ops", "alone"))
        assert made.citizens["carol"].news(RoomChange.REMOVED) == []
