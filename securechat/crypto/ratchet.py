"""The Olm double ratchet of vodozemac: accounts and sessions as bytes in, bytes out.

Pickles are stored as they are under a constant key: vodozemac's pickle encryption is deterministic,
so protecting them is the work of the store that keeps them, never of the pickle.
"""

from collections.abc import Mapping
from typing import Protocol, cast

from vodozemac import Account, AnyOlmMessage, Curve25519PublicKey, Session

from securechat.errors import CannotOpen, RemoteProtocolError

PREKEY_MESSAGE = 0
"""Olm type of the messages of a session whose starter has not been answered."""

NORMAL_MESSAGE = 1

_PICKLE_KEY = bytes(32)


class _FallbackKeys(Protocol):
    """The part of ``Account`` that its type stubs leave out."""

    @property
    def fallback_key(self) -> Mapping[str, Curve25519PublicKey]: ...

    def generate_fallback_key(self) -> object: ...


class RatchetSession:
    """One double ratchet with one device; every message changes it, so store it after each."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    @classmethod
    def from_pickle(cls, pickle: bytes) -> "RatchetSession":
        """Restore a session from `pickle`."""
        return cls(Session.from_pickle(pickle.decode("ascii"), _PICKLE_KEY))

    def pickle(self) -> bytes:
        """Return the secret state, 1.4 to 10 kB, for storage."""
        return self._session.pickle(_PICKLE_KEY).encode("ascii")

    def encrypt(self, plaintext: bytes) -> tuple[int, bytes]:
        """Return the Olm message type and the ciphertext."""
        return self._session.encrypt(plaintext).to_parts()

    def decrypt(self, olm_type: int, ciphertext: bytes) -> bytes:
        """Return the plaintext, or raise `CannotOpen` and leave the state as it was."""
        try:
            return self._session.decrypt(AnyOlmMessage.from_parts(olm_type, ciphertext))
        except ValueError as error:
            raise CannotOpen("A ratchet message does not open.") from error

    def __repr__(self) -> str:
        return "RatchetSession(secret)"


class RatchetAccount:
    """A device's Olm identity key and prekeys."""

    __slots__ = ("_account", "identity_key")

    def __init__(self, account: Account) -> None:
        self._account = account
        self.identity_key = account.curve25519_key.to_bytes()

    @classmethod
    def generate(cls) -> "RatchetAccount":
        """Make an account from the system's randomness, without prekeys."""
        return cls(Account())

    @classmethod
    def from_pickle(cls, pickle: bytes) -> "RatchetAccount":
        """Restore an account from `pickle`."""
        return cls(Account.from_pickle(pickle.decode("ascii"), _PICKLE_KEY))

    def pickle(self) -> bytes:
        """Return the secret state for storage: 0.6 kB and 0.2 kB for each one-time key."""
        return self._account.pickle(_PICKLE_KEY).encode("ascii")

    def generate_one_time_keys(self, count: int) -> list[bytes]:
        """Make one-time keys and return their public halves, 32 bytes each."""
        self._account.generate_one_time_keys(count)
        keys = [key.to_bytes() for key in self._account.one_time_keys.values()]
        self._account.mark_keys_as_published()
        return keys

    def rotate_fallback_key(self) -> bytes:
        """Make a new fallback key and return its public half; the last one keeps working."""
        account = cast(_FallbackKeys, self._account)
        account.generate_fallback_key()
        (key,) = account.fallback_key.values()
        self._account.mark_keys_as_published()
        return key.to_bytes()

    def start_session(self, identity_key: bytes, prekey: bytes) -> RatchetSession:
        """Begin a session with the owner of both keys (32 bytes each).

        Raises `RemoteProtocolError` when a key is of low order or of another size.
        """
        try:
            return RatchetSession(
                self._account.create_outbound_session(
                    Curve25519PublicKey.from_bytes(identity_key),
                    Curve25519PublicKey.from_bytes(prekey),
                )
            )
        except ValueError as error:
            raise RemoteProtocolError("A prekey is not usable.") from error

    def accept_session(
        self, identity_key: bytes, ciphertext: bytes
    ) -> tuple[RatchetSession, bytes]:
        """Open the first message of a session begun by ``identity_key``; return both.

        A one-time key is used up by it. Raises `CannotOpen` and leaves the account as it was, also
        when the message opens but names a ratchet key of low order, to which nothing can be
        answered.
        """
        before = self.pickle()
        try:
            message = AnyOlmMessage.from_parts(PREKEY_MESSAGE, ciphertext).to_pre_key()
            if message is None:
                raise CannotOpen("A ratchet message is not the first of a session.")
            session, plaintext = self._account.create_inbound_session(
                Curve25519PublicKey.from_bytes(identity_key), message
            )
        except ValueError as error:
            raise CannotOpen("A first ratchet message does not open.") from error
        if not _can_answer(session):
            self._account = Account.from_pickle(before.decode("ascii"), _PICKLE_KEY)
            raise CannotOpen("A first ratchet message names an unusable key.")
        return RatchetSession(session), plaintext

    def __repr__(self) -> str:
        return "RatchetAccount(secret)"


def _can_answer(session: Session) -> bool:
    """Tell, by trying on a copy, whether the peer's ratchet key can be answered to."""
    try:
        Session.from_pickle(session.pickle(_PICKLE_KEY), _PICKLE_KEY).encrypt(b"")
    except ValueError:
        return False
    return True
