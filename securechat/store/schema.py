"""The tables of a client's database, and which version of them a file has."""

from pathlib import Path

from securechat.errors import FileProblem
from securechat.store.encrypted import Connection

SCHEMA_VERSION = 6
"""1 had the rows, not encrypted; 2 had no history; in 3 no message was an action.

In 4 none was ever changed, reacted to, or known to be an answer. In 5 the index of one that was
changed was changed with it.
"""

INDEXED_CHARACTERS = 1000
"""How much of a text is in the index: to remove the whole of a long one could take 0.1 s.

The statements about the history repeat it.
"""

_TABLES = (
    "CREATE TABLE IF NOT EXISTS {within}.rows"
    " (kind TEXT, key BLOB, value BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS {within}.conversations"
    " (number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, title TEXT NOT NULL, days INTEGER)",
    "CREATE TABLE IF NOT EXISTS {within}.history"
    " (sequence INTEGER PRIMARY KEY, conversation INTEGER NOT NULL,"
    " message_id BLOB NOT NULL, sender TEXT NOT NULL, user_key BLOB NOT NULL,"
    " time_ms INTEGER NOT NULL, kept_ms INTEGER NOT NULL, text TEXT NOT NULL,"
    " progress INTEGER, encrypted INTEGER NOT NULL, trust TEXT NOT NULL,"
    " missing INTEGER NOT NULL, late INTEGER NOT NULL, request INTEGER NOT NULL,"
    " action INTEGER NOT NULL DEFAULT 0, edited_ms INTEGER NOT NULL DEFAULT 0,"
    " reply_to BLOB NOT NULL DEFAULT x'')",
    "CREATE TABLE IF NOT EXISTS {within}.reactions"
    " (message INTEGER NOT NULL, user_key BLOB NOT NULL, sender TEXT NOT NULL,"
    " symbol TEXT NOT NULL, PRIMARY KEY (message, user_key)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS {within}.history_order ON history (conversation, sequence)",
    "CREATE INDEX IF NOT EXISTS {within}.history_ids ON history (message_id)",
    "CREATE INDEX IF NOT EXISTS {within}.history_requests ON history (sequence) WHERE request",
    "CREATE INDEX IF NOT EXISTS {within}.history_long ON history (sequence)"
    " WHERE length(text) > 1000",
    "CREATE VIRTUAL TABLE IF NOT EXISTS {within}.history_text USING fts5 (text,"
    " content='history', content_rowid='sequence', tokenize='trigram remove_diacritics 1')",
    "INSERT INTO {within}.history_text (history_text, rank) VALUES ('secure-delete', 1)",
    "CREATE TRIGGER IF NOT EXISTS {within}.history_added AFTER INSERT ON history BEGIN"
    " INSERT INTO history_text (rowid, text)"
    " VALUES (new.sequence, substr(new.text, 1, 1000)); END",
    "CREATE TABLE IF NOT EXISTS {within}.unindexed"
    " (sequence INTEGER PRIMARY KEY, indexed TEXT NOT NULL, turn INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS {within}.unindexed_order ON unindexed (turn, sequence)",
    "DROP TRIGGER IF EXISTS {within}.history_removed",
    "CREATE TRIGGER {within}.history_removed AFTER DELETE ON history BEGIN"
    " INSERT INTO history_text (history_text, rowid, text) VALUES ('delete', old.sequence,"
    " coalesce((SELECT indexed FROM unindexed WHERE sequence = old.sequence),"
    " substr(old.text, 1, 1000)));"
    " DELETE FROM unindexed WHERE sequence = old.sequence; END",
    "DROP TRIGGER IF EXISTS {within}.history_changed",
    "CREATE TRIGGER {within}.history_changed AFTER UPDATE OF text ON history BEGIN"
    " INSERT INTO unindexed VALUES (old.sequence, substr(old.text, 1, 1000),"
    " 2 * (new.sender <> '') + (new.text <> ''))"
    " ON CONFLICT (sequence) DO UPDATE SET turn = excluded.turn; END",
    "CREATE TRIGGER IF NOT EXISTS {within}.history_unreacted AFTER DELETE ON history BEGIN"
    " DELETE FROM reactions WHERE message = old.sequence; END",
)

_ADDED_COLUMNS = {
    "action": "INTEGER NOT NULL DEFAULT 0",
    "edited_ms": "INTEGER NOT NULL DEFAULT 0",
    "reply_to": "BLOB NOT NULL DEFAULT x''",
}
"""What the history of an earlier version may lack."""


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
    """Make what is missing ``within`` a database, in one transaction."""
    with database:
        database.execute("BEGIN IMMEDIATE")
        for statement in _TABLES:
            database.execute(statement.format(within=within))
        present = {row[1] for row in database.execute(f"PRAGMA {within}.table_info (history)")}
        for name, definition in _ADDED_COLUMNS.items():
            if name not in present:
                database.execute(f"ALTER TABLE {within}.history ADD COLUMN {name} {definition}")
        database.execute(f"PRAGMA {within}.user_version = {SCHEMA_VERSION}")
