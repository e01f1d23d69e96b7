"""The mailbox of a device that its person has removed: nobody will ever fetch what is in it."""

from dataclasses import dataclass

from securechat.relay.directory import Directory
from securechat.relay.mailbox import MAX_BATCH_BYTES, Mailbox
from securechat.store.mailboxes import Entry, MailboxStore, StoredMailbox, charge


@dataclass(frozen=True, slots=True)
class Emptying:
    """Drops what waits in a mailbox, page by page, so that others wait little in between.

    It ends when the device is registered again meanwhile. A relay that is killed in the midst of it
    leaves the rest until that expires.
    """

    mailbox: Mailbox
    store: MailboxStore
    directory: Directory

    def begin(self) -> None:
        """Ask for the first page; all that the mailbox held has been put in the store before."""
        self._load(after=0)

    def _load(self, after: int) -> None:
        self.store.load(self.mailbox.mailbox_id, after, MAX_BATCH_BYTES, self._drop)

    def _drop(self, page: list[Entry]) -> None:
        if not page or self.directory.device(self.mailbox.mailbox_id) is not None:
            return
        self.store.remove(page)
        gone = StoredMailbox()
        for entry in page:
            gone.count(entry.sequence, entry.account, charge(entry.envelope))
        self.mailbox.expired(gone)
        self._load(after=page[-1].sequence)
