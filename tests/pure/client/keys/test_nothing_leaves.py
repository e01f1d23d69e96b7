"""No plaintext leaves for keys that are not those of whom it is for."""

import msgspec
import pytest

from securechat.client import events as ev
from securechat.identity.chain import PublishedUser
from securechat.wire import frames as f
from tests.pure.client.engine_world import (
    OTHER_CERTIFICATE,
    OTHER_RELAY,
    SECRET,
    alice,
    befriend,
    make_seat,
    published,
)
from tests.pure.e2e.world import DAY_MS, Seat


def forgeries() -> dict[str, PublishedUser]:
    """Return what a relay may show as Bob that is not Bob as Bob made it."""
    bob, mallory = make_seat("bob"), make_seat("mallory")
    true, other = published(bob), published(mallory)
    (device,) = true.devices
    (stranger,) = other.devices
    replace = msgspec.structs.replace

    def with_device(**fields: object) -> PublishedUser:
        return replace(true, devices=(replace(device, **fields),))

    return {
        "somebody else": other,
        "his name on another's key": replace(other, registration=true.registration),
        "a name that nobody signed": replace(
            other, registration=replace(other.registration, name="bob")
        ),
        "a registration elsewhere": published(make_seat("bob"), relay_id=OTHER_RELAY),
        "another's device": replace(true, devices=other.devices),
        "one more device": replace(true, devices=(device, stranger)),
        "a device twice": replace(true, devices=(device, device)),
        "another's list": replace(true, device_list=other.device_list),
        "another's bundle": with_device(bundle=stranger.bundle),
        "another's one-time key": with_device(one_time_key=stranger.one_time_key),
        "another envelope key": with_device(
            bundle=replace(device.bundle, envelope_key=stranger.bundle.envelope_key)
        ),
        "another hybrid key": with_device(
            bundle=replace(device.bundle, hybrid_key=stranger.bundle.hybrid_key)
        ),
        "another fallback key": with_device(
            bundle=replace(device.bundle, fallback_key=stranger.bundle.fallback_key)
        ),
        "no suites": with_device(bundle=replace(device.bundle, suites=b"")),
        "later end": with_device(bundle=replace(device.bundle, not_after_ms=2**62)),
    }


FORGERIES = forgeries()


def test_nothing_leaves_without_a_bundle(bob: Seat) -> None:
    with alice("bob") as world:
        message_id = world.engine.send("bob", SECRET)
        for code in ("unknown-name", "no-prekeys", "no-prekeys", "a code of the future"):
            world.settle()
            world.fail("bob", code)
            world.tell(f.Presence("bob", True), f.Presence("bob", False))
        assert world.told(ev.Waiting) == [ev.Waiting("bob")]
        assert world.link.envelopes == []
        assert world.told(ev.Sent) == []

        world.tell(f.Presence("bob", True))
        world.find("bob", published(bob))
        assert world.mailboxes == {bob.endpoint.mailbox}
        assert bob.read(world.mail_for(bob)[0]) == SECRET
        assert [sent.message_id for sent in world.told(ev.Sent)] == [message_id]
        assert SECRET.encode() not in world.wire


@pytest.mark.parametrize("name", FORGERIES)
def test_nothing_leaves_for_a_forged_bundle(name: str) -> None:
    with alice("bob") as world:
        world.engine.send("bob", SECRET)
        world.settle()
        world.find("bob", FORGERIES[name])
        assert world.link.envelopes == []
        assert world.told(ev.PeerReady) == []
        assert len(world.problems) == 1
        assert not world.has_ended()
        assert world.engine.queued == 1


def test_nothing_leaves_for_keys_that_have_expired(bob: Seat) -> None:
    with alice() as world:
        world.now_ms += 60 * DAY_MS
        world.engine.send("bob", SECRET)
        world.settle()
        world.find("bob", published(bob))
        assert world.link.envelopes == []
        assert "expired" in world.problems[0]


def test_answers_to_each_other_s_questions(bob: Seat, mallory: Seat) -> None:
    with alice() as world:
        world.engine.send("bob", SECRET)
        world.engine.send("mallory", "for mallory")
        world.settle()
        asked = [world.asked(name).request for name in ("bob", "mallory")]
        world.tell(f.Found(asked[0], published(mallory)), f.Found(asked[1], published(bob)))
        assert world.link.envelopes == []
        assert len(world.problems) == 2


def test_an_answer_that_nobody_asked_for(bob: Seat, mallory: Seat) -> None:
    with alice() as world:
        world.engine.send("bob", SECRET)
        world.settle()
        request = world.asked("bob").request
        for number in (0, request + 1, 2**63 - 1):
            world.tell(f.Found(number, published(mallory, "bob")))
            world.tell(f.Failed(number, "unknown-name", "no"))
        assert world.told(ev.Waiting) == []
        world.tell(f.Found(request, published(bob)), f.Found(request, published(mallory, "bob")))
        assert world.mailboxes == {bob.endpoint.mailbox}


@pytest.mark.parametrize("peer", [None, "Bob"])
def test_another_key_under_a_known_name(peer: str | None, bob: Seat, mallory: Seat) -> None:
    """All of it is genuine, but it is Mallory's: the relay has given her the name."""
    with alice(peer) as world:
        befriend(world, bob)
        before = len(world.link.envelopes)
        world.tell(f.Presence("bob", False), f.Presence("bob", True))
        world.engine.send("bob", SECRET)
        world.settle()
        world.find("bob", published(mallory, "bob"))
        (changed,) = world.told(ev.PeerKeyChanged)
        assert changed.name == "bob"
        assert not world.has_ended()
        assert world.mailboxes == {bob.endpoint.mailbox}
        assert bob.read(world.link.envelopes[before].envelope) == SECRET


def test_one_key_has_one_name(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        world.engine.send("carol", SECRET)
        world.settle()
        world.find("carol", published(bob, "carol"))
        assert "bob" in world.problems[0]
        assert len(world.link.envelopes) == 1


def test_one_time_keys_that_ran_out(bob: Seat) -> None:
    """The fallback key serves, and the relay is not asked again and again."""
    with alice() as world:
        world.engine.send("bob", SECRET)
        world.settle()
        world.find("bob", published(bob, claim=False))
        assert bob.read(world.mail_for(bob)[0]) == SECRET
        assert [look.claim for look in world.all_sent(f.Lookup)] == [True]


def test_another_relay_behind_the_same_authority_starts_from_nothing(bob: Seat) -> None:
    with alice("bob") as world:
        befriend(world, bob)
        before = len(world.link.envelopes)
        world.lose_connection()
        world.engine.send("bob", SECRET)
        world.log_in(OTHER_CERTIFICATE, OTHER_RELAY)
        world.engine.send("bob", SECRET)
        world.settle()
        assert len(world.link.envelopes) == before
        world.find("bob", published(bob))
        assert len(world.link.envelopes) == before
        assert "another relay" in world.problems[-1]
