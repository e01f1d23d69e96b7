"""A relay's store as one SQLite file: everything that is done to it, one call at a time.

Errors of SQLite come out as they are: `StoreThread` answers for them, and the constructor
translates what keeps the file from being opened.
"""

import os
import shlex
import shutil
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from securechat.errors import Busy, FileProblem, SecureChatError
from securechat.identity.types import EnvelopeId, MailboxId, UserKey
from securechat.store.mailboxes import Entry, Expired, Outcome, StoredMailbox, charge
from securechat.store.news import Damaged, Tell
from securechat.store.places import Place, runs
from securechat.store.relay_digests import (
    Columns,
    envelope_digest,
    is_envelope_whole,
    is_row_whole,
    row_digest,
)
from securechat.store.relay_salvage import Lost, free_name, mend_first_page, rebuild
from securechat.store.relay_schema import migrate, refuse_newer, transaction
from securechat.store.relay_wal import count_lost_transactions
from securechat.store.rows import RowChanges, RowKey

FILE_MODE = 0o600
MAX_EXPIRED = 10_000
"""How many entries expire at once, so that others do not wait; the next sweep takes more."""

STRUCTURE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)

ENVELOPES, ROWS = b"envelopes", b"rows"
_ENVELOPE = "mailbox, sequence, sender, envelope_id, account, queued_ms, envelope"


