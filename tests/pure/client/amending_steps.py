"""What tests about changed messages do: write as a peer, change what was said, and look at it."""

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.e2e.amend_content import Amendment, Reaction
from securechat.e2e.content import Receipt, Text
from securechat.identity.types import MessageId
from tests.pure.client.engine_world import World
from tests.pure.e2e.world import Seat


def told_by(world: World, seat: Seat, content: Text | str) -> MessageId:
    """Let a peer say something to Alice; return its id."""
    world.deliver(world.write(seat, content))
    return id_of(world.told(ev.Message)[-1])


def change(world: World, seat: Seat, *contents: Amendment | Reaction) -> None:
    """Let a peer change messages, or react to them."""
    for content in contents:
        world.deliver(world.write(seat, content))


def id_of(message: ev.Message | ev.PastMessage) -> MessageId:
    return MessageId(bytes.fromhex(message.message_id))


def ask(world: World, *questions: c.Question) -> None:
    for question in questions:
        world.engine.ask(question)
    world.settle()


def page(world: World, name: str = "bob") -> tuple[ev.PastMessage, ...]:
    """Return what is kept of a conversation."""
    ask(world, c.Page(name))
    return world.told(ev.Page)[-1].messages


def texts(world: World, name: str = "bob") -> list[str]:
    return [each.text for each in page(world, name)]


def said_to(world: World, seat: Seat) -> list[object]:
    """Return what a peer finds in all that came from Alice and was not opened yet, no receipts."""
    contents = [outcome.content for outcome in seat.opened(world.mail_for(seat))]
    return [each for each in contents if not isinstance(each, Receipt)]
