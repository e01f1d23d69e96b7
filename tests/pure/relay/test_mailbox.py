"""Delivery, order, quotas and the window, with a store that answers at once and one that waits."""

import pytest

from securechat.identity.types import EnvelopeId, MailboxId
from securechat.relay.dispatch import ANSWER_AFTER_S
from securechat.relay.parcel import Parcel
from securechat.relay.patience import COMMIT_AFTER_S, MAX_COMMIT_AFTER_S
from securechat.relay.relay import COMMIT_AGAIN_S, SWEEP_EVERY_S
from securechat.store.mailboxes import MIN_CHARGE_BYTES
from securechat.wire import frames as f
from securechat.wire.codes import RefusedCode
from tests.pure.relay.world import Client, RelayWorld, days
from tests.pure.store.delayed import DelayedStore


def bodies(first: int, last: int, size_bytes: int = 0) -> list[bytes]:
    """Return numbered envelopes, padded to a size."""
    return [(b"%d." % number).ljust(size_bytes, b"\0") for number in range(first, last + 1)]


def numbers(client: Client) -> list[int]:
    """Return the numbers of the envelopes delivered so far, repetitions and all."""
    return [int(body.split(b".")[0]) for body in client.bodies]


def codes(client: Client) -> list[str]:
    return [code for _, code in client.refused]


def outgoing(to: Client, number: int, body: bytes = b"1.") -> f.Outgoing:
    return f.Outgoing(to.mailbox, EnvelopeId(number.to_bytes(16, "big")), body)


# Delivery -----------------------------------------------------------------------------------------


def test_two_who_are_online_use_no_store() -> None:
    store = DelayedStore()
    world = RelayWorld(store)
    alice, bob = world.online("Alice", "Bob")
    alice.send(bob, *bodies(1, 3))
    assert numbers(bob) == [1, 2, 3]
    world.advance(1.0)
    assert len(alice.accepted) == 3
    assert not store.work()


def test_what_came_while_a_device_was_away_is_delivered_at_its_login() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    alice.send(bob, *bodies(4, 4))
    world.advance(1.0)
    assert len(alice.accepted) == 4
    bob.connect()
    assert numbers(bob) == [1, 2, 3, 4]
    world.advance(1.0)
    assert bob.told(f.Deliver)[0].first == 1


def test_a_device_that_has_never_logged_in_since_the_relay_started_gets_mail() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    world.advance(SWEEP_EVERY_S + 1)
    assert not world.relay.mailboxes.keys() & {bob.mailbox}
    alice.send(bob, *bodies(1, 1))
    bob.connect()
    assert numbers(bob) == [1]


def test_a_mailbox_of_nobody_is_refused() -> None:
    [alice] = RelayWorld().online("Alice")
    alice.send(MailboxId(b"nobody's mailbox"), b"x", b"y")
    assert codes(alice) == ["unknown-mailbox", "unknown-mailbox"]


def test_a_mailbox_that_becomes_somebodys_begins_with_what_was_refused_first() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    bob = world.client("Bob")
    alice.send(bob, *bodies(1, 2))
    bob.connect()
    first, second = alice.outbox.values()
    alice.hand_over(second)
    alice.hand_over(first, second)
    world.advance(1.0)
    assert codes(alice) == ["unknown-mailbox", "unknown-mailbox", "order"]
    assert numbers(bob) == [1, 2]


def test_an_envelope_to_oneself_arrives() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    alice.send(alice, *bodies(1, 2))
    world.advance(1.0)
    assert numbers(alice) == [1, 2]
    assert len(alice.accepted) == 2


