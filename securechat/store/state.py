"""What a client's device keeps: rows of bytes, and the history, in one encrypted SQLite file."""

import os
import shlex
import stat
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from securechat.errors import DiskFull, FileProblem
from securechat.store.encrypted import (
    Connection,
    DatabaseError,
    VaultKey,
    check_pages,
    connect,
    is_out_of_room,
    is_unencrypted,
    is_unreadable,
    read_rows,
)
from securechat.store.history import HistoryChange, HistoryTable
from securechat.store.schema import SCHEMA_VERSION, bring_up_to_date, check_version
from securechat.store.unencrypted import encrypt

Rows = dict[tuple[str, bytes], bytes]
Changes = Mapping[tuple[str, bytes], bytes | None]
"""A value to write for a (table, key), or None to delete it."""

_AFTER_ALL_TABLES = "\U0010ffff"


def is_encrypted(path: Path) -> bool:
    """Return whether there is a file that only a key opens; FileProblem when it cannot be seen."""
    try:
        return path.stat().st_size > 0 and not is_unencrypted(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise state_problem(path, "open", error) from error


class StateReader:
    """Reads rows by (table, key), and the history; one thread uses it at a time."""

    def __init__(self, path: Path, database: Connection) -> None:
        """Read from a database, which is closed with this; DatabaseError when it cannot be."""
        self.path = path
        self._database = database
        self._history = HistoryTable(database)

    def load(self, *, without: Collection[str] = ()) -> Rows:
        """Return every row, but for those of some tables, which are not even read."""
        bounds = ["", *sorted(without), _AFTER_ALL_TABLES]
        query = "SELECT kind, key, value FROM rows WHERE kind > ? AND kind < ?"
        try:
            between = [read_rows(self._database, query, ends) for ends in pairwise(bounds)]
        except DatabaseError as error:
            raise state_problem(self.path, "read", error) from error
        return {(kind, key): value for rows in between for kind, key, value in rows}

    @contextmanager
    def read_history(self) -> Iterator[HistoryTable]:
        """Provide what to read the history with; what fails within raises FileProblem."""
        try:
            yield self._history
        except DatabaseError as error:
            raise state_problem(self.path, "read", error) from error

    def close(self) -> None:
        """Close the file."""
        self._database.close()


class StateFile(StateReader):
    """Rows by (table, key); one thread uses it at a time.

    A commit is one transaction with a full sync: after a power cut all of it is there, or nothing.
    """

    def __init__(self, path: Path, key: VaultKey) -> None:
        """Open the file, making it with mode 0600; FileProblem when that is not possible.

        One of the first version, which was not encrypted, is encrypted now: all of it or nothing.
        """
        self.path = path
        try:
            self._make_private()
            if is_unencrypted(path):
                encrypt(path, key)
            super().__init__(path, connect(path, key))
            try:
                self._prepare()
            except BaseException:
                self._database.close()
                raise
        except (OSError, DatabaseError) as error:
            raise state_problem(self.path, "open", error) from error

    def commit(self, changes: Changes, history: Sequence[HistoryChange] = ()) -> None:
        """Carry out all the changes, or raise FileProblem and carry out none."""
        if not (changes or history):
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
                for change in history:
                    self._history.apply(change)
                check_pages(self._database)  # a full-text index is read when it is written
        except DatabaseError as error:
            raise state_problem(self.path, "write", error) from error

    def _make_private(self) -> None:
        flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(self.path, flags, 0o600)
        permissions = stat.S_IMODE(os.fstat(descriptor).st_mode)
        os.close(descriptor)
        if permissions & 0o077 and sys.platform != "win32":
            raise FileProblem(
                f"Others than its owner can reach {self.path} (mode {permissions:04o})",
                f"chmod 600 {shlex.quote(str(self.path))}",
            )

    def _prepare(self) -> None:
        database = self._database
        version = check_version(database, self.path)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA secure_delete = ON")
        if version < SCHEMA_VERSION:
            bring_up_to_date(database)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # a crash left deleted rows in the log


def state_problem(path: Path, verb: str, error: Exception) -> FileProblem:
    """Return what to say when a database cannot be opened, read or written (``verb``)."""
    cause = error.strerror if isinstance(error, OSError) else error
    file, directory = shlex.quote(str(path)), shlex.quote(str(path.parent))
    if is_out_of_room(error, path.parent):
        return DiskFull(f"Cannot {verb} {path}: the disk is full", f"df -h {directory}")
    if isinstance(error, PermissionError):
        try_next = f"ls -l {file}; if it is yours: chmod 600 {file}"
    elif is_unreadable(error):
        cause = f"it is damaged, or its key is another one ({cause})"
        try_next = (
            f"ls -l {directory}; a damaged file can be moved away;"
            " that is a new identity, under another name while the relay knows the old one"
        )
    else:
        try_next = f"ls -l {file}; df -h {directory}"
    return FileProblem(f"Cannot {verb} {path}: {cause}", try_next)
