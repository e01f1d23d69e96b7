"""What has been opened before: nonces and message ids, kept longer than anything can come again."""

from securechat.e2e.rows import ChangeLog, StoredRows

DAY_MS = 24 * 3600 * 1000

NONCES, MESSAGE_IDS = "nonce", "message_id"

SEEN_TABLES = (NONCES, MESSAGE_IDS)
"""Tables with a row for each message that came: much to read, and of use to an endpoint only."""


class SeenTable:
    """A durable set of keys, each with the time when it was added."""

    __slots__ = ("_changes", "_seen", "_table")

    def __init__(self, table: str, changes: ChangeLog, rows: StoredRows) -> None:
        self._table = table
        self._changes = changes
        seen = {
            key: int.from_bytes(value, "big")
            for (name, key), value in rows.items()
            if name == table
        }
        self._seen = {key: seen[key] for key in sorted(seen, key=seen.__getitem__)}

    def __contains__(self, key: bytes) -> bool:
        return key in self._seen

    def add(self, key: bytes, now_ms: int) -> None:
        """Remember ``key``."""
        self._seen[key] = now_ms
        self._changes.put(self._table, key, lambda: now_ms.to_bytes(8, "big"))

    def forget_before(self, time_ms: int) -> None:
        """Drop the keys that were added before ``time_ms``."""
        for key, added_ms in list(self._seen.items()):
            if added_ms >= time_ms:
                break
            del self._seen[key]
            self._changes.delete(self._table, key)