class RelayFile:
    """The open file; one thread uses it at a time. ``tell`` hears of damage."""

    def __init__(self, path: Path, tell: Tell) -> None:
        """Open the file, making it with mode 0600, and check every row of it.

        Raises FileProblem (also for a store of a later version, which stays untouched) or Busy.
        """
        self.path = path
        self._tell = tell
        self._tallied: dict[bytes, int] = {}
        try:
            flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)
            os.close(os.open(path, flags, FILE_MODE))
            refuse_newer(path)
            self._open(check=True)
            self._empty_log()
        except (OSError, sqlite3.Error) as error:
            raise self.problem("open", error) from error

    def reopen(self, *, check: bool) -> None:
        """Close and open again after an error; it can be read even if this raises at its end.

        Then all that the log has goes into the file once more: after a failed sync, pages that
        look written need not be.
        """
        self.close()
        self._open(check=check)
        self._empty_log()

    def close(self) -> None:
        """Close the file; never raises."""
        with suppress(sqlite3.Error):
            self._database.close()

    def problem(self, verb: str, error: Exception) -> SecureChatError:
        """Return the error for people that stands for one of the disk or of SQLite."""
        path = shlex.quote(str(self.path))
        cause = error.strerror if isinstance(error, OSError) else error
        code = getattr(error, "sqlite_errorcode", None)
        if code is not None and code & 0xFF == sqlite3.SQLITE_BUSY:
            return Busy(
                f"Another relay uses {self.path}",
                "stop that relay, or: securechat server --data ANOTHER-DIRECTORY",
            )
        if code is not None and code & 0xFF in STRUCTURE:
            try_next = f"look at the disk (dmesg), and put a backup of {path} in its place"
        else:
            try_next = f"df -h {shlex.quote(str(self.path.parent))}; ls -l {path}"
        return FileProblem(f"Cannot {verb} {self.path}: {cause}", try_next)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block does, with a full sync, or none of it."""
        self._tallied.clear()
        with transaction(self._database):
            yield
            for origin, change in self._tallied.items():
                self._database.execute(
                    "UPDATE tallies SET rows = rows + ? WHERE origin = ?", (change, origin)
                )

    # Envelopes ------------------------------------------------------------------------------------

    def put(self, entry: Entry) -> Outcome:
        """Keep an entry, inside a transaction, unless it is known."""
        columns = (
            entry.mailbox,
            entry.sequence,
            entry.sender,
            entry.envelope_id,
            entry.account,
            entry.queued_ms,
            entry.envelope,
        )
        added = self._database.execute(
            f"INSERT INTO envelopes (digest, {_ENVELOPE})"  # noqa: S608 (our own text)
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (envelope_digest(columns), *columns),
        )
        if added.rowcount:
            self._count(ENVELOPES, 1)
            return Outcome.KEPT
        [row] = self._envelopes(
            "WHERE mailbox = ? AND sender = ? AND envelope_id = ?",
            (entry.mailbox, entry.sender, entry.envelope_id),
        )
        if not is_envelope_whole(row[2:], row[1]):
            self._set_aside(ENVELOPES, [row])
            self._tell(Damaged(1, self._damage(1)))
            return self.put(entry)
        return Outcome.KNOWN if row[-1] == entry.envelope else Outcome.MISMATCH

    def remove(self, places: Iterable[Place]) -> None:
        """Delete the entries at these places, inside a transaction."""
        deleted = self._database.executemany(
            "DELETE FROM envelopes WHERE mailbox = ? AND sequence BETWEEN ? AND ?", runs(places)
        )
        self._count(ENVELOPES, -deleted.rowcount)

    def empty(self, mailbox: MailboxId) -> None:
        """Delete all entries of a mailbox, inside a transaction."""
        deleted = self._database.execute("DELETE FROM envelopes WHERE mailbox = ?", (mailbox,))
        self._count(ENVELOPES, -deleted.rowcount)

    def load(
        self, mailbox: MailboxId, after: int, limit_bytes: int, hidden: Collection[Place]
    ) -> list[Entry]:
        """Return a page of a mailbox without the ``hidden`` entries; see MailboxStore."""
        page: list[Entry] = []
        damaged: list[Columns] = []
        size_bytes = 0
        for row in self._envelopes(
            "INDEXED BY by_place WHERE mailbox = ? AND sequence > ? ORDER BY sequence",
            (mailbox, after),
        ):
            if not is_envelope_whole(row[2:], row[1]):
                damaged.append(row)
            elif (mailbox, row[3]) not in hidden:
                size_bytes += charge(row[-1])
                if page and size_bytes > limit_bytes:
                    break
                page.append(_entry(row))
        if damaged:
            with self.transaction():
                self._set_aside(ENVELOPES, damaged)
            self._tell(Damaged(len(damaged), self._damage(len(damaged))))
        return page

    def expire(self, before_ms: int, spared: Collection[MailboxId]) -> Expired:
        """Delete the oldest entries, inside a transaction; return what has gone."""
        gone: dict[MailboxId, StoredMailbox] = {}
        ids: list[tuple[int]] = []
        for id_, mailbox, sequence, account, queued_ms, size_bytes in self._database.execute(
            "SELECT id, mailbox, sequence, account, queued_ms, max(length(envelope), ?)"
            " FROM envelopes NOT INDEXED ORDER BY id",
            (charge(b""),),
        ):
            if queued_ms >= before_ms or len(ids) == MAX_EXPIRED:
                break
            if mailbox not in spared:
                ids.append((id_,))
                gone.setdefault(mailbox, StoredMailbox()).count(sequence, account, size_bytes)
        self._database.executemany("DELETE FROM envelopes WHERE id = ?", ids)
        self._count(ENVELOPES, -len(ids))
        return gone

    def mailboxes(self) -> dict[MailboxId, StoredMailbox]:
        """Return how much is kept for whom."""
        found: dict[MailboxId, StoredMailbox] = {}
        for mailbox, sequence, account, size_bytes in self._database.execute(
            "SELECT mailbox, sequence, account, max(length(envelope), ?) FROM envelopes",
            (charge(b""),),
        ):
            found.setdefault(mailbox, StoredMailbox()).count(sequence, account, size_bytes)
        return found

    # Rows -----------------------------------------------------------------------------------------

    def rows(self) -> dict[RowKey, bytes]:
        """Return every row of the directory."""
        found = self._database.execute("SELECT kind, key, value FROM rows ORDER BY id")
        return {(kind.decode(), key): value for kind, key, value in found}

    def save(self, changes: RowChanges) -> None:
        """Carry out changes of rows, inside a transaction."""
        for (name, key), value in changes.items():
            kind = name.encode()
            if value is None:
                deleted = self._database.execute(
                    "DELETE FROM rows WHERE kind = ? AND key = ?", (kind, key)
                )
                self._count(ROWS, -deleted.rowcount)
                continue
            digest = row_digest((kind, key, value))
            updated = self._database.execute(
                "UPDATE rows SET digest = ?, value = ? WHERE kind = ? AND key = ?",
                (digest, value, kind, key),
            )
            if not updated.rowcount:
                self._database.execute(
                    "INSERT INTO rows (kind, key, digest, value) VALUES (?, ?, ?, ?)",
                    (kind, key, digest, value),
                )
                self._count(ROWS, 1)

    def touch(self) -> None:
        """Write something that changes nothing, inside a transaction."""
        self._database.execute("UPDATE tallies SET rows = rows")

    # Opening and damage ---------------------------------------------------------------------------

    def _open(self, *, check: bool) -> None:
        if check:
            self._check_log()
        self._database = self._connect_mending() if check else self._connect()
        try:
            if check and (reason := self._find_broken_structure()):
                self.close()
                lost = rebuild(self.path, self._connect)
                self._database = self._connect()
                self._tell(Damaged(lost.rows, lost.error(self.path, reason)))
            if check:
                self._check_rows()
        except BaseException:
            self.close()
            raise

    def _connect_mending(self) -> sqlite3.Connection:
        """Connect, though the first page may be damaged."""
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            is_structure = getattr(error, "sqlite_errorcode", 0) & 0xFF in STRUCTURE
            kept_as = mend_first_page(self.path, self._connect) if is_structure else None
            if kept_as is None:
                raise
            database = self._connect()
            self._tell(Damaged(0, Lost(0, kept_as).error(self.path, str(error))))
            return database

    def _connect(self, path: Path | None = None) -> sqlite3.Connection:
        """Open an SQLite file as a store: nobody else can, and a commit is on the disk."""
        database = sqlite3.connect(
            path or self.path, isolation_level=None, check_same_thread=False, timeout=0.0
        )
        try:
            database.text_factory = bytes  # damage can turn any column into text
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            migrate(database)
        except UnicodeDecodeError as error:  # SQLite quotes what it found in its place
            database.close()
            raise _malformed() from error
        except BaseException:
            database.close()
            raise
        return database

    def _empty_log(self) -> None:
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _check_log(self) -> None:
        """Keep a copy of a log of which SQLite will leave something out, and tell it."""
        log = self.path.with_name(self.path.name + "-wal")
        lost = count_lost_transactions(log)
        if lost:
            kept_as = free_name(log)
            shutil.copy2(log, kept_as)
            error = FileProblem(
                f"{log} was damaged: what came last to {self.path} is lost ({lost} transactions)",
                f"look at the disk (dmesg); the damaged file is {shlex.quote(str(kept_as))}",
            )
            self._tell(Damaged(lost, error))

    def _find_broken_structure(self) -> str:
        """Return what is wrong with pages and indexes, or nothing."""
        try:
            [verdict] = self._database.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in STRUCTURE:
                raise
            return str(error)
        return "" if verdict == b"ok" else str(verdict, errors="replace").partition("\n")[0]

    def _check_rows(self) -> None:
        """Set damaged rows aside, and notice when some are not there at all."""
        envelopes = self._envelopes("NOT INDEXED", ())
        rows = self._database.execute(
            "SELECT id, digest, kind, key, value FROM rows NOT INDEXED ORDER BY id"
        )
        counts = dict(self._database.execute("SELECT origin, rows FROM tallies"))
        bad_total = missing_total = 0
        for origin, found, is_whole in (
            (ENVELOPES, envelopes, is_envelope_whole),
            (ROWS, rows, is_row_whole),
        ):
            bad, present = _sort_out(found, is_whole)
            missing_total += abs(counts.get(origin, 0) - present)
            bad_total += len(bad)
            if bad or counts.get(origin) != present:
                with self.transaction():
                    self._database.execute("REPLACE INTO tallies VALUES (?, ?)", (origin, present))
                    self._set_aside(origin, bad)
        if bad_total or missing_total:
            total = bad_total + missing_total
            self._tell(Damaged(total, self._damage(bad_total, missing_total)))

    def _set_aside(self, origin: bytes, rows: list[Columns]) -> None:
        """Move rows to the table of damaged ones, inside a transaction."""
        for row in rows:
            self._database.execute(
                "INSERT INTO damaged (origin, columns) VALUES (?, ?)",
                (origin, msgspec.msgpack.encode(row)),
            )
            table = origin.decode()
            self._database.execute(f"DELETE FROM {table} WHERE id = ?", row[:1])  # noqa: S608
        self._count(origin, -len(rows))

    def _damage(self, set_aside: int, missing: int = 0) -> SecureChatError:
        path = shlex.quote(str(self.path))
        return FileProblem(
            f"{set_aside} rows of {self.path} were damaged and are set aside in its table"
            f' "damaged"; {missing} are missing',
            f"look at the disk (dmesg), keep a copy of {path}; what was sent to people comes again"
            " from its senders' devices when they ask for it",
        )

    def _count(self, origin: bytes, change: int) -> None:
        if change:
            self._tallied[origin] = self._tallied.get(origin, 0) + change

    def _envelopes(self, where: str, values: Columns) -> sqlite3.Cursor:
        """Select rows of id, digest and the columns that it covers."""
        return self._database.execute(
            f"SELECT id, digest, {_ENVELOPE} FROM envelopes {where}",  # noqa: S608 (our own text)
            values,
        )


def _malformed() -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError("the names of its tables are damaged")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _entry(row: Columns) -> Entry:
    _, _, mailbox, sequence, sender, envelope_id, account, queued_ms, envelope = row
    return Entry(
        MailboxId(mailbox),
        sequence,
        MailboxId(sender),
        EnvelopeId(envelope_id),
        envelope,
        UserKey(account),
        queued_ms,
    )


def _sort_out(
    rows: Iterable[Columns], is_whole: Callable[[Columns, object], bool]
) -> tuple[list[Columns], int]:
    """Return the damaged rows, and how many there are with the others."""
    bad: list[Columns] = []
    present = 0
    for row in rows:
        present += 1
        if not is_whole(row[2:], row[1]):
            bad.append(row)
    return bad, present
