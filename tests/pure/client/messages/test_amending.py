"""Messages that are changed, deleted and reacted to, by the user and by others."""

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.messages import sending
from securechat.client.state.drafts import DELETED, POSTS
from securechat.e2e.amend_content import MAX_SYMBOL_BYTES, Amendment, Reaction
from securechat.e2e.content import Receipt, Text
from securechat.e2e.text_bytes import MAX_TEXT_BYTES
from securechat.errors import KeyChanged
from securechat.identity.types import MessageId
from tests.pure.client.amending_steps import ask, change, page, said_to, texts, told_by
from tests.pure.client.engine_world import MemoryState, World, alice, befriend, make_seat, published
from tests.pure.client.town import make_room, town
from tests.pure.e2e.world import NOW_MS, Seat


def friends(world: World) -> Seat:
    """Return Bob, to whom Alice has said hello."""
    bob = make_seat("bob")
    befriend(world, bob)
    return bob


def sent(world: World) -> MessageId:
    """Return the id of what Alice sent last."""
    return MessageId(bytes.fromhex(world.told(ev.Sent)[-1].message_id))


def test_an_own_text_is_replaced_here_and_there() -> None:
    with alice() as world:
        bob = friends(world)
        world.accept_all()
        ask(world, c.Amend("bob", None, "hello Bob"))
        assert said_to(world, bob)[-1] == Amendment(sent(world), "hello Bob")
        (own,) = page(world)
        assert (own.text, own.edited, own.message_id) == ("hello Bob", True, sent(world).hex())
        assert world.told(ev.Amended) == [
            ev.Amended(sent(world).hex(), "alice", "bob", "hello Bob", NOW_MS, own=True)
        ]
        assert len(world.told(ev.Sent)) == 1
        assert world.engine.queued == 0


def test_an_own_message_is_deleted_for_good_here_and_there() -> None:
    with alice() as world:
        bob = friends(world)
        ask(world, c.Amend("bob", sent(world).hex(), ""))
        assert said_to(world, bob)[-1] == Amendment(sent(world), "")
        (own,) = page(world)
        assert (own.text, own.edited) == ("", True)
        for again in (c.Amend("bob", None, "back"), c.React("bob", sent(world).hex(), "+")):
            ask(world, again)
            assert world.problems.pop() == "That message is deleted"
        assert texts(world) == [""]


def test_a_change_right_behind_its_text_finds_it() -> None:
    with alice() as world:
        bob = friends(world)
        with world.at_once():
            world.engine.send("bob", "one")
            world.engine.ask(c.Amend("bob", None, "two"))
            world.engine.ask(c.Amend("bob", None, "three"))
        assert said_to(world, bob) == [
            Text("one"),
            Amendment(sent(world), "two"),
            Amendment(sent(world), "three"),
        ]
        assert texts(world) == ["hello", "three"]


def test_a_change_waits_over_a_restart_behind_what_it_changes() -> None:
    bob, state = make_seat("bob"), MemoryState()
    with alice(None, state) as world:
        world.engine.send("bob", "one")
        ask(world, c.Amend("bob", None, "two"))
        assert world.engine.queued == 1
    with alice(None, state) as world:
        world.find("bob", published(bob))
        assert said_to(world, bob) == [Text("two"), Amendment(sent(world), "two")]


def test_what_is_deleted_before_it_has_gone_out_never_does() -> None:
    with alice() as world:
        bob = friends(world)
        said_to(world, bob)
        world.lose_connection()
        world.engine.send("bob", "a secret", action=True, reply_to="alice")
        world.settle()
        ask(world, c.Amend("bob", None, ""))
        kept = b"".join(value for (table, _), value in world.state.rows.items())
        assert b"a secret" not in kept
        world.log_in()
        world.find("bob", published(bob))
        text, deletion = said_to(world, bob)[-2:]
        assert isinstance(text, Text)
        assert (text.text, text.action, text.reply_to is None) == (DELETED, True, False)
        assert deletion == Amendment(sent(world), "")


