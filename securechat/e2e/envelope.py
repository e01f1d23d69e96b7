"""The bytes of an envelope between the outer and the inner layer; E2E.md §4 draws them."""

import struct
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from securechat.crypto import hybrid
from securechat.crypto.ratchet import NORMAL_MESSAGE, PREKEY_MESSAGE
from securechat.crypto.sealing import AEAD_TAG_SIZE_BYTES, SEALED_BOX_OVERHEAD_BYTES
from securechat.errors import CannotOpen, UsageError
from securechat.identity.device import DeviceCertificate
from securechat.identity.notation import L, digest
from securechat.identity.registration import Registration
from securechat.identity.types import (
    MAX_NUMBER,
    DeviceAddress,
    DeviceId,
    Name,
    OlmIdentityKey,
    RelayId,
    SigningPublicKey,
    UserKey,
)

VERSION = 1
SUITE = 1
"""Sealed box; XChaCha20-Poly1305 under HPKE MLKEM768-X25519; Olm v1."""

TYPE_START = 1
TYPE_MESSAGE = 2
TYPE_SIGNAL = 3

OLM_TYPES = {TYPE_START: PREKEY_MESSAGE, TYPE_MESSAGE: NORMAL_MESSAGE}
"""The Olm message type that an envelope type carries; a signal carries none."""

SIZES_BYTES = (512, 1024, 2048, 4096, 8192, 16384)
"""Every envelope has one of these sizes."""

_TYPES = frozenset({*OLM_TYPES, TYPE_SIGNAL})

SECRET_SIZE_BYTES = 32
BLOB_SIZE_BYTES = SECRET_SIZE_BYTES + hybrid.OVERHEAD_BYTES

_HEAD = struct.Struct(">BBB16s24s32s16s")
_START = struct.Struct(f">Q{BLOB_SIZE_BYTES}s32s32sQQ64s32sQ64sB")
_INNER = struct.Struct(">BH")
_OLM_OVERHEAD_BYTES = {TYPE_START: 156, TYPE_MESSAGE: 50}
_OLM_BLOCK_SIZE_BYTES = 16

SIGNAL_PLAINTEXT_SIZE_BYTES = (
    SIZES_BYTES[0] - SEALED_BOX_OVERHEAD_BYTES - _HEAD.size - AEAD_TAG_SIZE_BYTES
)
"""Every signal is in an envelope of the smallest size, and fills it with zeros."""


class Head(NamedTuple):
    """The fields that say which session opens the rest."""

    type: int
    session_id: bytes
    nonce: bytes
    sender: DeviceAddress

    def encode(self) -> bytes:
        """Return the 91 bytes."""
        return _HEAD.pack(VERSION, SUITE, self.type, self.session_id, self.nonce, *self.sender)


class Start(Struct, frozen=True):
    """What travels in each message of a session until the peer has answered."""

    bundle_epoch: int
    blob: bytes
    certificate: DeviceCertificate
    registration: Registration

    def encode(self) -> bytes:
        """Return 1,425 bytes and the name; what the head says already is left out."""
        name = self.registration.name.encode()
        return (
            _START.pack(
                self.bundle_epoch,
                self.blob,
                self.certificate.signing_key,
                self.certificate.olm_key,
                self.certificate.created_ms,
                self.certificate.sequence,
                self.certificate.signature,
                self.registration.relay_id,
                self.registration.time_ms,
                self.registration.signature,
                len(name),
            )
            + name
        )


class Frame(NamedTuple):
    """An unsealed envelope, split but not verified: ``start`` is empty where there is none."""

    head: Head
    start: bytes
    ciphertext: bytes


def split_frame(frame: bytes) -> Frame:
    """Split what the sealed box held; raise `CannotOpen` when it is cut or of no known kind."""
    if len(frame) < _HEAD.size:
        raise CannotOpen("A frame is too short.")
    version, suite, kind, session_id, nonce, user_key, device_id = _HEAD.unpack_from(frame)
    if (version, suite) != (VERSION, SUITE) or kind not in _TYPES:
        raise CannotOpen("A frame has an unknown version, suite or type.")
    head = Head(kind, session_id, nonce, DeviceAddress(UserKey(user_key), DeviceId(device_id)))
    end = _HEAD.size
    if kind == TYPE_START:
        name_length = frame[end + _START.size - 1 : end + _START.size]
        end += _START.size + int.from_bytes(name_length, "big")
        if end > len(frame):
            raise CannotOpen("A start is too short.")
    return Frame(head, frame[_HEAD.size : end], frame[end:])