def test_what_one_read_brings_is_answered_for_together() -> None:
    world, [alice, bob, carol] = slow_world("Alice", "Bob", "Carol")
    carol.cut()
    pairs = (outgoing(bob, 1), outgoing(carol, 2), outgoing(bob, 3, b"3."))
    nobody = f.Outgoing(MailboxId(b"nobody's mailbox"), EnvelopeId(bytes(16)), b"x")
    alice.hand_over(*pairs, nobody)
    world.advance(1.0)
    assert numbers(bob) == [1, 3]
    assert codes(alice) == ["unknown-mailbox"]
    assert not alice.accepted
    alice.hand_over(outgoing(bob, 4, b"4."))
    world.advance(1.0)
    assert alice.told(f.Accepted)[-1] == f.Accepted(0, ((5, 5),))
    carol.connect()
    run(world)
    world.advance(1.0)
    assert len(alice.accepted) == 4
    assert alice.told(f.Accepted)[-1] == f.Accepted(5)


def test_empty_looking_envelopes_of_one_byte_are_envelopes() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    alice.send(bob, b"\0", b"\0", b"\0")
    world.advance(1.0)
    assert bob.bodies == [b"\0"] * 3
    assert len(alice.accepted) == 3


# Reconnecting -------------------------------------------------------------------------------------


def test_what_was_not_acknowledged_comes_again_in_order() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 5))
    bob.ack(2)
    world.settle()
    bob.cut()
    alice.send(bob, *bodies(6, 7))
    bob.connect()
    assert numbers(bob) == [1, 2, 3, 4, 5, 3, 4, 5, 6, 7]
    bob.ack()
    world.advance(1.0)
    assert len(alice.accepted) == 7


def test_a_device_that_comes_back_has_its_whole_window_again() -> None:
    world = RelayWorld(window_bytes=10_000)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 15, size_bytes=1000))
    for visit in range(1, 4):
        assert numbers(bob) == list(range(1, 11)) * visit
        bob.cut()
        bob.connect()
    bob.deliveries.clear()
    bob.ack()
    world.settle()
    assert numbers(bob) == list(range(11, 16))


def test_a_sender_that_comes_back_hears_of_what_it_handed_in_before() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    alice.cut()
    bob.connect()
    assert alice.accepted == set()
    alice.connect()
    world.advance(1.0)
    assert len(alice.accepted) == 3
    assert numbers(bob) == [1, 2, 3, 1, 2, 3]


def test_handing_in_again_changes_nothing_while_the_envelope_is_queued() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 3))
    alice.cut()
    alice.connect()
    alice.send(bob, *bodies(4, 4))
    assert numbers(bob) == [1, 2, 3, 4]
    bob.ack()
    world.advance(1.0)
    assert len(alice.accepted) == 4


def test_the_same_id_twice_on_one_connection_is_refused_and_the_first_counts() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.hand_over(outgoing(bob, 1), outgoing(bob, 1))
    world.settle()
    assert codes(alice) == ["duplicate"]
    bob.ack()
    world.advance(1.0)
    assert numbers(bob) == [1]
    assert alice.accepted == {outgoing(bob, 1).envelope_id}


def test_other_bytes_under_one_id_are_refused() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.hand_over(outgoing(bob, 1), outgoing(bob, 1, b"other"), outgoing(bob, 2, b"2."))
    world.settle()
    assert codes(alice) == ["mismatch"]
    assert numbers(bob) == [1, 2]


def test_two_senders_may_use_the_same_id() -> None:
    world = RelayWorld()
    alice, bob, carol = world.online("Alice", "Bob", "Carol")
    alice.hand_over(outgoing(carol, 1, b"1."))
    bob.hand_over(outgoing(carol, 1, b"2."))
    world.advance(1.0)
    assert sorted(numbers(carol)) == [1, 2]
    assert len(alice.accepted) == len(bob.accepted) == 1


def test_an_id_is_free_again_once_the_envelope_is_acknowledged() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    for _ in range(2):
        alice.hand_over(outgoing(bob, 1))
        world.advance(1.0)
    assert numbers(bob) == [1, 1]
    assert codes(alice) == []


# Answers ------------------------------------------------------------------------------------------


def test_answers_wait_a_little_for_a_delivery_to_ride_on() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    alice.send(bob, *bodies(1, 2))
    assert alice.accepted == set()
    bob.send(alice, b"9.")
    assert len(alice.accepted) == 2
    assert alice.told(f.Deliver)[-1].accepted == 2
    world.advance(1.0)
    assert alice.told(f.Accepted) == []


