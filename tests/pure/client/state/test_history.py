"""What an engine keeps of its conversations, and what it shows of them."""

from datetime import datetime

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.commands import Decision
from securechat.client.connection.relays import KnownRelay
from securechat.client.history.expiry import LOOK_EVERY_S
from securechat.client.input.command_line import parse_line
from securechat.e2e.content import ReadReceipt, Receipt, Text
from securechat.identity.types import MessageId, fingerprint
from tests.pure.client.engine_world import MemoryState, World, alice, befriend, make_seat, published
from tests.pure.e2e.world import NOW_MS, RELAY

DAY_S = 24 * 60 * 60.0


def ask(world: World, line: str) -> ev.Event:
    """Return the answer to a typed command."""
    command = parse_line(line)
    assert isinstance(command, c.Question)
    before = len(world.events)
    world.engine.ask(command)
    world.settle()
    (answer,) = world.events[before:]
    return answer


def past(world: World, line: str = "/history bob") -> tuple[ev.PastMessage, ...]:
    answer = ask(world, line)
    assert isinstance(answer, ev.History | ev.SearchResult)
    return answer.messages


def texts(world: World, line: str = "/history bob") -> list[str]:
    return [message.text for message in past(world, line)]


def state_of(world: World) -> ev.DeliveryState | None:
    """Return how far the last message to Bob has come."""
    return past(world)[-1].state


def test_both_sides_are_kept_in_order_over_restarts() -> None:
    bob, state = make_seat("bob"), MemoryState()
    with alice(None, state) as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "hi alice"))
        world.engine.send("bob", "and you")
        world.settle()
    with alice(None, state) as world:
        assert texts(world) == ["hello", "hi alice", "and you"]
        own, theirs, _ = past(world)
        assert (own.sender, own.recipient, own.state) == ("alice", "bob", ev.DeliveryState.SENT)
        assert (theirs.sender, theirs.recipient, theirs.state) == ("bob", "alice", None)
        assert (theirs.trust, theirs.e2e, theirs.kept_ms) == ("new", True, NOW_MS)
        assert texts(world, "/history bob 2") == ["hi alice", "and you"]
        assert texts(world, "/history carol") == []
        assert len(texts(world, "/history")) == 3


def test_an_own_message_says_how_far_it_has_come() -> None:
    bob, state = make_seat("bob"), MemoryState()
    with alice(None, state) as world:
        world.engine.send("bob", "hello")
        world.settle()
        assert state_of(world) is ev.DeliveryState.QUEUED
        world.find("bob", published(bob))
        assert state_of(world) is ev.DeliveryState.SENT
        world.accept_all()
        assert state_of(world) is ev.DeliveryState.ACCEPTED
        (sent,) = world.told(ev.Sent)
        bob.receive(world.mail_for(bob)[-1])
        receipt = world.write(bob, Receipt((MessageId(bytes.fromhex(sent.message_id)),), 1))
    with alice(None, state) as world:
        world.deliver(receipt)
        assert [told.message_id for told in world.told(ev.Delivered)] == [sent.message_id]
        assert state_of(world) is ev.DeliveryState.DELIVERED
        world.deliver(receipt)
        assert len(world.told(ev.Delivered)) == 1
        read = world.write(bob, ReadReceipt((MessageId(bytes.fromhex(sent.message_id)),)))
    with alice(None, state) as world:
        world.deliver(read)
        assert [told.message_id for told in world.told(ev.Read)] == [sent.message_id]
        assert state_of(world) is ev.DeliveryState.READ


def test_a_receipt_of_somebody_else_counts_for_nothing_in_a_later_run() -> None:
    bob, mallory, state = make_seat("bob"), make_seat("mallory"), MemoryState()
    with alice(None, state) as world:
        befriend(world, bob)
        befriend(world, mallory)
        world.accept_all()
        to_bob = MessageId(bytes.fromhex(world.told(ev.Sent)[0].message_id))
        forged = world.write(mallory, Receipt((to_bob, MessageId(bytes(16))), 1))
    with alice(None, state) as world:
        world.deliver(forged)
        assert world.told(ev.Delivered) == []
        assert state_of(world) is ev.DeliveryState.ACCEPTED


def test_what_was_given_up_has_failed() -> None:
    bob, state = make_seat("bob"), MemoryState()
    with alice(None, state) as world:
        befriend(world, bob)
        world.lose_connection()
        world.engine.send("bob", "typed while away")
        world.engine.ask(c.Decide(Decision.BLOCK, "bob"))
        world.settle()
        assert [message.state for message in past(world)] == [
            ev.DeliveryState.SENT,
            ev.DeliveryState.FAILED,
        ]
        world.engine.send("bob", "refused at once")
        world.settle()
        assert texts(world) == ["hello", "typed while away"]


