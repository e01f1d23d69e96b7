"""A digest for every row of a relay's store: SQLite does not notice most flipped bits."""

import hashlib
import struct
from typing import Any

DIGEST_BYTES = 16

_ENVELOPE = struct.Struct(">16sq16s16s32sq")
_LENGTHS = struct.Struct(">II")

Columns = tuple[Any, ...]
"""A row as SQLite gives it: after damage, anything may stand in any column."""


def envelope_digest(columns: Columns) -> bytes:
    """Return the digest over mailbox, sequence, sender, id, account, time and envelope."""
    *fixed, envelope = columns
    hashing = hashlib.blake2b(_ENVELOPE.pack(*fixed), digest_size=DIGEST_BYTES)
    hashing.update(envelope)
    return hashing.digest()


def row_digest(columns: Columns) -> bytes:
    """Return the digest over kind, key and value."""
    kind, key, value = columns
    hashing = hashlib.blake2b(_LENGTHS.pack(len(kind), len(key)), digest_size=DIGEST_BYTES)
    for part in (kind, key, value):
        hashing.update(part)
    return hashing.digest()


def is_envelope_whole(columns: Columns, digest: object) -> bool:
    """Return whether the columns of an envelope are as they were written."""
    try:
        sizes = [len(columns[place]) for place in (0, 2, 3, 4)]
        return sizes == [16, 16, 16, 32] and envelope_digest(columns) == digest
    except (TypeError, ValueError, struct.error):
        return False


def is_row_whole(columns: Columns, digest: object) -> bool:
    """Return whether the columns of a directory row are as they were written."""
    try:
        return row_digest(columns) == digest
    except (TypeError, ValueError, struct.error):
        return False
