import msgspec
import pytest

from securechat.e2e.content import MAX_TEXT_BYTES, Receipt, Text
from securechat.e2e.endpoint import Endpoint, new_message_id
from securechat.e2e.epochs import ROTATED_GRACE_MS
from securechat.e2e.results import Opened
from securechat.e2e.session import RENEW_AFTER_MESSAGES, RENEW_AFTER_MS, State
from securechat.errors import LocalProtocolError, RemoteProtocolError, Untrusted, UsageError
from securechat.identity.chain import ROTATE_AFTER_MS, PeerDevice
from securechat.identity.prekeys import PrekeyBundle
from tests.pure.e2e.world import NOW_MS, Seat, copy_seat, make_pair, make_seat

ALICE, BOB = make_pair()


@pytest.fixture
def alice() -> Seat:
    return copy_seat(ALICE)


@pytest.fixture
def bob() -> Seat:
    return copy_seat(BOB)


def resigned(seat: Seat, **changes: object) -> PeerDevice:
    """Return the device of a hostile person whose own, validly signed bundle has bad keys."""
    shown = seat.shown(claim=False)
    unsigned: PrekeyBundle = msgspec.structs.replace(shown.bundle, **changes)
    signature = seat.endpoint._device.signing_key.sign(unsigned.signed_bytes())
    bundle = msgspec.structs.replace(unsigned, signature=signature)
    bundle.verify(shown.certificate)
    return PeerDevice(shown.certificate, bundle, None)


@pytest.mark.parametrize(
    ("body_bytes", "size_bytes"),
    [
        (0, 512),
        (190, 512),
        (203, 512),
        (204, 1024),
        (715, 1024),
        (716, 2048),
        (1739, 2048),
        (1740, 4096),
        (3787, 4096),
        (3788, 8192),
        (7883, 8192),
        (7884, 16384),
        (8192, 16384),
    ],
)
def test_bodies_at_each_border_open_again(
    alice: Seat, bob: Seat, body_bytes: int, size_bytes: int
) -> None:
    envelope = alice.send(bob, "x" * body_bytes)
    assert len(envelope) == size_bytes
    assert bob.read(envelope) == "x" * body_bytes


@pytest.mark.parametrize(
    ("body_bytes", "size_bytes"), [(0, 2048), (203, 2048), (204, 4096), (8192, 16384)]
)
def test_first_messages_have_sizes_from_2048(body_bytes: int, size_bytes: int) -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    envelope = alice.send(bob, "x" * body_bytes)
    assert len(envelope) == size_bytes
    assert bob.read(envelope) == "x" * body_bytes


def test_a_first_message_fits_with_the_longest_name() -> None:
    alice, bob = make_seat("𝓪" * 32), make_seat("明" * 32)
    assert bob.read(alice.send(bob)) == "hello"
    deseret = make_seat("𐐷" * 32)
    envelope = deseret.send(bob, "x" * 75)
    assert len(envelope) == 2048
    assert bob.read(envelope) == "x" * 75


def test_the_size_stays_the_same_however_far_the_chain_is(alice: Seat, bob: Seat) -> None:
    for _ in range(200):
        assert len(alice.send(bob, "x" * 203)) == 512


def test_an_envelope_shows_nothing_of_what_is_in_it() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    for _ in range(2):
        envelope = alice.send(bob, "attack at dawn")
        for secret in (
            b"attack",
            b"Alice",
            b"Bob",
            *alice.address,
            *bob.address,
            alice.endpoint.certificate.olm_key,
            alice.endpoint.certificate.signing_key,
        ):
            assert secret not in envelope
        bob.read(envelope)
        alice.read(bob.send(alice))


def test_the_start_travels_until_the_peer_has_answered() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    first, second = alice.send(bob, "one"), alice.send(bob, "two")
    assert len(first) == len(second) == 2048
    assert bob.read(first) == "one"
    assert bob.read(second) == "two"
    answer = bob.send(alice)
    assert len(answer) == 512
    assert len(alice.send(bob, "three")) == 2048
    alice.read(answer)
    assert len(alice.send(bob, "four")) == 512


def test_too_long_a_text_is_refused_and_changes_nothing(alice: Seat, bob: Seat) -> None:
    shown, before = bob.shown(), alice.state()
    with pytest.raises(UsageError):
        alice.endpoint.seal(shown, Text("x" * (MAX_TEXT_BYTES + 1)), NOW_MS, written_ms=NOW_MS)
    assert alice.state() == before


def test_sealing_needs_a_session() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    assert alice.endpoint.needs_session(bob.address, NOW_MS)
    with pytest.raises(LocalProtocolError):
        alice.endpoint.seal(bob.shown(), Text("x"), NOW_MS, written_ms=NOW_MS)


