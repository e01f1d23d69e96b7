"""By what an envelope in memory is found again: its id, or its sender and id where ids collide.

Senders choose the ids. Nearly always all ids in a mailbox differ, and then the id alone, which the
fast lane looks up for every envelope, is the key; only for the second of two senders who chose the
same one it is joined with the sender.
"""

from securechat.identity.types import EnvelopeId, MailboxId
from securechat.relay.queued import Queued


class Index:
    """The envelopes of one mailbox that are in memory outside the lane."""

    __slots__ = ("by_key", "has_joined")

    def __init__(self) -> None:
        self.by_key: dict[bytes, Queued] = {}
        self.has_joined = False
        """Whether there may be joined keys, for which every look-up has to look twice."""

    def find(self, sender: MailboxId, envelope_id: EnvelopeId) -> Queued | None:
        """Return the envelope of this sender and id, if it is there."""
        known = self.by_key.get(envelope_id)
        if known is not None and known.parcel.sender == sender:
            return known
        return self.by_key.get(sender + envelope_id) if self.has_joined else None

    def put(self, entry: Queued) -> None:
        """Have an envelope found from now on, instead of an older copy of the same if there is."""
        key: bytes = entry.envelope_id
        other = self.by_key.get(key)
        if other is not None and other.parcel.sender != entry.parcel.sender:
            key = entry.parcel.sender + entry.envelope_id
            self.has_joined = True
        entry.key = key
        self.by_key[key] = entry

    def forget(self, entry: Queued) -> None:
        """Drop an envelope, unless a younger copy has taken its place."""
        if self.by_key.get(entry.key) is entry:
            del self.by_key[entry.key]
        if not self.by_key:
            self.has_joined = False