def test_answers_without_a_ride_come_soon_and_together() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    for body in bodies(1, 5):
        alice.send(bob, body)
    world.advance(ANSWER_AFTER_S)
    assert alice.told(f.Accepted) == [f.Accepted(5)]


def test_an_unanswered_envelope_does_not_hold_up_the_answers_of_others() -> None:
    world, [alice, bob, carol] = slow_world("Alice", "Bob", "Carol")
    carol.cut()
    alice.send(carol, b"1.")
    alice.send(bob, *bodies(2, 4))
    world.advance(1.0)
    assert alice.told(f.Accepted) == [f.Accepted(0, ((2, 4),))]
    alice.send(bob, *bodies(5, 5))
    world.advance(1.0)
    assert alice.told(f.Accepted)[1:] == [f.Accepted(0, ((5, 5),))]
    carol.connect()
    run(world)
    world.advance(1.0)
    assert alice.told(f.Accepted)[2:] == [f.Accepted(5)]


# Quotas and order ---------------------------------------------------------------------------------


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


def test_after_a_refusal_later_ones_are_refused_until_the_first_comes_again() -> None:
    world = RelayWorld(mailbox_messages=12)
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 5))
    assert codes(alice) == ["mailbox-full", "order"]
    bob.connect()
    four, five = list(alice.outbox.values())[3:]
    alice.hand_over(five)
    world.settle()
    assert codes(alice)[2:] == ["order"]
    alice.hand_over(four, five)
    world.advance(1.0)
    assert numbers(bob) == [1, 2, 3, 4, 5]
    assert alice.outbox == {}


def test_what_was_refused_for_its_order_comes_again_before_anything_newer() -> None:
    world = RelayWorld(mailbox_messages=12)
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 5))
    assert codes(alice) == ["mailbox-full", "order"]
    bob.connect()
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


# The window ---------------------------------------------------------------------------------------


def test_at_most_a_window_is_on_its_way_to_a_device() -> None:
    world = RelayWorld(window_bytes=10_000)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 30, size_bytes=1000))
    assert len(bob.bodies) == 10
    bob.ack(4)
    world.settle()
    assert numbers(bob) == list(range(1, 15))
    for _ in range(10):
        bob.ack()
        world.settle()
    assert numbers(bob) == list(range(1, 31))
    world.advance(1.0)
    assert len(alice.accepted) == 30


def test_tiny_envelopes_that_nobody_acknowledges_are_bounded_in_number() -> None:
    world = RelayWorld(window_bytes=8 * MIN_CHARGE_BYTES)
    alice, bob = world.online("Alice", "Bob", acks=False)
    for _ in range(5):
        alice.send(bob, *[b"x"] * 10, ephemeral=True)
    mailbox = world.relay.mailboxes[bob.mailbox]
    assert (len(mailbox.window.in_flight), len(mailbox.window.waiting)) == (8, 8)
    alice.send(bob, *[b"x"] * 50)
    assert (len(mailbox.window.in_flight), len(mailbox.window.waiting)) == (8, 8)
    bob.cut()
    bob.connect()
    assert (len(mailbox.window.in_flight), len(mailbox.window.waiting)) == (8, 0)


def test_looking_for_what_is_overdue_passes_no_envelope_that_the_store_has() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 100))
    world.advance(1.0)
    mailbox = world.relay.mailboxes[bob.mailbox]
    first = mailbox.window.in_flight[0]
    first.handed = False
    alice.send(bob, b"101.")
    assert mailbox.commit_older(world.now)
    assert not mailbox.commit_older(world.now + 1)
    assert not first.handed
    assert mailbox.window.in_flight[-1].handed


