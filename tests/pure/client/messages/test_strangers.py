"""Strangers: what they may show, and how long they are remembered."""

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.commands import Decision
from securechat.client.messages import strangers
from securechat.client.names import contacts
from securechat.errors import CannotOpen
from tests.pure.client.engine_world import SECRET, MemoryState, alice, make_seat, published
from tests.pure.client.trust_steps import (
    call,
    decide,
    known,
    last_refusal,
    meet,
    refusals,
    stop,
    verify,
    write,
)
from tests.pure.e2e.world import Seat


def test_looking_somebody_up_does_not_accept_them() -> None:
    mallory = make_seat("mallory")
    with alice() as world:
        world.engine.ask(c.Verify("mallory"))
        world.settle()
        world.find("mallory", published(mallory))
        assert len(world.told(ev.SafetyNumber)) == 1
        world.deliver(world.write(mallory, "hi"))
        assert world.told(ev.Message)[-1].request
        world.pass_time(2.0)
        assert world.link.envelopes == []


@pytest.mark.parametrize("chosen", ["trust", "petname"])
def test_whoever_was_compared_with_or_named_is_no_stranger(chosen: str) -> None:
    """So another key under the name is an alarm, and does not just take their place."""
    mallory = make_seat("mallory")
    with alice() as world:
        world.deliver(world.write(mallory, "hi"))
        world.find("mallory", published(mallory))
        if chosen == "trust":
            verify(world, "mallory")
            decide(world, Decision.TRUST, "mallory")
        else:
            call(world, "mallory", "Mal")
        assert not known(world, "mallory").request
        world.engine.talk_to("mallory")
        world.settle()
        world.find("mallory", published(make_seat("mallory")))
        assert known(world, "mallory").trust is ev.Trust.CHANGED


def test_whoever_was_written_to_in_an_earlier_run_is_no_stranger(bob: Seat) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        write(world, SECRET)
        world.fail("bob")
    with alice(None, state) as world:
        world.find("bob", published(bob))
        assert not known(world).request


def test_impostors_are_told_so_often_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "SHOWN_A_MINUTE", 1)
    with alice() as world:
        for number in range(3):
            name = f"name{number}"
            world.deliver(world.write(make_seat(name), "hi"), last=number + 1)
            world.fail(name)
        impostors = ["whom the relay does not know" in problem for problem in world.problems]
        assert impostors == [True, False]
        assert "more than 1 messages a minute" in world.problems[-1]


def test_strangers_show_so_much_a_minute_and_the_rest_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert strangers.SHOWN_A_MINUTE <= 20
    monkeypatch.setattr(strangers, "SHOWN_A_MINUTE", 3)
    one, other = make_seat("one"), make_seat("other")
    with alice() as world:
        for seat in (one, other):
            world.deliver(*(world.write(seat, f"{seat.name}{n}") for n in range(3)))
            world.find(seat.name, published(seat))
        assert world.texts == ["one0", "one1", "one2"]
        (problem,) = world.problems
        assert "the rest is shown later" in problem
        world.pass_time(61.0)
        assert world.texts[3:] == ["other0", "other1", "other2"]
        world.deliver(world.write(other, "later"), last=9)
        assert world.texts[-1] == "other2"
        world.pass_time(61.0)
        assert world.texts[-1] == "later"


def test_what_strangers_were_not_shown_is_told_at_the_end_and_shown_in_the_next_run() -> None:
    mallory, state = make_seat("mallory"), MemoryState()
    with alice(None, state) as world:
        texts = [str(number) for number in range(strangers.SHOWN_A_MINUTE + 1)]
        world.deliver(*(world.write(mallory, text) for text in texts))
        world.find("mallory", published(mallory))
        assert stop(world) is None
        assert "1 message of strangers" in world.problems[-1]
    with alice(None, state) as world:
        world.find("mallory", published(mallory))
        assert world.texts == texts[-1:]


def test_friends_are_not_counted_among_strangers(
    bob: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "SHOWN_A_MINUTE", 0)
    with alice() as world:
        meet(world, bob)
        world.deliver(world.write(bob, "hi"))
        assert world.texts == ["hi"]


def test_strangers_are_forgotten_before_friends(bob: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    assert contacts.MAX_STRANGERS <= 1000
    monkeypatch.setattr(contacts, "MAX_STRANGERS", 2)
    state = MemoryState()
    with alice(None, state) as world:
        meet(world, bob)
        for number in range(4):
            stranger = make_seat(f"stranger{number}")
            world.pass_time(1.0)
            world.deliver(world.write(stranger, "hi"), last=number + 1)
            world.find(stranger.name, published(stranger))
            if number == 0:
                decide(world, Decision.BLOCK, stranger.name)
        world.engine.ask(c.Contacts())
        world.settle()
        names = [person.name for person in world.told(ev.Contacts)[-1].people]
        assert names == ["bob", "stranger0", "stranger2", "stranger3"]
    with alice(None, state) as world:
        assert known(world).trust is ev.Trust.NEW
        assert sum(table == "contact" for table, _ in state.rows) == 4


def test_a_key_that_nobody_is_known_by_is_told_once_a_minute(bob: Seat) -> None:
    """Sessions outlive a person's place in the book."""
    state = MemoryState()
    with alice(None, state) as world:
        meet(world, bob)
        world.deliver(world.write(bob, "session"))
        envelopes = [world.write(bob, str(number)) for number in range(3)]
    for row in [row for row in state.rows if row[0] == "contact"]:
        del state.rows[row]
    with alice(None, state) as world:
        world.deliver(*envelopes)
        assert [type(error) for error in refusals(world)] == [CannotOpen]
        assert "came that cannot be opened; set aside" in last_refusal(world).what
        again = "ask whoever wrote to you just now to send it again"
        assert last_refusal(world).try_next == again
