"""Signals: what says that somebody types, and what relays and peers try with it."""

from collections.abc import Callable
from typing import Any

import pytest

from securechat.crypto.sealing import random_bytes, seal_aead
from securechat.e2e import envelope
from securechat.e2e.amend_content import KIND_TYPING, Typing, encode_amend_content
from securechat.e2e.content import KIND_TEXT
from securechat.e2e.plaintext import Plaintext, context_hash, direct_conversation_id
from securechat.e2e.results import Opened, Signal, Unreadable
from securechat.e2e.room_content import RoomPlace
from securechat.e2e.session import State
from securechat.e2e.signals import LIFE_MS, MAX_NONCES
from securechat.errors import CannotOpen, LocalProtocolError
from securechat.identity.types import MAX_NUMBER, Digest, MessageId, RoomId
from tests.pure.e2e.hostile import craft, flip, plaintext_of, refuse, session_of
from tests.pure.e2e.room_world import (
    LOBBY_ID,
    change,
    listed,
    make_room,
    people,
    reloaded,
    take,
)
from tests.pure.e2e.world import DAY_MS, NOW_MS, Seat, copy_seat, is_invalid, make_pair, make_seat

ALICE, BOB = make_pair()
TYPES = Typing(active=True)


@pytest.fixture
def alice() -> Seat:
    return copy_seat(ALICE)


@pytest.fixture
def bob() -> Seat:
    return copy_seat(BOB)


def signal(sender: Seat, to: Seat, content: Typing = TYPES, now_ms: int = NOW_MS) -> bytes:
    """Return a signal as its sender seals it, and check that the sender's state stays as it is."""
    before = sender.state()
    sealed = sender.endpoint.signals.seal(to.shown(claim=False), content, now_ms)
    assert sealed is not None
    assert sender.state() == before
    assert sealed.mailbox == to.endpoint.mailbox
    return sealed.envelope


def heard(seat: Seat, sealed: bytes, now_ms: int = NOW_MS) -> Typing | None:
    """Open a signal, and check that the state stays as it is; return what counts of it."""
    before = seat.state()
    outcome = seat.endpoint.open(sealed, now_ms)
    assert seat.state() == before
    assert isinstance(outcome, Signal)
    return outcome.content


def crafted(sender: Seat, to: Seat, **changes: Any) -> bytes:
    """Return what a hostile peer can send: any plaintext on its genuine session."""
    own, other = sender.address, to.address
    conversation = direct_conversation_id(own.user_key, other.user_key)
    honest = Plaintext(
        kind=KIND_TYPING,
        counter=0,
        time_ms=NOW_MS,
        message_id=MessageId(bytes(16)),
        previous_hash=Digest(bytes(32)),
        context_hash=context_hash(conversation, own, other),
        body=encode_amend_content(TYPES)[1],
    )
    plaintext = honest._replace(**changes).encode()
    return seal_padded(sender, to, plaintext.ljust(envelope.SIGNAL_PLAINTEXT_SIZE_BYTES, b"\0"))


def seal_padded(sender: Seat, to: Seat, padded: bytes, kind: int = envelope.TYPE_SIGNAL) -> bytes:
    session, nonce = session_of(sender, to), random_bytes(24)
    head = envelope.Head(kind, session.session_id, nonce, sender.address)
    associated = envelope.associated_data(kind, sender.address, to.address, session.session_id, b"")
    return to.reseal(head.encode() + seal_aead(padded, associated, nonce, session.send_key))


def test_a_signal_is_heard_on_both_ways_and_changes_nothing(alice: Seat, bob: Seat) -> None:
    for sender, reader in ((alice, bob), (bob, alice)):
        for active in (True, False):
            sealed = signal(sender, reader, Typing(active))
            assert len(sealed) == 512
            outcome = reader.endpoint.open(sealed, NOW_MS)
            assert outcome == Signal(sender.address, Typing(active))
    assert bob.read(alice.send(bob)) == "hello"
    assert alice.read(bob.send(alice)) == "hello"


def test_a_crafted_one_is_heard_as_long_as_nothing_is_changed(alice: Seat, bob: Seat) -> None:
    assert heard(bob, crafted(alice, bob)) == TYPES


