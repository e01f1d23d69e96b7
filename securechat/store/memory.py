"""The model of a relay's store: what it does, without a disk. It lives as long as its process."""

from collections.abc import Callable, Collection, Iterable, Sequence

from securechat.identity.types import EnvelopeId, MailboxId
from securechat.store.mailboxes import Entry, Expired, Outcome, StoredMailbox, charge
from securechat.store.rows import RowChanges, RowKey


class MemoryStore:
    """A MailboxStore and RowStore; ``call_soon`` calls back later in the relay's thread."""

    def __init__(self, call_soon: Callable[[Callable[[], None]], None]) -> None:
        self.is_failing = False
        """Whether it behaves as on a disk that takes nothing."""
        self._call_soon = call_soon
        self._mailboxes: dict[MailboxId, dict[int, Entry]] = {}
        self._ids: dict[tuple[MailboxId, MailboxId, EnvelopeId], Entry] = {}
        self._rows: dict[RowKey, bytes] = {}

    def mailboxes(self) -> dict[MailboxId, StoredMailbox]:
        """Return what is kept; see MailboxStore."""
        return _count(entry for rows in self._mailboxes.values() for entry in rows.values())

    def put(self, entries: Sequence[Entry], done: Callable[[Sequence[Outcome]], None]) -> None:
        """Keep the entries; see MailboxStore."""
        outcomes = [self._put(entry) for entry in entries]
        self._call_soon(lambda: done(outcomes))

    def remove(self, entries: Iterable[Entry]) -> None:
        """Forget entries; see MailboxStore."""
        for entry in entries:
            rows = self._mailboxes.get(entry.mailbox, {})
            kept = rows.pop(entry.sequence, None)
            if kept is not None:
                del self._ids[kept.mailbox, kept.sender, kept.envelope_id]
            if not rows:
                self._mailboxes.pop(entry.mailbox, None)

    def load(
        self,
        mailbox: MailboxId,
        after: int,
        limit_bytes: int,
        loaded: Callable[[list[Entry]], None],
    ) -> None:
        """Call ``loaded`` with the next entries; see MailboxStore."""
        page: list[Entry] = []
        size_bytes = 0
        for entry in self._mailboxes.get(mailbox, {}).values():
            if entry.sequence <= after:
                continue
            size_bytes += charge(entry.envelope)
            if page and size_bytes > limit_bytes:
                break
            page.append(entry)
        self._call_soon(lambda: loaded(page))

    def expire(
        self, before_ms: int, spared: Collection[MailboxId], done: Callable[[Expired], None]
    ) -> None:
        """Forget what is older; see MailboxStore."""
        old = [
            entry
            for mailbox, rows in self._mailboxes.items()
            for entry in rows.values()
            if entry.queued_ms < before_ms and mailbox not in spared
        ]
        self.remove(old)
        self._call_soon(lambda: done(_count(old)))

    def rows(self) -> dict[RowKey, bytes]:
        """Return every row; see RowStore."""
        return dict(self._rows)

    def save(self, changes: RowChanges, done: Callable[[bool], None]) -> None:
        """Carry out the changes; see RowStore."""
        is_saved = not self.is_failing
        if is_saved:
            for key, value in changes.items():
                if value is None:
                    self._rows.pop(key, None)
                else:
                    self._rows[key] = value
        self._call_soon(lambda: done(is_saved))

    def _put(self, entry: Entry) -> Outcome:
        if self.is_failing:
            return Outcome.FAILED
        known = self._ids.setdefault((entry.mailbox, entry.sender, entry.envelope_id), entry)
        if known is not entry:
            return Outcome.KNOWN if known.envelope == entry.envelope else Outcome.MISMATCH
        self._mailboxes.setdefault(entry.mailbox, {})[entry.sequence] = entry
        return Outcome.KEPT


def _count(entries: Iterable[Entry]) -> dict[MailboxId, StoredMailbox]:
    counted: dict[MailboxId, StoredMailbox] = {}
    for entry in entries:
        mailbox = counted.setdefault(entry.mailbox, StoredMailbox())
        mailbox.count(entry.sequence, entry.account, charge(entry.envelope))
    return counted