def test_nothing_is_committed_past_what_the_store_has_refused() -> None:
    store = DelayedStore()
    world = RelayWorld(store)
    alice, bob, carol = world.online("Alice", "Bob", "Carol", acks=False)
    alice.send(bob, b"1.")
    world.advance(COMMIT_AFTER_S * 2)
    carol.send(bob, b"2.")
    world.advance(COMMIT_AFTER_S * 2)
    store.kept.is_failing = True
    store.work()
    store.kept.is_failing = False
    run(world)
    alice.send(bob, b"3.")
    world.advance(COMMIT_AFTER_S * 2)
    run(world)
    world.advance(ANSWER_AFTER_S * 2)
    assert not alice.accepted
    assert len(carol.accepted) == 1
    world.advance(COMMIT_AGAIN_S)
    run(world)
    world.advance(1.0)
    assert len(alice.accepted) == 2


def test_an_envelope_larger_than_the_window_travels_alone() -> None:
    world = RelayWorld(window_bytes=1000)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 3, size_bytes=5000))
    for expected in ([1], [1, 2], [1, 2, 3]):
        assert numbers(bob) == expected
        bob.ack()
        world.settle()


def test_a_slow_reader_costs_store_not_memory_of_the_relay() -> None:
    world = RelayWorld(window_bytes=10_000, unanswered_bytes=10**7)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 200, size_bytes=1000))
    mailbox = world.relay.mailboxes[bob.mailbox]
    assert len(mailbox.window.in_flight) == 10
    assert len(mailbox.window.waiting) <= 11
    assert len(mailbox) == 200


def test_a_long_backlog_arrives_in_frames_of_bounded_size_and_number() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 600))
    for body in bodies(601, 620, size_bytes=60_000):
        alice.send(bob, body)
    bob.connect()
    assert numbers(bob) == list(range(1, 621))
    for frame in bob.told(f.Deliver):
        assert len(frame.envelopes) <= f.MAX_ENVELOPES
        assert sum(len(each.envelope) for each in frame.envelopes) <= 131_072


# Ephemeral ----------------------------------------------------------------------------------------


def test_ephemeral_envelopes_reach_who_is_there_and_are_never_stored() -> None:
    store = DelayedStore()
    world = RelayWorld(store)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, b"1.", b"2.", ephemeral=True)
    assert numbers(bob) == [1, 2]
    world.advance(1.0)
    assert len(alice.accepted) == 2
    bob.cut()
    alice.send(bob, b"3.", ephemeral=True)
    world.advance(1.0)
    assert len(alice.accepted) == 3
    bob.connect()
    assert numbers(bob) == [1, 2]
    assert not store.work()


def test_ephemeral_envelopes_keep_their_place_and_are_acknowledged_with_the_others() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, b"1.")
    alice.send(bob, b"2.", ephemeral=True)
    alice.send(bob, b"3.")
    assert numbers(bob) == [1, 2, 3]
    bob.ack()
    world.advance(1.0)
    assert len(alice.accepted) == 3
    assert len(world.relay.mailboxes[bob.mailbox]) == 0


def test_ephemeral_envelopes_do_not_overtake_what_waits_in_the_store() -> None:
    world = RelayWorld(window_bytes=1000)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 5, size_bytes=1000))
    alice.send(bob, b"9.", ephemeral=True)
    for _ in range(6):
        bob.ack()
        world.settle()
    assert numbers(bob) == [1, 2, 3, 4, 5]


def test_ephemeral_envelopes_beyond_two_windows_are_dropped() -> None:
    world = RelayWorld(window_bytes=10_000)
    alice, bob = world.online("Alice", "Bob", acks=False)
    for body in bodies(1, 100, size_bytes=1000):
        alice.send(bob, body, ephemeral=True)
    for _ in range(10):
        bob.ack()
        world.settle()
    assert numbers(bob) == list(range(1, 21))
    alice.send(bob, *bodies(101, 101), ephemeral=True)
    assert numbers(bob)[20:] == [101]


def test_ephemeral_envelopes_to_nobody_are_gone_without_a_word() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    alice.send(MailboxId(b"nobody's mailbox"), b"x", ephemeral=True)
    world.advance(1.0)
    assert alice.refused == []
    assert len(alice.accepted) == 1


