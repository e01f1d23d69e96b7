"""The tables of a relay's store, and the steps by which an older store becomes a present one."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from securechat.errors import FileProblem

MAGIC = b"SQLite format 3\0"
"""How every SQLite file begins."""

USER_VERSION_AT = 60
"""Where the header of an SQLite file has the schema version: 4 bytes, big-endian."""

Migration = Callable[[sqlite3.Connection], None]


def _begin(database: sqlite3.Connection) -> None:
    """Version 1: envelopes, rows of the directory, what was set aside, how many there are."""
    for statement in (
        "CREATE TABLE envelopes (id INTEGER PRIMARY KEY, mailbox BLOB, sequence INTEGER,"
        " sender BLOB, envelope_id BLOB, account BLOB, queued_ms INTEGER, digest BLOB,"
        " envelope BLOB)",
        "CREATE INDEX by_place ON envelopes (mailbox, sequence)",
        "CREATE UNIQUE INDEX by_sender ON envelopes (mailbox, sender, envelope_id)",
        "CREATE TABLE rows (id INTEGER PRIMARY KEY, kind BLOB, key BLOB, digest BLOB, value BLOB)",
        "CREATE UNIQUE INDEX by_key ON rows (kind, key)",
        "CREATE TABLE damaged (id INTEGER PRIMARY KEY, origin BLOB, columns BLOB)",
        "CREATE TABLE tallies (origin BLOB PRIMARY KEY, rows INTEGER)",
        "INSERT INTO tallies VALUES (CAST('envelopes' AS BLOB), 0), (CAST('rows' AS BLOB), 0)",
    ):
        database.execute(statement)


MIGRATIONS: Sequence[Migration] = (_begin,)
"""The step from each schema version to the next; a version is never changed once it was out."""


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Commit what the block does, with a full sync, or none of it."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def refuse_newer(path: Path) -> None:
    """Raise FileProblem, without touching the file, when a later version has written it."""
    with path.open("rb") as file:
        header = file.read(USER_VERSION_AT + 4)
    version = int.from_bytes(header[USER_VERSION_AT:], "big")
    if header.startswith(MAGIC) and version > len(MIGRATIONS):
        raise FileProblem(
            f"{path} has schema {version}; this securechat knows schema {len(MIGRATIONS)} at most",
            "update securechat here (securechat --version tells which one this is)",
        )


def migrate(database: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring a store to the present version, all or nothing.

    Raises FileProblem, and changes nothing, when it is a database of something else.
    """
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version == len(migrations):
        return
    tables = {
        bytes(name) for [name] in database.execute("SELECT CAST(name AS BLOB) FROM sqlite_master")
    }
    if not version and tables and b"envelopes" not in tables:
        raise FileProblem(
            "The database there is not a relay's store", "securechat server --data ANOTHER-DIR"
        )
    with transaction(database):
        for step in migrations[version:]:
            step(database)
        database.execute(f"PRAGMA user_version = {len(migrations)}")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
