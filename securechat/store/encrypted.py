"""SQLite files that are encrypted and authenticated page by page, with SQLCipher.

The key is 32 random bytes and no passphrase, so that opening a file costs no key derivation. The
journals beside a database are encrypted with it; temporary tables stay in memory. SQLCipher's own
memory is not wiped (``cipher_memory_security``): the same rows lie in Python's, which nobody wipes.
"""

import errno
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3 as sqlcipher  # whose interface it has
else:
    from sqlcipher3 import dbapi2 as sqlcipher

Connection = sqlcipher.Connection
DatabaseError = sqlcipher.Error


class AlteredPage(DatabaseError):
    """A page that was read is not one that was written there."""


KEY_SIZE_BYTES = 32

_UNENCRYPTED_START = b"SQLite format 3\0"
_UNREADABLE = (sqlcipher.SQLITE_CORRUPT, sqlcipher.SQLITE_NOTADB)
_INDEX_SIZE_BYTES = 32_768
"""By so much the index of a log grows at once."""

_NO_ROOM = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


@dataclass(frozen=True, slots=True)
class VaultKey:
    """The key of a profile's database: 32 bytes."""

    secret: bytes = field(repr=False)


def connect(path: Path, key: VaultKey | None) -> Connection:
    """Open a database, or make it; an unencrypted one without a key.

    Whether the key fits is seen when the first page is read. Raises DatabaseError.
    """
    database = sqlcipher.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA cipher_log_level = NONE")  # it would write to stderr
    if key is not None:
        database.execute(f'PRAGMA key = "{key_literal(key)}"')
    return database


def read_rows(database: Connection, query: str, values: Sequence[object] = ()) -> list[Any]:
    """Return the rows of a query; DatabaseError when a page that they come from was altered."""
    rows = database.execute(query, values).fetchall()
    check_pages(database)
    return rows


def check_pages(database: Connection) -> None:
    """Raise DatabaseError when a page that was read until now had been altered.

    SQLCipher reads such a page as zeros. It notes that, but reports it only with some later page,
    which may never be read: the rest of a long value, on pages of its own, would just be zeros.
    """
    if database.execute("PRAGMA cipher_status").fetchone() != ("1",):
        raise AlteredPage("a page is not what was written")


def key_literal(key: VaultKey) -> str:
    """Return a key as SQLCipher takes it where it asks for one."""
    return f"x'{key.secret.hex()}'"


def is_unencrypted(path: Path) -> bool:
    """Return whether this is a database that anybody can read; OSError when it cannot be seen."""
    with path.open("rb") as file:
        return file.read(len(_UNENCRYPTED_START)) == _UNENCRYPTED_START


def is_out_of_room(error: Exception, directory: Path) -> bool:
    """Return whether this came of a disk, or of the user's share of one, that is full.

    SQLite says so only of the database and its log, not of the index of that.
    """
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlcipher.SQLITE_IOERR:
        return shutil.disk_usage(directory).free < _INDEX_SIZE_BYTES
    return code == sqlcipher.SQLITE_FULL


def is_unreadable(error: Exception) -> bool:
    """Return whether this came of a damaged file, or of one with another key: both look alike."""
    return isinstance(error, AlteredPage) or getattr(error, "sqlite_errorcode", None) in _UNREADABLE
