"""The file of a backup: a head that anybody can read, and the rest under a passphrase (E2E.md)."""

import struct
from contextlib import suppress
from pathlib import Path

from securechat.client.profiles.backup import Backup, decode_backup
from securechat.client.profiles.vault import Passphrases
from securechat.crypto.passphrase import SALT_SIZE_BYTES, Hardness, Passphrase
from securechat.crypto.passphrase_sealer import PassphraseSealer
from securechat.crypto.sealing import AEAD_NONCE_SIZE_BYTES
from securechat.errors import CannotOpen, FileProblem, PassphraseRefused
from securechat.identity.notation import L

MAX_SIZE_BYTES = 1 << 24

_MAGIC = b"securechat backup"
_VERSION = 1
_START = struct.Struct(f">{len(_MAGIC)}sB")
_HEAD = struct.Struct(f">{_START.size}sQQ{SALT_SIZE_BYTES}s{AEAD_NONCE_SIZE_BYTES}s")


def seal_backup(backup: Backup, passphrase: Passphrase) -> bytes:
    """Return the content of a file; FileProblem when it would be larger than one may be."""
    sealer = PassphraseSealer.draw()
    head = encode_head(sealer)
    data = head + sealer.seal(backup.encode(), associated_data(head), passphrase)
    if len(data) > MAX_SIZE_BYTES:
        raise FileProblem(f"A backup of {backup.name} would be larger than {MAX_SIZE_BYTES} bytes")
    return data


def open_backup(data: bytes, passphrases: Passphrases, path: Path) -> Backup:
    """Undo `seal_backup`; ``path`` is for the errors.

    Raises FileProblem for what is no backup or is of a newer version, and PassphraseRefused for
    all else: another passphrase and any damage look the same.
    """
    if not data.startswith(_MAGIC):
        raise FileProblem(
            f"{path} is no backup of an identity", "the file that securechat identity export wrote"
        )
    version = data[len(_MAGIC) : _START.size]
    if version and version[0] > _VERSION:
        raise FileProblem(
            f"{path} is the backup of a newer securechat (format {version[0]})",
            "securechat --version here and where it was made; install that version here",
        )
    with suppress(CannotOpen):
        sealer = _decode_head(data)
        head, sealed = data[: _HEAD.size], data[_HEAD.size :]
        for passphrase in passphrases():
            with suppress(CannotOpen):
                return decode_backup(sealer.open(sealed, associated_data(head), passphrase))
    raise PassphraseRefused(
        f"{path} does not open: that is not its passphrase, or the file is damaged",
        "the same command with the passphrase given when it was made, or another copy of the file",
    )


def encode_head(sealer: PassphraseSealer) -> bytes:
    """Return the 74 bytes before what is sealed, nonce included."""
    hardness = sealer.hardness
    start = _START.pack(_MAGIC, _VERSION)
    return _HEAD.pack(start, hardness.passes, hardness.memory_bytes, sealer.salt, sealer.nonce)


def associated_data(head: bytes) -> bytes:
    """Return what the seal binds beside the plaintext: every field of the head."""
    return L("securechat/identity-backup/v1", head)


def _decode_head(data: bytes) -> PassphraseSealer:
    """Return what a file is opened with; CannotOpen for version 0 or a cost out of bounds."""
    if len(data) < _HEAD.size:
        raise CannotOpen("A backup is cut off.")
    start, passes, memory_bytes, salt, nonce = _HEAD.unpack_from(data)
    if start != _START.pack(_MAGIC, _VERSION):
        raise CannotOpen("A backup has no version.")
    return PassphraseSealer(Hardness(passes, memory_bytes), salt, nonce)