@pytest.mark.parametrize(
    ("question", "problem"),
    [
        (c.Amend("bob", "ab" * 16, "x"), "No message of yours of that id is kept here"),
        (c.Amend("bob", "no id", "x"), "No message of yours of that id is kept here"),
        (c.Amend("carol", None, "x"), "No message of yours is kept here in the conversation with"),
        (c.Amend("bob", None, "x" * (MAX_TEXT_BYTES + 1)), "A message has up to 8192 bytes"),
        (c.React("bob", "bob", "+"), "Nothing of bob is kept here to react to"),
        (c.React("bob", "ab" * 16, "+"), "Nothing of abab"),
        (c.React("bob", "alice", "x" * (MAX_SYMBOL_BYTES + 1)), "A reaction is one symbol"),
        (c.React("bob", "alice", "\x1b[2J"), "A reaction is one symbol"),
        (c.Amend("#nowhere", None, "x"), "There is no room #nowhere here"),
    ],
)
def test_what_cannot_be_changed_is_left_as_it_is(question: c.Question, problem: str) -> None:
    with alice() as world:
        bob = friends(world)
        befriend(world, make_seat("dave"))
        said_to(world, bob)
        before = len(world.link.envelopes)
        ask(world, question)
        assert problem in world.problems[-1]
        assert world.told(ev.Problem)[-1].asked == question
        assert texts(world) == ["hello"]
        assert page(world)[0].reactions == ()
        assert len(world.link.envelopes) == before


def test_what_was_never_sent_is_not_changed() -> None:
    with alice() as world:
        friends(world)
        world.lose_connection()
        world.engine.send("bob", "typed while away")
        ask(world, c.Unsend("bob"), c.Amend("bob", None, "x"))
        assert world.problems == ["That message was never sent"]


def test_what_is_not_kept_is_not_changed() -> None:
    with alice(history_days=0) as world:
        friends(world)
        ask(world, c.Amend("bob", None, "x"))
        assert "No message of yours is kept here" in world.problems[-1]


def test_nothing_is_changed_for_somebody_whose_key_has_changed() -> None:
    with alice() as world:
        friends(world)
        world.accept_all()
        world.lose_connection()
        world.log_in()
        world.engine.talk_to("bob")
        world.settle()
        world.find("bob", published(make_seat("bob")))
        before = len(world.link.envelopes)
        ask(world, c.Amend("bob", None, "x"), c.React("bob", "alice", "+"))
        assert [type(each.error) for each in world.told(ev.Problem)] == [KeyChanged] * 2
        assert "not sent: /react alice +" in world.problems[-1]
        assert (texts(world), page(world)[0].reactions) == (["hello"], ())
        assert len(world.link.envelopes) == before


def test_a_reaction_answers_a_stranger() -> None:
    mallory = make_seat("mallory")
    with alice() as world:
        world.deliver(world.write(mallory, "hi"))
        world.find("mallory", published(mallory))
        ask(world, c.React("mallory", "mallory", "+"))
        world.deliver(world.write(mallory, "hi again"), last=2)
        assert [each.request for each in world.told(ev.Message)] == [True, False]


def test_what_is_said_about_messages_of_a_room_that_was_left_goes_to_nobody() -> None:
    with town("alice", "bob") as made:
        make_room(made, "alice", "bob")
        made.say("bob", "#ops", "hi")
        made.disconnect("bob")
        bob = made.citizens["bob"]
        for question in (c.Amend("#ops", None, "x"), c.React("#ops", "bob", "+"), c.Leave("#ops")):
            bob.ask(question)
        bob.world.settle()
        made.connect("bob")
        assert texts(made.citizens["alice"].world, "#ops") == ["hi"]
        assert bob.world.problems == []


def test_what_is_said_in_rooms_waits_for_one_person_in_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "MAX_SAID_IN_ROOMS", 3)
    with town("alice", "bob") as made:
        make_room(made, "alice", "bob")
        made.disconnect("alice")
        engine = made.citizens["alice"].world.engine
        made.citizens["alice"].say("#ops", "text")
        for number in range(4):
            made.citizens["alice"].ask(c.Amend("#ops", None, str(number)))
        made.citizens["alice"].world.settle()
        person = engine._here.desk.people.find("bob")
        assert person is not None
        assert len(person.drafts) == 3


def test_unsend_gives_up_texts_and_no_change_of_another_one() -> None:
    with alice() as world:
        bob = friends(world)
        world.lose_connection()
        ask(world, c.Amend("bob", None, "hello Bob"))
        world.engine.send("bob", "typed while away")
        ask(world, c.Unsend("bob"))
        (withdrawn,) = world.told(ev.Withdrawn)
        assert len(withdrawn.message_ids) == 1
        world.log_in()
        world.find("bob", published(bob))
        assert said_to(world, bob)[-1] == Amendment(sent(world), "hello Bob")


