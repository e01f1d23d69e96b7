"""Who reads, and who learns of it: the reader's choice, and never of what went to others."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.commands import Decision
from securechat.client.events import Origin
from securechat.client.history import read_receipts
from securechat.client.history.read_receipts import ReadReceipts
from securechat.client.history.unread import FORGET_WITHIN_S
from securechat.client.messages import confirmations
from securechat.client.messages.receiving import RECEIPT_MAX_S
from securechat.e2e.content import MAX_RECEIPT_IDS, Content, ReadReceipt, Receipt
from securechat.identity.types import MessageId
from tests.pure.client.engine_world import (
    OTHER_CERTIFICATE,
    OTHER_RELAY,
    MemoryState,
    World,
    alice,
    befriend,
    make_seat,
    published,
)
from tests.pure.client.keys.test_agreement import WILLING, read_plain, write_plain
from tests.pure.client.messages.test_recovery import meet
from tests.pure.e2e.world import RELAY, Seat, copy_seat

BOB, MALLORY = make_seat("bob"), make_seat("mallory")
LATER_S = FORGET_WITHIN_S + RECEIPT_MAX_S


def show_all(world: World) -> None:
    """Say of every message that it was shown, and let the time for receipts pass."""
    for message in world.told(ev.Message):
        world.engine.shown(message.sender, message.message_id)
    world.settle()
    world.pass_time(FORGET_WITHIN_S)
    world.pass_time(RECEIPT_MAX_S)


def receipts(world: World, seat: Seat) -> list[Content]:
    """Return the receipts that a seat opens now, in the order in which they came."""
    contents = [each.content for each in seat.opened(world.mail_for(seat), world.now_ms)]
    return [each for each in contents if isinstance(each, Receipt | ReadReceipt)]


def read_of(world: World, seat: Seat) -> list[str]:
    """Return the ids of messages that a seat now learns were read."""
    found = [each for each in receipts(world, seat) if isinstance(each, ReadReceipt)]
    return [message_id.hex() for receipt in found for message_id in receipt.message_ids]


def pending(state: MemoryState) -> int:
    return sum(table == "read" for table, _ in state.rows)


def sent_id(world: World) -> MessageId:
    return MessageId(bytes.fromhex(world.told(ev.Sent)[-1].message_id))


# The reader -----------------------------------------------------------------------------------


def test_nobody_is_told_what_was_read_unless_the_reader_wants_that() -> None:
    bob = copy_seat(BOB)
    with alice() as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "hello"))
        show_all(world)
        assert [type(each) for each in receipts(world, bob)] == [Receipt]
        assert pending(world.state) == 0


def test_a_contact_is_told_what_was_shown_in_one_receipt_that_follows_that_of_delivery() -> None:
    bob = copy_seat(BOB)
    with alice(read_receipts=True) as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "one"), world.write(bob, "two"), world.write(bob, "three"))
        ids = [message.message_id for message in world.told(ev.Message)]
        for message_id in ids[:2]:
            world.engine.shown("bob", message_id)
        world.settle()
        assert receipts(world, bob) == []  # not at once: one names many
        world.pass_time(FORGET_WITHIN_S)
        world.pass_time(RECEIPT_MAX_S)
        like_receipt, like_read_receipt = (len(mail) for mail in world.mail_for(bob)[-2:])
        assert like_receipt == like_read_receipt  # which is all that the relay sees
        delivered, read = receipts(world, bob)
        assert isinstance(delivered, Receipt)
        assert isinstance(read, ReadReceipt)
        assert {message_id.hex() for message_id in read.message_ids} == set(ids[:2])
        assert pending(world.state) == 0
        show_all(world)
        assert read_of(world, bob) == ids[2:]  # and of none twice


def test_a_listener_beside_can_want_what_the_engine_does_not() -> None:
    """It says so of what it has printed, be that before the engine's own face or after it."""
    bob = copy_seat(BOB)
    with alice() as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "one"), world.write(bob, "two"))
        first, second = (message.message_id for message in world.told(ev.Message))
        world.engine.confirm_read("bob", first)
        show_all(world)
        assert read_of(world, bob) == [first]
        world.engine.confirm_read("bob", first)
        world.engine.confirm_read("bob", second)
        world.settle()
        world.pass_time(FORGET_WITHIN_S)
        world.pass_time(RECEIPT_MAX_S)
        assert read_of(world, bob) == [second]