def test_what_is_searched_for_is_narrowed() -> None:
    bob, carol = make_seat("bob"), make_seat("carol")
    with alice() as world:
        befriend(world, bob)
        befriend(world, carol)
        world.deliver(world.write(bob, "Tea at five?"), world.write(carol, "five o'clock tea"))
        world.engine.send("bob", "tea it is")
        world.settle()
        both = ["Tea at five?", "five o'clock tea"]
        assert texts(world, "/search tea") == [*both, "tea it is"]
        assert texts(world, "/search tea five") == both
        assert texts(world, "/search tea from:bob") == ["Tea at five?"]
        assert texts(world, "/search TEA in:Bob") == ["Tea at five?", "tea it is"]
        assert texts(world, "/search from:me te") == ["tea it is"]
        assert texts(world, "/search from:alice in:carol") == ["hello"]
        assert texts(world, '/search "o\'clock t"') == ["five o'clock tea"]
        assert texts(world, "/search coffee") == []
        day = datetime.fromtimestamp(NOW_MS / 1000).date()
        assert texts(world, f"/search tea since:{day}") == [*both, "tea it is"]
        assert texts(world, f"/search tea before:{day}") == []
        problem = ask(world, "/search from:dave tea")
        assert isinstance(problem, ev.Problem)
        assert problem.error.try_next == "/contacts"


def test_only_the_newest_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("securechat.client.state.history.MAX_FOUND", 2)
    with alice() as world:
        for number in range(3):
            world.engine.send("bob", f"tea {number}")
        answer = ask(world, "/search tea 2")
        assert isinstance(answer, ev.SearchResult)
        assert not answer.more
        answer = ask(world, "/search tea")
        assert isinstance(answer, ev.SearchResult)
        assert answer.more
        assert [message.text for message in answer.messages] == ["tea 1", "tea 2"]


def test_messages_go_when_their_time_is_over() -> None:
    bob = make_seat("bob")
    with alice() as world:
        befriend(world, bob)
        world.engine.send("carol", "for ever")
        assert ask(world, "/keep bob") == ev.Retention("bob", None)
        assert ask(world, "/keep bob 3") == ev.Retention("bob", 3)
        world.pass_time(2 * DAY_S)
        world.deliver(world.write(bob, "two days later"))
        world.pass_time(DAY_S - LOOK_EVERY_S)
        assert texts(world) == ["hello", "two days later"]
        world.pass_time(LOOK_EVERY_S)
        world.settle()
        assert texts(world) == ["two days later"]
        assert texts(world, "/history carol") == ["for ever"]
        assert ask(world, "/keep bob forever") == ev.Retention("bob", None)
        world.pass_time(100 * DAY_S)
        assert texts(world) == ["two days later"]


def test_of_strangers_only_the_newest_messages_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("securechat.store.history.MAX_REQUESTS", 2)
    bob, carol = make_seat("bob"), make_seat("carol")
    with alice() as world:
        befriend(world, bob)
        world.deliver(world.write(carol, "one"))
        world.find("carol", published(carol))
        world.deliver(*(world.write(carol, text) for text in ("two", "three")), last=2)
        world.deliver(*(world.write(bob, text) for text in ("1", "2", "3")), last=3)
        assert texts(world, "/history carol") == ["two", "three"]
        assert texts(world) == ["hello", "1", "2", "3"]


def test_nobody_unknown_is_kept_for_a_time() -> None:
    with alice() as world:
        answer = ask(world, "/keep alcie 0")
        assert isinstance(answer, ev.Problem)
        assert (answer.error.what, answer.error.try_next) == (
            "Nobody known here is called alcie",
            "/contacts",
        )
        assert world.state.history.conversations() == []
        world.engine.send("alcie", "a mistyped name")
        assert ask(world, "/keep alcie 0") == ev.Retention("alcie", 0)


def test_what_waits_for_a_mistyped_name_is_given_up() -> None:
    alcie, state = make_seat("alcie"), MemoryState()
    with alice(None, state) as world:
        ids = [world.engine.send("alcie", text) for text in ("oops", "secret")]
        world.settle()
        assert world.engine.queued == 2
        assert ask(world, "/unsend alcie") == ev.Withdrawn("alcie", tuple(ids))
        assert world.engine.queued == 0
        assert [each.state for each in past(world, "/history alcie")] == [
            ev.DeliveryState.FAILED
        ] * 2
        assert isinstance(ask(world, "/unsend alcie"), ev.Problem)
        world.find("alcie", published(alcie))
        assert not world.link.envelopes
    assert not [row for row in state.rows if row[0] == "draft"]


def test_what_is_sealed_is_not_given_up() -> None:
    bob = make_seat("bob")
    with alice() as world:
        befriend(world, bob)
        answer = ask(world, "/unsend bob")
        assert isinstance(answer, ev.Problem)
        assert answer.error.what == "Nothing waits here to be sent to bob"


