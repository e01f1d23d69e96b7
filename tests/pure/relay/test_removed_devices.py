"""A person's next device takes the place of the last one, and what waited for that is gone."""

from dataclasses import replace
from functools import cache

from securechat.crypto.signing import SigningKey
from securechat.identity.device import DeviceList
from securechat.relay.emptying import Emptying
from securechat.relay.mailbox import MAX_BATCH_BYTES
from securechat.store.memory import MemoryStore
from securechat.wire import frames as f
from tests.pure.identity.objects import Person, make_bundle, make_certificate
from tests.pure.relay.world import Client, RelayWorld

BODY = b"x" * 1000


@cache
def next_device(old: Person) -> Person:
    """Return a person with another device, which alone is on the list that follows."""
    signer = SigningKey(b"n" * 32)
    certificate = make_certificate(old.user, signer, b"n" * 16)
    device_list = DeviceList.sign(
        old.user,
        sequence=old.device_list.sequence + 1,
        previous_hash=old.device_list.hash,
        certificates=(certificate,),
    )
    bundle = make_bundle(signer, certificate)
    return replace(
        old, signer=signer, certificate=certificate, device_list=device_list, bundle=bundle
    )


def renew(client: Client) -> Client:
    """Log in with the next device of a client's person."""
    new = Client(client.world, next_device(client.person))
    new.connect()
    return new


def test_the_challenge_shows_the_list_of_a_person_whose_device_is_unknown() -> None:
    world = RelayWorld()
    [bob] = world.online("Bob")
    assert bob.told(f.Challenge)[0].device_list is None
    new = renew(bob)
    challenge = new.told(f.Challenge)[0]
    assert (challenge.registered, challenge.device_list) == (False, bob.person.device_list)
    again = Client(world, new.person)
    again.connect()
    assert again.told(f.Challenge)[0].registered
    assert again.told(f.Challenge)[0].device_list is None


def test_the_old_device_is_sent_away() -> None:
    world = RelayWorld()
    [bob] = world.online("Bob")
    new = renew(bob)
    assert new.is_ready
    assert [bye.code for bye in bob.told(f.Bye)] == ["replaced"]
    assert bob.connection is None


def test_nothing_is_taken_for_the_old_device_any_more() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    alice.send(bob, b"before")
    assert bob.bodies == [b"before"]
    renew(bob)
    alice.send(bob.mailbox, b"after")
    assert [code for _, code in alice.refused] == ["unknown-mailbox"]


def test_what_waited_for_the_old_device_frees_its_room() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    pages = 3
    count = pages * (MAX_BATCH_BYTES // len(BODY))
    for _ in range(pages):
        alice.send(bob, *[BODY] * (count // pages))
        world.advance(1.0)
    assert len(alice.accepted) == count
    assert world.relay._relay_fill.size_bytes == count * len(BODY)
    new = renew(bob)
    world.advance(1.0)
    assert world.relay._relay_fill.size_bytes == 0
    assert isinstance(world.store, MemoryStore)
    assert world.store.mailboxes() == {}
    assert new.bodies == []


def test_what_was_on_its_way_to_the_old_device_frees_its_room_too() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.acks = False
    alice.send(bob, BODY, BODY)
    renew(bob)
    world.advance(1.0)
    assert world.relay._relay_fill.size_bytes == 0
    assert alice.outbox == {}


def test_an_old_device_is_kept_until_the_new_list_is() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, BODY)
    assert isinstance(world.store, MemoryStore)
    world.store.is_failing = True
    new = renew(bob)
    assert not new.is_ready
    assert world.relay._relay_fill.size_bytes == len(BODY)


def test_a_login_tells_the_relay_what_it_has_missed() -> None:
    """Envelopes that were lost with their connection count too, so that the counts stay equal."""
    world = RelayWorld()
    [bob] = world.online("Bob")
    bob.cut()
    bob.sent_before = 41
    bob.connect()
    assert bob.told(f.Welcome)[-1].sent == 41
    bob.send(bob.mailbox, b"1")
    bob.cut()
    bob.sent_before = 40
    bob.connect()
    assert bob.told(f.Welcome)[-1].sent == 42


def test_refused_envelopes_count_as_sent_and_so_do_keys() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    renew(bob)
    alice.send(bob.mailbox, b"1", b"2")
    assert len(alice.refused) == 2
    alice.outbox.clear()
    alice.cut()
    alice.connect()
    assert alice.told(f.Welcome)[-1].sent == 1 + 2


def test_nothing_of_the_old_device_stays_in_the_directory() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.send(alice, b"counted")
    renew(bob)
    world.advance(1.0)
    mailboxes = {key for kind, key in world.store.rows() if kind != "account"}
    assert bob.mailbox not in mailboxes


def test_a_device_that_is_registered_again_keeps_what_waits_for_it() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, BODY)
    world.advance(1.0)
    relay = world.relay
    Emptying(relay.open_mailbox(bob.mailbox), world.store, relay.directory).begin()
    world.advance(1.0)
    bob.connect()
    assert bob.bodies == [BODY]
