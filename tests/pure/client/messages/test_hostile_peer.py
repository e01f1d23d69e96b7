"""A hostile peer and the engine: receipts that are forged, names that are no names."""

import pytest

from securechat.client import events as ev
from securechat.client.messages.confirmations import REFETCH_AFTER_S
from securechat.crypto.sealing import random_bytes, seal_box
from securechat.e2e import envelope
from securechat.e2e.content import MAX_RECEIPT_IDS, Receipt
from securechat.errors import CannotOpen
from securechat.identity.registration import Registration
from securechat.identity.types import MAX_NUMBER, DeviceAddress, DeviceId, MessageId, Name
from securechat.wire import frames as f
from tests.pure.client.engine_world import World, alice, make_seat, published
from tests.pure.e2e.world import NOW_MS, RELAY, Seat


def befriend(world: World, seat: Seat) -> MessageId:
    """Let Alice write to somebody, who reads it; return the message's id."""
    world.engine.send(seat.name, "hello")
    world.settle()
    world.find(seat.name, published(seat))
    assert seat.read(world.mail_for(seat)[-1], world.now_ms) == "hello"
    return MessageId(bytes.fromhex(world.told(ev.Sent)[-1].message_id))


def test_forged_receipts_deliver_nothing_of_others() -> None:
    """Of what went to Bob, of what nobody wrote, twice of one's own, and an epoch of the future."""
    bob, mallory = make_seat("bob"), make_seat("mallory")
    with alice() as world:
        to_bob, to_mallory = befriend(world, bob), befriend(world, mallory)
        nobodys = tuple(MessageId(bytes([i]) * 16) for i in range(MAX_RECEIPT_IDS))
        for ids in ((to_bob,), nobodys, (to_mallory, to_mallory), (to_mallory,), ()):
            world.deliver(world.write(mallory, Receipt(ids, MAX_NUMBER)))
        assert [delivered.recipient for delivered in world.told(ev.Delivered)] == ["mallory"]
        world.deliver(world.write(bob, Receipt((to_bob,), 1)))
        assert [delivered.recipient for delivered in world.told(ev.Delivered)[1:]] == ["bob"]


@pytest.mark.parametrize(
    "name",
    ["\u0430lice", "bob\u202e", "\x1b]52;c;eA==\x07", "x" * 60],
    ids=["confusable", "bidi", "escape sequence", "long"],
)
def test_a_stranger_under_a_misleading_name_is_not_shown(name: str) -> None:
    mallory = make_seat("mallory")
    device = mallory.endpoint._device
    device.registration = Registration.sign(
        device._user_key, relay_id=RELAY, name=Name(name), time_ms=NOW_MS
    )
    with alice() as world:
        frames = len(world.link.frames)
        world.deliver(world.write(mallory, "hello"))
        assert world.texts == []
        assert [type(problem.error) for problem in world.told(ev.Problem)] == [CannotOpen]
        assert name not in world.problems[0]
        assert len(world.link.frames) == frames  # nobody was looked up


def forged(world: World, seat: Seat) -> bytes:
    """Return nonsense sealed for Alice that claims to come from some device of a seat's person."""
    nobody = DeviceAddress(seat.endpoint.user_key, DeviceId(random_bytes(16)))
    head = envelope.Head(envelope.TYPE_MESSAGE, random_bytes(16), random_bytes(24), nobody)
    return seal_box(head.encode().ljust(464, b"\0"), world.device.bundle.envelope_key)


def test_forged_envelopes_in_a_friends_name_ask_nothing_and_are_told_once_a_minute() -> None:
    """Whoever knows both keys can claim any number of devices that are none."""
    bob = make_seat("bob")
    with alice() as world:
        befriend(world, bob)
        before = len(world.link.frames), len(world.link.envelopes)
        for number in range(50):
            world.deliver(forged(world, bob), last=number + 1)
        assert (len(world.link.frames), len(world.link.envelopes)) == before
        assert len(world.problems) == 1


def test_receipts_that_announce_newer_keys_fetch_them_once_in_ten_seconds() -> None:
    bob = make_seat("bob")
    with alice() as world:
        befriend(world, bob)
        world.pass_time(REFETCH_AFTER_S)
        looked_up = len(world.all_sent(f.Lookup))
        for number in range(3):
            world.deliver(world.write(bob, Receipt((), 1000 + number)), last=1 + number)
        assert len(world.all_sent(f.Lookup)) == looked_up + 1
        world.find("bob", published(bob))
        world.deliver(world.write(bob, Receipt((), 2000)), last=4)
        assert len(world.all_sent(f.Lookup)) == looked_up + 1
