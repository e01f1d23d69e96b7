"""The tables of a history, in a database in memory."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from securechat.store.encrypted import Connection, VaultKey, connect
from securechat.store.history import HistoryTable
from securechat.store.schema import bring_up_to_date


def open_in_memory() -> Connection:
    """Return a new database with all tables: a copy of one in which they were made once."""
    database = _connect()
    _with_tables().backup(database)
    return database


@cache
def _with_tables() -> Connection:
    database = _connect()
    bring_up_to_date(database)
    return database


def _connect() -> Connection:
    return connect(Path(":memory:"), VaultKey(bytes(32)))


@contextmanager
def memory_history() -> Iterator[HistoryTable]:
    """Provide empty tables until the block ends."""
    with closing(open_in_memory()) as database:
        yield HistoryTable(database)