def test_unsend_gives_up_the_changes_of_what_it_gives_up() -> None:
    with alice() as world:
        bob = friends(world)
        world.lose_connection()
        world.engine.send("bob", "never mind")
        world.settle()
        ask(
            world,
            c.Amend("bob", None, "really, never mind"),
            c.React("bob", "alice", "+"),
            c.Unsend("bob"),
        )
        (withdrawn,) = world.told(ev.Withdrawn)
        assert len(withdrawn.message_ids) == 1
        world.log_in()
        world.find("bob", published(bob))
        assert said_to(world, bob) == []


def test_unsend_gives_up_the_changes_of_what_waits_for_the_lobby() -> None:
    with town("alice", "bob", lobby=True) as made:
        alice = made.citizens["alice"]
        made.disconnect("alice")
        made.say("alice", "#lobby", "never mind")
        made.do("alice", c.Amend("#lobby", None, "really, never mind"), c.Unsend("#lobby"))
        assert len(alice.world.told(ev.Amended)) == len(alice.world.told(ev.Withdrawn)) == 1
        assert [table for table, _ in alice.world.state.rows if table == POSTS] == []


def test_who_is_blocked_before_a_change_has_gone_out_does_not_get_it_and_that_is_told() -> None:
    with alice() as world:
        friends(world)
        world.lose_connection()
        ask(world, c.Amend("bob", None, ""), c.Decide(c.Decision.BLOCK, "bob"))
        what = "Not sent to bob, who is blocked: a change of a message, or a reaction"
        assert world.problems == [what]


def test_a_change_that_a_new_key_does_not_get_is_told() -> None:
    with alice() as world:
        friends(world)
        world.accept_all()
        world.lose_connection()
        ask(world, c.Amend("bob", None, ""))
        world.log_in()
        new_bob = make_seat("bob")
        world.find("bob", published(new_bob))
        ask(world, c.Decide(c.Decision.ACCEPT_KEY, "bob"))
        (told,) = [each for each in world.problems if "another when you typed it" in each]
        assert told.endswith("a change of a message, or a reaction")
        world.find("bob", published(new_bob))
        assert said_to(world, new_bob) == []


def test_a_peer_changes_what_they_wrote() -> None:
    with alice() as world:
        bob = friends(world)
        told = told_by(world, bob, "tea at five")
        world.pass_time(60)
        change(world, bob, Amendment(told, "tea at six"))
        past = page(world)[-1]
        assert (past.text, past.edited, past.time_ms) == ("tea at six", True, NOW_MS)
        (amended,) = world.told(ev.Amended)
        assert amended.text == "tea at six"
        assert (amended.sender, amended.recipient, amended.own) == ("bob", "alice", False)
        assert amended.time_ms == world.now_ms
        change(world, bob, Amendment(told, ""))
        assert (page(world)[-1].text, page(world)[-1].edited) == ("", True)
        change(world, bob, Amendment(told, "back"), Amendment(told, ""))
        assert page(world)[-1].text == ""
        assert len(world.told(ev.Amended)) == 2


def test_a_peer_changes_a_message_that_came_in_the_same_batch() -> None:
    with alice() as world:
        bob = friends(world)
        told = told_by(world, bob, "first")
        envelopes = [world.write(bob, Amendment(told, "deleted next")), world.write(bob, "second")]
        envelopes += [world.write(bob, Amendment(told, "")), world.write(bob, Amendment(told, "x"))]
        world.deliver(*envelopes)
        assert texts(world) == ["hello", "", "second"]
        assert [each.text for each in world.told(ev.Amended)] == ["deleted next", ""]


def test_an_answer_to_what_is_deleted_quotes_nothing_of_it() -> None:
    with alice() as world:
        bob = friends(world)
        told = told_by(world, bob, "a secret, by mistake")
        change(world, bob, Amendment(told, ""))
        told_by(world, bob, Text("sorry", reply_to=told))
        assert page(world)[-1].reply == ev.Quote(told.hex())
        assert world.told(ev.Message)[-1].reply == ev.Quote(told.hex())


