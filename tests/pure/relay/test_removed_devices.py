"""A person's next device takes the place of the last one, and what waited for that is gone."""

from dataclasses import replace
from functools import cache

import pytest

from securechat.crypto.signing import SigningKey
from securechat.identity.device import DeviceList
from securechat.relay.records import REMOVED
from securechat.relay.window import MAX_BATCH_BYTES
from securechat.store.memory import MemoryStore
from securechat.wire import frames as f
from tests.pure.identity.objects import Person, make_bundle, make_certificate
from tests.pure.relay.world import Client, RelayWorld, person
from tests.pure.store.delayed import DelayedStore

BODY = b"x" * 1000
PAGE = MAX_BATCH_BYTES // len(BODY)
MAX_STEPS = 1000


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
    count = pages * PAGE
    for _ in range(pages):
        alice.send(bob, *[BODY] * PAGE)
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
    world.relay._emptying.add(bob.mailbox)
    world.advance(1.0)
    bob.connect()
    assert bob.bodies == [BODY]


# A relay that is killed before all is dropped -----------------------------------------------------


def killed_while_emptying(*names: str, pages_dropped: int = 0) -> tuple[RelayWorld, DelayedStore]:
    """Return a relay started anew; its last run had begun to drop what waited for these people."""
    world = RelayWorld(store := DelayedStore())
    alice, *old = world.online("Alice", *names)
    for each in old:
        each.cut()
        alice.send(each, *[BODY] * PAGE)
        alice.send(each, *[BODY] * PAGE)
        store.run()
        world.advance(1.0)
    assert len(alice.accepted) == 2 * PAGE * len(old)
    for each in old:
        assert renew(each).is_ready
    for _ in range(pages_dropped):
        assert store.work()  # the load
        assert store.answer()
        assert store.work()  # the removal
    found = store.after_kill()
    assert len(found.mailboxes()) == len(old)
    world.restart(found)
    return world, found


def run(world: RelayWorld, store: DelayedStore) -> None:
    while store.run():
        world.settle()


@pytest.mark.parametrize("pages_dropped", [0, 1])
def test_a_relay_that_is_killed_while_it_empties_a_mailbox_goes_on_at_its_start(
    pages_dropped: int,
) -> None:
    world, store = killed_while_emptying("Bob", pages_dropped=pages_dropped)
    assert world.relay._relay_fill.size_bytes == (2 - pages_dropped) * PAGE * len(BODY)
    run(world, store)
    assert store.mailboxes() == {}
    assert world.relay._relay_fill.size_bytes == 0
    assert [key for kind, key in store.rows() if kind == REMOVED] == []


def test_nothing_is_taken_for_a_removed_device_after_a_kill() -> None:
    world, store = killed_while_emptying("Bob")
    alice = world.client("Alice")
    alice.connect()
    alice.send(person("Bob", 2).certificate.mailbox, b"after")
    assert [code for _, code in alice.refused] == ["unknown-mailbox"]
    run(world, store)
    assert alice.accepted == set()


def test_mailboxes_are_emptied_one_after_the_other() -> None:
    _, store = killed_while_emptying("Bob", "Carol", "Dave")
    under_way = []
    for _ in range(MAX_STEPS):
        under_way.append(len(store._orders))
        if not (store.work() or store.answer()):
            break
    assert max(under_way) == 2  # a removal, and the load of the next page
    assert store.mailboxes() == {}


def test_what_waits_for_an_account_that_was_lost_to_damage_is_kept() -> None:
    """Nobody has removed it: it is found again once the person has registered again."""
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, BODY)
    world.advance(1.0)
    assert isinstance(world.store, MemoryStore)
    del world.store._rows["account", bob.person.user_key]
    world.restart(world.store)
    world.advance(1.0)
    alice.connect()
    alice.send(bob, b"while nobody knows it")
    assert [code for _, code in alice.refused] == ["unknown-mailbox"]
    bob.connect()
    assert bob.bodies == [BODY]


def test_a_device_that_is_registered_again_is_no_removed_one() -> None:
    world = RelayWorld(store := DelayedStore())
    [bob] = world.online("Bob")
    new = renew(bob)
    assert (REMOVED, bob.mailbox) in store.rows()
    third = DeviceList.sign(
        bob.person.user,
        sequence=new.person.device_list.sequence + 1,
        previous_hash=new.person.device_list.hash,
        certificates=(bob.person.certificate,),
    )
    Client(world, replace(bob.person, device_list=third)).connect()
    assert (REMOVED, bob.mailbox) not in store.rows()
    assert (REMOVED, new.mailbox) in store.rows()