def test_three_hundred_that_were_read_take_two_receipts() -> None:
    bob = copy_seat(BOB)
    with alice(read_receipts=True) as world:
        befriend(world, bob)
        for last in (1, 2):
            world.deliver(*(world.write(bob, "one more") for _ in range(150)), last=last)
        show_all(world)
        found = [each for each in receipts(world, bob) if isinstance(each, ReadReceipt)]
        assert [len(each.message_ids) for each in found] == [MAX_RECEIPT_IDS, 44]


def test_a_stranger_learns_nothing_also_not_when_accepted_later() -> None:
    mallory = copy_seat(MALLORY)
    with alice(read_receipts=True) as world:
        world.deliver(world.write(mallory, "hello"))
        world.find("mallory", published(mallory))
        assert world.told(ev.Message)[0].request
        show_all(world)
        befriend(world, mallory)
        show_all(world)
        assert receipts(world, mallory) == []
        assert pending(world.state) == 0


@pytest.mark.parametrize("when", ["shown", "due"])
def test_whoever_is_blocked_learns_nothing(when: str) -> None:
    bob = copy_seat(BOB)
    with alice(read_receipts=True) as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "hello"))
        world.pass_time(RECEIPT_MAX_S)
        assert [type(each) for each in receipts(world, bob)] == [Receipt]
        if when == "due":
            world.engine.shown("bob", world.told(ev.Message)[0].message_id)
            world.settle()
            world.pass_time(FORGET_WITHIN_S)
        world.engine.ask(c.Decide(Decision.BLOCK, "bob"))
        world.settle()
        show_all(world)
        assert receipts(world, bob) == []
        assert (pending(world.state) == 0) == (when == "shown")  # nor when he is unblocked


def test_whoever_is_changed_is_told_once_the_pinned_key_is_back() -> None:
    bob, new_bob = copy_seat(BOB), make_seat("bob")
    with alice("bob", read_receipts=True) as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "hello"))
        world.engine.talk_to("bob")
        world.settle()
        world.find("bob", published(new_bob))
        assert world.told(ev.PeerKeyChanged)
        show_all(world)
        assert receipts(world, bob) == []
        world.engine.talk_to("bob")
        world.settle()
        world.find("bob", published(bob))
        assert read_of(world, bob) == [world.told(ev.Message)[0].message_id]


def test_the_new_key_of_somebody_never_hears_what_was_read_of_the_old_one() -> None:
    bob, new_bob = copy_seat(BOB), make_seat("bob")
    state = MemoryState()
    with alice("bob", state, read_receipts=True) as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "hello"))
        world.engine.talk_to("bob")
        world.settle()
        world.find("bob", published(new_bob))
        show_all(world)
        for _ in range(2):
            world.engine.ask(c.Decide(Decision.ACCEPT_KEY, "bob"))
            world.settle()
        world.find("bob", published(new_bob))
        world.pass_time(LATER_S)
        assert receipts(world, new_bob) == receipts(world, bob) == []
    with alice("bob", state) as world:
        world.find("bob", published(new_bob))
        world.pass_time(LATER_S)
        assert world.link.envelopes == []
    assert pending(state) == 0


def test_names_of_the_users_own_do_not_mislead_a_receipt() -> None:
    """Bob is called Bobby, and Mallory bob, when their messages with one and the same id come."""
    bob, mallory = copy_seat(BOB), copy_seat(MALLORY)
    with alice(read_receipts=True) as world:
        befriend(world, bob)
        befriend(world, mallory)
        world.engine.ask(c.Call("bob", "Bobby"))
        world.settle()
        world.deliver(world.write(bob, "of bob"), world.write(mallory, "of mallory"))
        of_bob, of_mallory = world.told(ev.Message)
        assert (of_bob.sender, of_mallory.sender) == ("Bobby", "mallory")
        world.engine.ask(c.Call("Bobby", "Robert"))
        world.settle()
        world.engine.shown("mallory", of_bob.message_id)  # that is nothing of hers
        world.engine.shown("Bobby", of_bob.message_id)
        world.settle()
        world.pass_time(FORGET_WITHIN_S)
        world.pass_time(RECEIPT_MAX_S)
        assert read_of(world, mallory) == []
        assert read_of(world, bob) == [of_bob.message_id]


def test_where_both_do_without_encryption_receipts_do_too() -> None:
    bob = copy_seat(WILLING)
    with alice("bob", e2e=False, read_receipts=True) as world:
        world.find("bob", published(bob))
        world.deliver(write_plain(world, bob, "hello"))
        show_all(world)
        kinds = [type(content) for content in read_plain(world, bob)]
        assert kinds == [Receipt, ReadReceipt]