def start_epoch(start: bytes) -> int:
    """Return the epoch of the bundle that an encoded start is for."""
    return int.from_bytes(start[:8], "big")


def decode_start(start: bytes, sender: DeviceAddress) -> Start:
    """Undo `Start.encode` for a start that `split_frame` returned; nothing is verified yet."""
    fields = _START.unpack_from(start)
    epoch, blob, signing_key, olm_key, created_ms, sequence, signature = fields[:7]
    relay_id, time_ms, registration_signature, _ = fields[7:]
    if max(created_ms, sequence, time_ms) > MAX_NUMBER:
        raise CannotOpen("A number in a start is out of range.")
    try:
        name = start[_START.size :].decode()
    except UnicodeDecodeError as error:
        raise CannotOpen("A name is not UTF-8.") from error
    certificate = DeviceCertificate(
        signature=signature,
        user_key=sender.user_key,
        device_id=sender.device_id,
        signing_key=SigningPublicKey(signing_key),
        olm_key=OlmIdentityKey(olm_key),
        created_ms=created_ms,
        sequence=sequence,
    )
    registration = Registration(
        signature=registration_signature,
        relay_id=RelayId(relay_id),
        name=Name(name),
        user_key=sender.user_key,
        time_ms=time_ms,
    )
    return Start(epoch, blob, certificate, registration)


@lru_cache(maxsize=1024)
def associated_data(
    kind: int, sender: DeviceAddress, recipient: DeviceAddress, session_id: bytes, start: bytes
) -> bytes:
    """Return the AD of the middle layer: every field of head and start but the nonce is in it."""
    return L(
        "securechat/envelope/v1",
        bytes([VERSION]),
        bytes([SUITE]),
        bytes([kind]),
        *sender,
        *recipient,
        session_id,
        digest("securechat/start/v1", start),
    )


def choose_size(kind: int, start_size_bytes: int, plaintext_size_bytes: int) -> int:
    """Return the smallest envelope that holds a plaintext; raise `UsageError` when none does."""
    for size_bytes in SIZES_BYTES:
        if plaintext_size_bytes <= plaintext_room(kind, start_size_bytes, size_bytes):
            return size_bytes
    raise UsageError("A message is too long for an envelope.")


def plaintext_room(kind: int, start_size_bytes: int, size_bytes: int) -> int:
    """Return how long a padded plaintext is in an envelope of a size (negative: none fits).

    The ratchet pads to whole blocks with at least one byte, so the best use of the room is a
    plaintext one byte short of a block.
    """
    room = _ciphertext_room(start_size_bytes, size_bytes) - _OLM_OVERHEAD_BYTES[kind]
    return room // _OLM_BLOCK_SIZE_BYTES * _OLM_BLOCK_SIZE_BYTES - 1


def wrap_ciphertext(olm_type: int, ciphertext: bytes, start_size: int, size_bytes: int) -> bytes:
    """Return the plaintext of the middle layer: Olm type, length, ciphertext, zeros."""
    wrapped = _INNER.pack(olm_type, len(ciphertext)) + ciphertext
    return wrapped.ljust(_INNER.size + _ciphertext_room(start_size, size_bytes), b"\0")


def unwrap_ciphertext(kind: int, wrapped: bytes) -> bytes:
    """Undo `wrap_ciphertext`; raise `CannotOpen` when its Olm type or its zeros are wrong."""
    if len(wrapped) < _INNER.size:
        raise CannotOpen("A wrapped ciphertext is too short.")
    olm_type, length = _INNER.unpack_from(wrapped)
    end = _INNER.size + length
    if olm_type != OLM_TYPES[kind] or end > len(wrapped) or wrapped[end:].strip(b"\0"):
        raise CannotOpen("A wrapped ciphertext has a wrong type, length or filling.")
    return wrapped[_INNER.size : end]


def _ciphertext_room(start_size_bytes: int, size_bytes: int) -> int:
    taken = _HEAD.size + start_size_bytes + AEAD_TAG_SIZE_BYTES + _INNER.size
    return size_bytes - SEALED_BOX_OVERHEAD_BYTES - taken
