"""The layers of an envelope as bytes, without keys: what each parser makes of anything at all."""

from securechat.e2e import envelope
from securechat.e2e.content import Unsupported, decode_content, encode_content
from securechat.e2e.plaintext import decode_plaintext, hash_plaintext
from securechat.errors import CannotOpen, RemoteProtocolError


def head(data: bytes) -> None:
    """What the sealed box held: head, start and ciphertext, or CannotOpen."""
    try:
        frame = envelope.split_frame(data)
    except CannotOpen:
        return
    assert frame.head.encode() + frame.start + frame.ciphertext == data
    if frame.head.type != envelope.TYPE_START:
        return
    try:
        start = envelope.decode_start(frame.start, frame.head.sender)
    except CannotOpen:
        return
    assert start.encode() == frame.start


def wrapped(data: bytes) -> None:
    """What the middle layer held: an Olm ciphertext of the right type, or CannotOpen."""
    for kind, olm_type in envelope.OLM_TYPES.items():
        try:
            ciphertext = envelope.unwrap_ciphertext(kind, data)
        except CannotOpen:
            continue
        again = bytes([olm_type]) + len(ciphertext).to_bytes(2, "big") + ciphertext
        assert again.ljust(len(data), b"\0") == data


def plaintext(data: bytes) -> None:
    """What the ratchet held: a message and its content, or RemoteProtocolError."""
    try:
        message, message_hash = decode_plaintext(data)
    except RemoteProtocolError:
        return
    encoded = message.encode()
    assert encoded.ljust(len(data), b"\0") == data
    assert message_hash == hash_plaintext(encoded)
    try:
        content = decode_content(message.kind, message.body)
    except RemoteProtocolError:
        return
    if not isinstance(content, Unsupported):
        assert encode_content(content) == (message.kind, message.body)
