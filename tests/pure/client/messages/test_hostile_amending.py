"""People who change what is not theirs to change, or who change without end."""

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.commands import Decision
from securechat.client.connection.relays import KnownRelay
from securechat.client.messages import amending, strangers
from securechat.client.state.drafts import Draft
from securechat.e2e.amend_content import MAX_SYMBOL_BYTES, Amendment, Reaction
from securechat.e2e.content import Text
from securechat.e2e.results import Opened
from securechat.identity.types import MessageId
from tests.pure.client.amending_steps import ask, change, id_of, page, texts, told_by
from tests.pure.client.engine_world import MemoryState, World, alice, befriend, make_seat, published
from tests.pure.client.town import Town, make_room, town
from tests.pure.e2e.test_plain import agree
from tests.pure.e2e.world import RELAY, Seat

UNKNOWN = MessageId(b"u" * 16)


def friends(world: World, *names: str) -> list[Seat]:
    """Return people to each of whom Alice has said hello."""
    seats = [make_seat(name) for name in names]
    for seat in seats:
        befriend(world, seat)
    return seats


def sent(world: World, to: str) -> MessageId:
    """Return the id of what Alice sent to somebody last."""
    (*_, last) = [each for each in world.told(ev.Sent) if each.recipient == to]
    return MessageId(bytes.fromhex(last.message_id))


def with_id(world: World, seat: Seat, text: str, message_id: MessageId) -> bytes:
    """Return an envelope of a peer who has chosen the id of a message."""
    device = world.device
    sealed = seat.endpoint.seal(
        device, Text(text), world.now_ms, message_id, written_ms=world.now_ms
    )
    return sealed.envelope


def say(made: Town, name: str, content: Text | Amendment | Reaction, message_id: MessageId) -> None:
    """Let somebody who follows no rule but those of the envelopes say something in #ops."""
    engine = made.citizens[name].world.engine

    def post() -> None:
        posting, room_id = engine._here.parts.posting, engine._here.desk.rooms.find("#ops")
        if isinstance(content, Text):
            posting.write(room_id, message_id, content)
        else:
            posting.add(room_id, content)

    engine._calls.put(post)
    made.settle()


def say_alone(made: Town, name: str, to: str, content: Amendment) -> None:
    """The same to one person alone."""
    engine = made.citizens[name].world.engine

    def send() -> None:
        desk, sending = engine._here.desk, engine._here.parts.sending
        person = desk.people.open(to)
        sending.take(person, Draft.of(desk.relay_id, UNKNOWN, content, desk.now_ms()))
        sending.flush(person)

    engine._calls.put(send)
    made.settle()


def told_changes(world: World) -> list[ev.Amended | ev.Reacted]:
    return world.told(ev.Amended) + world.told(ev.Reacted)


def test_nobody_changes_what_another_one_wrote() -> None:
    with alice() as world:
        bob, mallory = friends(world, "bob", "mallory")
        of_bob = told_by(world, bob, "tea at five")
        of_mallory = told_by(world, mallory, "hi")
        change(
            world,
            mallory,
            Amendment(of_bob, "coffee"),
            Amendment(of_bob, ""),
            Amendment(sent(world, "bob"), "forged"),
            Amendment(sent(world, "mallory"), "forged"),
            Amendment(sent(world, "mallory"), ""),
            Reaction(of_bob, "+"),
        )
        change(world, bob, Amendment(of_mallory, "forged"))
        assert texts(world, "bob") == ["hello", "tea at five"]
        assert texts(world, "mallory") == ["hello", "hi"]
        assert page(world, "bob")[1].reactions == ()
        assert told_changes(world) == []
        assert [problem.error.what for problem in world.told(ev.Problem)] == []


def test_an_id_that_two_have_used_changes_the_message_of_its_sender_alone() -> None:
    """In a conversation of two, where the id of an own message is known to the other side."""
    with alice() as world:
        (bob,) = friends(world, "bob")
        hello = sent(world, "bob")
        world.deliver(with_id(world, bob, "twin", hello))
        change(world, bob, Amendment(hello, "changed"), Reaction(hello, "+"))
        assert texts(world) == ["hello", "changed"]
        assert [each.reactions for each in page(world)] == [(), ()]
        assert [each.sender for each in world.told(ev.Amended)] == ["bob"]
        ask(world, c.Amend("bob", hello.hex(), "hello Bob"))
        assert texts(world) == ["hello Bob", "changed"]