def test_where_nothing_is_kept_messages_are_shown_all_the_same() -> None:
    bob, state = make_seat("bob"), MemoryState()
    with alice(None, state) as world:
        befriend(world, bob)
        assert ask(world, "/keep bob 0") == ev.Retention("bob", 0)
        assert texts(world) == []
    with alice(None, state) as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "off the record"))
        assert world.texts == ["off the record"]
        assert texts(world) == []
        (sent,) = world.told(ev.Sent)
        world.deliver(world.write(bob, Receipt((MessageId(bytes.fromhex(sent.message_id)),), 1)))
        assert len(world.told(ev.Delivered)) == 1


def test_what_another_key_wrote_under_a_name_is_not_said_to_be_of_its_holder() -> None:
    """A stranger may have had it before; whoever was answered keeps it."""
    carl, other = make_seat("carl"), make_seat("carl")
    with alice() as world:
        world.deliver(world.write(carl, "send money to account 666"))
        world.find("carl", published(carl))
        assert [message.sender for message in past(world, "/history carl")] == ["carl"]
        world.engine.send("carl", "who are you")
        world.settle()
        world.find("carl", published(other))
        world.engine.ask(c.Decide(Decision.ACCEPT_KEY, "carl"))
        world.settle()
        world.find("carl", published(other))
        world.deliver(world.write(other, "carl, really"))
        old_key = fingerprint(carl.endpoint.user_key)[:9]
        senders = {message.text: message.sender for message in past(world, "/history carl")}
        assert senders["send money to account 666"] == f"carl[{old_key}]"
        assert senders["carl, really"] == "carl"


def test_a_conversation_goes_on_with_an_accepted_key() -> None:
    bob, other = make_seat("bob"), make_seat("bob")
    with alice("bob") as world:
        befriend(world, bob)
        world.engine.talk_to("bob")
        world.settle()
        world.find("bob", published(other))
        world.engine.ask(c.Decide(Decision.ACCEPT_KEY, "bob"))
        world.settle()
        world.find("bob", published(other))
        world.deliver(world.write(other, "a new device"))
        assert texts(world) == ["hello", "a new device"]


def test_a_petname_is_used_for_the_past_too() -> None:
    bob = make_seat("bob")
    with alice() as world:
        befriend(world, bob)
        world.engine.ask(c.Call("bob", "Uncle"))
        world.settle()
        assert [message.recipient for message in past(world, "/history uncle")] == ["Uncle"]
        answer = ask(world, "/history Uncle")
        assert isinstance(answer, ev.History)
        assert answer.name == "Uncle"


def test_a_chat_begins_with_what_came_before_it() -> None:
    bob, state = make_seat("bob"), MemoryState()
    with alice(None, state) as world:
        befriend(world, bob)
        world.engine.send("carol", "elsewhere")
        world.settle()
        for text in ("one", "two", "not shown yet"):
            world.deliver(world.write(bob, Text(text)))
        for message in world.told(ev.Message)[:2]:
            world.engine.shown(message.sender, message.message_id)
        world.pass_time(1)
        first_ids = [message.message_id for message in world.told(ev.Message)]

    def beginning(peer: str | None, count: int) -> list[str]:
        with alice(peer, state, logged_in=False) as world:
            world.engine.retell(count)
            world.settle()
            history = world.told(ev.History)
            assert [message.message_id for message in world.told(ev.Message)] == first_ids[2:]
            if history:
                assert world.events.index(history[0]) == 0
            return [message.text for each in history for message in each.messages]

    assert beginning("bob", 2) == []  # it is not known yet which relay this is
    state.commit(KnownRelay(RELAY, "relay:5555", 1).row)
    assert beginning("bob", 2) == ["one", "two"]
    assert beginning("Bob", 20) == ["hello", "one", "two"]
    assert beginning(None, 3) == ["elsewhere", "one", "two"]
    assert beginning("dave", 20) == []
    assert beginning("bob", 0) == []


def test_history_of_another_relay_is_not_that_of_the_same_name_here() -> None:
    bob, state = make_seat("bob"), MemoryState()
    with alice(None, state) as world:
        befriend(world, bob)
    (entry,) = state.history.last(1)
    elsewhere = entry._replace(conversation=b"o" * 32 + b"bob", text="elsewhere")
    state.history.apply(elsewhere)
    state.history.apply(elsewhere._replace(sender="bob", text="from elsewhere"))
    with alice(None, state) as world:
        world.engine.ask(c.Call("bob", "Uncle"))
        world.settle()
        assert texts(world) == ["hello"]
        assert texts(world, "/history") == ["hello"]
        assert texts(world, "/search from:me e") == ["hello"]


def test_the_default_is_for_conversations_without_a_choice() -> None:
    state = MemoryState()
    with alice(None, state) as world:
        world.engine.send("bob", "hello")
        world.settle()
    (entry,) = state.history.last(1)
    assert state.history.retention(entry.conversation) is None
    with alice(None, state, logged_in=False, history_days=0) as world:
        world.settle()
        assert state.history.last(1) == []
