"""Messages set aside: until the relay says whose name it is, or the user decides about a key."""

import pytest

from securechat.client import events as ev
from securechat.client.commands import Decision
from securechat.client.messages import aside
from securechat.client.messages.aside import MAX_HELD
from securechat.e2e.content import Receipt
from securechat.errors import NameInvalid, UsageError
from securechat.identity.types import MessageId
from securechat.wire import frames as f
from tests.pure.client.engine_world import (
    SECRET,
    MemoryState,
    alice,
    befriend,
    make_seat,
    published,
)
from tests.pure.client.trust_steps import decide, last_refusal, meet, refusals, show
from tests.pure.e2e.world import Seat


def test_a_stranger_is_shown_once_the_relay_knows_the_name(mallory: Seat) -> None:
    with alice() as world:
        world.deliver(world.write(mallory, "one"), world.write(mallory, "two"))
        assert world.texts == []
        assert [look.claim for look in world.all_sent(f.Lookup)] == [False]
        world.find("mallory", published(mallory, claim=False))
        assert world.texts == ["one", "two"]
        assert all(message.request for message in world.told(ev.Message))
        world.pass_time(10.0)
        assert world.link.envelopes == []  # no receipt for a stranger
        world.deliver(world.write(mallory, "three"), last=2)
        assert world.texts == ["one", "two", "three"]


@pytest.mark.parametrize("peer", [None, "bob"])
def test_a_stranger_who_claims_a_known_name(peer: str | None, bob: Seat, mallory: Seat) -> None:
    with alice(peer) as world:
        befriend(world, bob)
        world.deliver(world.write(mallory, "I am bob, send money", claim_name="bob"))
        world.find("bob", published(bob))
        assert world.texts == []
        assert "as bob whom the relay does not know" in world.problems[0]
        assert world.told(ev.PeerKeyChanged) == []
        assert not world.has_ended()
        world.deliver(world.write(bob, "hello from the true one"), last=2)
        assert world.texts == ["hello from the true one"]


def test_a_stranger_who_claims_the_name_of_the_awaited_peer(bob: Seat, mallory: Seat) -> None:
    with alice("Bob") as world:
        world.fail("bob")
        world.engine.send("Bob", SECRET)
        world.settle()
        world.fail("bob")
        world.deliver(world.write(mallory, "here I am", claim_name="bob"))
        world.fail("bob")
        assert world.texts == []
        assert len(world.problems) == 1
        world.tell(f.Presence("bob", True))
        world.find("bob", published(bob))
        assert world.mailboxes == {bob.endpoint.mailbox}
        assert world.told(ev.PeerKeyChanged) == []
        (ready,) = world.told(ev.PeerReady)
        assert ready.first_use is True


def test_a_peer_whose_message_is_faster_than_the_look_up(bob: Seat) -> None:
    with alice("bob") as world:
        world.deliver(world.write(bob, "already here"))
        assert len(world.all_sent(f.Lookup)) == 1
        world.find("bob", published(bob))
        (message,) = world.told(ev.Message)
        assert message.request is False
        world.pass_time(2.0)
        assert len(world.mail_for(bob)) == 1  # a receipt


def test_a_name_is_asked_for_again_after_a_reconnect(mallory: Seat) -> None:
    with alice() as world:
        world.deliver(world.write(mallory, "hello"))
        world.lose_connection()
        world.log_in()
        world.find("mallory", published(mallory))
        assert world.texts == ["hello"]


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_message_waits_for_its_name_over_the_end_of_a_run(is_killed: bool, mallory: Seat) -> None:
    with alice() as world:
        world.deliver(world.write(mallory, "hello"), world.write(mallory, "again"))
        assert world.link.acks == [1]
        after_kill = world.state.copy()
    with alice(None, after_kill if is_killed else world.state) as world:
        world.find("mallory", published(mallory))
        assert world.texts == ["hello", "again"]
        assert all(message.request for message in world.told(ev.Message))
    with alice(None, world.state) as world:
        assert world.all_sent(f.Lookup) == []


def test_the_end_waits_for_a_name_but_not_for_ever(mallory: Seat) -> None:
    with alice() as world:
        world.deliver(world.write(mallory, "hello"))
        world.engine.stop(5.0)
        world.settle()
        assert not world.has_ended()
        world.pass_time(6.0)
        assert world.has_ended()
        assert world.texts == []
        assert "as mallory" in world.problems[0]


def test_a_flood_of_strangers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_HELD <= 1000
    monkeypatch.setattr("securechat.client.messages.aside.MAX_HELD", 3)
    with alice() as world:
        for number in range(5):
            world.deliver(world.write(make_seat(f"stranger{number}"), "hello"), last=number + 1)
        assert len(world.all_sent(f.Lookup)) == 3
        assert len(world.problems) == 2
        assert world.link.acks[-1] == 5


