"""Messages of the history as they will be once a batch is committed."""

from collections.abc import Sequence

from securechat.store.history import Amend, Entry, HistoryChange

_Place = tuple[bytes, bytes]
"""A conversation, and the id of a message."""


class PendingHistory:
    """What the changes of one batch do to messages; they are not in the file yet."""

    def __init__(self) -> None:
        self._seen = 0
        self._written: dict[_Place, list[Entry]] = {}
        self._amended: dict[tuple[_Place, bytes], Amend] = {}
        self._last_own: dict[bytes, Entry] = {}

    def note(self, changes: Sequence[HistoryChange]) -> None:
        """Take those changes of the batch that have come since this was called last."""
        for change in changes[self._seen :]:
            match change:
                case Entry():
                    place = change.conversation, change.message_id
                    self._written.setdefault(place, []).append(change)
                    if change.is_own:
                        self._last_own[change.conversation] = change
                case Amend(conversation, message_id, user_key):
                    self._amended[(conversation, message_id), user_key] = change
        self._seen = len(changes)

    def messages(self, place: _Place, committed: Sequence[Entry]) -> list[Entry]:
        """Return the messages of a place, of which some are ``committed`` already."""
        return [
            self._as_changed(place, each) for each in (*committed, *self._written.get(place, ()))
        ]

    def last_own(self, conversation: bytes) -> Entry | None:
        """Return the newest own message of the batch in a conversation."""
        return self._last_own.get(conversation)

    def _as_changed(self, place: _Place, entry: Entry) -> Entry:
        amend = self._amended.get((place, entry.writer_key))
        if amend is None:
            return entry
        return entry._replace(text=amend.text, edited_ms=amend.edited_ms)
