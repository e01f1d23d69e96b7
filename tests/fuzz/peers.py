"""Envelopes that only a peer can make, who has the keys of a session: any layer may be wrong."""

import struct

from securechat.crypto.sealing import open_aead
from securechat.e2e import envelope
from securechat.e2e.content import Text, decode_content
from securechat.e2e.plaintext import decode_plaintext, direct_conversation_id, hash_plaintext
from securechat.e2e.results import Duplicate, Opened
from tests.fuzz.crafting import associated_data, friend, seal, victims, wrap
from tests.fuzz.edits import edit
from tests.pure.e2e.hostile import plaintext_of, session_of
from tests.pure.e2e.world import Seat

_CHOICES = struct.Struct(">BB")
_FIELDS = struct.Struct(">BBQQ")


def middle(data: bytes) -> None:
    """A changed Olm ciphertext, or any bytes, under the AEAD of a genuine session.

    The ratchet authenticates what it understood, not how that was written (and not the header of a
    first message): such a change may open, but then as what the genuine message says.
    """
    if len(data) < _CHOICES.size:
        return
    which, is_raw = _CHOICES.unpack_from(data)
    victim = victims()[which % 3]
    frame = envelope.split_frame(victim.case.frame)
    key = session_of(victim.sender, victim.seat).send_key
    associated = associated_data(frame.head, victim.seat, frame.start)
    genuine = open_aead(frame.ciphertext, associated, frame.head.nonce, key)
    program = data[_CHOICES.size :]
    hostile = program if is_raw % 2 else edit(genuine, program)
    if hostile.rstrip(b"\0") == genuine.rstrip(b"\0"):
        return
    outcome, _ = victim.meet(seal(frame.head, victim.seat, frame.start, hostile, key))
    if outcome is None:
        victim.check_now_and_then()
        return
    assert isinstance(outcome, Opened), outcome
    assert outcome.content == Text("genuine")
    victim.begin_afresh()


def inner(data: bytes) -> None:
    """A plaintext, wrong in any way, under a genuine ratchet."""
    if len(data) < _FIELDS.size:
        return
    victim = friend()
    sender, recipient = victim.sender, victim.seat
    plaintext = _choose_plaintext(sender, recipient, data)
    if len(plaintext) > envelope.plaintext_room(envelope.TYPE_MESSAGE, 0, envelope.SIZES_BYTES[-1]):
        return
    session = session_of(sender, recipient)
    head = envelope.Head(envelope.TYPE_MESSAGE, session.session_id, b"", sender.address)
    wrapped = wrap(*session.ratchet.encrypt(plaintext))
    outcome, changes = victim.meet(seal(head, recipient, b"", wrapped, session.send_key))
    assert changes
    if isinstance(outcome, Opened):
        message, _ = decode_plaintext(plaintext)
        assert outcome.content == decode_content(message.kind, message.body)
        assert outcome.message_id == message.message_id
    assert isinstance(outcome, Duplicate) or outcome.sender == sender.address
    victim.check_now_and_then()


def _choose_plaintext(sender: Seat, recipient: Seat, data: bytes) -> bytes:
    """Return a plaintext with what the data choose: body, kind, counter, time, and what is wrong.

    The next one counts on from it, whether or not the recipient took it.
    """
    wrong, kind, counter, time_ms = _FIELDS.unpack_from(data)
    body = data[_FIELDS.size :]
    if wrong & 128:
        return body
    changes: dict[str, object] = {}
    if wrong & 1:
        changes["counter"] = counter
    if wrong & 2:
        changes["time_ms"] = time_ms
    if wrong & 4:
        changes["message_id"] = bytes(16)
    if wrong & 8:
        changes["previous_hash"] = bytes(32)
    if wrong & 16:
        changes["context_hash"] = bytes(32)
    if len(body) > 0xFFFF:
        body = body[:0xFFFF]
    encoded = plaintext_of(sender, recipient, kind=kind, body=body, **changes).encode()
    conversation = direct_conversation_id(sender.address.user_key, recipient.address.user_key)
    sender.endpoint._sender._chains.note_sent(
        conversation, recipient.address, hash_plaintext(encoded)
    )
    return encoded + bytes([wrong & 32]) * (wrong & 64)
