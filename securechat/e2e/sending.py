"""Starting sessions and sealing messages."""

from msgspec.structs import replace

from securechat.crypto.hybrid import seal_hybrid
from securechat.crypto.sealing import (
    AEAD_NONCE_SIZE_BYTES,
    random_bytes,
    seal_aead,
    seal_box,
)
from securechat.e2e import envelope
from securechat.e2e.content import Content, Recovery
from securechat.e2e.copies import Copy, CopyTable
from securechat.e2e.order import ChainTable
from securechat.e2e.own_device import OwnDevice
from securechat.e2e.plaintext import (
    direct_conversation_id,
    hash_plaintext,
)
from securechat.e2e.recovery import RecoveryTable
from securechat.e2e.results import Sealed
from securechat.e2e.room_talk import RoomTalk
from securechat.e2e.session import (
    SESSION_ID_SIZE_BYTES,
    Session,
    State,
    derive_keys,
    session_info,
)
from securechat.e2e.session_table import SessionTable
from securechat.e2e.writing import write
from securechat.errors import LocalProtocolError, RemoteProtocolError, Untrusted
from securechat.identity.chain import PeerDevice
from securechat.identity.types import DeviceAddress, MessageId


class Sender:
    """Turns contents into envelopes, and does so again for who has lost them."""

    __slots__ = ("_chains", "_copies", "_device", "_recoveries", "_sessions", "_talk")

    def __init__(
        self,
        device: OwnDevice,
        sessions: SessionTable,
        chains: ChainTable,
        copies: CopyTable,
        recoveries: RecoveryTable,
        talk: RoomTalk,
    ) -> None:
        self._device = device
        self._sessions = sessions
        self._chains = chains
        self._copies = copies
        self._recoveries = recoveries
        self._talk = talk

    def start_session(self, peer: PeerDevice, now_ms: int, *, recovery: bool = False) -> Session:
        """Begin a session on the peer's one-time key or fallback key; nothing is sent yet."""
        _require_usable(peer, now_ms)
        registration = self._device.registration
        if registration is None:
            raise LocalProtocolError("A session cannot start before this device has a name.")
        own, other = self._device.address, peer.address
        if own == other:
            raise LocalProtocolError("A device has no session with itself.")
        prekey = peer.one_time_key.key if peer.one_time_key else peer.bundle.fallback_key
        ratchet = self._device.start_ratchet(peer.certificate.olm_key, prekey)
        session_id = random_bytes(SESSION_ID_SIZE_BYTES)
        secret = random_bytes(envelope.SECRET_SIZE_BYTES)
        info = session_info(own, other, session_id, peer.bundle.epoch)
        blob = seal_hybrid(secret, peer.bundle.hybrid_key, info)
        start = envelope.Start(peer.bundle.epoch, blob, self._device.certificate, registration)
        send_key, receive_key = derive_keys(secret, info)
        session = Session(
            peer=other,
            session_id=session_id,
            state=State.STARTING,
            ours=True,
            send_key=send_key,
            receive_key=receive_key,
            created_ms=now_ms,
            silent_since_ms=now_ms,
            ratchet=ratchet,
            start=start.encode(),
        )
        self._sessions.add_starting(session, recovery=recovery)
        return session

    def seal(
        self,
        peer: PeerDevice,
        content: Content,
        now_ms: int,
        message_id: MessageId,
        *,
        written_ms: int,
    ) -> Sealed:
        """Seal a content, which says that it was written then, on the session that sends."""
        _require_usable(peer, now_ms)
        own, other = self._device.address, peer.address
        conversation = direct_conversation_id(own.user_key, other.user_key)
        context = self._talk.context_to_seal(content, other)
        counter, plaintext = write(
            self._chains, conversation, other, content, context, written_ms, message_id
        )
        session = self._choose_session(peer, now_ms)
        sealed = self._encrypt(session, peer, plaintext)
        self._chains.note_sent(conversation, other, hash_plaintext(plaintext))
        self._copies.add(other, Copy(counter, now_ms, message_id, plaintext))
        return Sealed(peer.mailbox, sealed, message_id)

    def resend(self, peer: PeerDevice, recovery: Recovery, now_ms: int) -> tuple[Sealed, ...]:
        """Seal anew, on one session, the kept copies that the device asks for."""
        _require_usable(peer, now_ms)
        self._copies.forget_old(now_ms)
        asked = [copy for copy in self._copies.of(peer.address) if recovery.lacks(copy.counter)]
        if not asked:
            return ()
        session = self._choose_session(peer, now_ms)
        if not self._recoveries.try_answering(peer.address, now_ms):
            return ()
        return tuple(
            Sealed(peer.mailbox, self._encrypt(session, peer, copy.plaintext), copy.message_id)
            for copy in asked
        )

    def _choose_session(self, peer: PeerDevice, now_ms: int) -> Session:
        session = self._sessions.choose_sending(peer.address, now_ms)
        if session is None:
            raise LocalProtocolError("There is no session to send on: start one first.")
        if session.start and envelope.start_epoch(session.start) < peer.bundle.epoch:
            # The peer may have deleted the keys of a start that it has not answered.
            return self.start_session(replace(peer, one_time_key=None), now_ms)
        return session

    def _encrypt(self, session: Session, peer: PeerDevice, plaintext: bytes) -> bytes:
        frame = _encrypt(session, self._device.address, plaintext)
        session.sent += 1
        self._sessions.note_changed(session)
        return seal_box(frame, peer.bundle.envelope_key)


def _encrypt(session: Session, own: DeviceAddress, plaintext: bytes) -> bytes:
    """Return the frame: the inner and the middle layer around a plaintext."""
    kind = envelope.TYPE_START if session.start else envelope.TYPE_MESSAGE
    start_size = len(session.start)
    size_bytes = envelope.choose_size(kind, start_size, len(plaintext))
    room = envelope.plaintext_room(kind, start_size, size_bytes)
    olm_type, ciphertext = session.ratchet.encrypt(plaintext.ljust(room, b"\0"))
    wrapped = envelope.wrap_ciphertext(olm_type, ciphertext, start_size, size_bytes)
    nonce = random_bytes(AEAD_NONCE_SIZE_BYTES)
    head = envelope.Head(kind, session.session_id, nonce, own)
    associated = envelope.associated_data(
        kind, own, session.peer, session.session_id, session.start
    )
    middle = seal_aead(wrapped, associated, nonce, session.send_key)
    return head.encode() + session.start + middle


def _require_usable(peer: PeerDevice, now_ms: int) -> None:
    if peer.is_expired(now_ms):
        raise Untrusted(
            "The keys of this person's device have expired: it was away for too long.",
            "date -u; if this clock is right, ask them to start their client",
        )
    if envelope.SUITE not in peer.bundle.suites:
        raise RemoteProtocolError("The other device speaks no cipher suite that this one knows.")
