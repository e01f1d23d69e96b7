"""A new file out of the readable rows of one whose pages or indexes are damaged."""

import filecmp
import os
import shlex
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from securechat.errors import FileProblem, SecureChatError
from securechat.store.relay_schema import MAGIC, transaction
from securechat.store.relay_wal import PAGE_BYTES

MAX_PROBED = 1_000_000
"""How many ids are tried one by one between two parts that can be read."""

_SIZE_AT = 28
"""Where the header has the number of pages; the list of free pages follows it."""

TABLES = {
    "envelopes": "id, mailbox, sequence, sender, envelope_id, account, queued_ms, digest, envelope",
    "rows": "id, kind, key, digest, value",
    "damaged": "id, origin, columns",
}


class Lost(Struct, frozen=True):
    """What could not be taken over, and where the damaged file is."""

    rows: int
    kept_as: Path

    def error(self, path: Path, reason: str) -> SecureChatError:
        """Return the error for people; ``reason`` is what SQLite said."""
        return FileProblem(
            f"{path} was damaged ({reason}) and has been built anew;"
            f" {self.rows} rows could not be read",
            f"look at the disk (dmesg); the damaged file is {shlex.quote(str(self.kept_as))}",
        )


def rebuild(path: Path, connect: Callable[[Path], sqlite3.Connection]) -> Lost:
    """Put a new file in the place of a damaged one, of which a copy is kept.

    Raises sqlite3.Error or OSError when that fails; then the damaged file is still there.
    """
    kept_as, fresh = _copy_aside(path), path.with_name(path.name + ".new")
    for leftover in (fresh, fresh.with_name(fresh.name + "-wal")):
        leftover.unlink(missing_ok=True)
    fresh.touch(0o600)
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as old,
        closing(connect(fresh)) as new,
    ):
        old.text_factory = bytes
        old.execute("PRAGMA locking_mode = EXCLUSIVE")
        with transaction(new):
            lost = sum(_take_over(old, new, table) for table in TABLES)
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    fresh.replace(path)
    return Lost(lost, kept_as)


def mend_first_page(path: Path, connect: Callable[[Path], sqlite3.Connection]) -> Path | None:
    """Write the first page of a store anew: the header, and where its tables begin.

    That is the same in every store, but for its size and the list of free pages, which a later
    `rebuild` does not need. Returns the name of a copy of what was there, or None when this does
    not look like a store at all.
    """
    first = path.read_bytes()[:PAGE_BYTES]
    if not (first.startswith(MAGIC) or b"CREATE TABLE envelopes" in first):
        return None
    kept_as, fresh = _copy_aside(path), path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(0o600)
    with closing(connect(fresh)) as new:
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    page = bytearray(fresh.read_bytes()[:PAGE_BYTES])
    pages = path.stat().st_size // PAGE_BYTES
    page[_SIZE_AT : _SIZE_AT + 12] = pages.to_bytes(4, "big") + bytes(8)
    fresh.unlink()
    with path.open("r+b") as file:
        file.write(page)
        file.flush()
        os.fsync(file.fileno())
    return kept_as


def _take_over(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> int:
    """Copy what can be read of a table; return how many rows that were counted are missing."""
    columns = TABLES[table]
    marks = ", ".join("?" * len(columns.split(", ")))
    taken = 0
    for row in _readable(old, table, columns):
        added = new.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING",  # noqa: S608
            row,
        )
        taken += added.rowcount
    new.execute("UPDATE tallies SET rows = ? WHERE origin = ?", (taken, table.encode()))
    with suppress(sqlite3.DatabaseError):
        for [counted] in old.execute(
            "SELECT rows FROM tallies WHERE origin = ?", (table.encode(),)
        ):
            return max(0, int(counted) - taken)
    return 0


def _readable(old: sqlite3.Connection, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield every row that can be reached from the front, from the back, or by its id."""
    select = f"SELECT {columns} FROM {table} NOT INDEXED"  # noqa: S608 (our own text)
    first = last = 0
    with suppress(sqlite3.DatabaseError):
        for row in old.execute(f"{select} ORDER BY id"):
            first = row[0]
            yield row
        return  # it came to its end without an error
    with suppress(sqlite3.DatabaseError):
        for row in old.execute(f"{select} WHERE id > ? ORDER BY id DESC", (first,)):
            last = row[0]
            yield row
    for number in range(first + 1, min(last, first + MAX_PROBED)):
        with suppress(sqlite3.DatabaseError):
            yield from old.execute(f"{select} WHERE id = ?", (number,))


def free_name(path: Path) -> Path:
    """Return a name beside a file that nothing has yet."""
    return _numbered(path, _count_copies(path) + 1)


def _copy_aside(path: Path) -> Path:
    """Copy a file to a free name, unless the last copy is the same: starts may be many."""
    count = _count_copies(path)
    if count and filecmp.cmp(path, last := _numbered(path, count), shallow=False):
        return last
    return Path(shutil.copy2(path, _numbered(path, count + 1)))


def _count_copies(path: Path) -> int:
    count = 0
    while _numbered(path, count + 1).exists():
        count += 1
    return count


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.damaged-{number}")
