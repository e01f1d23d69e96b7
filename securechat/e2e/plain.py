"""Messages without end-to-end encryption: signed by a device, readable by the relay; E2E.md §9."""

import struct
from typing import NamedTuple

from securechat.crypto.signing import verify
from securechat.e2e.content import PlainContent, place_of
from securechat.e2e.envelope import SIZES_BYTES
from securechat.e2e.epochs import EpochTable
from securechat.e2e.order import ChainTable
from securechat.e2e.own_device import OwnDevice
from securechat.e2e.plaintext import (
    context_hash,
    hash_plaintext,
    plain_conversation_id,
)
from securechat.e2e.reading import Reader
from securechat.e2e.results import Invalid, Outcome, Sealed
from securechat.e2e.writing import write
from securechat.errors import (
    CannotOpen,
    LocalProtocolError,
    RemoteProtocolError,
    SecureChatError,
    Untrusted,
    UsageError,
)
from securechat.identity.chain import PeerDevice
from securechat.identity.device import DeviceCertificate
from securechat.identity.notation import L
from securechat.identity.types import (
    MAX_NUMBER,
    DeviceAddress,
    DeviceId,
    MessageId,
    OlmIdentityKey,
    SigningPublicKey,
    UserKey,
)

PLAIN_SUITE = 128
"""No encryption but that of TLS. A device lists it only while its user wants that."""

VERSION = 1
MAGIC = b"securechat plain"

_HEAD = struct.Struct(">16sBB32s16s32s32sQQ64sH")
_SIGNATURE_SIZE_BYTES = 64


class PlainEnvelope(NamedTuple):
    """A plain envelope, taken apart; nothing is verified yet."""

    certificate: DeviceCertificate
    plaintext: bytes
    signature: bytes

    @property
    def sender(self) -> DeviceAddress:
        """The device that signed it, as it says."""
        return self.certificate.address

    def encode(self) -> bytes:
        """Return the envelope, padded; raise `UsageError` when it is too long for any."""
        certificate = self.certificate
        envelope = (
            _HEAD.pack(
                MAGIC,
                VERSION,
                PLAIN_SUITE,
                *certificate.address,
                certificate.signing_key,
                certificate.olm_key,
                certificate.created_ms,
                certificate.sequence,
                certificate.signature,
                len(self.plaintext),
            )
            + self.plaintext
            + self.signature
        )
        for size_bytes in SIZES_BYTES:
            if len(envelope) <= size_bytes:
                return envelope.ljust(size_bytes, b"\0")
        raise UsageError("A message is too long for an envelope.")


def is_plain(envelope: bytes) -> bool:
    """Tell whether an envelope says that it is not encrypted."""
    return envelope.startswith(MAGIC)


def decode_plain(envelope: bytes) -> PlainEnvelope:
    """Undo `PlainEnvelope.encode`; raise `CannotOpen` when it is none."""
    if len(envelope) not in SIZES_BYTES:
        raise CannotOpen("An envelope has none of the sizes.")
    magic, version, suite, user_key, device_id, *rest = _HEAD.unpack_from(envelope)
    signing_key, olm_key, created_ms, sequence, certificate_signature, length = rest
    end = _HEAD.size + length
    padding = envelope[end + _SIGNATURE_SIZE_BYTES :]
    if (magic, version, suite) != (MAGIC, VERSION, PLAIN_SUITE):
        raise CannotOpen("A plain envelope has an unknown version or suite.")
    if max(created_ms, sequence) > MAX_NUMBER:
        raise CannotOpen("A number in a plain envelope is out of range.")
    if end + _SIGNATURE_SIZE_BYTES > len(envelope) or padding.strip(b"\0"):
        raise CannotOpen("A plain envelope has a wrong length or padding.")
    certificate = DeviceCertificate(
        signature=certificate_signature,
        user_key=UserKey(user_key),
        device_id=DeviceId(device_id),
        signing_key=SigningPublicKey(signing_key),
        olm_key=OlmIdentityKey(olm_key),
        created_ms=created_ms,
        sequence=sequence,
    )
    signature = envelope[end : end + _SIGNATURE_SIZE_BYTES]
    return PlainEnvelope(certificate, envelope[_HEAD.size : end], signature)


def signed_bytes(sender: DeviceAddress, recipient: DeviceAddress, plaintext: bytes) -> bytes:
    """Return what the sender's device signs: it fits no other recipient and no other thing."""
    return L("securechat/plain-envelope/v1", *sender, *recipient, plaintext)


class PlainSuite:
    """Seals and opens plain envelopes for this device; both ends have to list the suite."""

    __slots__ = ("_chains", "_device", "_epochs", "_reader")

    def __init__(
        self, device: OwnDevice, epochs: EpochTable, chains: ChainTable, reader: Reader
    ) -> None:
        self._device = device
        self._epochs = epochs
        self._chains = chains
        self._reader = reader

    def seal(
        self,
        peer: PeerDevice,
        content: PlainContent,
        now_ms: int,
        message_id: MessageId,
        *,
        written_ms: int,
    ) -> Sealed:
        """Sign a content for one device, for the relay to read along."""
        if place_of(content) is not None:
            raise LocalProtocolError("What is said in a room is never without encryption.")
        if PLAIN_SUITE not in self._epochs.bundle.suites or PLAIN_SUITE not in peer.bundle.suites:
            raise LocalProtocolError("Not both ends have agreed to do without encryption.")
        if peer.is_expired(now_ms):
            raise Untrusted("The keys of this person's device have expired.")
        own, other = self._device.address, peer.address
        conversation = plain_conversation_id(own.user_key, other.user_key)
        context = context_hash(conversation, own, other)
        _, plaintext = write(
            self._chains, conversation, other, content, context, written_ms, message_id
        )
        signature = self._device.signing_key.sign(signed_bytes(own, other, plaintext))
        envelope = PlainEnvelope(self._device.certificate, plaintext, signature).encode()
        self._chains.note_sent(conversation, other, hash_plaintext(plaintext))
        return Sealed(peer.mailbox, envelope, message_id)

    def open(self, envelope: bytes, now_ms: int) -> Outcome:
        """Verify a plain envelope; raise `CannotOpen`, always with the same words."""
        try:
            plain = decode_plain(envelope)
            self._verify(plain)
        except SecureChatError:
            raise CannotOpen("A message cannot be opened.") from None
        sender, own = plain.sender, self._device.address
        conversation = plain_conversation_id(sender.user_key, own.user_key)
        try:
            return self._reader.read(sender, conversation, plain.plaintext, now_ms, encrypted=False)
        except RemoteProtocolError:
            return Invalid(sender)

    def _verify(self, plain: PlainEnvelope) -> None:
        own = self._device.address
        if not self._epochs.ever_lists(PLAIN_SUITE) or plain.sender == own:
            raise CannotOpen("Nobody may write to this device without encryption.")
        plain.certificate.verify(plain.sender.user_key)
        signed = signed_bytes(plain.sender, own, plain.plaintext)
        verify(plain.certificate.signing_key, signed, plain.signature)