# Expiry -------------------------------------------------------------------------------------------


def test_what_nobody_fetched_expires_and_makes_room() -> None:
    world = RelayWorld(mailbox_ttl_days=1, mailbox_messages=8)
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 1))
    world.advance(days(0.5))
    alice.send(bob, *bodies(2, 2))
    world.advance(days(0.5) - 1)
    alice.send(bob, *bodies(3, 3))
    assert codes(alice) == ["mailbox-full"]
    world.advance(SWEEP_EVERY_S + 1)
    alice.hand_over(*alice.outbox.values())
    bob.connect()
    world.advance(1.0)
    assert numbers(bob) == [2, 3]
    assert alice.outbox == {}


def test_nothing_expires_under_a_reader_that_is_there() -> None:
    world = RelayWorld(mailbox_ttl_days=1, window_bytes=1000)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 4, size_bytes=1000))
    world.advance(days(1) + SWEEP_EVERY_S + 1)
    for _ in range(5):
        bob.ack()
        world.settle()
    assert numbers(bob) == [1, 2, 3, 4]
    bob.cut()
    alice.send(bob, *bodies(5, 5))
    world.advance(days(1) + SWEEP_EVERY_S + 1)
    bob.connect()
    assert numbers(bob) == [1, 2, 3, 4]
    assert world.relay.mailboxes[bob.mailbox].is_idle


def test_mailboxes_that_are_empty_and_unread_cost_nothing() -> None:
    world = RelayWorld(mailbox_ttl_days=1)
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, b"1.")
    world.advance(SWEEP_EVERY_S + 1)
    assert set(world.relay.mailboxes) == {alice.mailbox, bob.mailbox}
    world.advance(days(1) + SWEEP_EVERY_S)
    assert set(world.relay.mailboxes) == {alice.mailbox}
    assert world.store.mailboxes() == {}


# A store that takes its time ----------------------------------------------------------------------


def slow_world(
    *names: str, durable: bool = False, **settings: int
) -> tuple[RelayWorld, list[Client]]:
    world = RelayWorld(DelayedStore(), **settings)
    return world, list(world.online(*names))


def run(world: RelayWorld) -> None:
    """Let the store do all it was told, and the world come to rest."""
    assert isinstance(world.store, DelayedStore)
    while world.store.run():
        world.settle()


def step(world: RelayWorld, *, answer: bool) -> None:
    """Let the store carry out all its orders, and perhaps tell of them."""
    assert isinstance(world.store, DelayedStore)
    while world.store.work():
        pass
    while answer and world.store.answer():
        pass
    world.settle()


def test_what_the_store_has_committed_is_accepted() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 2))
    world.advance(1.0)
    step(world, answer=False)
    world.advance(1.0)
    assert alice.accepted == set()
    step(world, answer=True)
    world.advance(1.0)
    assert len(alice.accepted) == 2


def test_an_acknowledgement_in_time_spares_the_store_the_work() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    alice.send(bob, b"1.")
    world.advance(COMMIT_AFTER_S - 0.01)
    bob.ack()
    world.advance(1.0)
    assert len(alice.accepted) == 1
    assert not world.store.work()  # type: ignore[attr-defined]


def test_what_is_not_acknowledged_in_time_goes_to_the_store() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    alice.send(bob, b"1.")
    bob.acks = False
    alice.send(bob, b"2.")
    world.advance(COMMIT_AFTER_S + 0.01)
    assert world.store.work()  # type: ignore[attr-defined]


def test_what_the_store_keeps_leaves_the_memory_together_with_its_device() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    alice.send(bob, b"1.")
    world.advance(COMMIT_AFTER_S + 0.01)
    run(world)
    mailbox = world.relay.mailboxes[bob.mailbox]
    assert mailbox._index.by_key
    bob.cut()
    assert not mailbox._index.by_key


