"""What a connection has been refused and has to hand in again first, so that its order survives."""

from collections import OrderedDict

from securechat.identity.types import EnvelopeId, MailboxId


class Refusals:
    """For each mailbox the refused envelopes that have not come again, in their order."""

    __slots__ = ("by_mailbox", "count")

    def __init__(self) -> None:
        self.by_mailbox: dict[MailboxId, OrderedDict[EnvelopeId, None]] = {}
        self.count = 0

    def is_turn_of(self, mailbox: MailboxId, envelope_id: EnvelopeId) -> bool:
        """Return whether no envelope refused before has to come to this mailbox first."""
        missing = self.by_mailbox.get(mailbox)
        return missing is None or next(iter(missing)) == envelope_id

    def add(self, mailbox: MailboxId, envelope_id: EnvelopeId) -> None:
        """Note a refusal; one that was refused before keeps its place."""
        missing = self.by_mailbox.setdefault(mailbox, OrderedDict())
        self.count += envelope_id not in missing
        missing[envelope_id] = None

    def remove(self, mailbox: MailboxId, envelope_id: EnvelopeId) -> None:
        """Note that an envelope has been taken, refused before or not."""
        missing = self.by_mailbox.get(mailbox)
        if missing is None or envelope_id not in missing:
            return
        del missing[envelope_id]
        self.count -= 1
        if not missing:
            del self.by_mailbox[mailbox]
