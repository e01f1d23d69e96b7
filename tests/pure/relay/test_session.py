"""Greeting, registration, login: who gets in, who does not, and how that is said."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from securechat.crypto.signing import SigningKey
from securechat.errors import SecureChatError, Unreachable
from securechat.identity.device import NO_PREVIOUS_LIST, DeviceList
from securechat.identity.login import LoginProof
from securechat.identity.registration import Registration
from securechat.identity.types import MailboxId, Name, RelayId
from securechat.relay.events import Joined, Left, Refusal, Registered
from securechat.relay.limits import LoginThrottle
from securechat.wire import frames as f
from securechat.wire.codec import encode
from tests.pure.identity.objects import RELAY, Person, make_certificate
from tests.pure.relay.world import Client, RelayWorld, person


class Liar(Client):
    """A client whose proof is about another connection, in one point or in all of it."""

    lie: dict[str, Any]
    stolen: LoginProof | None = None

    def prove(self, challenge: f.Challenge, **other: Any) -> LoginProof:
        return self.stolen or super().prove(challenge, **self.lie, **other)


def liar(world: RelayWorld, who: Person, stolen: LoginProof | None = None, **lie: Any) -> Liar:
    client = Liar(world, who)
    client.lie, client.stolen = lie, stolen
    return client


def fault(client: Client) -> str:
    """Return the code of the Fault with which the connection was ended."""
    if not client.lost_by:
        client.world.advance(LoginThrottle.MAX_DELAY_S)
    assert client.lost_by == [None]
    [frame] = client.told(f.Fault)[-1:]
    return frame.code


def registered(who: Person, name: str | None = None, **other: Any) -> Person:
    """Return a person whose registration says something else."""
    fields = {"relay_id": RELAY, "name": Name(name or who.registration.name), "time_ms": 2}
    return replace(who, registration=Registration.sign(who.user, **{**fields, **other}))


# The way in ---------------------------------------------------------------------------------------


def test_a_new_device_registers_and_is_welcome() -> None:
    world = RelayWorld()
    alice = world.client("Alice")
    alice.connect()
    assert [type(frame) for frame in alice.frames] == [f.Challenge, f.Welcome, f.Done]
    assert alice.told(f.Challenge)[0].registered is False
    assert alice.told(f.Welcome) == [f.Welcome("Alice", 0, 0, 0, 262_144, 0)]
    assert alice.connection is not None
    assert alice.connection.is_authenticated
    assert world.comings() == [Joined("Alice")]
    assert Registered("Alice", alice.host, "open") in world.events


def test_a_known_device_logs_in_and_hears_what_the_relay_has_of_it() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    alice.publish(b"1", b"2")
    alice.send(bob, b"x", b"y")
    alice.send(bob, b"z", ephemeral=True)
    alice.send(MailboxId(b"nobody's mailbox"), b"refused")
    alice.cut()
    alice.outbox.clear()
    alice.connect()
    assert alice.told(f.Challenge)[-1].registered is True
    assert alice.told(f.Welcome)[-1] == f.Welcome("Alice", 3, 2, 5, 262_144, 0)
    assert Left("Alice") in world.events


def test_the_first_deliveries_may_come_with_the_welcome() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, bytes(100_000))
    bob.connect()
    assert bob.bodies == [bytes(100_000)]


def test_every_connection_has_a_nonce_of_its_own() -> None:
    world = RelayWorld()
    clients = list(world.online("Alice", "Bob", "Carol"))
    assert len({client.told(f.Challenge)[0].nonce for client in clients}) == 3


# Versions and order -------------------------------------------------------------------------------


class Raw(Client):
    """A client that says what a test says, and answers nothing."""

    def answer_challenge(self, challenge: f.Challenge) -> None:
        pass


def raw(world: RelayWorld, data: bytes) -> Raw:
    client = Raw(world, person("Alice", 1))
    client.connection = world.dial(client, client.host)
    client.machine.send(
        f.Hello((1,), client.person.user_key, client.person.certificate.device_id, "")
    )
    client.connection.put(data)
    world.settle()
    return client


def test_no_version_in_common_is_said_so() -> None:
    who = person("Alice", 1)
    client = raw(RelayWorld(), encode(f.Hello((2, 3), who.user_key, who.certificate.device_id, "")))
    assert fault(client) == "version"


def test_a_known_version_among_others_is_chosen() -> None:
    who = person("Alice", 1)
    hello = f.Hello((9, 1, 2), who.user_key, who.certificate.device_id, "")
    assert raw(RelayWorld(), encode(hello)).told(f.Challenge)[0].version == 1


@pytest.mark.parametrize(
    "data",
    [
        encode(f.Who(1)),
        encode(f.Accepted(0)),
        b"\0\0\0\1\xc0",
        b"GET / HTTP/1.1\r\n",
        b"\0\0\x10\1",
    ],
    ids=["too early", "a relay's frame", "no frame", "another protocol", "too long"],
)
def test_a_stranger_that_breaks_the_protocol_is_told_and_closed(data: bytes) -> None:
    assert fault(raw(RelayWorld(), data)) == "protocol"


def test_a_client_that_breaks_the_protocol_later_is_told_and_closed() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    assert alice.connection is not None
    alice.connection.put(encode(f.Ack(1)) + encode(f.Who(1)))
    world.settle()
    assert fault(alice) == "protocol"
    assert not alice.told(f.People)
    assert world.events[-1] == Left("Alice")


def test_a_goodbye_before_the_login_closes() -> None:
    client = raw(RelayWorld(), encode(f.Bye("quit")))
    assert client.lost_by == [None]
    assert client.frames == []


# Registration -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Alice", "alice", "ALICE"])
def test_a_name_belongs_to_the_first_key_whatever_the_case(name: str) -> None:
    world = RelayWorld()
    world.client("Alice", seed=1).connect()
    thief = world.client(name, seed=2)
    thief.connect()
    assert fault(thief) == "name-taken"
    assert world.events[-1] == Refusal(thief.host, "name-taken")
    mine = registered(person("Bob", 2))
    other = Client(world, mine)
    other.connect()
    assert other.is_ready


@pytest.mark.parametrize("name", [" ", "-x", "a b", "n" * 33, "Alice\u202e"])
def test_a_name_that_breaks_the_rules_is_refused(name: str) -> None:
    client = Client(RelayWorld(), registered(person("Alice", 1), name))
    client.connect()
    assert fault(client) == "name-invalid"


def test_a_name_that_is_not_normalised_is_refused() -> None:
    client = Client(RelayWorld(), registered(person("Alice", 1), "\uff21lice"))
    client.connect()
    assert fault(client) == "login-refused"


def test_a_registration_must_be_for_this_relay_and_this_key() -> None:
    world, alice, bob = RelayWorld(), person("Alice", 1), person("Bob", 2)
    for who in (
        registered(alice, relay_id=RelayId(b"x" * 32)),
        replace(alice, registration=bob.registration),
        replace(alice, device_list=bob.device_list),
        replace(alice, certificate=bob.certificate),
    ):
        client = Client(world, replace(who, signer=alice.signer))
        client.connect()
        assert fault(client) == "login-refused"
    assert world.relay.directory.by_name("Alice") is None


def test_a_person_cannot_take_a_second_name() -> None:
    world, alice = RelayWorld(), person("Alice", 1)
    Client(world, alice).connect()
    signer = SigningKey(b"s" * 32)
    certificate = make_certificate(alice.user, signer, b"e" * 16)
    both = tuple(sorted((alice.certificate, certificate), key=lambda each: each.hash))
    device_list = DeviceList.sign(
        alice.user, sequence=2, previous_hash=alice.device_list.hash, certificates=both
    )
    second = replace(
        registered(alice, "Alicia"),
        signer=signer,
        certificate=certificate,
        device_list=device_list,
    )
    client = Client(world, second)
    client.connect()
    assert fault(client) == "login-refused"


def test_only_one_registration_fits_a_connection() -> None:
    world, alice = RelayWorld(), person("Alice", 1)
    client = raw(world, encode(f.Hello((1,), alice.user_key, alice.certificate.device_id, "")))
    register = f.Register(alice.registration, alice.device_list, (alice.certificate,))
    assert client.connection is not None
    client.connection.put(encode(register) * 2)
    world.settle()
    assert fault(client) == "protocol"


# Login --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lie",
    [
        {"relay_id": RelayId(b"x" * 32)},
        {"certificate_hash": b"x" * 32},
        {"server_nonce": b"x" * 32},
        {"protocol_version": 2},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_a_proof_about_another_connection_is_refused(lie: dict[str, Any]) -> None:
    world = RelayWorld()
    client = liar(world, person("Alice", 1), **lie)
    client.connect()
    assert fault(client) == "login-refused"
    assert world.events == [Refusal(client.host, "login-refused")]


class Recording(Client):
    """A client that keeps its last proof."""

    proof: LoginProof

    def prove(self, challenge: f.Challenge, **other: Any) -> LoginProof:
        self.proof = super().prove(challenge, **other)
        return self.proof


def test_a_replayed_proof_is_refused() -> None:
    world = RelayWorld()
    alice = Recording(world, person("Alice", 1))
    alice.connect()
    alice.cut()
    replayer = liar(world, alice.person, stolen=alice.proof)
    replayer.connect()
    assert fault(replayer) == "login-refused"


def test_a_proof_made_for_one_in_the_middle_is_refused() -> None:
    """Mallory shows Alice a certificate of her own, and the relay's nonce."""
    world = RelayWorld()
    Client(world, person("Alice", 1)).connect()
    shown_to_alice = hashlib.sha256(b"the certificate of the one in the middle").digest()
    mallory = liar(world, person("Alice", 1), certificate_hash=shown_to_alice)
    mallory.connect()
    assert fault(mallory) == "login-refused"