def test_an_answer_in_the_same_batch_quotes_what_is_there_by_then() -> None:
    with alice() as world:
        bob = friends(world)
        told = told_by(world, bob, "a secret, by mistake")
        first = [Amendment(told, "tea?"), Text("coffee?", reply_to=told)]
        world.deliver(*(world.write(bob, each) for each in first))
        assert world.told(ev.Message)[-1].reply == ev.Quote(told.hex(), "bob", "tea?")
        then = [Amendment(told, ""), Text("sorry", reply_to=told)]
        world.deliver(*(world.write(bob, each) for each in then))
        assert world.told(ev.Message)[-1].reply == ev.Quote(told.hex())


def test_an_answer_that_was_not_shown_yet_quotes_what_is_there_by_now() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        oops, draft = (made.say("bob", "#ops", text) for text in ("a secret", "a draft"))
        own = made.say("alice", "#ops", "a mistake")
        for answered in (oops, draft, own):
            made.say("carol", "#ops", "what?", reply_to=answered)
        made.do("bob", c.Amend("#ops", oops, ""), c.Amend("#ops", draft, "better"))
        made.do("alice", c.Amend("#ops", own, ""))
        state = made.stop("alice")
        kept = b"".join(value for (table, _), value in state.rows.items() if table == "unread")
        assert not any(text in kept for text in (b"a secret", b"a draft", b"a mistake"))
        alice = made.move_in("alice", state)
        alice.world.engine.retell()
        alice.world.settle()
        assert [each.reply for each in alice.world.told(ev.Message) if each.reply] == [
            ev.Quote(oops),
            ev.Quote(draft, "bob", "better"),
            ev.Quote(own),
        ]


def test_reactions_are_one_of_each_and_can_be_taken_back() -> None:
    with alice() as world:
        bob = friends(world)
        hello, told = sent(world), told_by(world, bob, "tea?")
        ask(world, c.React("bob", "bob", "+"), c.React("bob", told.hex(), "yes"))
        change(world, bob, Reaction(hello, "heart"), Reaction(hello, "wave"))
        own, theirs = page(world)
        assert (own.reactions, theirs.reactions) == ((("bob", "wave"),), (("alice", "yes"),))
        assert said_to(world, bob)[-2:] == [Reaction(told, "+"), Reaction(told, "yes")]
        change(world, bob, Reaction(hello, ""))
        ask(world, c.React("bob", "bob", ""))
        assert [each.reactions for each in page(world)] == [(), ()]
        assert said_to(world, bob)[-1] == Reaction(told, "")
        assert [(each.name, each.symbol, each.own) for each in world.told(ev.Reacted)] == [
            ("alice", "+", True),
            ("alice", "yes", True),
            ("bob", "heart", False),
            ("bob", "wave", False),
            ("bob", "", False),
            ("alice", "", True),
        ]


def test_who_reacts_is_told_by_what_the_user_calls_them() -> None:
    with alice() as world:
        bob = friends(world)
        change(world, bob, Reaction(sent(world), "heart"))
        ask(world, c.Call("bob", "Bobby"))
        assert page(world)[0].reactions == (("Bobby", "heart"),)


def test_a_peer_learns_that_a_change_has_come() -> None:
    with alice() as world:
        bob = friends(world)
        told = told_by(world, bob, "tea?")
        world.pass_time(2)
        before = len(world.mail_for(bob))
        change(world, bob, Amendment(told, "coffee?"))
        world.pass_time(2)
        (receipt,) = [outcome.content for outcome in bob.opened(world.mail_for(bob)[before:])]
        assert isinstance(receipt, Receipt)
        assert told not in receipt.message_ids


def test_what_was_not_shown_yet_is_told_as_it_was_changed() -> None:
    bob, state = make_seat("bob"), MemoryState()
    with alice(None, state) as world:
        befriend(world, bob)
        kept, changed, deleted = (told_by(world, bob, each) for each in ("kept", "draft", "oops"))
        change(world, bob, Amendment(changed, "better"), Amendment(deleted, ""))
        ask(world, c.Call("bob", "Bobby"))
        change(world, bob, Amendment(kept, "kept too"))
    with alice(None, state) as world:
        world.engine.retell()
        world.settle()
        assert world.texts == ["kept too", "better"]