def test_a_device_that_acknowledges_slowly_is_given_more_time() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    alice.send(bob, *bodies(1, 50))
    world.advance(COMMIT_AFTER_S / 2 - 0.001)
    bob.ack()
    world.settle()
    alice.send(bob, *bodies(51, 60))
    world.advance(COMMIT_AFTER_S / 2 - 0.002)
    bob.ack()
    world.advance(1.0)
    assert not world.store.work()  # type: ignore[attr-defined]
    alice.send(bob, b"61.")
    world.advance(MAX_COMMIT_AFTER_S)
    assert world.store.work()  # type: ignore[attr-defined]


def test_the_time_that_a_slow_device_is_given_is_bounded() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    alice.send(bob, b"1.")
    world.advance(10.0)
    run(world)
    bob.ack()
    world.settle()
    run(world)
    alice.send(bob, b"2.")
    world.advance(MAX_COMMIT_AFTER_S + COMMIT_AFTER_S)
    assert world.store.work()  # type: ignore[attr-defined]


@pytest.mark.parametrize("acknowledged_before", ["work", "answer"])
def test_acknowledged_while_it_is_being_committed_is_accepted_once(
    acknowledged_before: str,
) -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    alice.send(bob, b"1.")
    world.advance(1.0)
    if acknowledged_before == "answer":
        step(world, answer=False)
    bob.ack()
    world.advance(1.0)
    assert alice.told(f.Accepted) == [f.Accepted(1)]
    run(world)
    world.advance(1.0)
    assert alice.told(f.Accepted) == [f.Accepted(1)]
    assert world.store.kept._mailboxes == {}  # type: ignore[attr-defined]
    assert alice.connection is not None
    assert not alice.connection.is_paused


def test_handing_in_again_what_is_committed_is_accepted_and_kept_once() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob", unanswered_bytes=4 * MIN_CHARGE_BYTES)
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    run(world)
    alice.cut()
    assert alice.accepted == set()
    alice.connect()
    run(world)
    world.advance(ANSWER_AFTER_S)
    assert len(alice.accepted) == 3
    assert len(world.relay.mailboxes[bob.mailbox]) == 3
    bob.connect()
    run(world)
    assert numbers(bob) == [1, 2, 3]


def test_handing_in_again_what_is_being_committed_is_answered_on_the_new_connection() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    alice.cut()
    alice.connect()
    run(world)
    world.advance(ANSWER_AFTER_S)
    assert len(alice.accepted) == 3


def test_a_device_that_comes_back_while_its_mail_is_being_stored_gets_it_in_order() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    alice.send(bob, *bodies(1, 3))
    bob.cut()
    alice.send(bob, *bodies(4, 4))
    bob.connect()
    alice.send(bob, *bodies(5, 5))
    assert numbers(bob) == [1, 2, 3]
    run(world)
    alice.send(bob, *bodies(6, 6))
    assert numbers(bob) == [1, 2, 3, 1, 2, 3, 4, 5, 6]


def test_what_comes_while_a_page_is_being_loaded_follows_it() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 2))
    bob.connect()
    step(world, answer=False)
    alice.send(bob, *bodies(3, 3))
    step(world, answer=True)
    alice.send(bob, *bodies(4, 4))
    run(world)
    assert numbers(bob) == [1, 2, 3, 4]


def test_a_page_for_an_earlier_visit_is_not_delivered_twice() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    bob.connect()
    step(world, answer=False)
    bob.cut()
    world.settle()
    bob.connect()
    run(world)
    assert numbers(bob) == [1, 2, 3]
    alice.send(bob, *bodies(4, 4))
    assert numbers(bob) == [1, 2, 3, 4]


def test_a_page_that_comes_after_the_device_has_gone_is_dropped() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    bob.connect()
    step(world, answer=False)
    bob.cut()
    run(world)
    bob.connect()
    run(world)
    assert numbers(bob) == [1, 2, 3]