def test_another_devices_key_does_not_open_the_door() -> None:
    world, alice, bob = RelayWorld(), person("Alice", 1), person("Bob", 2)
    client = Client(world, replace(alice, signer=bob.signer))
    client.connect()
    assert fault(client) == "login-refused"
    stolen = Recording(world, bob)
    stolen.connect()
    thief = liar(world, alice, stolen=stolen.proof)
    thief.connect()
    assert fault(thief) == "login-refused"


class Unregistered(Client):
    """A client that logs in without having registered."""

    def answer_challenge(self, challenge: f.Challenge) -> None:
        self.write(f.Login(self.prove(challenge)))


def test_a_device_that_is_not_registered_is_refused() -> None:
    client = Unregistered(RelayWorld(), person("Alice", 1))
    client.connect()
    assert fault(client) == "login-refused"


def test_a_list_of_the_same_number_with_other_devices_is_refused() -> None:
    world, alice = RelayWorld(), person("Alice", 1)
    Client(world, alice).connect()
    signer = SigningKey(b"s" * 32)
    certificate = make_certificate(alice.user, signer, b"e" * 16)
    device_list = DeviceList.sign(
        alice.user, sequence=1, previous_hash=NO_PREVIOUS_LIST, certificates=(certificate,)
    )
    fork = replace(alice, signer=signer, certificate=certificate, device_list=device_list)
    client = Client(world, fork)
    client.connect()
    assert fault(client) == "login-refused"


