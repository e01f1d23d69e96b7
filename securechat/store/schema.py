"""The tables of a client's database, and which version of them a file has."""

from pathlib import Path

from securechat.errors import FileProblem
from securechat.store.encrypted import Connection

SCHEMA_VERSION = 2
"""1 had the same rows, not encrypted."""


def check_version(database: Connection, path: Path) -> int:
    """Return the version of a database, 0 for an empty one; FileProblem for a newer one.

    Reads the first page and nothing more, so a wrong key raises DatabaseError here.
    """
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise FileProblem(
            f"{path} was written by a newer securechat (schema {version})",
            "securechat --version on the machine that wrote it, and update this one",
        )
    return version


def bring_up_to_date(database: Connection, within: str = "main") -> None:
    """Make the tables that are missing ``within`` a database, in one transaction."""
    with database:
        database.execute("BEGIN IMMEDIATE")
        database.execute(
            f"CREATE TABLE IF NOT EXISTS {within}.rows"
            " (kind TEXT, key BLOB, value BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )
        database.execute(f"PRAGMA {within}.user_version = {SCHEMA_VERSION}")
