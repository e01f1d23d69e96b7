"""The tools of hostile relays and peers, and a scene to use them in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from securechat.crypto.hybrid import seal_hybrid
from securechat.crypto.sealing import random_bytes, seal_aead
from securechat.e2e import envelope
from securechat.e2e.endpoint import new_message_id
from securechat.e2e.plaintext import (
    Plaintext,
    context_hash,
    direct_conversation_id,
    hash_plaintext,
)
from securechat.e2e.results import Duplicate
from securechat.e2e.session import Session, derive_keys, session_info
from securechat.errors import CannotOpen
from securechat.identity.device import DeviceCertificate
from securechat.identity.registration import Registration
from securechat.identity.types import DeviceAddress
from tests.pure.e2e.world import NOW_MS, Seat, copy_seat, make_pair, make_seat

HEAD_SIZE_BYTES = 91


@dataclass(frozen=True)
class Case:
    """An envelope from one person to another that says "genuine" and has not been opened."""

    sender: Seat
    recipient: Seat
    genuine: bytes

    @property
    def frame(self) -> bytes:
        return self.recipient.unseal(self.genuine)


def make_message_case() -> Case:
    alice, bob = make_pair()
    return Case(alice, bob, alice.send(bob, "genuine"))


def make_start_case() -> Case:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    return Case(alice, bob, alice.send(bob, "genuine"))


def make_second_start_case() -> Case:
    """Return a start on a session that the recipient has, which looks at nothing in the start."""
    alice, bob = make_seat("Alice"), make_seat("Bob")
    bob.read(alice.send(bob, "first"))
    return Case(alice, bob, alice.send(bob, "genuine"))


def refuse(seat: Seat, hostile: bytes) -> None:
    """Check that an envelope is refused with the one error that does not say why."""
    with pytest.raises(CannotOpen) as refused:
        seat.endpoint.open(hostile, NOW_MS)
    assert str(refused.value) == "A message cannot be opened."
    assert refused.value.__cause__ is None


def refuse_all(case: Case, hostile: list[bytes]) -> None:
    """Check that none of ``hostile`` opens or leaves a trace, and the genuine one still opens."""
    _check_harmless(case, hostile, refuse)


def know_all(case: Case, repeated: list[bytes]) -> None:
    """Check that ``repeated`` are duplicates without a trace, and the genuine one still opens."""
    _check_harmless(case, repeated, _know)


def _know(seat: Seat, repeated: bytes) -> None:
    assert seat.endpoint.open(repeated, NOW_MS) == Duplicate()


def _check_harmless(case: Case, hostile: list[bytes], check: Callable[[Seat, bytes], None]) -> None:
    assert hostile
    seat = copy_seat(case.recipient)
    before = seat.state()
    for one in hostile:
        check(seat, one)
    assert seat.state() == before
    assert seat.read(case.genuine) == "genuine"


def flip(data: bytes, bit: int) -> bytes:
    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


def session_of(sender: Seat, recipient: Seat) -> Session:
    session = sender.endpoint._sessions.choose_sending(recipient.address, NOW_MS)
    assert session is not None
    return session


def plaintext_of(sender: Seat, recipient: Seat, **changes: Any) -> Plaintext:
    conversation = direct_conversation_id(sender.address.user_key, recipient.address.user_key)
    counter, previous = sender.endpoint._sender._chains.last_sent(conversation, recipient.address)
    honest = Plaintext(
        kind=1,
        counter=counter,
        time_ms=NOW_MS,
        message_id=new_message_id(),
        previous_hash=previous,
        context_hash=context_hash(conversation, sender.address, recipient.address),
        body=b"crafted",
    )
    return honest._replace(**changes)


def craft(sender: Seat, recipient: Seat, plaintext: bytes) -> bytes:
    """Return what a hostile peer can send: any plaintext on its genuine session."""
    conversation = direct_conversation_id(sender.address.user_key, recipient.address.user_key)
    sender.endpoint._sender._chains.note_sent(
        conversation, recipient.address, hash_plaintext(plaintext)
    )
    session = session_of(sender, recipient)
    olm_type, ciphertext = session.ratchet.encrypt(plaintext)
    wrapped = envelope.wrap_ciphertext(olm_type, ciphertext, 0, 512)
    return craft_wrapped(sender, recipient, wrapped)


def craft_wrapped(sender: Seat, recipient: Seat, wrapped: bytes) -> bytes:
    session, own = session_of(sender, recipient), sender.address
    nonce = random_bytes(24)
    kind = envelope.TYPE_MESSAGE
    head = envelope.Head(kind, session.session_id, nonce, own)
    associated = envelope.associated_data(kind, own, recipient.address, session.session_id, b"")
    middle = seal_aead(wrapped, associated, nonce, session.send_key)
    return recipient.reseal(head.encode() + middle)


def registration_of(seat: Seat) -> Registration:
    registration = seat.endpoint._device.registration
    assert registration is not None
    return registration


def forge_start(
    mallory: Seat,
    recipient: Seat,
    *,
    claimed: DeviceAddress | None = None,
    certificate: DeviceCertificate | None = None,
    registration: Registration | None = None,
    session_id: bytes = b"s" * 16,
    change_blob: Callable[[bytes], bytes] = bytes,
    change_olm: Callable[[bytes], bytes] = bytes,
) -> bytes:
    """Return a first message by Mallory, consistent in all that she can compute.

    What is not given is Mallory's own; with nothing given it is a genuine start.
    """
    sender = claimed or mallory.address
    assert recipient.bundle is not None
    info = session_info(sender, recipient.address, session_id, recipient.bundle.epoch)
    start = envelope.Start(
        recipient.bundle.epoch,
        change_blob(seal_hybrid(bytes(32), recipient.bundle.hybrid_key, info)),
        certificate or mallory.endpoint.certificate,
        registration or registration_of(mallory),
    ).encode()
    ratchet = mallory.endpoint._device.start_ratchet(
        recipient.endpoint.certificate.olm_key, recipient.bundle.fallback_key
    )
    conversation = direct_conversation_id(sender.user_key, recipient.address.user_key)
    context = context_hash(conversation, sender, recipient.address)
    plaintext = plaintext_of(mallory, recipient, context_hash=context).encode()
    olm_type, ciphertext = ratchet.encrypt(plaintext)
    wrapped = envelope.wrap_ciphertext(olm_type, change_olm(ciphertext), len(start), 2048)
    nonce, kind = random_bytes(24), envelope.TYPE_START
    head = envelope.Head(kind, session_id, nonce, sender)
    associated = envelope.associated_data(kind, sender, recipient.address, session_id, start)
    key, _ = derive_keys(bytes(32), info)
    return recipient.reseal(head.encode() + start + seal_aead(wrapped, associated, nonce, key))