def test_a_message_is_changed_only_in_its_own_conversation() -> None:
    with town("alice", "bob") as made:
        make_room(made, "alice", "bob")
        ids = {where: made.say("bob", where, "one") for where in ("alice", "#ops")}
        say(made, "bob", Amendment(MessageId(bytes.fromhex(ids["alice"])), "two"), UNKNOWN)
        say_alone(made, "bob", "alice", Amendment(MessageId(bytes.fromhex(ids["#ops"])), "two"))
        reader = made.citizens["alice"].world
        assert texts(reader, "bob") == texts(reader, "#ops") == ["one"]
        assert reader.told(ev.Amended) == []


def test_a_roommate_with_the_id_of_another_s_message_changes_their_own_alone() -> None:
    with town("alice", "bob", "mallory") as made:
        make_room(made, "alice", "bob", "mallory")
        message_id = MessageId(bytes.fromhex(made.say("bob", "#ops", "tea at five")))
        say(made, "mallory", Text("twin"), message_id)
        say(made, "mallory", Amendment(message_id, "pay mallory"), UNKNOWN)
        say(made, "mallory", Reaction(message_id, "+"), UNKNOWN)
        reader = made.citizens["alice"].world
        assert texts(reader, "#ops") == ["tea at five", "pay mallory"]
        assert [each.reactions for each in page(reader, "#ops")] == [(), ()]
        assert [each.sender for each in reader.told(ev.Amended)] == ["mallory"]
        assert reader.told(ev.Reacted) == []
        made.do("bob", c.Amend("#ops", message_id.hex(), ""))
        assert texts(reader, "#ops") == ["", "pay mallory"]


def test_ten_thousand_unknown_ids_leave_nothing() -> None:
    with alice() as world:
        (bob,) = friends(world, "bob")
        told_by(world, bob, "tea?")
        here = world.engine._here
        contact = here.desk.contacts.by_name("bob")
        opened = here.desk.endpoint.open(world.write(bob, "x"), world.now_ms)
        assert contact is not None
        assert isinstance(opened, Opened)

        def hear_all() -> None:
            for number in range(10_000):
                message_id = MessageId(number.to_bytes(16))
                for content in (Amendment(message_id, "x"), Reaction(message_id, "+")):
                    here.parts.receiving._amending.hear(content, opened, contact)
            assert here.desk.batch.history == []
            assert here.desk.batch.events == []

        world.engine._calls.put(hear_all)
        assert texts(world) == ["hello", "tea?"]
        assert told_changes(world) == []


def test_who_is_blocked_changes_nothing() -> None:
    with alice() as world:
        (bob,) = friends(world, "bob")
        told = told_by(world, bob, "tea?")
        ask(world, c.Decide(Decision.BLOCK, "bob"))
        change(world, bob, Amendment(told, "x"), Reaction(told, "+"))
        ask(world, c.Decide(Decision.UNBLOCK, "bob"))
        assert texts(world) == ["hello", "tea?"]
        assert told_changes(world) == []


def test_a_stranger_changes_so_much_a_minute_as_they_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "SHOWN_A_MINUTE", 3)
    mallory = make_seat("mallory")
    with alice() as world:
        world.deliver(world.write(mallory, "hi"))
        world.find("mallory", published(mallory))
        told = id_of(world.told(ev.Message)[-1])
        change(world, mallory, *(Amendment(told, f"text {number}") for number in range(5)))
        assert [each.text for each in world.told(ev.Amended)] == ["text 0", "text 1"]
        world.pass_time(61.0)
        assert texts(world, "mallory") == ["text 4"]


