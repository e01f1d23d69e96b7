"""What a connection has been refused and has to hand in again first, so that its order survives."""

from heapq import heappop, heappush

from securechat.identity.types import EnvelopeId, MailboxId


class _Missing:
    """The envelopes to one mailbox that have to come again, each with its rank."""

    __slots__ = ("_heap", "ranks")

    def __init__(self) -> None:
        self.ranks: dict[EnvelopeId, int] = {}
        self._heap: list[tuple[int, EnvelopeId]] = []

    def add(self, envelope_id: EnvelopeId, rank: int) -> None:
        self.ranks[envelope_id] = rank
        heappush(self._heap, (rank, envelope_id))

    def first(self) -> EnvelopeId:
        """Return the one of the lowest rank."""
        while self.ranks.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][1]


class Refusals:
    """For each mailbox the refused envelopes that have not come again, in their order.

    The order is that of their ranks: the numbers under which they were handed in first.
    """

    __slots__ = ("_by_mailbox", "count")

    def __init__(self) -> None:
        self._by_mailbox: dict[MailboxId, _Missing] = {}
        self.count = 0

    def is_turn_of(self, mailbox: MailboxId, envelope_id: EnvelopeId) -> bool:
        """Return whether no envelope refused before has to come to this mailbox first."""
        missing = self._by_mailbox.get(mailbox)
        return missing is None or missing.first() == envelope_id

    def rank_of(self, mailbox: MailboxId, envelope_id: EnvelopeId) -> int | None:
        """Return the rank of an envelope that has to come again, None for another one."""
        missing = self._by_mailbox.get(mailbox)
        return None if missing is None else missing.ranks.get(envelope_id)

    def add(self, mailbox: MailboxId, envelope_id: EnvelopeId, rank: int) -> None:
        """Note a refusal; one that was refused before keeps its place."""
        missing = self._by_mailbox.setdefault(mailbox, _Missing())
        if envelope_id not in missing.ranks:
            missing.add(envelope_id, rank)
            self.count += 1

    def remove(self, mailbox: MailboxId, envelope_id: EnvelopeId) -> None:
        """Note that an envelope has been taken, refused before or not."""
        missing = self._by_mailbox.get(mailbox)
        if missing is None or envelope_id not in missing.ranks:
            return
        del missing.ranks[envelope_id]
        self.count -= 1
        if not missing.ranks:
            del self._by_mailbox[mailbox]