def test_a_signal_goes_out_only_on_a_session_that_was_answered() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    assert alice.endpoint.signals.seal(bob.shown(), TYPES, NOW_MS) is None
    hello = alice.send(bob)
    assert alice.endpoint.signals.seal(bob.shown(), TYPES, NOW_MS) is None
    bob.read(hello)
    assert session_of(alice, bob).state is State.STARTING
    early = signal(bob, alice)
    assert heard(alice, early) == TYPES
    assert session_of(alice, bob).state is State.STARTING
    alice.read(bob.send(alice))
    assert heard(bob, signal(alice, bob)) == TYPES


def test_none_goes_to_keys_that_have_expired(alice: Seat, bob: Seat) -> None:
    later = NOW_MS + 45 * DAY_MS
    session_of(alice, bob).created_ms = later
    assert alice.endpoint.signals.seal(bob.shown(), TYPES, later) is None


def test_a_relay_cannot_change_one_bit_of_a_signal(alice: Seat, bob: Seat) -> None:
    genuine = signal(alice, bob)
    frame = bob.unseal(genuine)
    for bit in range(0, 8 * len(genuine), 61):
        refuse(bob, flip(genuine, bit))
    for bit in range(8 * len(frame)):
        refuse(bob, bob.reseal(flip(frame, bit)))
    assert heard(bob, genuine) == TYPES


def test_a_signal_of_another_size_is_refused(alice: Seat, bob: Seat) -> None:
    plaintext = bytes(envelope.SIGNAL_PLAINTEXT_SIZE_BYTES + 512)
    refuse(bob, seal_padded(alice, bob, plaintext))
    frame = bob.unseal(signal(alice, bob))
    for length in range(len(frame)):
        refuse(bob, bob.reseal(frame[:length]))


def test_a_signal_counts_once_and_for_a_minute(alice: Seat, bob: Seat) -> None:
    early, late, repeated = (signal(alice, bob) for _ in range(3))
    assert heard(bob, late, NOW_MS + LIFE_MS + 1) is None
    assert heard(bob, early, NOW_MS - LIFE_MS - 1) is None
    assert heard(bob, repeated, NOW_MS + LIFE_MS) == TYPES
    assert heard(bob, repeated) is None
    assert heard(bob, early, NOW_MS + 24 * 3600 * 1000) is None


def test_after_a_restart_a_relay_can_repeat_what_is_not_a_minute_old(
    alice: Seat, bob: Seat
) -> None:
    repeated = signal(alice, bob)
    assert heard(bob, repeated) == TYPES
    again = reloaded(bob)
    assert heard(again, repeated) == TYPES
    assert heard(again, repeated) is None
    assert heard(reloaded(bob), repeated, NOW_MS + LIFE_MS + 1) is None


def test_a_signal_sent_back_or_to_another_device_is_refused(alice: Seat, bob: Seat) -> None:
    genuine = signal(alice, bob)
    frame = bob.unseal(genuine)
    carol = make_seat("Carol")
    carol.receive(alice.send(carol))
    refuse(alice, alice.reseal(frame))
    refuse(carol, genuine)
    refuse(carol, carol.reseal(frame))


def test_what_does_not_open_asks_nobody_to_send_again(alice: Seat, bob: Seat) -> None:
    frame = bob.unseal(signal(alice, bob))
    for hostile in (flip(frame, 8 * len(frame) - 1), flip(frame, 30)):
        with pytest.raises(CannotOpen) as refused:
            bob.endpoint.open(bob.reseal(hostile), NOW_MS)
        assert not isinstance(refused.value, Unreadable)


def test_nothing_else_is_said_in_a_signal(alice: Seat, bob: Seat) -> None:
    for hostile in (
        crafted(alice, bob, kind=KIND_TEXT, body=b"not to be shown"),
        crafted(alice, bob, kind=KIND_TEXT),
        crafted(alice, bob, time_ms=MAX_NUMBER),
        crafted(alice, bob, counter=1),
        crafted(alice, bob, previous_hash=Digest(b"h" * 32)),
        crafted(alice, bob, context_hash=Digest(b"c" * 32)),
        crafted(alice, bob, body=b"\0\2"),
        crafted(alice, bob, body=b"\1\1"),
        seal_padded(alice, bob, bytes(357)),
        seal_padded(alice, bob, b"\xff" * 357),
    ):
        assert heard(bob, hostile) is None


