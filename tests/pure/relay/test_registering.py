"""A registration counts once a login proves who sends it: anybody can repeat what is public."""

from dataclasses import dataclass, replace

import msgspec
import pytest

from securechat.crypto.signing import SigningKey
from securechat.identity.types import EnvelopeId, SigningPublicKey
from securechat.wire import frames as f
from tests.pure.identity.objects import Person
from tests.pure.relay.test_removed_devices import next_device
from tests.pure.relay.test_session import registered
from tests.pure.relay.world import Client, RelayWorld, person

MALLORY = SigningKey(b"M" * 32)


def register(who: Person) -> f.Register:
    return f.Register(who.registration, who.device_list, (who.certificate,))


class Repeating(Client):
    """Somebody who registers what others have signed, and does not log in."""

    def answer_challenge(self, challenge: f.Challenge) -> None:
        self.write(register(self.person))


@dataclass(eq=False)
class Registering(Client):
    """A client that registers whatever the relay knows already: its own devices, or these."""

    registers: f.Register | None = None

    def answer_challenge(self, challenge: f.Challenge) -> None:
        login = f.Login(self.prove(challenge), self.sent_before)
        self.write(self.registers or register(self.person), login)


class Held(Registering):
    """A client that answers when the test says so."""

    def answer_challenge(self, challenge: f.Challenge) -> None:
        self.challenge = challenge

    def log_in(self) -> None:
        super().answer_challenge(self.challenge)


def check_that_nothing_has_changed(world: RelayWorld, alice: Client, bob: Client) -> None:
    """Bob has his keys, his mailbox and his connection, and comes back to all of them."""
    assert isinstance(alice.look_up("Bob"), f.Found)
    alice.send(bob, b"while he is here")
    bob.cut()
    alice.send(bob, b"while he is away")
    world.advance(1.0)
    assert alice.refused == []
    bob.connect()
    assert bob.told(f.Challenge)[-1].registered
    assert bob.bodies == [b"while he is here", b"while he is away"]


def test_a_newer_list_that_somebody_repeats_does_not_count() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    Repeating(world, next_device(bob.person)).connect()
    check_that_nothing_has_changed(world, alice, bob)


def test_nor_does_it_when_somebody_else_signs_the_login() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    mallory = Client(world, replace(next_device(bob.person), signer=MALLORY))
    mallory.connect()
    assert [frame.code for frame in mallory.told(f.Fault)] == ["login-refused"]
    check_that_nothing_has_changed(world, alice, bob)


def test_nor_does_it_with_a_certificate_that_its_person_has_not_signed() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    renewed = next_device(bob.person)
    certificate = msgspec.structs.replace(
        renewed.certificate, signing_key=SigningPublicKey(MALLORY.public)
    )
    mallory = Client(world, replace(renewed, signer=MALLORY, certificate=certificate))
    mallory.connect()
    assert [frame.code for frame in mallory.told(f.Fault)] == ["login-refused"]
    check_that_nothing_has_changed(world, alice, bob)


def test_nor_does_it_when_a_device_sends_it_that_is_not_in_it() -> None:
    """Whoever has the keys of one device only cannot make the relay drop that device for others."""
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    thief = Registering(world, bob.person, registers=register(next_device(bob.person)))
    thief.connect()
    assert [frame.code for frame in thief.told(f.Fault)] == ["login-refused"]
    check_that_nothing_has_changed(world, alice, bob)


def test_the_answer_to_a_registration_without_a_proof_tells_nothing() -> None:
    """Neither whether the list is the newest one nor which name the key has here."""
    world = RelayWorld()
    [bob] = world.online("Bob")
    renamed = registered(bob.person, "Robert")
    answers = set()
    for who in (bob.person, renamed, next_device(bob.person)):
        mallory = Registering(world, replace(who, signer=MALLORY))
        mallory.connect()
        [frame] = mallory.told(f.Fault)
        answers.add((frame.code, frame.message))
    assert len(answers) == 1


def test_a_registration_without_a_login_takes_no_name_and_no_place() -> None:
    world = RelayWorld(registrations_per_minute=1, max_accounts=1)
    for name in ("Alice", "Bob"):
        Repeating(world, person(name)).connect()
    assert world.relay.directory.by_name("Alice") is None
    other = world.client("Alice", seed=9)
    other.connect()
    assert other.is_ready


def test_who_is_registered_may_register_the_same_again() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    alice.cut()
    again = Registering(world, alice.person)
    again.connect()
    assert again.is_ready
    assert again.told(f.Welcome)[-1].bundle_epoch == alice.person.bundle.epoch


def test_a_device_that_is_removed_while_its_own_registration_is_kept_is_not_let_in() -> None:
    world = RelayWorld()
    [bob] = world.online("Bob")
    old, new = Held(world, bob.person), Held(world, next_device(bob.person))
    old.connect()
    new.connect()
    old.log_in()
    new.log_in()
    world.settle()
    assert new.is_ready
    assert old.told(f.Welcome) == []
    assert [frame.code for frame in old.told(f.Fault)] == ["login-refused"]


# The count of what a device has handed in ---------------------------------------------------------


@pytest.mark.parametrize("is_read_before", [True, False])
def test_what_an_older_connection_still_brings_is_not_counted_twice(is_read_before: bool) -> None:
    """It is read while the registration is being kept, or not before the new connection's visit."""
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    older = alice.connection
    assert older is not None
    older.is_paused = True
    envelopes = [f.Outgoing(bob.mailbox, EnvelopeId(bytes([i]) * 16), b"x") for i in range(10)]
    alice.hand_over(*envelopes)
    unread, handed_in = older._to_relay, 1 + len(envelopes)  # with the keys that it has published
    again = Registering(world, alice.person, publishes=False, sent_before=handed_in)
    again.connect(settle=False)
    assert again.connection is not None
    while again.connection.pump():
        pass
    assert not again.is_ready
    if not is_read_before:
        world.settle()
    older._session.received(unread)
    world.settle()
    device = world.relay.directory.device(alice.mailbox)
    assert device is not None
    assert again.told(f.Welcome)[-1].sent == device.sent == handed_in