def test_mail_that_expires_just_before_its_reader_comes_does_not_block_the_mailbox() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob", mailbox_ttl_days=1)
    bob.cut()
    alice.send(bob, *bodies(1, 2))
    run(world)
    world.advance(days(1) + SWEEP_EVERY_S + 1)
    bob.connect()
    alice.send(bob, *bodies(3, 3))
    run(world)
    assert numbers(bob) == [3]
    alice.send(bob, *bodies(4, 4))
    assert numbers(bob) == [3, 4]
    bob.ack()
    world.advance(1.0)
    assert len(world.relay.mailboxes[bob.mailbox]) == 0


def test_other_bytes_under_an_id_that_only_the_store_knows_are_refused() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.hand_over(outgoing(bob, 1))
    world.settle()
    run(world)
    alice.hand_over(outgoing(bob, 1, b"other"), outgoing(bob, 2, b"2."))
    world.settle()
    run(world)
    world.advance(1.0)
    assert codes(alice) == ["mismatch"]
    bob.connect()
    run(world)
    assert numbers(bob) == [1, 2]


def test_a_retry_that_comes_while_the_first_is_being_loaded_is_delivered_once() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 2))
    while world.store.work():  # type: ignore[attr-defined]
        pass
    alice.cut()
    bob.connect()
    step(world, answer=False)
    alice.connect()
    run(world)
    bob.ack()
    world.advance(1.0)
    assert numbers(bob) == [1, 2]
    assert world.relay.mailboxes[bob.mailbox].is_idle
    assert alice.outbox == {}


# A restart ----------------------------------------------------------------------------------------


def kill(world: RelayWorld) -> None:
    assert isinstance(world.store, DelayedStore)
    world.restart(world.store.after_kill())


def test_a_restart_keeps_what_was_accepted_and_its_order() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    run(world)
    world.advance(1.0)
    assert len(alice.accepted) == 3
    kill(world)
    alice.connect()
    alice.send(bob, *bodies(4, 4))
    run(world)
    bob.connect()
    run(world)
    assert bob.told(f.Welcome)[-1].waiting == 4
    assert numbers(bob) == [1, 2, 3, 4]


def test_a_restart_counts_what_is_kept() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob", mailbox_messages=8)
    bob.cut()
    alice.send(bob, *bodies(1, 2))
    run(world)
    world.advance(1.0)
    kill(world)
    alice.connect()
    alice.send(bob, *bodies(3, 3))
    run(world)
    assert codes(alice) == ["mailbox-full"]
    assert world.relay._relay_fill.size_bytes == 2 * MIN_CHARGE_BYTES


def test_what_was_sent_in_a_life_before_expires_by_the_time_of_day() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob", mailbox_ttl_days=1)
    bob.cut()
    alice.send(bob, *bodies(1, 1))
    run(world)
    world.advance(days(0.9))
    kill(world)
    world.advance(days(0.1) + 2 * SWEEP_EVERY_S)
    run(world)
    bob.connect()
    run(world)
    assert numbers(bob) == []
    assert world.relay._relay_fill.size_bytes == 0


# A store that fails -------------------------------------------------------------------------------


def fail(world: RelayWorld, *, failing: bool = True) -> None:
    assert isinstance(world.store, DelayedStore)
    world.store.kept.is_failing = failing


def test_what_cannot_be_stored_is_refused_and_comes_again_in_its_order() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    fail(world)
    alice.send(bob, *bodies(1, 2))
    alice.send(bob, *bodies(3, 3))
    run(world)
    world.advance(1.0)
    assert codes(alice) == ["not-stored"] * 3
    assert alice.accepted == set()
    fail(world, failing=False)
    one, two, three = alice.outbox.values()
    alice.hand_over(two)
    alice.hand_over(one)
    alice.hand_over(two, three)
    world.settle()
    run(world)
    world.advance(1.0)
    assert codes(alice)[3:] == ["order"]
    bob.connect()
    run(world)
    assert numbers(bob) == [1, 2, 3]


