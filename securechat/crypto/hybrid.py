"""HPKE (RFC 9180) with the MLKEM768-X25519 KEM: how a session's secret travels once.

Suite: KEM 0x647a, KDF HKDF-SHA256, AEAD ChaCha20-Poly1305. Public keys are the ML-KEM-768
encapsulation key (1,184 bytes) and the X25519 key (32); secret keys are the ML-KEM seed (64) and
the X25519 scalar (32).
"""

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from securechat.errors import CannotOpen, RemoteProtocolError, SecureChatError

PUBLIC_KEY_SIZE_BYTES = 1216
SECRET_KEY_SIZE_BYTES = 96
OVERHEAD_BYTES = 1136

_MLKEM_PUBLIC_SIZE_BYTES = 1184
_MLKEM_SEED_SIZE_BYTES = 64
_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


class HybridSecretKey:
    """A secret MLKEM768-X25519 key that opens what was sealed to its public half.

    It is computed when it is needed first: the library takes 13 ms to get ready for that.
    """

    __slots__ = ("_key", "_secret")

    def __init__(self, secret: bytes) -> None:
        """Restore a key from `export_secret`; ValueError for other than 96 bytes."""
        if len(secret) != SECRET_KEY_SIZE_BYTES:
            raise ValueError("A hybrid secret key has 96 bytes.")
        self._secret = secret
        self._key: hpke.MLKEM768X25519PrivateKey | None = None

    @classmethod
    def generate(cls) -> "HybridSecretKey":
        """Make a key; raise `SecureChatError` when ``cryptography`` was built without ML-KEM."""
        try:
            mlkem = MLKEM768PrivateKey.generate()
        except UnsupportedAlgorithm as error:
            raise _no_mlkem() from error
        return cls(mlkem.private_bytes_raw() + X25519PrivateKey.generate().private_bytes_raw())

    @property
    def public(self) -> bytes:
        """The 1,216 bytes of the public half; raises as `generate` does."""
        mlkem, x25519 = self._halves()
        return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Return the plaintext sealed for the same ``info``, or raise `CannotOpen`.

        Raises also as `generate` does.
        """
        if self._key is None:
            self._key = hpke.MLKEM768X25519PrivateKey(*self._halves())
        try:
            return _SUITE.decrypt(sealed, self._key, info)
        except (InvalidTag, ValueError) as error:
            raise CannotOpen("A session secret does not open.") from error

    def export_secret(self) -> bytes:
        """Return the 96 secret bytes of which it can be made again, for storage."""
        return self._secret

    def _halves(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        secret, size_bytes = self._secret, _MLKEM_SEED_SIZE_BYTES
        try:
            mlkem = MLKEM768PrivateKey.from_seed_bytes(secret[:size_bytes])
        except UnsupportedAlgorithm as error:
            raise _no_mlkem() from error
        return mlkem, X25519PrivateKey.from_private_bytes(secret[size_bytes:])

    def __repr__(self) -> str:
        return "HybridSecretKey(secret)"


def seal_hybrid(plaintext: bytes, public_key: bytes, info: bytes) -> bytes:
    """Seal to a public key of 1,216 bytes, bound to ``info``; `OVERHEAD_BYTES` longer.

    Raises `RemoteProtocolError` when the key is out of range, of low order or of another size.
    """
    mlkem, x25519 = public_key[:_MLKEM_PUBLIC_SIZE_BYTES], public_key[_MLKEM_PUBLIC_SIZE_BYTES:]
    try:
        key = hpke.MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(mlkem), X25519PublicKey.from_public_bytes(x25519)
        )
        return _SUITE.encrypt(plaintext, key, info)
    except ValueError as error:
        raise RemoteProtocolError("A hybrid key is not usable.") from error


def _no_mlkem() -> SecureChatError:
    return SecureChatError(
        "This installation of the Python package cryptography has no ML-KEM, "
        "so messages cannot be encrypted end to end.",
        "python -m pip install --upgrade --force-reinstall --only-binary :all: cryptography",
    )
