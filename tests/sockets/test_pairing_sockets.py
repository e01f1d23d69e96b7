"""Two people pair with a code over a real relay, honest or not: who is let in, and who is told."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from securechat import Client
from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.connection.relays import known_relays
from securechat.client.pairing.joining import Joined, join_with_code
from securechat.client.pairing.pairing_code import PairingCode, parse_code
from securechat.client.profiles.profile import Profile
from securechat.config import ServerConfig
from securechat.e2e.pairing import Introduction, Joiner
from securechat.errors import CodeRefused, KeyChanged, LimitExceeded, PairingFailed, SecureChatError
from securechat.identity.names import parse_name
from securechat.identity.registration import Registration
from securechat.identity.types import RelayId, fingerprint
from securechat.protocol.client_side import ClientSide
from securechat.relay.server import RelayServer
from securechat.transport.connection import Connection
from securechat.transport.endpoint import Endpoint
from securechat.transport.loop import Loop
from securechat.transport.pins import relay_id
from securechat.transport.probe import probe
from securechat.transport.tls import AnyServerTls
from securechat.wire import frames as f
from securechat.wire.codes import PairCode
from tests.pure.identity.objects import Person, make_person
from tests.sockets.loop_world import FAILURE_S, make_files, running_loop

E = TypeVar("E")
F = TypeVar("F", bound=f.RelayFrame)

WRONG_WORDS = ("otter", "lime", "sofa")
BOB = parse_name("bob")


@dataclass(frozen=True)
class Place:
    """A running relay."""

    address: Endpoint
    relay_id: RelayId
    ca: Path

    def client(self, name: str, home: Path, peer: str | None = None) -> Client:
        return Client(name, str(self.address), ca=self.ca, home=home, peer=peer)


@contextmanager
def relaying(certs: Path, data: Path) -> Iterator[Place]:
    server = RelayServer(ServerConfig(port=0, host="127.0.0.1"), certs, data, lambda _event: None)
    server.prepare_certificate()
    address = server.start()[0]
    try:
        yield Place(address, server.certificate.relay_id, certs / "ca.pem")
    finally:
        server.stop()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with relaying(tmp_path / "certs", tmp_path / "relay") as place:
        yield place


@pytest.fixture
def alice(place: Place, tmp_path: Path) -> Iterator[Client]:
    with place.client("alice", tmp_path / "alice") as alice:
        yield alice


@pytest.fixture
def bob(tmp_path: Path) -> Iterator[Profile]:
    profile = Profile(tmp_path / "bob", BOB, tuple)
    try:
        yield profile
    finally:
        profile.close()


def first(chat: Client, kind: type[E]) -> E:
    """Return the next event of this kind, which must come, and before it nobody paired."""
    for event in chat.events(FAILURE_S):
        if isinstance(event, kind):
            return event
        assert not isinstance(event, e.Paired), event
    pytest.fail(f"no {kind.__name__}")


def make_code(chat: Client) -> PairingCode:
    chat.ask(c.MakeCode())
    return next_code(chat)


def next_code(chat: Client) -> PairingCode:
    return parse_code(first(chat, e.CodeReady).code)


def ended(chat: Client) -> e.CodeEnded:
    """Return how the code ended, which has let nobody in."""
    return first(chat, e.CodeEnded)


def refused(profile: Profile, address: Endpoint, code: PairingCode) -> SecureChatError:
    """Return why a code was not taken; nothing of it is kept."""
    with pytest.raises(SecureChatError) as raised:
        join_with_code(profile, address, code)
    assert known_relays(profile.state.load()) == []
    assert not [table for table, _ in profile.state.load() if table == "contact"]
    assert raised.value.try_next
    return raised.value


def test_both_are_verified_and_talk(
    place: Place, alice: Client, bob: Profile, tmp_path: Path
) -> None:
    joined = join_with_code(bob, place.address, make_code(alice))
    assert (joined.relay_id, joined.who.name) == (place.relay_id, "alice")
    assert first(alice, e.Paired).name == "bob"
    bob.close()
    with Client("bob", home=tmp_path / "bob", peer="alice") as chat:
        chat.send("alice", "hello")
        message = first(alice, e.Message)
        assert (message.text, message.trust, message.request) == ("hello", e.Trust.VERIFIED, False)
        alice.send("bob", "hello yourself")
        assert first(chat, e.Message).trust is e.Trust.VERIFIED


def test_a_guesser_has_one_guess_a_code_and_three_a_minute(
    place: Place, alice: Client, bob: Profile
) -> None:
    codes = [make_code(alice)]
    for _ in range(2):
        guess = PairingCode(codes[-1].slot, WRONG_WORDS)
        error = refused(bob, place.address, guess)
        assert isinstance(error, PairingFailed)
        assert (error.reason, error.exit_status) == ("wrong-code", 4)
        end = ended(alice)
        assert (end.reason, end.address, end.again) == (e.CodeEnd.WRONG_CODE, "127.0.0.1", True)
        codes.append(next_code(alice))
    assert len({code.slot for code in codes}) == len({code.words for code in codes}) == 3
    late = refused(bob, place.address, codes[0])
    assert isinstance(late, CodeRefused)
    assert (late.exit_status, "was used before you" in late.what) == (6, True)
    stopped = refused(bob, place.address, codes[-1])
    assert isinstance(stopped, LimitExceeded)
    assert stopped.exit_status == 5


def test_a_relay_in_the_middle_that_passes_everything_on_is_seen_on_both_sides(
    place: Place, alice: Client, bob: Profile, tmp_path: Path
) -> None:
    code = make_code(alice)
    with in_the_middle(place, tmp_path / "middle") as (middle, seen):
        error = refused(bob, middle, code)
    assert isinstance(error, PairingFailed)
    assert (error.reason, error.exit_status) == ("another-relay", 4)
    assert fingerprint(place.relay_id) in error.what
    assert fingerprint(seen) in error.what
    end = ended(alice)
    assert (end.reason, end.shown) == (e.CodeEnd.ANOTHER_RELAY, fingerprint(seen))


def test_a_relay_in_the_middle_that_answers_itself_must_guess_the_words(
    place: Place, alice: Client, bob: Profile, tmp_path: Path
) -> None:
    """It calls itself alice, and has a code with the number that Bob was told."""
    code = make_code(alice)
    with (
        relaying(tmp_path / "middle", tmp_path / "emptied") as middle,
        middle.client("alice", tmp_path / "mallory") as mallory,
    ):
        other = make_code(mallory)
        error = refused(bob, middle.address, PairingCode(other.slot, code.words))
        assert isinstance(error, PairingFailed)
        assert (error.reason, error.exit_status) == ("wrong-code", 4)
        assert ended(mallory).reason is e.CodeEnd.WRONG_CODE
    assert join_with_code(bob, place.address, code).who.name == "alice", (
        "Alice's code is still good"
    )


def test_an_earlier_pairing_sent_again_is_another_guess(place: Place, alice: Client) -> None:
    """What a stranger sent who had the code is of no use for the next one."""
    person = make_person("bob")
    code = make_code(alice)
    joiner = Joiner(code.slot, code.password, introduction(person, place.relay_id))
    with stranger(place.address) as first_time:
        first_time.knock(code.slot, person, joiner.message)
        _, message3 = joiner.answer(first_time.hear(f.PairPass).payload)
        first_time.say(f.PairPass(code.slot, message3))
        joiner.confirm(first_time.hear(f.PairPass).payload)
        assert first_time.hear(f.PairEnd).code == PairCode.DONE
    first(alice, e.Paired)
    code = make_code(alice)
    with stranger(place.address) as again:
        again.knock(code.slot, person, joiner.message)
        again.hear(f.PairPass)
        again.say(f.PairPass(code.slot, message3))
        assert again.hear(f.PairEnd).code == PairCode.WRONG_CODE
    assert ended(alice).reason is e.CodeEnd.WRONG_CODE


def test_whoever_goes_away_in_the_middle_has_used_the_code_up(
    place: Place, alice: Client, bob: Profile
) -> None:
    person, code = make_person("bob"), make_code(alice)
    joiner = Joiner(code.slot, code.password, introduction(person, place.relay_id))
    with stranger(place.address) as gone:
        gone.knock(code.slot, person, joiner.message)
        gone.hear(f.PairPass)
    end = ended(alice)
    assert (end.reason, end.again) == (e.CodeEnd.GONE, True)
    assert isinstance(refused(bob, place.address, code), CodeRefused)
    assert join_with_code(bob, place.address, next_code(alice)).who.name == "alice"


def test_what_is_no_message_of_a_pairing_lets_nobody_in(place: Place, alice: Client) -> None:
    person, code = make_person("bob"), make_code(alice)
    with stranger(place.address) as garbling:
        garbling.knock(code.slot, person, b"B" + bytes(32))
        assert garbling.hear(f.PairEnd).code == PairCode.INVALID
    assert ended(alice).reason is e.CodeEnd.INVALID


def test_another_key_after_the_pairing_gets_nothing(bob: Profile, tmp_path: Path) -> None:
    """The relay forgets Alice, and shows Mallory's key under her name."""
    certs = tmp_path / "certs"
    with (
        relaying(certs, tmp_path / "relay") as place,
        place.client("alice", tmp_path / "alice") as alice,
    ):
        joined = join_with_code(bob, place.address, make_code(alice))
    bob.close()
    with (
        relaying(certs, tmp_path / "emptied") as place,
        place.client("alice", tmp_path / "mallory", peer="bob") as mallory,
    ):
        with pytest.raises(KeyChanged) as told:
            come_back(place, joined, tmp_path / "bob")
        assert told.value.exit_status == 4
        assert not [event for event in mallory.events(0.0) if isinstance(event, e.Message)]


