"""Cases to attack, and the sealing that a hostile peer does himself."""

from functools import cache

from securechat.crypto.sealing import (
    AEAD_TAG_SIZE_BYTES,
    SEALED_BOX_OVERHEAD_BYTES,
    random_bytes,
    seal_aead,
)
from securechat.e2e import envelope
from tests.fuzz.edits import fit
from tests.fuzz.victims import Victim
from tests.pure.e2e.hostile import HEAD_SIZE_BYTES, Case, make_message_case, make_start_case
from tests.pure.e2e.world import Seat, make_pair, make_seat


def make_read_start_case() -> Case:
    """Bob has read a start of Alice's and has not answered; her next message is a start too."""
    alice, bob = make_seat("Alice"), make_seat("Bob")
    bob.read(alice.send(bob))
    return Case(alice, bob, alice.send(bob, "genuine"))


def make_friends_case() -> Case:
    """Bob has a session with Mallory, the sender here, and one with Alice, whose is the genuine."""
    alice, bob = make_pair()
    mallory = make_seat("Mallory")
    bob.read(mallory.send(bob))
    mallory.read(bob.send(mallory))
    return Case(mallory, bob, alice.send(bob, "genuine"))


@cache
def victims() -> tuple[Victim, ...]:
    """Return recipients of an ordinary message, of a first one, and of a second one like it."""
    return tuple(map(Victim, (make_message_case, make_start_case, make_read_start_case)))


@cache
def friend() -> Victim:
    """Return somebody who has a session with a hostile sender."""
    return Victim(make_friends_case)


def associated_data(head: envelope.Head, recipient: Seat, start: bytes) -> bytes:
    return envelope.associated_data(
        head.type, head.sender, recipient.address, head.session_id, start
    )


def seal(head: envelope.Head, recipient: Seat, start: bytes, wrapped: bytes, key: bytes) -> bytes:
    """Seal what the middle layer holds, with a nonce of its own, in the size of an envelope."""
    head = head._replace(nonce=random_bytes(24))
    filled = fit(wrapped, overhead_bytes(start))
    middle = seal_aead(filled, associated_data(head, recipient, start), head.nonce, key)
    return recipient.reseal(head.encode() + start + middle)


def overhead_bytes(start: bytes) -> int:
    return SEALED_BOX_OVERHEAD_BYTES + HEAD_SIZE_BYTES + len(start) + AEAD_TAG_SIZE_BYTES


def wrap(olm_type: int, ciphertext: bytes) -> bytes:
    """Return what the middle layer holds, without its filling."""
    return bytes([olm_type]) + len(ciphertext).to_bytes(2, "big") + ciphertext