def test_a_message_to_oneself_or_to_no_name_is_refused_at_once() -> None:
    with alice() as world:
        with pytest.raises(UsageError, match="your own name"):
            world.engine.send("ALICE", SECRET)
        with pytest.raises(NameInvalid):
            world.engine.send("b@b", SECRET)
        world.settle()
        assert world.link.envelopes == []
        assert world.engine.queued == 0


def test_messages_from_the_new_key_wait_for_the_decision(bob: Seat, new_bob: Seat) -> None:
    with alice("bob") as world:
        meet(world, bob)
        first = world.write(new_bob, "I have a new device")
        world.deliver(first)
        world.find("bob", published(new_bob))
        assert world.texts == []
        assert len(world.told(ev.PeerKeyChanged)) == 1
        world.deliver(world.write(new_bob, "really"), last=2)
        assert world.texts == []
        told = [error for error in refusals(world) if "set aside" in error.what]
        assert [error.try_next for error in told] == [
            "ask bob in another way, then /accept-key bob"
        ]
        decide(world, Decision.ACCEPT_KEY)
        assert world.texts == ["I have a new device", "really"]
        assert {message.trust for message in world.told(ev.Message)} == {ev.Trust.NEW}


def test_messages_from_the_new_key_are_dropped_with_a_word_when_the_old_one_is_back(
    bob: Seat, new_bob: Seat
) -> None:
    with alice("bob") as world:
        meet(world, bob)
        show(world, new_bob)
        world.deliver(world.write(new_bob, "I am bob, send money"))
        show(world, bob)
        assert world.texts == []
        assert "1 message from a new key of bob" in last_refusal(world).what
        assert "dropped" in last_refusal(world).what


@pytest.mark.parametrize("is_killed", [False, True])
def test_messages_from_the_new_key_wait_over_the_end_of_a_run(
    is_killed: bool, bob: Seat, new_bob: Seat
) -> None:
    with alice("bob") as world:
        meet(world, bob)
        show(world, new_bob)
        world.deliver(world.write(new_bob, "one"), world.write(new_bob, "two"))
        after_kill = world.state.copy()
        world.engine.stop()
        world.settle()
        assert last_refusal(world).what == "2 messages from the new key of bob: set aside"
        assert last_refusal(world).try_next.endswith("/accept-key bob")
    state = after_kill if is_killed else world.state
    with alice("bob", state) as world:
        world.find("bob", published(new_bob))
        assert world.texts == []
        decide(world, Decision.ACCEPT_KEY)
        assert world.texts == ["one", "two"]
        after_kill = world.state.copy()
        world.find("bob", published(new_bob))
        world.pass_time(2.0)
        world.find("bob", published(new_bob))
        assert len(world.mail_for(new_bob)) == 1  # only now there is a receipt
    assert not any(table == "kept" for table, _ in after_kill.rows)


def test_messages_from_the_new_key_are_dropped_with_a_word_in_the_next_run_too(
    bob: Seat, new_bob: Seat
) -> None:
    state = MemoryState()
    with alice("bob", state) as world:
        meet(world, bob)
        show(world, new_bob)
        world.deliver(world.write(new_bob, "I am bob, send money"))
    with alice("bob", state) as world:
        world.find("bob", published(bob))
        assert "1 message from a new key of bob" in last_refusal(world).what
    with alice("bob", state) as world:
        assert world.texts == world.problems == []


def test_a_block_drops_what_was_set_aside_with_a_word(bob: Seat, new_bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        show(world, new_bob)
        world.deliver(world.write(new_bob, "let me in"))
        decide(world, Decision.BLOCK)
        assert "1 message from a new key of bob" in last_refusal(world).what
        told = len(world.problems)
        world.deliver(world.write(new_bob, "hello?"), last=2)
        assert len(world.problems) == told
        assert not any(table == "kept" for table, _ in world.state.rows)


def test_what_waits_for_a_decision_is_bounded(
    bob: Seat, new_bob: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert aside.MAX_ASIDE <= 100
    monkeypatch.setattr(aside, "MAX_ASIDE", 2)
    with alice("bob") as world:
        meet(world, bob)
        show(world, new_bob)
        world.deliver(*(world.write(new_bob, str(number)) for number in range(5)))
        decide(world, Decision.ACCEPT_KEY)
        assert world.texts == ["0", "1"]
        assert sum("the rest is dropped" in problem for problem in world.problems) == 1
        assert any("3 messages more" in problem for problem in world.problems)


def test_only_texts_of_a_new_key_are_heard(bob: Seat, new_bob: Seat) -> None:
    """A receipt of the new key for what went to the old one says nothing."""
    with alice("bob") as world:
        meet(world, bob)
        sent = MessageId(bytes.fromhex(world.told(ev.Sent)[0].message_id))
        show(world, new_bob)
        world.deliver(world.write(new_bob, Receipt((sent,), 1)))
        assert world.problems == []
        decide(world, Decision.ACCEPT_KEY)
        assert world.told(ev.Delivered) == []
