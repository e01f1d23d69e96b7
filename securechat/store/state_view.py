"""Reading what a client keeps while it runs, and without changing anything of it."""

from pathlib import Path

from securechat.errors import FileProblem
from securechat.store.encrypted import (
    DatabaseError,
    VaultKey,
    connect,
    is_unencrypted,
)
from securechat.store.schema import SCHEMA_VERSION, check_version
from securechat.store.state import StateReader, state_problem


class StateView(StateReader):
    """What a `StateFile` has committed; each read sees one moment, and holds no writer up.

    Every statement that would change it is refused. It is no read-only file to SQLite all the same:
    whoever closes a database last empties its log, and that may be this one.
    """

    def __init__(self, path: Path, key: VaultKey) -> None:
        """Open a file that is there; FileProblem when it cannot be, or is of an earlier version."""
        try:
            if is_unencrypted(path):
                raise _too_old(path)
            super().__init__(path, connect(path, key))
            try:
                self._database.execute("PRAGMA query_only = ON")
                self._check_schema()
            except BaseException:
                self._database.close()
                raise
        except (OSError, DatabaseError) as error:
            raise state_problem(path, "open", error) from error

    def _check_schema(self) -> None:
        if check_version(self._database, self.path) < SCHEMA_VERSION:
            raise _too_old(self.path)


def _too_old(path: Path) -> FileProblem:
    return FileProblem(
        f"An older securechat has {path} open, which this one cannot read as it is",
        "end that one, then the same command again",
    )
