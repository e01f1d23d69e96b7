"""The innermost bytes, which the ratchet encrypts: a header of 100 bytes, the body, zeros."""

import struct
from functools import lru_cache
from typing import NamedTuple

from securechat.crypto.sealing import random_bytes
from securechat.errors import RemoteProtocolError
from securechat.identity.notation import digest
from securechat.identity.types import MAX_NUMBER, DeviceAddress, Digest, MessageId, UserKey

PLAINTEXT_VERSION = 1

_HEADER = struct.Struct(">BBQQ16s32s32sH")
HEADER_SIZE_BYTES = _HEADER.size

_MESSAGE_ID_SIZE_BYTES = 16


class Plaintext(NamedTuple):
    """A message as its sender wrote it.

    ``counter`` and ``previous_hash`` run per conversation, sending device and receiving device.
    """

    kind: int
    counter: int
    time_ms: int
    message_id: MessageId
    previous_hash: Digest
    context_hash: Digest
    body: bytes

    def encode(self) -> bytes:
        """Return header and body, without padding."""
        return (
            _HEADER.pack(
                PLAINTEXT_VERSION,
                self.kind,
                self.counter,
                self.time_ms,
                self.message_id,
                self.previous_hash,
                self.context_hash,
                len(self.body),
            )
            + self.body
        )


def decode_plaintext(padded: bytes) -> tuple[Plaintext, Digest]:
    """Undo `Plaintext.encode` and padding; return the message and its hash for the next one.

    Raises `RemoteProtocolError`.
    """
    if len(padded) < HEADER_SIZE_BYTES:
        raise RemoteProtocolError("A plaintext is too short.")
    version, kind, counter, time_ms, message_id, previous, context, length = _HEADER.unpack_from(
        padded
    )
    end = HEADER_SIZE_BYTES + length
    if version != PLAINTEXT_VERSION or end > len(padded):
        raise RemoteProtocolError("A plaintext has a wrong version or length.")
    if max(counter, time_ms) > MAX_NUMBER:
        raise RemoteProtocolError("A number in a plaintext is out of range.")
    if padded[end:].strip(b"\0"):
        raise RemoteProtocolError("A padding is not zero.")
    body = padded[HEADER_SIZE_BYTES:end]
    message = Plaintext(kind, counter, time_ms, message_id, previous, context, body)
    return message, hash_plaintext(padded[:end])


def new_message_id() -> MessageId:
    """Draw the id of a message, the same for all devices that it goes to."""
    return MessageId(random_bytes(_MESSAGE_ID_SIZE_BYTES))


def hash_plaintext(encoded: bytes) -> Digest:
    """Return the hash by which the next message names this one (without padding)."""
    return Digest(digest("securechat/previous-message/v1", encoded))


@lru_cache(maxsize=1024)
def direct_conversation_id(one: UserKey, other: UserKey) -> Digest:
    """Return the id of the conversation of two people, the same on both sides."""
    return Digest(digest("securechat/direct-conversation/v1", *sorted((one, other))))


@lru_cache(maxsize=1024)
def plain_conversation_id(one: UserKey, other: UserKey) -> Digest:
    """Return the id of what two people write without encryption: another conversation."""
    return Digest(digest("securechat/plain-conversation/v1", *sorted((one, other))))


@lru_cache(maxsize=1024)
def context_hash(
    conversation_id: Digest,
    sender: DeviceAddress,
    recipient: DeviceAddress,
    roster_hash: bytes = b"",
) -> Digest:
    """Return what binds a message to its conversation, direction and members.

    ``roster_hash`` is empty in a conversation of two.
    """
    return Digest(
        digest("securechat/context/v1", conversation_id, *sender, *recipient, roster_hash)
    )
