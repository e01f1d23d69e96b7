"""Names that the user gives to people, and names that look like those of others."""

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.commands import Decision
from securechat.errors import NameInvalid
from securechat.identity.chain import PublishedUser
from securechat.wire import frames as f
from tests.pure.client.engine_world import SECRET, MemoryState, alice, make_seat, published
from tests.pure.client.trust_steps import (
    call,
    decide,
    key,
    known,
    last_refusal,
    meet,
    show,
    verify,
    write,
)
from tests.pure.e2e.world import Seat


def test_a_petname_is_shown_and_can_be_typed_everywhere(bob: Seat) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        meet(world, bob)
        call(world, "bob", "Bobby")
        assert world.told(ev.Renamed) == [ev.Renamed("bob", "Bobby")]
        assert verify(world, "bobby").name == "Bobby"
        write(world, "hi", "BOBBY")
        assert bob.read(world.mail_for(bob)[-1]) == "hi"
        assert world.told(ev.Sent)[-1].recipient == "Bobby"
        world.deliver(world.write(bob, "hello"))
        assert world.told(ev.Message)[-1].sender == "Bobby"
        world.engine.ask(c.Who())
        world.settle()
        world.tell(f.People(world.sent(f.Who).request, ("alice", "bob"), 2))
        assert world.told(ev.People) == [ev.People(("alice", "Bobby"), {"Bobby": ev.Trust.NEW})]
    with alice("Bobby", state) as world:
        world.tell(f.Presence("bob", True))
        world.find("bob", published(bob))
        assert world.told(ev.PeerReady)[0].name == "Bobby"
        assert world.told(ev.PresenceChanged) == [ev.PresenceChanged("Bobby", True)]
        call(world, "Bobby", None)
        assert world.told(ev.Renamed)[-1] == ev.Renamed("Bobby", "bob")
        assert verify(world, "bob").name == "bob"


def test_the_name_of_the_relay_still_works_and_faces_learn_the_other_one(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        call(world, "bob", "Bobby")
        write(world, "one", "bob")
        write(world, "two", "bob")
        assert world.told(ev.Renamed)[1:] == [ev.Renamed("bob", "Bobby")]
        assert len(world.mail_for(bob)) == 3


@pytest.mark.parametrize("petname", ["carol", "CAROL", "car0l", "cаrоl".replace("c", "с"), "alice"])
def test_a_petname_that_is_or_looks_like_another_name_is_refused(petname: str, bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        meet(world, make_seat("carol"))
        before = len(world.problems)
        call(world, "bob", petname)
        assert len(world.problems) == before + 1
        assert known(world).name == "bob"


def test_two_people_have_two_petnames(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        meet(world, make_seat("carol"))
        call(world, "carol", "mate")
        call(world, "bob", "rnate")
        assert "looks like, the name of mate" in world.problems[-1]
        call(world, "bob", "two words")
        assert type(last_refusal(world)) is NameInvalid


def test_a_petname_stays_with_the_person_over_an_accepted_key(bob: Seat, new_bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        call(world, "bob", "Bobby")
        show(world, new_bob)
        assert world.told(ev.PeerKeyChanged)[0].name == "Bobby"
        decide(world, Decision.ACCEPT_KEY, "Bobby")
        assert (known(world).name, known(world).fingerprint) == ("Bobby", key(new_bob))


def test_somebody_who_comes_with_the_name_of_a_petname_is_another_person(bob: Seat) -> None:
    """The petname wins: text for it goes to whom the user gave it."""
    carol = make_seat("carol")
    with alice() as world:
        meet(world, bob)
        call(world, "bob", "carol")
        world.deliver(world.write(carol, "I am carol"))
        world.find("carol", published(carol))
        shown = world.told(ev.Message)[-1].sender
        assert shown == f"carol[{key(carol)[:9]}]"
        write(world, SECRET, "carol")
        assert bob.read(world.mail_for(bob)[-1]) == SECRET
        write(world, "hello stranger", shown)
        world.find("carol", published(carol))
        assert carol.read(world.mail_for(carol)[-1]) == "hello stranger"


@pytest.mark.parametrize("name", ["b0b", "bob.", "bob-_"])
def test_a_stranger_who_looks_like_somebody_known_is_shown_with_a_key_id(
    name: str, bob: Seat
) -> None:
    liar = make_seat(name)
    with alice() as world:
        meet(world, bob)
        world.deliver(world.write(liar, "it is me"))
        world.find(name, published(liar))
        shown = f"{name}[{key(liar)[:9]}]"
        assert world.told(ev.Message)[-1].sender == shown
        world.deliver(world.write(bob, "no, me"), last=2)
        assert world.told(ev.Message)[-1].sender == "bob"
        world.pass_time(60.0)
        to_bob = world.mail_for(bob)
        write(world, "who are you", shown)
        world.find(name, published(liar))
        assert world.told(ev.PeerReady)[-1].name == shown
        assert world.mail_for(bob) == to_bob


def test_an_answer_to_a_lookalike_takes_nothing_from_whom_it_looks_like(bob: Seat) -> None:
    """It wrote before Bob was known, and was answered after that."""
    liar = make_seat("b0b")
    with alice() as world:
        world.deliver(world.write(liar, "hello"))
        world.find("b0b", published(liar))
        world.pass_time(60.0)
        meet(world, bob)
        world.pass_time(60.0)
        write(world, "who are you", "b0b")
        world.find("b0b", published(liar))
        assert known(world).name == "bob"
        assert known(world, "b0b").name == f"b0b[{key(liar)[:9]}]"


def test_a_key_id_that_nobody_has(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        message_id = write(world, SECRET, "bob[0000-0000]")
        assert world.told(ev.Problem)[-1].message_id == message_id
        assert len(world.mail_for(bob)) == 1


def test_the_relay_s_other_answers_name_people_as_the_user_does(bob: Seat) -> None:
    """One key under two names is told with the petname."""
    with alice() as world:
        meet(world, bob)
        call(world, "bob", "Bobby")
        write(world, SECRET, "dave")
        answer: PublishedUser = published(bob, "dave")
        world.find("dave", answer)
        assert "the key of Bobby as that of dave" in world.problems[-1]