def test_what_fails_again_after_it_came_again_is_still_the_first_to_come() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    fail(world)
    alice.send(bob, *bodies(1, 3))
    run(world)
    one, two, three = alice.outbox.values()
    alice.hand_over(one, two)
    world.settle()
    run(world)
    fail(world, failing=False)
    alice.hand_over(three)
    alice.hand_over(one, two, three)
    world.settle()
    run(world)
    world.advance(1.0)
    assert codes(alice) == ["not-stored"] * 5 + ["order"]
    bob.connect()
    run(world)
    assert numbers(bob) == [1, 2, 3]


def test_two_who_are_online_go_on_while_nothing_can_be_stored() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    fail(world)
    alice.send(bob, *bodies(1, 2))
    world.advance(1.0)
    run(world)
    assert codes(alice) == []
    bob.ack()
    alice.send(bob, *bodies(3, 3))
    world.advance(1.0)
    assert numbers(bob) == [1, 2, 3]
    assert len(alice.accepted) == 2


def test_two_who_wait_for_each_other_go_on_when_there_is_room_again() -> None:
    """The relay reads from neither, so that no acknowledgement arrives: the store has to."""
    store = DelayedStore()
    world = RelayWorld(store, unanswered_bytes=3 * MIN_CHARGE_BYTES)
    alice, bob = world.online("Alice", "Bob", acks=False)
    store.kept.is_failing = True
    alice.send(bob, *bodies(1, 4))
    bob.send(alice, *bodies(5, 8))
    world.advance(0.1)
    store.run()
    for client in (alice, bob):
        assert client.connection is not None
        assert client.connection.is_paused
        client.ack()
    store.kept.is_failing = False
    world.advance(COMMIT_AGAIN_S)
    store.run()
    world.advance(0.1)
    assert not alice.outbox
    assert not bob.outbox
    assert not world.relay.mailboxes[bob.mailbox]._index.by_key


def test_what_a_reader_leaves_behind_while_nothing_can_be_stored_is_refused_in_order() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    fail(world)
    alice.send(bob, *bodies(1, 2))
    world.advance(1.0)
    run(world)
    bob.cut()
    world.settle()
    run(world)
    world.advance(1.0)
    assert [envelope_id for envelope_id, _ in alice.refused] == list(alice.outbox)
    assert codes(alice) == ["not-stored"] * 2
    assert world.relay.mailboxes[bob.mailbox].is_idle


def test_nothing_is_kept_before_what_came_earlier_is() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob", window_bytes=1000)
    bob.acks = False
    fail(world)
    alice.send(bob, b"1.")
    world.advance(1.0)
    run(world)
    fail(world, failing=False)
    alice.send(bob, *bodies(2, 5, size_bytes=1000))
    run(world)
    assert isinstance(world.store, DelayedStore)
    kept = world.store.kept._mailboxes[bob.mailbox].values()
    assert [entry.envelope[:2] for entry in kept] == [b"%d." % number for number in range(1, 6)]


def test_counts_that_damage_made_wrong_are_mended_when_all_is_in_memory() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    run(world)
    assert isinstance(world.store, DelayedStore)
    world.store.kept.remove([world.store.kept._mailboxes[bob.mailbox][2]])
    bob.acks = False
    bob.connect()
    run(world)
    alice.send(bob, *bodies(4, 4))
    assert numbers(bob) == [1, 3, 4]
    bob.ack()
    world.settle()
    run(world)
    assert world.relay.mailboxes[bob.mailbox].is_idle


def test_pages_follow_each_other_while_the_window_has_room() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob", window_bytes=3000)
    bob.cut()
    alice.send(bob, *bodies(1, 20, size_bytes=1000))
    bob.connect()
    run(world)
    assert numbers(bob) == list(range(1, 21))


def test_a_mailbox_swept_right_after_its_last_envelope_is_no_trouble() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    world.advance(SWEEP_EVERY_S - COMMIT_AFTER_S / 2)
    alice.send(bob, b"1.")
    bob.cut()
    world.advance(1.0)
    assert bob.mailbox not in world.relay.mailboxes
    assert len(alice.accepted) == 1
