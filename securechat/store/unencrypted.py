"""How a client's database of the first version, which was not encrypted, becomes an encrypted one.

The rows are copied into a new file beside it, which then takes its name: that is the only step that
counts. Whatever interrupts it, the old file is complete until then, and nothing of it is there
afterwards, its log included.
"""

import os
import sys
from contextlib import closing
from pathlib import Path

from securechat.store.encrypted import VaultKey, connect, key_literal
from securechat.store.schema import bring_up_to_date, check_version

_BESIDE = ("", "-journal", "-wal", "-shm")


def encrypt(path: Path, key: VaultKey) -> None:
    """Replace an unencrypted database by one with the same rows under ``key``.

    Nobody else may have it open. Raises OSError or DatabaseError, and FileProblem for one of a
    newer version; then it is as it was.
    """
    copy = path.with_name(f"{path.name}.new")
    for suffix in _BESIDE:
        path.with_name(copy.name + suffix).unlink(missing_ok=True)
    with closing(connect(path, None)) as database:
        check_version(database, path)
        database.execute("PRAGMA journal_mode = DELETE")  # a log must not meet the new file
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        database.execute("ATTACH ? AS copy KEY ?", (str(copy), key_literal(key)))
        bring_up_to_date(database, "copy")
        if database.execute("SELECT 1 FROM main.sqlite_master WHERE name = 'rows'").fetchone():
            database.execute("INSERT INTO copy.rows SELECT kind, key, value FROM main.rows")
    copy.replace(path)
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