def test_what_is_not_kept_and_was_not_shown_is_told_as_it_was_changed() -> None:
    bob, state = make_seat("bob"), MemoryState()
    with alice(None, state, history_days=0) as world:
        befriend(world, bob)
        changed, deleted = (told_by(world, bob, each) for each in ("draft", "oops"))
        change(world, bob, Amendment(changed, "better"), Amendment(deleted, ""))
        assert [each.text for each in world.told(ev.Amended)] == ["better", ""]
        assert page(world) == ()
    with alice(None, state, history_days=0) as world:
        world.engine.retell()
        world.settle()
        assert world.texts == ["better"]


def test_what_was_deleted_is_not_told_again_in_the_same_run_either() -> None:
    with alice() as world:
        bob = friends(world)
        change(world, bob, Amendment(told_by(world, bob, "oops"), ""))
        world.engine.retell()
        world.settle()
        assert world.texts == ["oops"]


def test_what_was_deleted_while_it_was_shown_is_not_told_again() -> None:
    bob, state = make_seat("bob"), MemoryState()
    with alice(None, state) as world:
        befriend(world, bob)
        oops = told_by(world, bob, "oops")
        world.engine.shown("bob", oops.hex())
        change(world, bob, Amendment(oops, ""))
        assert [each.text for each in world.told(ev.Amended)] == [""]
    with alice(None, state) as world:
        world.engine.retell()
        world.settle()
        assert world.texts == []


def test_in_a_room_all_see_the_change_and_the_reaction() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        message_id = made.say("alice", "#ops", "tea at five")
        made.do("alice", c.Amend("#ops", None, "tea at six"))
        made.do("bob", c.React("#ops", "alice", "+"))
        for name, reader in made.citizens.items():
            (past,) = page(reader.world, "#ops")
            assert (past.text, past.edited) == ("tea at six", True)
            assert past.reactions == (("bob", "+"),)
            (amended,) = reader.world.told(ev.Amended)
            assert (amended.message_id, amended.sender) == (message_id, "alice")
            assert (amended.recipient, amended.room) == ("#ops", "#ops")
            assert amended.own is (name == "alice")
            (reacted,) = reader.world.told(ev.Reacted)
            assert (reacted.name, reacted.recipient, reacted.room) == ("bob", "#ops", "#ops")
        alice = made.citizens["alice"].world
        assert len(alice.told(ev.Sent)) == len(alice.told(ev.Accepted)) == 1
        assert alice.engine.queued == 0


def test_in_the_lobby_too() -> None:
    with town("alice", "bob", lobby=True) as made:
        made.say("alice", "#lobby", "hello")
        made.do("alice", c.Amend("#lobby", None, "hello all"))
        made.do("bob", c.React("#lobby", "alice", "+"))
        for reader in made.citizens.values():
            (past,) = page(reader.world, "#lobby")
            assert (past.text, past.reactions) == ("hello all", (("bob", "+"),))


def test_what_is_changed_before_it_is_known_who_is_there_goes_behind_it() -> None:
    with town("alice", "bob", lobby=True) as made:
        made.disconnect("alice")
        alice = made.citizens["alice"]
        alice.say("#lobby", "one")
        alice.ask(c.Amend("#lobby", None, "two"))
        alice.world.settle()
        assert alice.world.engine.queued == 1
        made.connect("alice")
        assert made.citizens["bob"].heard == [("#lobby", "alice", "two")]
        assert texts(made.citizens["bob"].world, "#lobby") == ["two"]


def test_what_is_deleted_before_it_is_known_who_is_there_goes_to_nobody() -> None:
    with town("alice", "bob", lobby=True) as made:
        made.disconnect("alice")
        made.say("alice", "#lobby", "a secret")
        made.do("alice", c.Amend("#lobby", None, ""))
        made.connect("alice")
        assert made.citizens["bob"].heard == [("#lobby", "alice", DELETED)]
        assert texts(made.citizens["bob"].world, "#lobby") == [""]


def test_who_is_not_in_a_room_changes_nothing_there() -> None:
    with town("alice", "bob") as made:
        make_room(made, "alice", "bob")
        made.say("bob", "#ops", "five")
        made.do("bob", c.Leave("#ops"), c.Amend("#ops", None, "six"))
        assert "There is no room #ops here" in made.citizens["bob"].world.problems
        assert texts(made.citizens["alice"].world, "#ops") == ["five"]