def test_a_session_needs_a_name_and_another_device(bob: Seat) -> None:
    with pytest.raises(LocalProtocolError):
        Endpoint.create(NOW_MS).start_session(bob.shown(), NOW_MS)
    with pytest.raises(LocalProtocolError):
        bob.endpoint.start_session(bob.shown(), NOW_MS)


def test_nothing_is_sealed_to_expired_keys(alice: Seat, bob: Seat) -> None:
    shown, before = bob.shown(), alice.state()
    late_ms = shown.bundle.not_after_ms + 1
    with pytest.raises(Untrusted):
        alice.endpoint.seal(shown, Text("x"), late_ms, written_ms=late_ms)
    with pytest.raises(Untrusted):
        alice.endpoint.start_session(shown, late_ms)
    assert alice.state() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"hybrid_key": bytes(1216)},
        {"hybrid_key": b"\xff" * 1216},
        {"fallback_key": bytes(32)},
        {"fallback_key": b"\1" + bytes(31)},
        {"suites": b"\2"},
    ],
)
def test_no_session_starts_on_hostile_keys(
    alice: Seat, bob: Seat, changes: dict[str, object]
) -> None:
    before = alice.state()
    with pytest.raises(RemoteProtocolError):
        alice.endpoint.start_session(resigned(bob, **changes), NOW_MS)
    assert alice.state() == before


@pytest.mark.parametrize("point", [bytes(32), b"\1" + bytes(31)])
def test_nothing_is_sealed_to_an_envelope_key_of_low_order(
    alice: Seat, bob: Seat, point: bytes
) -> None:
    with pytest.raises(RemoteProtocolError):
        alice.endpoint.seal(resigned(bob, envelope_key=point), Text("x"), NOW_MS, written_ms=NOW_MS)
    alice.reload()
    assert bob.read(alice.send(bob, "to good keys")) == "to good keys"


def test_a_worn_session_is_renewed_and_the_conversation_goes_on(alice: Seat, bob: Seat) -> None:
    later_ms = NOW_MS + RENEW_AFTER_MS
    assert alice.endpoint.needs_session(bob.address, later_ms)
    bob.publish(later_ms)
    envelope = alice.send(bob, "renewed", later_ms)
    assert len(envelope) == 2048
    assert bob.read(envelope, later_ms) == "renewed"
    alice.publish(later_ms)
    assert alice.read(bob.send(alice, "answer", later_ms), later_ms) == "answer"
    assert len(alice.send(bob, "plain again", later_ms)) == 512


def test_renewal_after_many_messages_loses_nothing(alice: Seat, bob: Seat) -> None:
    for sessions in alice.endpoint._sessions._by_peer.values():
        for session in sessions.values():
            session.sent = RENEW_AFTER_MESSAGES - 1
    sizes = [len(envelope) for envelope in (alice.send(bob), alice.send(bob), alice.send(bob))]
    assert sizes == [512, 2048, 2048]


def test_a_commit_is_small(alice: Seat, bob: Seat) -> None:
    sealed = alice.endpoint.seal(bob.shown(), Text("x"), NOW_MS, written_ms=NOW_MS)
    changes = alice.commit()
    assert {table for table, _ in changes} == {"session", "chain", "sent"}
    assert sum(len(value or b"") for value in changes.values()) < 3_000
    bob.endpoint.open(sealed.envelope, NOW_MS)
    changes = bob.commit()
    assert {table for table, _ in changes} == {"session", "chain", "nonce", "message_id"}
    assert sum(len(value or b"") for value in changes.values()) < 3_000


def test_receipts_travel_like_texts(alice: Seat, bob: Seat) -> None:
    receipt = alice.endpoint.receipt((new_message_id(), new_message_id()))
    envelope = alice.send(bob, receipt)
    assert len(envelope) == 512
    outcome = bob.receive(envelope)
    assert getattr(outcome, "content", None) == receipt
    assert isinstance(receipt, Receipt)
    assert receipt.envelope_epoch == 1


def test_an_unanswered_start_is_renewed_when_the_peer_has_new_keys() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    alice.send(bob, "dropped")
    rotated_ms = NOW_MS + ROTATE_AFTER_MS
    drained_ms = rotated_ms + ROTATED_GRACE_MS
    bob.publish(rotated_ms)
    bob.endpoint.drained(drained_ms)
    assert not alice.endpoint.needs_session(bob.address, drained_ms)
    outcome = bob.receive(alice.send(bob, "comes", drained_ms), drained_ms)
    assert isinstance(outcome, Opened)
    assert (outcome.content, outcome.missing) == (Text("comes"), 1)
    first, second = alice.endpoint._sessions._of(bob.address)
    assert (first.state, second.state) == (State.RETIRED, State.STARTING)
    alice.send(bob, "on the same", drained_ms)
    assert len(alice.endpoint._sessions._of(bob.address)) == 2