def come_back(place: Place, joined: Joined, home: Path) -> None:
    """Let Bob write to Alice at the relay that he has pinned, whose key there is another one."""
    pin = f"sha256:{joined.relay_id.hex()}"
    with Client("bob", str(place.address), pin=pin, home=home, peer="alice") as chat:
        changed = first(chat, e.PeerKeyChanged)
        assert (changed.name, changed.verified) == ("alice", True)
        message_id = chat.send("alice", "for her only")
        with pytest.raises(KeyChanged):
            chat.wait_for(message_id)


def introduction(person: Person, seen: RelayId) -> Introduction:
    registration = Registration.sign(
        person.user, relay_id=seen, name=person.registration.name, time_ms=1
    )
    return Introduction(seen, registration, person.device_list, person.certificate)


class Stranger:
    """A connection to a relay that sends whatever frames the test wants."""

    def __init__(self, loop: Loop, address: Endpoint) -> None:
        self._machine = ClientSide(loop.clock())
        self._loop = loop
        self._opened: queue.SimpleQueue[Connection] = queue.SimpleQueue()
        self._frames: queue.SimpleQueue[f.RelayFrame] = queue.SimpleQueue()
        loop.dial(*address, AnyServerTls(), self)
        self._connection = self._opened.get(timeout=FAILURE_S)

    def knock(self, slot: int, person: Person, message1: bytes) -> None:
        self.say(f.PairJoin(slot, person.registration.name, person.user_key, message1))

    def say(self, frame: f.ClientFrame) -> None:
        self._loop.call_soon(lambda: self._connection.write(self._machine.send(frame)))

    def hear(self, kind: type[F]) -> F:
        """Return the next frame, which must be of this kind."""
        frame = self._frames.get(timeout=FAILURE_S)
        assert isinstance(frame, kind), frame
        return frame

    def opened(self, connection: Connection) -> None:
        self._opened.put(connection)

    def received(self, data: bytes) -> None:
        for frame in self._machine.receive(data, self._loop.clock()):
            self._frames.put(frame)

    def timer(self, now: float) -> float | None:
        raise AssertionError("no timer was set")

    def closed(self, error: SecureChatError | None) -> None:
        pass


