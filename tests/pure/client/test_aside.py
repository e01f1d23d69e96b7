"""What a changed key sends waits for the user's decision."""

import pytest

from securechat.client import aside
from securechat.client import events as ev
from securechat.client.commands import Decision
from securechat.e2e.content import Receipt
from securechat.identity.types import MessageId
from tests.pure.client.engine_world import MemoryState, alice, published
from tests.pure.client.trust_steps import decide, last_refusal, meet, refusals, show
from tests.pure.e2e.world import Seat


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
