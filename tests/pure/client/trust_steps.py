"""What tests about trust do: meet somebody, show another key under a name, and decide."""

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.commands import Decision
from securechat.errors import SecureChatError
from securechat.identity.types import fingerprint
from securechat.wire import frames as f
from tests.pure.client.engine_world import World, befriend, published
from tests.pure.e2e.world import Seat


def meet(world: World, seat: Seat, *, accepted: bool = True) -> None:
    """Befriend somebody; the relay has accepted what went to them, unless it is said otherwise."""
    befriend(world, seat)
    if accepted:
        world.accept_all()


def show(world: World, seat: Seat, name: str = "bob") -> None:
    """Let the relay show a seat's keys under a name from now on."""
    world.tell(f.Presence(name, False), f.Presence(name, True))
    world.find(name, published(seat, name))


def decide(world: World, decision: Decision, name: str = "bob") -> None:
    world.engine.ask(c.Decide(decision, name))
    world.settle()


def verify(world: World, name: str = "bob", how: c.How = c.How.DIGITS) -> ev.SafetyNumber:
    world.engine.ask(c.Verify(name, how))
    world.settle()
    return world.told(ev.SafetyNumber)[-1]


def make_verified(world: World) -> None:
    verify(world)
    decide(world, Decision.TRUST)


def write(world: World, text: str, name: str = "bob") -> str:
    message_id = world.engine.send(name, text)
    world.settle()
    return message_id


def refusals(world: World) -> list[SecureChatError]:
    return [problem.error for problem in world.told(ev.Problem)]


def last_refusal(world: World) -> SecureChatError:
    return refusals(world)[-1]


def key(seat: Seat) -> str:
    return fingerprint(seat.endpoint.user_key)


def known(world: World, name: str = "bob") -> ev.KnownPerson:
    world.engine.ask(c.Contacts())
    world.settle()
    (found,) = [each for each in world.told(ev.Contacts)[-1].people if each.relay_name == name]
    return found


def call(world: World, name: str, petname: str | None) -> None:
    world.engine.ask(c.Call(name, petname))
    world.settle()


def stop(world: World, flush_s: float = 5.0) -> SecureChatError | None:
    """Let the engine end, at once if nothing but the user can help; return its error."""
    world.engine.stop(flush_s)
    world.settle()
    assert world.has_ended()
    return world.told(ev.Ended)[0].error