# Patience -----------------------------------------------------------------------------------------


def test_whoever_does_not_log_in_within_ten_seconds_is_dropped() -> None:
    world = RelayWorld()
    client = raw(world, b"")
    world.advance(9.9)
    assert client.lost_by == []
    world.advance(0.2)
    [error] = client.lost_by
    assert isinstance(error, Unreachable)
    assert not world.relay.channels


def test_a_slow_handshake_does_not_buy_time() -> None:
    world = RelayWorld()
    world.handshake_s = 4.5
    client = raw(world, b"")
    world.advance(5.4)
    assert client.lost_by == []
    world.advance(0.2)
    [error] = client.lost_by
    assert isinstance(error, Unreachable)


def test_dripping_bytes_does_not_buy_time() -> None:
    world = RelayWorld()
    client = raw(world, (100).to_bytes(4, "big"))
    for _ in range(9):
        world.advance(1.0)
        assert client.connection is not None
        client.connection.put(b"\0")
    world.advance(1.1)
    assert len(client.lost_by) == 1


def test_failures_are_answered_ever_later() -> None:
    world = RelayWorld()
    delays = []
    for _ in range(10):
        client = liar(world, person("Alice", 1), server_nonce=b"x" * 32)
        client.connect()
        began = world.now
        while not client.lost_by:
            world.advance(0.5)
        assert fault(client) == "login-refused"
        delays.append(world.now - began)
    assert delays == [0, 0, 0, 1, 2, 3, 4, 5, 5, 5]
    honest = world.client("Alice")
    honest.connect()
    assert honest.is_ready


def test_a_minute_later_failures_are_forgotten() -> None:
    world = RelayWorld()
    for _ in range(4):
        liar(world, person("Alice", 1), server_nonce=b"x" * 32).connect()
    world.advance(60.1)
    client = liar(world, person("Alice", 1), server_nonce=b"x" * 32)
    client.connect()
    assert fault(client) == "login-refused"


def test_while_the_answer_waits_nothing_else_is_heard() -> None:
    world = RelayWorld(login_failures_per_minute=1)
    for _ in range(2):
        client = liar(world, person("Alice", 1), server_nonce=b"x" * 32)
        client.connect()
    assert client.connection is not None
    client.connection.put(encode(f.Bye("quit")) + b"rubbish")
    world.settle()
    assert client.lost_by == []
    world.advance(1.0)
    assert fault(client) == "login-refused"


def test_a_client_that_left_before_its_answer_is_no_trouble() -> None:
    world = RelayWorld(login_failures_per_minute=1)
    for _ in range(2):
        client = liar(world, person("Alice", 1), server_nonce=b"x" * 32)
        client.connect()
    client.cut()
    world.advance(5.0)
    assert client.told(f.Fault) == []


def test_errors_of_the_transport_end_a_session_like_any_other() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    assert alice.connection is not None
    alice.connection.lose(SecureChatError("cut"))
    assert world.comings() == [Joined("Alice"), Left("Alice")]
    assert not world.relay.channels
    assert not world.relay.online
