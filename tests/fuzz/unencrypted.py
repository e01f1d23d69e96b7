"""Envelopes without end-to-end encryption, which anybody can write and sign with his own key."""

from functools import cache

from securechat.e2e.content import KIND_TEXT
from securechat.e2e.order import FIRST_PREVIOUS_HASH
from securechat.e2e.plain import PlainEnvelope, signed_bytes
from securechat.e2e.plaintext import Plaintext, context_hash, plain_conversation_id
from securechat.e2e.results import Duplicate, Invalid, Opened
from securechat.errors import CannotOpen
from securechat.identity.types import MessageId
from tests.fuzz.edits import edit
from tests.pure.e2e.world import NOW_MS, Seat, copy_seat, make_seat

_UNSIGNED, _RAW = 1, 2
_ROOM_BYTES = 16_000


@cache
def writer() -> Seat:
    return make_seat("Mallory")


@cache
def reader() -> Seat:
    """Return somebody who offers to do without encryption."""
    seat = make_seat("Bob")
    seat.endpoint.publication(NOW_MS, published_epoch=1, one_time_keys_left=100, plain=True)
    seat.commit()
    return seat


def plain(data: bytes) -> None:
    """A changed envelope leaves no trace; a plaintext that is signed opens or is invalid."""
    how, program = data[:1] or b"\0", data[1 : 1 + _ROOM_BYTES]
    mallory, bob = writer(), copy_seat(reader())
    honest = honest_plaintext(mallory, bob)
    if how[0] & _UNSIGNED:
        genuine = sign(mallory, bob, honest)
        changed = edit(genuine, program)
        outcome = None if changed == genuine else open_plain(bob, changed)
        assert outcome is None, outcome
        assert bob.commit() == {}
        assert isinstance(open_plain(bob, genuine), Opened)
        return
    plaintext = program if how[0] & _RAW else edit(honest, program)[:_ROOM_BYTES]
    envelope = sign(mallory, bob, plaintext)
    outcome = open_plain(bob, envelope)
    assert isinstance(outcome, Opened | Invalid)
    assert outcome.sender == mallory.address
    if isinstance(outcome, Opened):
        bob.reload()
        assert isinstance(open_plain(bob, envelope), Duplicate)


def open_plain(seat: Seat, envelope: bytes) -> object:
    try:
        return seat.endpoint.open_plain(envelope, NOW_MS)
    except CannotOpen:
        return None


def honest_plaintext(sender: Seat, recipient: Seat) -> bytes:
    conversation = plain_conversation_id(sender.address.user_key, recipient.address.user_key)
    context = context_hash(conversation, sender.address, recipient.address)
    return Plaintext(
        KIND_TEXT, 0, NOW_MS, MessageId(b"i" * 16), FIRST_PREVIOUS_HASH, context, b"hello"
    ).encode()


def sign(sender: Seat, recipient: Seat, plaintext: bytes) -> bytes:
    signed = signed_bytes(sender.address, recipient.address, plaintext)
    key = sender.endpoint._device.signing_key
    return PlainEnvelope(sender.endpoint.certificate, plaintext, key.sign(signed)).encode()
