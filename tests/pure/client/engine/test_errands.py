"""Texts of other commands: judged by what the relay shows now, and given back for good."""

from collections.abc import Iterator
from contextlib import contextmanager

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.commands import Decision
from securechat.client.messages.unsent import is_unsent
from securechat.errors import KeyChanged, UsageError
from tests.pure.client.engine_world import (
    MemoryState,
    World,
    alice,
    befriend,
    published,
)
from tests.pure.e2e.world import Seat


class Asking:
    """A running client, and a command that asks it to send."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.told: list[ev.Event] = []
        world.hear(self.told.append, errands=True)

    def send(self, text: str) -> str:
        message_id = self.world.engine.send("bob", text, errand=True)
        self.world.settle()
        return message_id

    def refusals(self, message_id: str) -> list[type[Exception]]:
        """Return what the command was told; nobody else was."""
        problems = [event for event in self.told if isinstance(event, ev.Problem)]
        assert message_id not in {problem.message_id for problem in self.world.told(ev.Problem)}
        return [type(each.error) for each in problems if each.message_id == message_id]


@contextmanager
def asking(state: MemoryState) -> Iterator[Asking]:
    with alice(None, state) as world:
        yield Asking(world)


def meet(state: MemoryState, bob: Seat, *shown: Seat) -> None:
    """Let Alice know Bob, and then be shown other keys under his name."""
    with alice(None, state) as world:
        befriend(world, bob)
        world.accept_all()
    for seat in shown:
        with alice("bob", state) as world:
            world.find("bob", published(seat))


def test_a_key_that_changes_now_gives_the_text_back(bob: Seat, new_bob: Seat) -> None:
    state = MemoryState()
    meet(state, bob)
    with asking(state) as other:
        message_id = other.send("secret")
        assert is_unsent(state, message_id)
        other.world.find("bob", published(new_bob))
        assert other.refusals(message_id) == [KeyChanged]
        assert not is_unsent(state, message_id)
    with alice(None, state) as world:  # the pinned key is back, and nothing goes out
        world.engine.talk_to("bob")
        world.settle()
        world.find("bob", published(bob))
        assert world.link.envelopes == []


def test_somebody_who_was_changed_is_asked_for_again(bob: Seat, new_bob: Seat) -> None:
    state = MemoryState()
    meet(state, bob, new_bob)
    with asking(state) as other:
        message_id = other.send("hello")
        assert other.refusals(message_id) == []
        assert is_unsent(state, message_id)
        other.world.find("bob", published(bob))
        assert other.refusals(message_id) == []
        if not other.world.mail_for(bob):
            other.world.find("bob", published(bob))
        assert bob.read(other.world.mail_for(bob)[-1]) == "hello"


def test_somebody_who_is_still_changed_gets_nothing(bob: Seat, new_bob: Seat) -> None:
    state = MemoryState()
    meet(state, bob, new_bob)
    with asking(state) as other:
        message_id = other.send("secret")
        other.world.find("bob", published(new_bob))
        assert other.refusals(message_id) == [KeyChanged]
        assert not is_unsent(state, message_id)
        again = other.send("secret")
        other.world.find("bob", published(new_bob))
        assert other.refusals(again) == [KeyChanged]
        assert other.world.engine.queued == 0
        assert other.world.link.envelopes == []


def test_what_was_sealed_for_the_known_key_is_given_back_too(bob: Seat, new_bob: Seat) -> None:
    state = MemoryState()
    meet(state, bob)
    with asking(state) as other:
        message_id = other.send("hello")
        other.world.find("bob", published(bob))
        assert is_unsent(state, message_id)
        other.world.engine.talk_to("bob")
        other.world.settle()
        other.world.find("bob", published(new_bob))
        assert other.refusals(message_id) == [KeyChanged]
        assert not is_unsent(state, message_id)


def test_what_the_user_typed_stays_when_an_errand_is_given_back(bob: Seat, new_bob: Seat) -> None:
    state = MemoryState()
    meet(state, bob)
    with asking(state) as other:
        typed = other.world.engine.send("bob", "typed")
        message_id = other.send("secret")
        other.world.find("bob", published(new_bob))
        assert other.refusals(message_id) == [KeyChanged]
        assert is_unsent(state, typed)


def test_somebody_blocked_is_refused_to_whoever_asked(bob: Seat) -> None:
    state = MemoryState()
    meet(state, bob)
    with asking(state) as other:
        other.world.engine.ask(c.Decide(Decision.BLOCK, "bob"))
        message_id = other.send("x")
        assert other.refusals(message_id) == [UsageError]
        assert not is_unsent(state, message_id)