def test_a_signal_in_a_message_is_invalid(alice: Seat, bob: Seat) -> None:
    kind, body = encode_amend_content(TYPES)
    assert is_invalid(
        bob.receive(craft(alice, bob, plaintext_of(alice, bob, kind=kind, body=body).encode())),
        alice,
    )


def test_the_frame_of_a_signal_is_none_of_a_message(alice: Seat, bob: Seat) -> None:
    padded = bytes(envelope.SIGNAL_PLAINTEXT_SIZE_BYTES)
    for kind in (envelope.TYPE_MESSAGE, envelope.TYPE_START):
        refuse(bob, seal_padded(alice, bob, padded, kind))


def test_the_type_of_an_envelope_cannot_be_changed(alice: Seat, bob: Seat) -> None:
    for genuine in (alice.send(bob), signal(alice, bob)):
        frame = bob.unseal(genuine)
        for kind in {1, 2, 3} - {frame[2]}:
            refuse(bob, bob.reseal(frame[:2] + bytes([kind]) + frame[3:]))


def test_what_is_remembered_of_signals_is_bounded(alice: Seat, bob: Seat) -> None:
    first = signal(alice, bob)
    assert heard(bob, first) == TYPES
    for _ in range(MAX_NONCES):
        bob.endpoint.open(crafted(alice, bob), NOW_MS)
    assert len(bob.endpoint.signals._nonces) == MAX_NONCES
    assert bob.endpoint.take_changes() == {}
    assert heard(bob, first) == TYPES


def test_who_is_not_known_here_signals_nothing() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    hello = alice.send(bob)
    refuse(bob, crafted(alice, bob))
    bob.read(hello)
    assert heard(bob, crafted(alice, bob)) == TYPES


def test_signals_in_rooms_are_heard_by_who_is_there() -> None:
    alice, bob, carol, _ = people()
    place = RoomPlace(make_room((alice,), (bob, carol)), 1)
    content = Typing(active=True, room=place)
    before_removal = signal(carol, bob, content)
    assert heard(bob, signal(alice, bob, content)) == content
    ahead = change(alice, place.room_id, listed((alice,), (bob,)))
    assert heard(bob, signal(alice, bob, Typing(True, RoomPlace(place.room_id, 2)))) is None
    take(bob, ahead, alice)
    assert heard(bob, before_removal) is None
    with pytest.raises(LocalProtocolError):
        alice.endpoint.signals.seal(carol.shown(claim=False), content, NOW_MS)


@pytest.mark.parametrize("place", [RoomPlace(LOBBY_ID, 0), RoomPlace(RoomId(b"u" * 32), 0)])
def test_nobody_types_in_the_lobby_or_an_unknown_room(place: RoomPlace) -> None:
    alice, bob, *_ = people()
    content = Typing(active=True, room=place)
    with pytest.raises(LocalProtocolError):
        alice.endpoint.signals.seal(bob.shown(claim=False), content, NOW_MS)
    body = encode_amend_content(content)[1]
    context = context_hash(Digest(place.room_id), alice.address, bob.address)
    assert heard(bob, crafted(alice, bob, body=body, context_hash=context)) is None


def test_a_signal_says_nothing_to_who_takes_it_from_its_way(alice: Seat, bob: Seat) -> None:
    marks: list[Callable[[], bytes]] = [lambda: signal(alice, bob), lambda: alice.send(bob)]
    for make in marks:
        sealed = make()
        assert len(sealed) == 512
        for secret in (alice.address.user_key, alice.address.device_id, b"Alice"):
            assert secret not in sealed


def test_messages_go_on_as_if_there_were_no_signals(alice: Seat, bob: Seat) -> None:
    for _ in range(3):
        signal(alice, bob)
        outcome = bob.receive(alice.send(bob))
        assert isinstance(outcome, Opened)
        assert (outcome.missing, outcome.late, outcome.forked) == (0, False, False)
