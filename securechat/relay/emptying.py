"""The mailboxes of devices that their people have removed: nobody will ever fetch what is there."""

from collections import deque
from collections.abc import Callable

from securechat.identity.types import MailboxId
from securechat.relay.records import Records
from securechat.relay.window import MAX_BATCH_BYTES
from securechat.store.mailboxes import Entry, Expired, MailboxStore, StoredMailbox, charge


class Emptying:
    """Drops what waits in such mailboxes, one page at a time, so that others wait little.

    One whose device is registered again meanwhile is left alone. A relay that is killed in the
    midst of it goes on when it is started again, since ``records`` keeps a note of each.
    """

    def __init__(
        self, store: MailboxStore, records: Records, dropped: Callable[[Expired], None]
    ) -> None:
        self._store = store
        self._records = records
        self._dropped = dropped
        self._queue: deque[MailboxId] = deque()

    def add(self, mailbox_id: MailboxId) -> None:
        """Empty this mailbox when it is its turn; the store has been given all that it held."""
        self._queue.append(mailbox_id)
        if len(self._queue) == 1:
            self._load(after=0)

    def _load(self, after: int) -> None:
        self._store.load(self._queue[0], after, MAX_BATCH_BYTES, self._drop)

    def _drop(self, page: list[Entry]) -> None:
        mailbox_id = self._queue[0]
        if not page or self._records.directory.device(mailbox_id) is not None:
            self._end()
            return
        self._store.remove(page)
        gone = StoredMailbox()
        for entry in page:
            gone.count(entry.sequence, entry.account, charge(entry.envelope))
        self._dropped({mailbox_id: gone})
        self._load(after=page[-1].sequence)

    def _end(self) -> None:
        self._records.forget_removed(self._queue.popleft())
        if self._queue:
            self._load(after=0)
