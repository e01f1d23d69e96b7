"""One session with one device: its state, its keys and the bytes it is stored as."""

from dataclasses import dataclass
from enum import Enum

import msgspec

from securechat.crypto.hashing import hkdf_sha256
from securechat.crypto.ratchet import RatchetSession
from securechat.e2e.envelope import SECRET_SIZE_BYTES
from securechat.e2e.seen import DAY_MS
from securechat.identity.notation import L, u64
from securechat.identity.types import DeviceAddress

SESSION_ID_SIZE_BYTES = 16
RENEW_AFTER_MS = 30 * DAY_MS
RENEW_AFTER_MESSAGES = 2000


class State(Enum):
    """What a session may do; E2E.md has the table of transitions."""

    STARTING = 1
    OPEN = 2
    RETIRED = 3


class _Row(msgspec.Struct, frozen=True, array_like=True):
    state: int
    ours: bool
    send_key: bytes
    receive_key: bytes
    created_ms: int
    silent_since_ms: int
    rank: int
    sent: int
    ratchet: bytes


@dataclass(slots=True, repr=False)
class Session:
    """The keys and the ratchet shared with one device.

    ``ours`` tells who started it; ``start`` is sent along until the peer has answered;
    ``silent_since_ms`` is when it was made, was retired or opened a message, whichever was last. Of
    two sessions with a device the one with the higher ``rank`` was made or opened a message later.
    """

    peer: DeviceAddress
    session_id: bytes
    state: State
    ours: bool
    send_key: bytes
    receive_key: bytes
    created_ms: int
    silent_since_ms: int
    ratchet: RatchetSession
    rank: int = 0
    sent: int = 0
    start: bytes = b""

    @property
    def key(self) -> bytes:
        """The key of its row."""
        return self.peer.encode() + self.session_id

    def is_renewal_due(self, now_ms: int) -> bool:
        """Tell whether it has sent enough, or is old enough, to be followed by a fresh one."""
        return self.sent >= RENEW_AFTER_MESSAGES or now_ms - self.created_ms >= RENEW_AFTER_MS

    def encode(self) -> bytes:
        """Return the row without ``start``, which has its own."""
        return msgspec.msgpack.encode(
            _Row(
                self.state.value,
                self.ours,
                self.send_key,
                self.receive_key,
                self.created_ms,
                self.silent_since_ms,
                self.rank,
                self.sent,
                self.ratchet.pickle(),
            )
        )

    @classmethod
    def decode(cls, key: bytes, value: bytes, start: bytes) -> "Session":
        """Undo `key`, `encode` and ``start``."""
        row = msgspec.msgpack.decode(value, type=_Row)
        return cls(
            peer=DeviceAddress.decode(key),
            session_id=key[-SESSION_ID_SIZE_BYTES:],
            state=State(row.state),
            ours=row.ours,
            send_key=row.send_key,
            receive_key=row.receive_key,
            created_ms=row.created_ms,
            silent_since_ms=row.silent_since_ms,
            ratchet=RatchetSession.from_pickle(row.ratchet),
            rank=row.rank,
            sent=row.sent,
            start=start,
        )

    def __repr__(self) -> str:
        return f"Session({self.state.name}, secret)"


def session_info(
    starter: DeviceAddress, recipient: DeviceAddress, session_id: bytes, bundle_epoch: int
) -> bytes:
    """Return what a session's secret is bound to, for HPKE and for its keys."""
    return L("securechat/session/v1", *starter, *recipient, session_id, u64(bundle_epoch))


def derive_keys(secret: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Return the AEAD keys from starter to recipient and back."""
    keys = hkdf_sha256(secret, info, 2 * SECRET_SIZE_BYTES)
    return keys[:SECRET_SIZE_BYTES], keys[SECRET_SIZE_BYTES:]
