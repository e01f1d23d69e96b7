"""Where the key to a profile's database is: HOME/profiles/<name>/vault-key says it.

The file is a JSON object, and ``kept`` is one of

==========  =========================================================================
file        the key itself, for whoever can read the file
passphrase  the key in XChaCha20-Poly1305 under an Argon2id key of the passphrase
keyring     the name of the entry in the system's keyring that has it
==========  =========================================================================

A change is one replacement of that file, so the profile opens in the old way or in the new one.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from securechat.crypto.passphrase import SALT_SIZE_BYTES, Hardness, Passphrase
from securechat.crypto.passphrase_sealer import PassphraseSealer
from securechat.crypto.sealing import AEAD_NONCE_SIZE_BYTES, AEAD_TAG_SIZE_BYTES, random_bytes
from securechat.errors import CannotOpen, FileProblem, PassphraseRefused
from securechat.identity.names import name_key
from securechat.identity.notation import L, u64
from securechat.identity.types import Name
from securechat.store.encrypted import KEY_SIZE_BYTES, VaultKey
from securechat.store.system_keyring import forget_secret, get_secret, put_secret
from securechat.transport.private_files import (
    is_there,
    quote,
    read_private,
    replace,
    translate_os_errors,
)

VAULT_KEY = "vault-key"

Passphrases = Callable[[], Iterable[Passphrase]]
"""Gives passphrases to try, one after the other; raises PassphraseRefused when it has none."""


def _sized(size_bytes: int) -> msgspec.Meta:
    return msgspec.Meta(min_length=size_bytes, max_length=size_bytes)


class _Kept(msgspec.Struct, frozen=True, tag_field="kept", forbid_unknown_fields=True):
    v: Literal[1]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(secret)"


class _InFile(_Kept, frozen=True, tag="file"):
    key: Annotated[bytes, _sized(KEY_SIZE_BYTES)]


class _UnderPassphrase(_Kept, frozen=True, tag="passphrase"):
    passes: int
    memory_bytes: int
    salt: Annotated[bytes, _sized(SALT_SIZE_BYTES)]
    nonce: Annotated[bytes, _sized(AEAD_NONCE_SIZE_BYTES)]
    sealed: Annotated[bytes, _sized(KEY_SIZE_BYTES + AEAD_TAG_SIZE_BYTES)]


class _InKeyring(_Kept, frozen=True, tag="keyring"):
    entry: str


class Vault:
    """The place of one profile's key; whoever changes it holds the profile's lock."""

    def __init__(self, directory: Path, name: Name, *, locked: bool = True) -> None:
        """Read where the key is; FileProblem when that is not possible.

        Without the lock (``locked``) nothing is tidied up: another process may be changing it.
        """
        self.path = directory / VAULT_KEY
        self._name = name
        if locked:
            self._remove_interrupted()
        self._kept = self._read() if is_there(self.path) else None

    @property
    def is_new(self) -> bool:
        """Whether no key is kept yet."""
        return self._kept is None

    def open(self, passphrases: Passphrases) -> VaultKey:
        """Return the key that is kept, or draw one if there is none yet.

        Raises PassphraseRefused when none of the ``passphrases`` opens it, and FileProblem.
        """
        match self._kept:
            case None:
                return VaultKey(random_bytes(KEY_SIZE_BYTES))
            case _InFile(key=key):
                return VaultKey(key)
            case _InKeyring(entry=entry):
                return self._decode_secret(get_secret(entry))
            case _UnderPassphrase() as kept:
                return self._unwrap(kept, passphrases)

    def keep_in_file(self, key: VaultKey) -> None:
        """Keep the key as it is, in a file that only its owner can read."""
        self._replace(_InFile(1, key.secret))

    def keep_under_passphrase(self, key: VaultKey, passphrase: Passphrase) -> None:
        """Keep the key so that it takes this passphrase to open it."""
        sealer = PassphraseSealer.draw()
        sealed = sealer.seal(key.secret, self._associated(sealer), passphrase)
        cost = sealer.hardness
        self._replace(
            _UnderPassphrase(1, cost.passes, cost.memory_bytes, sealer.salt, sealer.nonce, sealed)
        )

    def keep_in_keyring(self, key: VaultKey) -> None:
        """Keep the key in the system's keyring; FileProblem or UsageError when there is none."""
        entry = f"{self._name} {random_bytes(8).hex()}"
        put_secret(entry, key.secret.hex())
        self._replace(_InKeyring(1, entry))

    def _replace(self, kept: _InFile | _UnderPassphrase | _InKeyring) -> None:
        before = self._kept
        replace(self.path, msgspec.json.encode(kept) + b"\n")
        self._kept = kept
        if isinstance(before, _InKeyring):
            forget_secret(before.entry)

    def _unwrap(self, kept: _UnderPassphrase, passphrases: Passphrases) -> VaultKey:
        sealer = PassphraseSealer(self._check_hardness(kept), kept.salt, kept.nonce)
        associated = self._associated(sealer)
        for passphrase in passphrases():
            with suppress(CannotOpen):
                return VaultKey(sealer.open(kept.sealed, associated, passphrase))
        raise PassphraseRefused(
            f"That is not the passphrase of {self._name}",
            "the same command once more, with the passphrase that was set last",
        )

    def _check_hardness(self, kept: _UnderPassphrase) -> Hardness:
        try:
            return Hardness(kept.passes, kept.memory_bytes)
        except CannotOpen as error:
            raise FileProblem(
                f"Somebody has changed {self.path}: it asks for another cost of a guess than any"
                " securechat ever wrote, and the passphrase was not tried",
                f"ls -l {quote(self.path)}; put a copy of it back that is yours",
            ) from error

    def _associated(self, sealer: PassphraseSealer) -> bytes:
        name, hardness = name_key(self._name).encode(), sealer.hardness
        cost = u64(hardness.passes), u64(hardness.memory_bytes)
        return L("securechat/vault-key/v1", name, *cost, sealer.salt)

    def _read(self) -> _InFile | _UnderPassphrase | _InKeyring:
        data = read_private(self.path)
        try:
            return msgspec.json.decode(data, type=_InFile | _UnderPassphrase | _InKeyring)
        except msgspec.MsgspecError as error:
            raise self._broken() from error

    def _decode_secret(self, secret: str) -> VaultKey:
        try:
            key = bytes.fromhex(secret)
        except ValueError as error:
            raise self._broken() from error
        if len(key) != KEY_SIZE_BYTES:
            raise self._broken()
        return VaultKey(key)

    def _broken(self) -> FileProblem:
        return FileProblem(
            f"{self.path} is damaged, or a newer securechat wrote it",
            f"ls -l {quote(self.path)}; put a copy of it back, without the key nothing opens",
        )

    def _remove_interrupted(self) -> None:
        """Remove what a replacement left that did not come to its end: it may hold the key."""
        with translate_os_errors(self.path, "replace"):
            for left_over in self.path.parent.glob(f".{VAULT_KEY}.*"):
                left_over.unlink()