def test_who_is_not_accepted_changes_so_much_a_minute_in_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert amending.MAX_CHANGES_A_MINUTE <= 100
    monkeypatch.setattr(amending, "MAX_CHANGES_A_MINUTE", 3)
    with town("alice", "bob", "mallory", lobby=True) as made:
        for name in ("bob", "mallory"):
            made.say(name, "#lobby", f"of {name}")
        made.do("mallory", c.React("#lobby", "bob", "+"), c.Amend("#lobby", None, "1"))
        made.do("bob", *(c.Amend("#lobby", None, str(number)) for number in range(3)))
        reader = made.citizens["alice"].world
        assert texts(reader, "#lobby") == ["0", "1"]
        made.say("alice", "bob", "hi bob")
        made.do("bob", *(c.Amend("#lobby", None, str(number)) for number in range(9)))
        assert texts(reader, "#lobby") == ["8", "1"]
        made.pass_time(61)
        made.do("mallory", c.Amend("#lobby", None, "later"))
        assert texts(reader, "#lobby") == ["8", "later"]


def test_who_changes_without_end_takes_nobody_s_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amending, "MAX_OF_ONE", 2)
    with town("alice", "bob", "mallory", lobby=True) as made:
        for name in ("bob", "mallory"):
            made.say(name, "#lobby", f"of {name}")
        made.do("mallory", *(c.Amend("#lobby", None, str(number)) for number in range(9)))
        made.do("bob", c.Amend("#lobby", None, ""))
        reader = made.citizens["alice"].world
        assert texts(reader, "#lobby") == ["", "1"]
        made.pass_time(61)
        made.do("mallory", c.Amend("#lobby", None, "later"))
        assert texts(reader, "#lobby") == ["", "later"]


def test_an_unread_text_with_the_id_of_a_read_one_does_not_hide_that() -> None:
    state = MemoryState()
    with alice(None, state) as world:
        (bob,) = friends(world, "bob")
        hello = sent(world, "bob")
        told = told_by(world, bob, "tea?")
        world.engine.shown("bob", told.hex())
        world.deliver(with_id(world, bob, "unread twin", hello))
        world.pass_time(1)
    state.commit(KnownRelay(RELAY, "relay:5555", 1).row)
    with alice(None, state) as world:
        world.engine.retell(10)
        world.settle()
        (before,) = world.told(ev.History)
        assert [each.text for each in before.messages] == ["hello", "tea?"]
        assert world.texts == ["unread twin"]


def test_the_same_name_with_a_new_key_changes_nothing_of_the_old_one() -> None:
    with alice() as world:
        (bob,) = friends(world, "bob")
        told = told_by(world, bob, "tea?")
        world.accept_all()
        impostor = make_seat("bob")
        world.lose_connection()
        world.log_in()
        world.engine.talk_to("bob")
        world.settle()
        world.find("bob", published(impostor))
        change(world, impostor, Amendment(told, "before it is accepted"))
        ask(world, c.Decide(Decision.ACCEPT_KEY, "bob"))
        world.find("bob", published(impostor))
        change(world, impostor, Amendment(told, "forged"), Amendment(told, ""))
        assert world.told(ev.TrustChanged)
        assert [each for each in world.problems if "cannot be opened" in each] == []
        assert texts(world) == ["hello", "tea?"]
        assert world.told(ev.Amended) == []


def test_who_was_taken_out_of_a_room_changes_nothing_there() -> None:
    with town("alice", "bob", "mallory") as made:
        make_room(made, "alice", "bob", "mallory")
        made.say("mallory", "#ops", "hi")
        made.drops = lambda _, to, __: to.name == "mallory"
        made.do("alice", c.Kick("#ops", "mallory"))
        before = len(made.citizens["mallory"].world.link.envelopes)
        made.do("mallory", c.Amend("#ops", None, "too late"), c.React("#ops", "mallory", "+"))
        assert len(made.citizens["mallory"].world.link.envelopes) == before + 4
        for name in ("alice", "bob"):
            reader = made.citizens[name].world
            assert texts(reader, "#ops") == ["hi"]
            assert told_changes(reader) == []


