"""What a client's device keeps: rows of bytes in one SQLite file that only its owner can read."""

import os
import shlex
import sqlite3
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from securechat.errors import FileProblem

SCHEMA_VERSION = 1

_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)

Rows = dict[tuple[str, bytes], bytes]
Changes = Mapping[tuple[str, bytes], bytes | None]
"""A value to write for a (table, key), or None to delete it."""


class StateFile:
    """Rows by (table, key); one thread uses it at a time.

    A commit is one transaction with a full sync: after a power cut all of it is there, or nothing.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, making it with mode 0600; FileProblem when that is not possible."""
        self.path = path
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600)
            permissions = stat.S_IMODE(os.fstat(descriptor).st_mode)
            os.close(descriptor)
            if permissions & 0o077 and sys.platform != "win32":
                raise FileProblem(
                    f"Others than its owner can reach {path} (mode {permissions:04o})",
                    f"chmod 600 {shlex.quote(str(path))}",
                )
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise self._broken("open", error) from error

    def load(self) -> Rows:
        """Return every row."""
        try:
            rows = self._database.execute("SELECT kind, key, value FROM rows").fetchall()
        except sqlite3.Error as error:
            raise self._broken("read", error) from error
        return {(kind, key): value for kind, key, value in rows}

    def commit(self, changes: Changes) -> None:
        """Carry out all the changes, or raise FileProblem and carry out none."""
        if not changes:
            return
        written = [
            (kind, key, value) for (kind, key), value in changes.items() if value is not None
        ]
        deleted = [at for at, value in changes.items() if value is None]
        try:
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany("REPLACE INTO rows VALUES (?, ?, ?)", written)
                self._database.executemany("DELETE FROM rows WHERE kind = ? AND key = ?", deleted)
        except sqlite3.Error as error:
            raise self._broken("write", error) from error

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _prepare(self) -> None:
        database = self._database
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA secure_delete = ON")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise FileProblem(
                f"{self.path} was written by a newer securechat (schema {version})",
                "securechat --version on the machine that wrote it, and update this one",
            )
        database.execute(
            "CREATE TABLE IF NOT EXISTS rows"
            " (kind TEXT, key BLOB, value BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # a crash left deleted rows in the log

    def _broken(self, verb: str, error: Exception) -> FileProblem:
        cause = error.strerror if isinstance(error, OSError) else error
        path = shlex.quote(str(self.path))
        if isinstance(error, PermissionError):
            try_next = f"ls -l {path}; if it is yours: chmod 600 {path}"
        elif getattr(error, "sqlite_errorcode", None) in _DAMAGED:
            try_next = (
                f"ls -l {path}; a damaged file can be moved away;"
                " that is a new identity, under another name while the relay knows the old one"
            )
        else:
            try_next = f"ls -l {path}; df -h {shlex.quote(str(self.path.parent))}"
        return FileProblem(f"Cannot {verb} {self.path}: {cause}", try_next)