# Nothing that is due is lost ------------------------------------------------------------------


def test_what_an_earlier_run_kept_gives_its_receipt_when_it_is_shown() -> None:
    """The earlier run gave none: it is the one that shows a message which decides."""
    bob, state = copy_seat(BOB), MemoryState()
    with alice(state=state) as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "hello"))
        world.pass_time(RECEIPT_MAX_S)
        receipts(world, bob)
    with alice(state=state, read_receipts=True) as world:
        world.engine.retell()
        world.settle()
        show_all(world)
        world.find("bob", published(bob))
        assert read_of(world, bob) == [world.told(ev.Message)[0].message_id]


def test_what_was_shown_just_before_the_end_is_told_before_it() -> None:
    bob = copy_seat(BOB)
    with alice("bob", read_receipts=True) as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "hello"))
        (message,) = world.told(ev.Message)
        world.engine.shown("bob", message.message_id)
        world.engine.stop()
        world.settle()
        assert read_of(world, bob) == [message.message_id]


def test_what_is_shown_while_an_engine_ends_is_told_too() -> None:
    bob = copy_seat(BOB)
    with alice("bob", read_receipts=True) as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "hello"))
        world.engine.stop(60.0)  # an own message is not accepted yet
        world.settle()
        (message,) = world.told(ev.Message)
        world.engine.shown("bob", message.message_id)
        world.settle()
        assert not world.has_ended()
        world.pass_time(60.0)
        assert read_of(world, bob) == [message.message_id]


@pytest.mark.parametrize("shown", ["before the end", "after it"])
def test_what_cannot_be_told_before_the_end_is_told_by_the_next_run(shown: str) -> None:
    """There has been no connection; the next run need not give any receipts itself."""
    bob, state = copy_seat(BOB), MemoryState()
    with alice(state=state) as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "hello"))
    with alice(state=state, logged_in=False, read_receipts=True) as world:
        world.engine.retell()
        world.settle()
        (message,) = world.told(ev.Message)
        if shown == "before the end":
            world.engine.shown("bob", message.message_id)
        world.engine.stop()
        world.settle()
        world.engine.shown("bob", message.message_id)
        world.engine.join(1.0)
    assert pending(state) == 1
    with alice(state=state) as world:
        world.find("bob", published(bob))
        assert read_of(world, bob) == [message.message_id]
        assert pending(state) == 0


def test_a_receipt_that_is_due_outlives_a_kill() -> None:
    bob = copy_seat(BOB)
    with alice("bob", read_receipts=True) as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "hello"))
        (message,) = world.told(ev.Message)
        world.engine.shown("bob", message.message_id)
        world.settle()
        world.pass_time(FORGET_WITHIN_S)
        world.pass_time(0.0)
        state = world.state.copy()
    assert pending(state) == 1
    with alice(state=state) as world:
        world.find("bob", published(bob))
        assert read_of(world, bob) == [message.message_id]


@contextmanager
def told_in_a_later_run(bob: Seat, state: MemoryState) -> Iterator[World]:
    """Let Bob write in one run, and run another one that tells of it and confirms it."""
    with alice(state=state) as world:
        meet(world, bob)
    with alice(state=state, read_receipts=True) as world:
        world.engine.retell()
        world.settle()
        yield world


def test_an_orderly_end_waits_for_the_keys_of_those_who_are_to_know() -> None:
    bob, state = copy_seat(BOB), MemoryState()
    with told_in_a_later_run(bob, state) as world:
        (message,) = world.told(ev.Message)
        world.engine.shown("bob", message.message_id)
        world.engine.stop(60.0)
        world.settle()
        assert not world.has_ended()
        world.find("bob", published(bob))
        assert world.has_ended()
        assert read_of(world, bob) == [message.message_id]


def test_an_orderly_end_does_not_wait_for_those_who_cannot_be_found() -> None:
    bob, state = copy_seat(BOB), MemoryState()
    with told_in_a_later_run(bob, state) as world:
        show_all(world)
        world.fail("bob")
        world.engine.stop(60.0)
        world.settle()
        assert not world.has_ended()  # once more he is asked for
        world.fail("bob")
        assert world.has_ended()
    assert pending(state) == 1


def test_a_receipt_goes_to_the_relay_where_the_message_came_from() -> None:
    bob, state = copy_seat(BOB), MemoryState()
    with alice(state=state) as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "hello"))
    with alice(state=state, logged_in=False, read_receipts=True) as world:
        world.log_in(OTHER_CERTIFICATE, OTHER_RELAY)
        world.engine.retell()
        world.settle()
        show_all(world)
        assert world.link.envelopes == []
    assert pending(state) == 1