@contextmanager
def stranger(address: Endpoint) -> Iterator[Stranger]:
    with running_loop() as loop:
        yield Stranger(loop, address)


class Half:
    """One of the two connections of somebody in the middle: all that it gets goes to the other."""

    def __init__(self) -> None:
        self.other = self
        self._connection: Connection | None = None
        self._waiting = b""

    def write(self, data: bytes) -> None:
        if self._connection is None:
            self._waiting += data
        else:
            self._connection.write(data)

    def opened(self, connection: Connection) -> None:
        self._connection = connection
        self.write(self._waiting)

    def received(self, data: bytes) -> None:
        self.other.write(data)

    def timer(self, now: float) -> float | None:
        raise AssertionError("no timer was set")

    def closed(self, error: SecureChatError | None) -> None:
        self._connection, other = None, self.other._connection
        if other is not None:
            other.close()


@contextmanager
def in_the_middle(place: Place, certs: Path) -> Iterator[tuple[Endpoint, RelayId]]:
    """Listen with a certificate of one's own; pass all that comes on to a relay, and back."""
    with running_loop() as loop:

        def accept(_remote: Endpoint) -> Half:
            here, there = Half(), Half()
            here.other, there.other = there, here
            loop.dial(*place.address, AnyServerTls(), there)
            return here

        listener = loop.listen("127.0.0.1", 0, make_files(certs).server(), accept)
        address = listener.addresses[0]
        yield address, relay_id(probe(*address))
