"""Receipts that are due: kept from the message that they confirm until they are sealed."""

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.commands import Decision
from securechat.client.events import Origin
from securechat.client.history.unread import FORGET_WITHIN_S
from securechat.client.messages.receiving import RECEIPT_MAX_S
from securechat.client.state.receipts import Due, Kind, due_row, stored_receipts
from securechat.e2e.content import ReadReceipt, Receipt
from securechat.e2e.results import Opened
from securechat.identity.types import DeviceAddress, DeviceId, MessageId, RelayId
from tests.pure.client.engine_world import (
    MemoryState,
    World,
    alice,
    befriend,
    make_seat,
    published,
)
from tests.pure.e2e.world import Seat, copy_seat

BOB = make_seat("bob")


def confirmed_to(world: World, seat: Seat) -> list[str]:
    """Return the ids of messages that a seat now learns have come."""
    contents = [each.content for each in seat.opened(world.mail_for(seat), world.now_ms)]
    receipts = [content for content in contents if isinstance(content, Receipt)]
    return [message_id.hex() for receipt in receipts for message_id in receipt.message_ids]


def due(state: MemoryState) -> int:
    return sum(table == Kind.DELIVERED for table, _ in state.rows)


def acquainted(state: MemoryState, seat: Seat) -> bytes:
    """Let Alice know somebody in an earlier run; return a message that they have written since."""
    with alice(None, state) as world:
        befriend(world, seat)
        world.accept_all()
        return world.write(seat, "are you there")


def test_the_row_of_a_receipt_says_all_that_is_needed() -> None:
    device = DeviceAddress(BOB.address.user_key, DeviceId(b"d" * 16))
    one = Due(Origin(RelayId(b"r" * 32), device), MessageId(b"m" * 16))
    rows = {due_row(kind, one): b"" for kind in Kind} | {("unread", b"x"): b""}
    assert [list(stored_receipts(kind, rows)) for kind in Kind] == [[one], [one]]
    assert len(rows) == 3


def test_a_receipt_outlives_a_run_that_could_not_seal_it() -> None:
    """As that of a listener who has enough with one message, and never asked who had written it."""
    bob, state = copy_seat(BOB), MemoryState()
    envelope = acquainted(state, bob)
    with alice(None, state) as world:
        world.deliver(envelope)
        (message,) = world.told(ev.Message)
    assert due(state) == 1
    assert confirmed_to(world, bob) == []
    with alice(None, state) as world:
        world.find("bob", published(bob, claim=False))
        assert confirmed_to(world, bob) == [message.message_id]
        assert due(state) == 0
        world.accept_all()
    with alice(None, state) as world:
        world.pass_time(RECEIPT_MAX_S)
        assert not world.link.envelopes


def test_receipts_of_both_kinds_that_were_due_without_a_connection_follow_the_login() -> None:
    bob = copy_seat(BOB)
    with alice(read_receipts=True) as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "are you there"))
        (message,) = world.told(ev.Message)
        world.engine.shown("bob", message.message_id)
        world.settle()
        world.lose_connection()
        world.pass_time(FORGET_WITHIN_S)
        world.pass_time(RECEIPT_MAX_S)
        assert confirmed_to(world, bob) == []
        world.log_in()
        world.find("bob", published(bob, claim=False))
        contents = [bob.receive(mail, world.now_ms) for mail in world.mail_for(bob)[-2:]]
        assert [type(each.content) for each in contents if isinstance(each, Opened)] == [
            Receipt,
            ReadReceipt,
        ]


def test_who_was_blocked_since_is_confirmed_nothing() -> None:
    bob, state = copy_seat(BOB), MemoryState()
    envelope = acquainted(state, bob)
    with alice(None, state) as world:
        world.deliver(envelope)
        world.engine.ask(c.Decide(Decision.BLOCK, "bob"))
        world.settle()
    with alice(None, state) as world:
        world.pass_time(RECEIPT_MAX_S)
        assert not world.link.envelopes
        assert due(state) == 0
