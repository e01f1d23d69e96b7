"""What a directory knows survives a restart, and is on the disk before anybody hears of it."""

import pytest

from securechat.errors import FileProblem
from securechat.identity.chain import PublishedUser
from securechat.store.memory import MemoryStore
from securechat.wire import frames as f
from tests.pure.relay.world import Client, RelayWorld, person


def claimed(found: f.RelayFrame) -> bytes | None:
    """Return the one-time key in an answer to a look-up."""
    assert isinstance(found, f.Found)
    assert isinstance(found.user, PublishedUser)
    key = found.user.devices[0].one_time_key
    return key.key[:1] if key else None


def restart(world: RelayWorld) -> None:
    world.settle()
    world.restart(world.store)


def store_of(world: RelayWorld) -> MemoryStore:
    assert isinstance(world.store, MemoryStore)
    return world.store


def fault(client: Client) -> f.Fault:
    [frame] = client.told(f.Fault)
    return frame


def test_names_keys_and_claims_survive_a_restart() -> None:
    world = RelayWorld()
    alice, bob, carol = world.online("Alice", "Bob", "Carol")
    bob.publish(b"1", b"2", b"3")
    assert claimed(alice.look_up("Bob", claim=True)) == b"1"
    restart(world)
    for client in (alice, bob, carol):
        client.connect()
    assert bob.told(f.Challenge)[-1].registered
    assert bob.told(f.Welcome)[-1].bundle_epoch == 3
    assert bob.told(f.Welcome)[-1].one_time_keys == 2
    assert claimed(alice.look_up("Bob", claim=True)) is None
    assert claimed(carol.look_up("bob", claim=True)) == b"2"


def test_a_name_stays_taken_after_a_restart() -> None:
    world = RelayWorld()
    [_] = world.online("Alice")
    restart(world)
    mallory = Client(world, person("Alice", 9))
    mallory.connect()
    assert fault(mallory).code == "name-taken"


def test_what_a_device_has_sent_is_remembered_when_it_goes() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    alice.send(bob, b"1", b"2")
    world.advance(1.0)
    alice.cut()
    restart(world)
    alice.connect()
    assert alice.told(f.Welcome)[-1].sent == 1 + 2  # its keys, and two envelopes


def test_nobody_is_welcome_before_the_registration_is_kept() -> None:
    world = RelayWorld()
    store_of(world).is_failing = True
    alice = world.client("Alice")
    alice.connect()
    assert alice.told(f.Welcome) == []
    assert fault(alice).code == "limit"
    assert "cannot store" in fault(alice).message
    store_of(world).is_failing = False
    alice.connect()
    assert len(alice.told(f.Welcome)) == 1
    restart(world)
    alice.connect()
    assert alice.told(f.Challenge)[-1].registered


def test_who_is_registered_already_needs_no_disk() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    alice.cut()
    store_of(world).is_failing = True
    alice.connect()
    assert alice.is_ready


def test_a_claim_that_cannot_be_kept_brings_no_key_and_uses_none_up() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.publish(b"1", b"2")
    store_of(world).is_failing = True
    assert claimed(alice.look_up("Bob", claim=True)) is None
    assert not bob.told(f.KeysLeft)
    store_of(world).is_failing = False
    assert claimed(alice.look_up("Bob", claim=True)) == b"1"


def test_keys_that_cannot_be_kept_serve_until_a_restart() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    store_of(world).is_failing = True
    failed = bob.publish(b"1")
    assert isinstance(failed, f.Failed)
    assert failed.code == "not-stored"
    store_of(world).is_failing = False
    assert claimed(alice.look_up("Bob", claim=True)) == b"1"


def test_answers_keep_the_order_of_the_requests_while_the_disk_is_at_work() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    alice.write(f.Publish(71, alice.person.bundle, ()), f.Lookup(72, "Nobody", False), f.Who(73))
    world.settle()
    answers = [frame for frame in alice.frames if getattr(frame, "request", 0) > 70]
    assert [type(frame) for frame in answers] == [f.Done, f.Failed, f.People]


def test_an_account_that_makes_no_sense_is_told_with_the_next_step() -> None:
    world = RelayWorld()
    store_of(world)._rows["account", b"x"] = b"\xc0"
    with pytest.raises(FileProblem) as caught:
        restart(world)
    assert caught.value.try_next
