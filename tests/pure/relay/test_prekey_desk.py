"""Leaving prekeys on the relay, and looking up a person with them."""

from securechat.identity.chain import PublishedUser
from securechat.wire import frames as f
from tests.pure.relay.world import RelayWorld


def test_a_look_up_finds_a_person_whatever_the_case() -> None:
    alice, bob = RelayWorld().online("Alice", "Bob")
    found = alice.look_up("bOB")
    assert isinstance(found, f.Found)
    assert found.user.registration == bob.person.registration
    assert found.user.devices[0].bundle == bob.person.bundle


def test_a_claim_brings_a_one_time_key_of_ones_own_once_a_day() -> None:
    world = RelayWorld()
    alice, bob, carol = world.online("Alice", "Bob", "Carol")
    bob.publish(b"1", b"2", b"3")
    assert [one_time_key(alice.look_up("Bob")), one_time_key(alice.look_up("Bob", claim=True))] == [
        None,
        b"1",
    ]
    alice.cut()
    alice.connect()
    assert one_time_key(alice.look_up("Bob", claim=True)) is None
    assert one_time_key(carol.look_up("Bob", claim=True)) == b"2"
    for client in (alice, bob, carol):
        client.cut()  # a day of pings takes long
    world.advance(24 * 60 * 60)
    alice.connect()
    assert one_time_key(alice.look_up("Bob", claim=True)) == b"3"


def one_time_key(found: f.RelayFrame) -> bytes | None:
    assert isinstance(found, f.Found)
    assert isinstance(found.user, PublishedUser)
    key = found.user.devices[0].one_time_key
    return key.key[:1] if key else None


def test_requests_that_cannot_be_carried_out_say_why() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    world.client("Carol", publishes=False).connect()
    mine = alice.person.bundle
    answers = [
        bob.look_up("Nobody"),
        bob.look_up("Carol"),
        bob.ask(lambda request: f.Publish(request, mine, ())),
    ]
    codes = [answer.code for answer in answers if isinstance(answer, f.Failed)]
    assert codes == ["unknown-name", "no-prekeys", "invalid-prekeys"]
    assert bob.is_ready


def test_a_device_hears_how_many_keys_are_left_when_one_is_claimed() -> None:
    world = RelayWorld()
    alice, bob, carol = world.online("Alice", "Bob", "Carol")
    bob.publish(b"1", b"2")
    alice.look_up("Bob")
    assert bob.told(f.KeysLeft) == []
    alice.look_up("Bob", claim=True)
    assert bob.told(f.KeysLeft) == [f.KeysLeft(1)]
    alice.look_up("Bob", claim=True)
    assert bob.told(f.KeysLeft) == [f.KeysLeft(1)]
    bob.cut()
    carol.look_up("Bob", claim=True)
    bob.connect()
    assert bob.told(f.KeysLeft) == [f.KeysLeft(1)]
    assert bob.told(f.Welcome)[-1].one_time_keys == 0


def test_publishing_is_confirmed() -> None:
    [alice] = RelayWorld().online("Alice")
    assert isinstance(alice.publish(b"1"), f.Done)
