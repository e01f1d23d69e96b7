"""Comparing emoji: both verified in the end, or nothing has changed, whatever somebody does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.commands import Decision, How
from securechat.client.messages.comparing import HOUR_S, MAX_ASKED_AN_HOUR
from securechat.e2e.results import Opened
from securechat.e2e.sas import LIFE_S
from securechat.e2e.sas_content import Comparing, SasFailure, Step, abort
from securechat.errors import UsageError
from securechat.wire import frames as f
from tests.pure.client.engine_world import World, alice, befriend, make_seat, published
from tests.pure.client.town import Town, town
from tests.pure.e2e.world import Seat

E = TypeVar("E")

TX = b"t" * 16
KEY = b"k" * 32


@pytest.fixture
def made() -> Iterator[Town]:
    """Alice and Bob, who know each other."""
    with town("alice", "bob") as both:
        both.say("alice", "bob", "hi")
        both.say("bob", "alice", "hi")
        yield both


def asks(name: str) -> c.Verify:
    return c.Verify(name, How.EMOJI)


@contextmanager
def alice_of_a_small_key() -> Iterator[World]:
    """Run an engine whose key is smaller than at least half of all."""
    for _ in range(64):
        with alice() as world:
            if world.device.address.user_key[0] < 0x80:
                yield world
                return


def told(made: Town, name: str, kind: type[E]) -> list[E]:
    return made.citizens[name].world.told(kind)


def show(made: Town, first: str = "alice", second: str = "bob") -> None:
    """Let both ask for it, one after the other."""
    made.do(first, asks(second))
    made.do(second, asks(first))


def verified(made: Town) -> list[str]:
    """Return who has verified the other."""
    return [
        name
        for name in ("alice", "bob")
        if any(each.trust is ev.Trust.VERIFIED for each in told(made, name, ev.TrustChanged))
    ]


def ends(made: Town, name: str) -> list[tuple[ev.ComparingEnd, bool]]:
    return [(end.reason, end.alarm) for end in told(made, name, ev.ComparingEnded)]


# Two people who agree -----------------------------------------------------------------------------


def test_the_other_is_asked_and_nothing_is_shown_before_they_agree(made: Town) -> None:
    made.do("alice", asks("bob"))
    assert told(made, "alice", ev.ComparingAsked) == [ev.ComparingAsked("bob", own=True)]
    assert told(made, "bob", ev.ComparingAsked) == [ev.ComparingAsked("alice", own=False)]
    assert told(made, "alice", ev.ComparingShown) == told(made, "bob", ev.ComparingShown) == []


def test_both_see_the_same_and_are_verified_once_both_have_said_so(made: Town) -> None:
    show(made)
    [of_alice], [of_bob] = (told(made, name, ev.ComparingShown) for name in ("alice", "bob"))
    assert (of_alice.emoji, of_alice.decimals) == (of_bob.emoji, of_bob.decimals)
    assert (of_alice.name, of_bob.name) == ("bob", "alice")
    assert len(of_alice.emoji) == 7
    made.do("bob", c.Match("alice"))
    assert verified(made) == []
    assert told(made, "bob", ev.ComparingAgreed) == [ev.ComparingAgreed("alice")]
    made.do("alice", c.Match("bob"))
    assert verified(made) == ["alice", "bob"]
    assert told(made, "alice", ev.ComparingAgreed) == []
    assert told(made, "bob", ev.TrustChanged)[-1].reason is ev.Reason.COMPARED
    for name in ("alice", "bob"):
        made.do(name, c.Contacts())
        [known] = told(made, name, ev.Contacts)[-1].people
        assert known.trust is ev.Trust.VERIFIED
        assert ends(made, name) == []


def test_nobody_is_verified_by_the_word_of_one_side(made: Town) -> None:
    show(made)
    made.do("alice", c.Match("bob"), c.Match("bob"))
    made.do("alice", asks("bob"))
    assert verified(made) == []
    assert told(made, "bob", ev.ComparingEnded) == []


def test_both_asking_at_once_is_an_agreement(made: Town) -> None:
    made.do_at_once({"alice": asks("bob"), "bob": asks("alice")})
    [of_alice], [of_bob] = (told(made, name, ev.ComparingShown) for name in ("alice", "bob"))
    assert of_alice.emoji == of_bob.emoji


def test_asking_again_shows_them_again(made: Town) -> None:
    show(made)
    made.do("alice", asks("bob"))
    first, again = told(made, "alice", ev.ComparingShown)
    assert first == again


def test_comparing_is_neither_a_message_nor_in_the_history(made: Town) -> None:
    show(made)
    made.do("bob", c.History("alice", None))
    assert [past.text for past in told(made, "bob", ev.History)[-1].messages] == ["hi", "hi"]
    assert told(made, "bob", ev.Problem) == []


# Two people who do not ----------------------------------------------------------------------------


def test_what_differs_is_loud_on_both_sides_and_changes_nothing(made: Town) -> None:
    show(made)
    made.do("bob", c.Match("alice"))
    made.do("alice", c.Differ("bob"))
    assert ends(made, "alice") == ends(made, "bob") == [(ev.ComparingEnd.DIFFERS, True)]
    made.do("bob", c.Match("alice"))
    assert verified(made) == []


def test_it_ends_when_it_takes_too_long(made: Town) -> None:
    show(made)
    made.do("alice", c.Match("bob"))
    made.pass_time(LIFE_S)
    assert (ev.ComparingEnd.TIMEOUT, False) in ends(made, "alice")
    made.do("bob", c.Match("alice"))
    assert verified(made) == []


def test_whoever_was_asked_and_says_nothing_is_told_when_it_is_over(made: Town) -> None:
    made.do("alice", asks("bob"))
    made.pass_time(LIFE_S)
    assert len(ends(made, "alice")) == len(ends(made, "bob")) == 1
    show(made)
    assert len(told(made, "alice", ev.ComparingShown)) == 1


def test_a_restart_ends_it_and_beginning_anew_works(made: Town) -> None:
    show(made)
    state = made.stop("bob")
    made.move_in("bob", state)
    made.do("alice", c.Match("bob"))
    assert (ev.ComparingEnd.OUT_OF_TURN, False) in ends(made, "alice")
    assert verified(made) == []
    show(made, "bob", "alice")
    made.do("alice", c.Match("bob"))
    made.do("bob", c.Match("alice"))
    assert verified(made) == ["alice", "bob"]


def test_whoever_begins_anew_after_a_restart_is_heard(made: Town) -> None:
    made.do("alice", asks("bob"))
    state = made.stop("bob")
    made.move_in("bob", state)
    made.do("bob", asks("alice"))
    assert told(made, "alice", ev.ComparingShown)[-1].emoji == (
        told(made, "bob", ev.ComparingShown)[-1].emoji
    )


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize("question", [c.Match("bob"), c.Differ("bob")])
def test_there_is_nothing_to_say_before_anything_is_shown(made: Town, question: c.Question) -> None:
    made.do("alice", question)
    [problem] = told(made, "alice", ev.Problem)
    assert isinstance(problem.error, UsageError)
    assert problem.error.try_next == "/verify bob emoji"


def test_nobody_unknown_is_compared_with(made: Town) -> None:
    made.do("alice", asks("carol"))
    [problem] = told(made, "alice", ev.Problem)
    assert problem.error.try_next == "/contacts"


def test_without_a_connection_it_says_so(made: Town) -> None:
    made.disconnect("alice")
    made.do("alice", asks("bob"))
    assert told(made, "alice", ev.Problem)[-1].error.code == "unreachable"
    assert told(made, "alice", ev.ComparingAsked) == []


# Bob as an attacker, or somebody else -------------------------------------------------------------


def send(world: World, seat: Seat, *steps: Comparing) -> None:
    for step in steps:
        world.deliver(world.write(seat, step))


def heard(world: World, seat: Seat) -> list[Comparing]:
    """Return the steps that Alice has sent to somebody."""
    outcomes = [seat.endpoint.open(mail, world.now_ms) for mail in world.mail_for(seat)]
    contents = [each.content for each in outcomes if isinstance(each, Opened)]
    return [content for content in contents if isinstance(content, Comparing)]


def test_a_stranger_is_not_heard() -> None:
    with alice() as world:
        eve = make_seat("eve")
        send(world, eve, Comparing(TX, Step.START))
        world.find("eve", published(eve))
        assert world.told(ev.ComparingAsked) == []
        world.engine.ask(asks("eve"))
        world.settle()
        assert world.told(ev.Problem)[-1].error.try_next == "/msg eve hello"


def test_somebody_who_asks_all_the_time_is_heard_three_times_an_hour(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        for number in range(MAX_ASKED_AN_HOUR + 2):
            send(world, bob, Comparing(bytes([number] * 16), Step.START))
        assert len(world.told(ev.ComparingAsked)) == MAX_ASKED_AN_HOUR
        world.pass_time(HOUR_S)
        send(world, bob, Comparing(TX, Step.START))
        assert len(world.told(ev.ComparingAsked)) == MAX_ASKED_AN_HOUR + 1


def test_of_two_starts_that_cross_the_one_of_the_smaller_key_counts() -> None:
    """It goes out once more, since the other side may have begun after a restart."""
    with alice_of_a_small_key() as world:
        own = world.device.address.user_key
        larger = next(b for _ in range(64) if (b := make_seat("bob")).endpoint.user_key > own)
        befriend(world, larger)
        world.engine.ask(asks("bob"))
        world.settle()
        send(world, larger, Comparing(TX, Step.START))
        first, again = heard(world, larger)
        assert first == again
        assert first.step is Step.START


@pytest.mark.parametrize("step", [Step.COMMIT, Step.KEY, Step.CONFIRM])
def test_a_step_out_of_turn_ends_it(bob: Seat, step: Step) -> None:
    with alice() as world:
        befriend(world, bob)
        send(world, bob, Comparing(TX, Step.START), Comparing(TX, step, KEY))
        [end] = world.told(ev.ComparingEnded)
        assert end.reason is ev.ComparingEnd.OUT_OF_TURN
        assert world.told(ev.TrustChanged) == []


def test_a_confirmation_that_is_about_something_else_is_loud(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        send(world, bob, Comparing(TX, Step.START))
        world.engine.ask(asks("bob"))
        world.settle()
        send(world, bob, Comparing(TX, Step.KEY, bytes([9] + [0] * 31)))
        assert len(world.told(ev.ComparingShown)) == 1
        world.engine.ask(c.Match("bob"))
        world.settle()
        send(world, bob, Comparing(TX, Step.CONFIRM, KEY))
        assert world.told(ev.ComparingEnded) == [
            ev.ComparingEnded("bob", ev.ComparingEnd.MAC, alarm=True)
        ]
        assert world.told(ev.TrustChanged) == []


def test_what_belongs_to_nothing_is_answered_once_a_minute(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        stray = Comparing(TX, Step.CONFIRM, KEY)
        send(world, bob, stray, stray, abort(TX, SasFailure.DIFFERS))
        assert heard(world, bob) == [abort(TX, SasFailure.OUT_OF_TURN)]
        assert world.told(ev.ComparingEnded) == []


@pytest.mark.parametrize("why", list(SasFailure))
def test_the_other_side_can_end_it_for_every_reason(bob: Seat, why: SasFailure) -> None:
    with alice() as world:
        befriend(world, bob)
        send(world, bob, Comparing(TX, Step.START), abort(TX, why))
        [end] = world.told(ev.ComparingEnded)
        assert end.reason.value == why.name.lower().replace("_", "-")


def test_a_key_that_changes_in_the_middle_ends_it(bob: Seat) -> None:
    new_bob = make_seat("bob")
    with alice() as world:
        befriend(world, bob)
        send(world, bob, Comparing(TX, Step.START))
        world.engine.ask(asks("bob"))
        world.settle()
        send(world, bob, Comparing(TX, Step.KEY, bytes([9] + [0] * 31)))
        world.accept_all()
        world.tell(*presence())
        world.find("bob", published(new_bob))
        world.settle()
        assert [end.reason for end in world.told(ev.ComparingEnded)] == [
            ev.ComparingEnd.KEY_CHANGED
        ]
        for question in (c.Match("bob"), asks("bob")):
            world.engine.ask(question)
            world.settle()
            refusal = world.told(ev.Problem)[-1].error
            assert isinstance(refusal, UsageError)
            assert refusal.try_next == "/verify bob"
        assert world.told(ev.TrustChanged) == []


def test_blocking_ends_it(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        send(world, bob, Comparing(TX, Step.START))
        world.engine.ask(c.Decide(Decision.BLOCK, "bob"))
        world.settle()
        world.settle()
        assert len(world.told(ev.ComparingEnded)) == 1


def presence() -> tuple[f.Presence, f.Presence]:
    """Return how somebody goes and comes back, which makes an engine look them up."""
    return f.Presence("bob", False), f.Presence("bob", True)