def test_a_change_that_is_repeated_counts_once() -> None:
    with alice() as world:
        (bob,) = friends(world, "bob")
        told = told_by(world, bob, "one")
        first, second = (world.write(bob, Amendment(told, text)) for text in ("two", "three"))
        world.deliver(first, second)
        world.deliver(first, last=2)
        assert texts(world)[-1] == "three"
        assert len(world.told(ev.Amended)) == 2


def test_an_older_change_that_comes_late_does_not_undo_a_newer_one() -> None:
    with alice() as world:
        (bob,) = friends(world, "bob")
        told = told_by(world, bob, "one")
        first = world.write(bob, Amendment(told, "two"))
        world.pass_time(5)
        second = world.write(bob, Amendment(told, "three"))
        world.deliver(second)
        world.deliver(first, last=2)
        assert texts(world)[-1] == "three"
        assert [each.text for each in world.told(ev.Amended)] == ["three"]


def test_a_reaction_that_comes_late_brings_nothing_back() -> None:
    with alice() as world:
        (bob,) = friends(world, "bob")
        hello = sent(world, "bob")
        envelopes = [world.write(bob, Reaction(hello, symbol)) for symbol in ("+", "", "heart")]
        world.deliver(envelopes[1])
        world.deliver(envelopes[0], last=2)
        assert page(world)[0].reactions == ()
        world.deliver(envelopes[2], last=3)
        assert page(world)[0].reactions == (("bob", "heart"),)


def test_a_change_that_fills_a_gap_counts_where_there_is_no_newer_one() -> None:
    with alice() as world:
        (bob,) = friends(world, "bob")
        told = told_by(world, bob, "one")
        first, second = world.write(bob, Amendment(told, "two")), world.write(bob, "so")
        world.deliver(second)
        world.deliver(first, last=2)
        assert texts(world)[-2:] == ["two", "so"]


def test_a_change_that_comes_before_its_message_is_lost() -> None:
    with alice() as world:
        (bob,) = friends(world, "bob")
        told_by(world, bob, "so")
        message_id = MessageId(b"m" * 16)
        message = with_id(world, bob, "one", message_id)
        world.deliver(world.write(bob, Amendment(message_id, "two")))
        world.deliver(message, last=2)
        assert texts(world)[-1] == "one"


def test_a_clock_of_no_time_still_says_that_a_message_was_changed() -> None:
    with alice() as world:
        (bob,) = friends(world, "bob")
        told = told_by(world, bob, "one")
        device = world.device
        for text in ("", "back"):
            content = Amendment(told, text)
            world.deliver(
                bob.endpoint.seal(device, content, world.now_ms, written_ms=0).envelope, last=9
            )
        past = page(world)[-1]
        assert (past.text, past.edited) == ("", True)


def test_a_thousand_reactions_of_one_person_are_one() -> None:
    with alice() as world:
        (bob,) = friends(world, "bob")
        hello = sent(world, "bob")
        for number in range(1000 // 50):
            world.deliver(
                *(world.write(bob, Reaction(hello, str(number * 50 + each))) for each in range(50))
            )
        assert page(world)[0].reactions == (("bob", "999"),)
        assert len(world.state.history._database.execute("SELECT * FROM reactions").fetchall()) == 1


@pytest.mark.parametrize(
    "symbol", ["\u202etext", "\u2028", "`) (verified)", "x" * MAX_SYMBOL_BYTES]
)
def test_a_misleading_reaction_is_passed_on_as_it_is(symbol: str) -> None:
    """What is no control character is for faces to make safe, as of any text."""
    with alice() as world:
        (bob,) = friends(world, "bob")
        change(world, bob, Reaction(sent(world, "bob"), symbol))
        assert page(world)[0].reactions == (("bob", symbol),)


def test_nothing_is_changed_without_encryption() -> None:
    willing = make_seat("bob")
    agree(willing)
    with alice("bob", e2e=False) as world:
        world.find("bob", published(willing))
        world.engine.send("bob", "for all to see")
        world.settle()
        for question in (c.Amend("bob", None, "secret"), c.React("bob", "alice", "+")):
            ask(world, question)
            assert "with encryption only" in world.problems[-1]
        assert b"for all to see" in world.wire
        assert b"secret" not in world.wire
        assert texts(world) == ["for all to see"]