def test_a_receipt_stays_with_its_relay_when_another_one_answers() -> None:
    bob = copy_seat(BOB)
    with alice("bob", read_receipts=True) as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "hello"))
        world.lose_connection()
        show_all(world)
        world.log_in(OTHER_CERTIFICATE, OTHER_RELAY)
        world.find("bob", published(bob, relay_id=OTHER_RELAY))
        world.pass_time(LATER_S)
        assert read_of(world, bob) == []
        assert pending(world.state) == 1


def message(number: int) -> ev.Message:
    origin = Origin(RELAY, BOB.address)
    return ev.Message(
        f"{number:032x}", "bob", "alice", "x", 0, True, ev.Trust.NEW, False, 0, origin=origin
    )


def test_of_more_messages_than_are_remembered_the_oldest_give_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(read_receipts, "MAX_ORIGINS", 2)
    due = ReadReceipts({})
    for number in range(3):
        due.note_told(message(number))
    for number in range(3):
        due.note_read("bob", f"{number:032x}")
    assert len(due.take()) == 2


def test_whatever_another_command_says_it_has_shown_is_harmless() -> None:
    due = ReadReceipts({})
    due.note_told(message(1))
    for sender, message_id in (("bob", "no id"), ("", ""), ("carol", f"{1:032x}")):
        due.note_read(sender, message_id)
    assert due.take() == {}


# The writer -----------------------------------------------------------------------------------


def test_read_comes_after_delivered() -> None:
    bob = copy_seat(BOB)
    with alice() as world:
        befriend(world, bob)
        message_id = sent_id(world)
        world.deliver(world.write(bob, Receipt((message_id,), 1)))
        world.deliver(world.write(bob, ReadReceipt((message_id, message_id))), last=2)
        world.deliver(world.write(bob, ReadReceipt((message_id,))), last=3)
        states = [event for event in world.events if isinstance(event, ev.Delivered | ev.Read)]
        assert states == [
            ev.Delivered(message_id.hex(), "bob"),
            ev.Read(message_id.hex(), "bob"),
        ]


def test_read_is_delivered_too_and_ends_the_keeping_of_the_copy() -> None:
    bob = copy_seat(BOB)
    with alice() as world:
        befriend(world, bob)
        message_id = sent_id(world)
        world.deliver(world.write(bob, ReadReceipt((message_id,))))
        world.deliver(world.write(bob, Receipt((message_id,), 1)), last=2)
        states = [event for event in world.events if isinstance(event, ev.Delivered | ev.Read)]
        assert [type(state) for state in states] == [ev.Delivered, ev.Read]
        assert not any(table == "sent" for table, _ in world.state.rows)


def test_forged_read_receipts_count_for_nothing() -> None:
    """Of what went to Bob, delivered or not, and of what nobody wrote; from a stranger too."""
    bob, mallory, carol = copy_seat(BOB), copy_seat(MALLORY), make_seat("carol")
    with alice() as world:
        befriend(world, bob)
        delivered = sent_id(world)
        world.deliver(world.write(bob, Receipt((delivered,), 1)))
        world.engine.send("bob", "one more")
        world.settle()
        ids = (delivered, sent_id(world), MessageId(b"\0" * 16))
        befriend(world, mallory)
        world.deliver(world.write(mallory, ReadReceipt(ids)), last=2)
        world.deliver(world.write(carol, ReadReceipt(ids)), last=3)
        world.find("carol", published(carol))
        assert world.told(ev.Read) == []
        assert len(world.told(ev.Delivered)) == 1
        world.deliver(world.write(bob, ReadReceipt(ids)), last=4)
        assert [read.message_id for read in world.told(ev.Read)] == [each.hex() for each in ids[:2]]


def test_a_writer_waits_for_so_many_readers_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is where no history remembers them."""
    monkeypatch.setattr(confirmations, "MAX_AWAITED", 1)
    bob = copy_seat(BOB)
    with alice() as world:
        befriend(world, bob)
        world.engine.ask(c.Keep("bob", 0))
        world.engine.send("bob", "one more")
        world.settle()
        ids = tuple(MessageId(bytes.fromhex(sent.message_id)) for sent in world.told(ev.Sent))
        world.deliver(world.write(bob, Receipt(ids, 1)))
        world.deliver(world.write(bob, ReadReceipt(ids)), last=2)
        assert [read.message_id for read in world.told(ev.Read)] == [ids[1].hex()]
