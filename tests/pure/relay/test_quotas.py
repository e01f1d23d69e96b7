"""How much of a mailbox one sender may fill, and the order after a refusal."""

from securechat.identity.types import MailboxId
from securechat.relay.parcel import Parcel
from securechat.relay.relay import COMMIT_AGAIN_S
from securechat.store.mailboxes import MIN_CHARGE_BYTES
from securechat.wire.codes import RefusedCode
from tests.pure.relay.mailbox_steps import bodies, codes, numbers, outgoing, run, slow_world
from tests.pure.relay.world import Client, RelayWorld


def test_one_account_fills_at_most_a_quarter_of_the_bytes() -> None:
    world = RelayWorld(mailbox_bytes=40_000)
    alice, bob, carol = world.online("Alice", "Bob", "Carol")
    bob.cut()
    alice.send(bob, bytes(6000), bytes(4000), b"x")
    assert codes(alice) == ["mailbox-full"]
    carol.send(bob, bytes(10_000))
    assert codes(carol) == []
    assert world.relay.mailboxes[bob.mailbox]._fills.size_bytes == 20_000


def test_one_account_fills_at_most_a_quarter_of_the_messages() -> None:
    world = RelayWorld(mailbox_messages=8)
    alice, bob, carol = world.online("Alice", "Bob", "Carol")
    bob.cut()
    alice.send(bob, b"1.", b"2.", b"3.")
    assert codes(alice) == ["mailbox-full"]
    carol.send(bob, b"4.", b"5.")
    assert codes(carol) == []


def test_what_devices_were_about_to_get_finds_no_more_room_than_the_store_has() -> None:
    world = RelayWorld(store_bytes=4 * MIN_CHARGE_BYTES)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 8))
    world.advance(3.0)
    assert world.relay._relay_fill.size_bytes == 4 * MIN_CHARGE_BYTES
    bob.cut()
    world.advance(1.0)
    assert world.relay._relay_fill.size_bytes == 4 * MIN_CHARGE_BYTES
    assert codes(alice) == ["mailbox-full"] * 4
    assert len(alice.accepted) == 4
    bob.acks = True
    bob.connect()
    world.advance(1.0)
    alice.cut()
    alice.connect()
    world.advance(1.0)
    assert numbers(bob)[-8:] == list(range(1, 9))


def test_what_the_store_has_no_room_for_waits_for_it_with_all_that_is_behind() -> None:
    world, [alice, bob, carol] = slow_world("Alice", "Bob", "Carol", store_bytes=10_000)
    carol.cut()
    alice.send(carol, *bodies(1, 1, 8_000))
    run(world)
    bob.acks = False
    alice.send(bob, *bodies(2, 2, 3_000), *bodies(3, 3))
    world.advance(1.0)
    run(world)
    kept = world.store.kept._mailboxes  # type: ignore[attr-defined]
    assert not kept.get(bob.mailbox)
    carol.connect()
    run(world)
    world.advance(COMMIT_AGAIN_S)
    run(world)
    assert [entry.envelope[:2] for entry in kept[bob.mailbox].values()] == [b"2.", b"3."]


def test_several_devices_of_one_account_fill_one_quarter_together() -> None:
    world = RelayWorld(mailbox_messages=8)
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, b"1.", b"2.")
    again = outgoing(bob, 3)
    mailbox = world.relay.mailboxes[bob.mailbox]
    other_device = MailboxId(b"alice's tablet 1")
    parcel = Parcel(None, other_device, alice.person.user_key, world.now, 3)
    assert mailbox.offer(again, parcel, 3) is RefusedCode.MAILBOX_FULL


def test_all_senders_together_fill_a_mailbox_and_no_more() -> None:
    world = RelayWorld(mailbox_messages=8, mailbox_bytes=10**6)
    bob, *senders = world.online("Bob", "Alice", "Carol", "Dave", "Erin", "Frank")
    bob.cut()
    for sender in senders:
        sender.send(bob, b"1.", b"2.")
    assert [codes(sender) for sender in senders] == [[]] * 4 + [["mailbox-full", "order"]]


def test_an_emptied_mailbox_has_room_for_everybody_again() -> None:
    world = RelayWorld(mailbox_messages=4)
    alice, bob = world.online("Alice", "Bob")
    for number in range(10):
        alice.send(bob, b"%d." % number)
    assert numbers(bob) == list(range(10))
    mailbox = world.relay.mailboxes[bob.mailbox]
    assert mailbox._fills._by_account == {}
    assert (mailbox._fills.messages, mailbox._fills.size_bytes) == (0, 0)
    assert mailbox.is_idle


def refused_world() -> tuple[RelayWorld, Client, Client]:
    """Return a relay that refused the last two of Alice's five, and with room for them by now."""
    world = RelayWorld(mailbox_messages=12)
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 5))
    assert codes(alice) == ["mailbox-full", "order"]
    bob.connect()
    return world, alice, bob


def test_after_a_refusal_later_ones_are_refused_until_the_first_comes_again() -> None:
    world, alice, bob = refused_world()
    four, five = list(alice.outbox.values())[3:]
    alice.hand_over(five)
    world.settle()
    assert codes(alice)[2:] == ["order"]
    alice.hand_over(four, five)
    world.advance(1.0)
    assert numbers(bob) == [1, 2, 3, 4, 5]
    assert alice.outbox == {}


def test_what_was_refused_for_its_order_comes_again_before_anything_newer() -> None:
    world, alice, bob = refused_world()
    four, five = list(alice.outbox.values())[3:]
    alice.hand_over(four)
    alice.send(bob, *bodies(6, 6))
    assert codes(alice)[2:] == ["order"]
    alice.hand_over(five, *list(alice.outbox.values())[-1:])
    world.advance(1.0)
    assert numbers(bob) == [1, 2, 3, 4, 5, 6]
    assert alice.outbox == {}


def test_a_refusal_in_one_mailbox_does_not_touch_another() -> None:
    world = RelayWorld(mailbox_messages=4)
    alice, bob, carol = world.online("Alice", "Bob", "Carol")
    bob.cut()
    alice.send(bob, *bodies(1, 2))
    alice.send(carol, *bodies(3, 3))
    assert codes(alice) == ["mailbox-full"]
    assert numbers(carol) == [3]


def test_a_new_connection_begins_without_a_gap() -> None:
    world = RelayWorld(mailbox_messages=4)
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    assert codes(alice) == ["mailbox-full", "order"]
    bob.connect()
    world.advance(1.0)
    given_up, _ = alice.outbox
    del alice.outbox[given_up]
    alice.cut()
    alice.connect()
    world.advance(1.0)
    assert codes(alice)[2:] == []
    assert numbers(bob) == [1, 3]
