"""Signals that only a peer can make: whatever they say, nothing of the recipient changes."""

import struct

from securechat.e2e import envelope
from securechat.e2e.amend_content import KIND_TYPING, decode_typing
from securechat.e2e.plaintext import decode_plaintext
from securechat.e2e.results import Signal
from securechat.e2e.signals import LIFE_MS
from tests.fuzz.crafting import friend, seal
from tests.pure.e2e.hostile import plaintext_of, session_of
from tests.pure.e2e.world import NOW_MS, Seat

FIELDS = struct.Struct(">BBBQ")


def signal(data: bytes) -> None:
    """Any plaintext under the key of a genuine session, as a signal."""
    if len(data) < FIELDS.size:
        return
    victim = friend()
    sender, recipient = victim.sender, victim.seat
    session = session_of(sender, recipient)
    plaintext = _choose_plaintext(sender, recipient, data)
    head = envelope.Head(envelope.TYPE_SIGNAL, session.session_id, b"", sender.address)
    outcome, changes = victim.meet(seal(head, recipient, b"", plaintext, session.send_key))
    assert not changes
    if len(plaintext) > envelope.SIGNAL_PLAINTEXT_SIZE_BYTES:
        assert outcome is None
    else:
        assert isinstance(outcome, Signal)
        assert outcome.sender == sender.address
        if outcome.content is not None:
            message, _ = decode_plaintext(plaintext)
            assert (message.kind, message.counter) == (KIND_TYPING, 0)
            assert abs(message.time_ms - NOW_MS) <= LIFE_MS
            assert outcome.content == decode_typing(message.body)
    victim.check_now_and_then()


def _choose_plaintext(sender: Seat, recipient: Seat, data: bytes) -> bytes:
    """Return a plaintext of which the data choose body, kind, counter, time, and what is wrong."""
    wrong, kind, counter, time_ms = FIELDS.unpack_from(data)
    body = data[FIELDS.size :][:0xFFFF]
    if wrong & 128:
        return body
    return plaintext_of(
        sender,
        recipient,
        kind=kind if wrong & 1 else KIND_TYPING,
        counter=counter,
        time_ms=time_ms if wrong & 2 else NOW_MS,
        previous_hash=bytes(32) if not wrong & 4 else b"h" * 32,
        body=body,
        **({"context_hash": bytes(32)} if wrong & 8 else {}),
    ).encode()
