"""Signals: what is true for a moment only, outside of ratchet and order; E2E.md §17.

Nothing of a signal is kept: whatever comes of one, the state of the device stays as it is.
"""

from securechat.crypto.sealing import (
    AEAD_NONCE_SIZE_BYTES,
    AEAD_TAG_SIZE_BYTES,
    open_aead,
    random_bytes,
    seal_aead,
    seal_box,
)
from securechat.e2e import envelope
from securechat.e2e.amend_content import (
    KIND_TYPING,
    Typing,
    decode_typing,
    encode_amend_content,
    place_in_amend_body,
)
from securechat.e2e.own_device import OwnDevice
from securechat.e2e.plaintext import (
    Plaintext,
    decode_plaintext,
    direct_conversation_id,
    new_message_id,
)
from securechat.e2e.reading import Reader
from securechat.e2e.results import Sealed, Signal
from securechat.e2e.room_talk import RoomTalk, Verdict
from securechat.e2e.session_table import SessionTable
from securechat.errors import CannotOpen, RemoteProtocolError
from securechat.identity.chain import PeerDevice
from securechat.identity.types import DeviceAddress, Digest

LIFE_MS = 60_000
"""How far a signal may be from the time that it says, before it or after it, by the clock here."""

MAX_NONCES = 1024
"""So many signals are remembered, so that none counts twice."""

_NO_COUNTER, _NO_HASH = 0, Digest(bytes(32))


class Signals:
    """Seals signals on sessions that the other device has answered, and opens such."""

    __slots__ = ("_device", "_nonces", "_reader", "_sessions", "_talk")

    def __init__(
        self, device: OwnDevice, sessions: SessionTable, talk: RoomTalk, reader: Reader
    ) -> None:
        self._device = device
        self._sessions = sessions
        self._talk = talk
        self._reader = reader
        self._nonces: dict[bytes, None] = {}

    def seal(self, peer: PeerDevice, content: Typing, now_ms: int) -> Sealed | None:
        """Seal a signal; None without keys, or a session, on which one can go out now.

        Raises `LocalProtocolError` when its place is not one where this may be said to the device.
        """
        own, other = self._device.address, peer.address
        context = self._talk.context_to_seal(content, other)
        session = self._sessions.choose_sending(other, now_ms)
        has_keys = envelope.SUITE in peer.bundle.suites and not peer.is_expired(now_ms)
        if session is None or session.start or not has_keys:
            return None
        kind, body = encode_amend_content(content)
        message_id = new_message_id()
        message = Plaintext(kind, _NO_COUNTER, now_ms, message_id, _NO_HASH, context, body)
        nonce = random_bytes(AEAD_NONCE_SIZE_BYTES)
        head = envelope.Head(envelope.TYPE_SIGNAL, session.session_id, nonce, own)
        padded = message.encode().ljust(envelope.SIGNAL_PLAINTEXT_SIZE_BYTES, b"\0")
        middle = seal_aead(padded, _associated_data(head, other), nonce, session.send_key)
        sealed = seal_box(head.encode() + middle, peer.bundle.envelope_key)
        return Sealed(peer.mailbox, sealed, message_id)

    def open(self, frame: envelope.Frame, now_ms: int) -> Signal:
        """Open the frame of a signal; raise `SecureChatError` when it is of no session here."""
        head = frame.head
        session = self._sessions.find(head.sender, head.session_id)
        size_bytes = envelope.SIGNAL_PLAINTEXT_SIZE_BYTES + AEAD_TAG_SIZE_BYTES
        if session is None or len(frame.ciphertext) != size_bytes:
            raise CannotOpen("A signal has no session, or a wrong size.")
        associated = _associated_data(head, self._device.address)
        padded = open_aead(frame.ciphertext, associated, head.nonce, session.receive_key)
        return Signal(head.sender, self._read(padded, head, now_ms))

    def _read(self, padded: bytes, head: envelope.Head, now_ms: int) -> Typing | None:
        """Return what counts of a signal that is authentic."""
        try:
            message, _ = decode_plaintext(padded)
            is_proper = message.kind == KIND_TYPING and message.counter == _NO_COUNTER
            if not is_proper or message.previous_hash != _NO_HASH:
                return None
            content = decode_typing(message.body)
            verdict = self._judge(head.sender, message)
        except RemoteProtocolError:
            return None
        is_late = abs(now_ms - message.time_ms) > LIFE_MS
        if verdict is not Verdict.READ or is_late or self._is_repeated(head.nonce):
            return None
        return content

    def _judge(self, sender: DeviceAddress, message: Plaintext) -> Verdict:
        conversation = direct_conversation_id(sender.user_key, self._device.address.user_key)
        place = place_in_amend_body(message.body)
        return self._reader.judge(place, sender, conversation, message)

    def _is_repeated(self, nonce: bytes) -> bool:
        """Tell whether a signal came before; else remember it, and forget the oldest."""
        if nonce in self._nonces:
            return True
        self._nonces[nonce] = None
        if len(self._nonces) > MAX_NONCES:
            del self._nonces[next(iter(self._nonces))]
        return False


def _associated_data(head: envelope.Head, recipient: DeviceAddress) -> bytes:
    return envelope.associated_data(
        envelope.TYPE_SIGNAL, head.sender, recipient, head.session_id, b""
    )
