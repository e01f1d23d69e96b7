"""Opening envelopes: the receiving order of E2E.md §5, step by step.

Until the ratchet has accepted a message nothing changes. From then on the change is kept, whatever
the later steps find.
"""

from msgspec import Struct

from securechat.crypto.sealing import open_aead
from securechat.e2e import envelope
from securechat.e2e.epochs import EpochTable
from securechat.e2e.own_device import OwnDevice
from securechat.e2e.plaintext import direct_conversation_id
from securechat.e2e.reading import Reader
from securechat.e2e.results import Duplicate, Introduction, Invalid, Outcome, Unreadable
from securechat.e2e.seen import SeenTable
from securechat.e2e.session import Session, State, derive_keys, session_info
from securechat.e2e.session_table import SessionTable
from securechat.e2e.signals import Signals
from securechat.errors import CannotOpen, RemoteProtocolError, SecureChatError

_REFUSAL = "A message cannot be opened."
"""All that anybody learns, whatever is wrong with an envelope."""


class Receiver(Struct, frozen=True):
    """Turns envelopes into contents."""

    device: OwnDevice
    epochs: EpochTable
    sessions: SessionTable
    nonces: SeenTable
    reader: Reader
    signals: Signals

    def open(self, sealed: bytes, now_ms: int) -> Outcome:
        """Open an envelope; raise `CannotOpen`, always with the same words, when it does not.

        It is an `Unreadable` when the outer layer opened, the head names another device, and it is
        no signal: those are never asked for again.
        """
        try:
            frame = self._unseal(sealed)
            if frame.head.type == envelope.TYPE_SIGNAL:
                return self.signals.open(frame, now_ms)
        except SecureChatError:
            raise CannotOpen(_REFUSAL) from None
        try:
            return self._open(frame, now_ms)
        except SecureChatError:
            raise Unreadable(_REFUSAL, frame.head.sender) from None

    def _unseal(self, sealed: bytes) -> envelope.Frame:
        if len(sealed) not in envelope.SIZES_BYTES:
            raise CannotOpen("An envelope has none of the sizes.")
        frame = envelope.split_frame(self.epochs.unseal(sealed))
        if frame.head.sender == self.device.address:
            raise CannotOpen("An envelope comes back to its sender.")
        return frame

    def _open(self, frame: envelope.Frame, now_ms: int) -> Outcome:
        sender = frame.head.sender
        introduction: Introduction | None
        session = self.sessions.find(sender, frame.head.session_id)
        if frame.head.nonce in self.nonces:
            return Duplicate()
        if session is None:
            plaintext, introduction = self._accept_session(frame, now_ms)
        else:
            plaintext = self._continue_session(session, frame, now_ms)
            introduction = self._introduce_again(frame)
        self.nonces.add(frame.head.nonce, now_ms)
        conversation = direct_conversation_id(sender.user_key, self.device.address.user_key)
        try:
            return self.reader.read(
                sender, conversation, plaintext, now_ms, introduction=introduction
            )
        except RemoteProtocolError:
            return Invalid(sender, introduction)

    def _accept_session(self, frame: envelope.Frame, now_ms: int) -> tuple[bytes, Introduction]:
        head = frame.head
        if head.type != envelope.TYPE_START or self.device.registration is None:
            raise CannotOpen("There is no such session.")
        start = envelope.decode_start(frame.start, head.sender)
        start.certificate.verify(head.sender.user_key)
        start.registration.verify(self.device.registration.relay_id)
        info = session_info(head.sender, self.device.address, head.session_id, start.bundle_epoch)
        secret = self.epochs.open_secret(start.bundle_epoch, start.blob, info)
        receive_key, send_key = derive_keys(secret, info)
        ciphertext = self._open_middle(frame, receive_key)
        ratchet, plaintext = self.device.accept_ratchet(start.certificate.olm_key, ciphertext)
        session = Session(
            peer=head.sender,
            session_id=head.session_id,
            state=State.OPEN,
            ours=False,
            send_key=send_key,
            receive_key=receive_key,
            created_ms=now_ms,
            silent_since_ms=now_ms,
            ratchet=ratchet,
        )
        self.sessions.add_accepted(session, now_ms)
        return plaintext, Introduction(start.certificate, start.registration)

    def _introduce_again(self, frame: envelope.Frame) -> Introduction | None:
        """Return who the sender is, if that travels along: it may have been forgotten here."""
        if not frame.start or self.device.registration is None:
            return None
        try:
            start = envelope.decode_start(frame.start, frame.head.sender)
            start.certificate.verify(frame.head.sender.user_key)
            start.registration.verify(self.device.registration.relay_id)
        except SecureChatError:
            return None
        return Introduction(start.certificate, start.registration)

    def _continue_session(self, session: Session, frame: envelope.Frame, now_ms: int) -> bytes:
        if session.ours and frame.head.type == envelope.TYPE_START:
            raise CannotOpen("A session that started here is started from there.")
        ciphertext = self._open_middle(frame, session.receive_key)
        plaintext = session.ratchet.decrypt(envelope.OLM_TYPES[frame.head.type], ciphertext)
        self.sessions.note_opened(session, now_ms)
        return plaintext

    def _open_middle(self, frame: envelope.Frame, key: bytes) -> bytes:
        head = frame.head
        associated = envelope.associated_data(
            head.type, head.sender, self.device.address, head.session_id, frame.start
        )
        wrapped = open_aead(frame.ciphertext, associated, head.nonce, key)
        return envelope.unwrap_ciphertext(head.type, wrapped)
