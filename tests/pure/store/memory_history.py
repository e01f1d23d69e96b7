"""The tables of a history, in a database in memory."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from securechat.store.encrypted import Connection, VaultKey, connect
from securechat.store.history import HistoryTable
from securechat.store.schema import bring_up_to_date


def open_in_memory() -> Connection:
    """Return a new database with all tables."""
    database = connect(Path(":memory:"), VaultKey(bytes(32)))
    bring_up_to_date(database)
    return database


@contextmanager
def memory_history() -> Iterator[HistoryTable]:
    """Provide empty tables until the block ends."""
    with closing(open_in_memory()) as database:
        yield HistoryTable(database)
