"""A store that does nothing before it is told to, as one with a thread of its own does."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence

from securechat.identity.types import MailboxId
from securechat.store.mailboxes import Entry, Expired, Outcome, StoredMailbox
from securechat.store.memory import MemoryStore
from securechat.store.rows import RowChanges, RowKey


class DelayedStore:
    """Keeps its orders in a queue: `work` carries one out, `answer` tells of one that is done.

    Rows are saved at once, and told through ``soon``. While it is failing it takes nothing; what
    is put of the same sender in the same mailbox before that was told fails as well.
    """

    def __init__(self) -> None:
        self.soon: deque[Callable[[], None]] = deque()
        self._orders: deque[Callable[[], None]] = deque()
        self._answers: deque[Callable[[], None]] = deque()
        self.kept = MemoryStore(self._answers.append)
        """What survives the end of the process."""
        self._failures = self._failures_known = 0
        self._refused: dict[tuple[MailboxId, MailboxId], int] = {}

    def after_kill(self) -> "DelayedStore":
        """Return what a new process finds."""
        found = DelayedStore()
        found.kept._mailboxes = self.kept._mailboxes
        found.kept._ids = self.kept._ids
        found.kept._rows = self.kept._rows
        found.kept.is_failing = self.kept.is_failing
        return found

    def mailboxes(self) -> dict[MailboxId, StoredMailbox]:
        return self.kept.mailboxes()

    def rows(self) -> dict[RowKey, bytes]:
        return self.kept.rows()

    def put(self, entries: Sequence[Entry], done: Callable[[Sequence[Outcome]], None]) -> None:
        known = self._failures_known
        self._orders.append(lambda: self._put(entries, done, known))

    def remove(self, entries: Iterable[Entry]) -> None:
        self._orders.append(lambda: self.kept.remove(entries))

    def load(
        self,
        mailbox: MailboxId,
        after: int,
        limit_bytes: int,
        loaded: Callable[[list[Entry]], None],
    ) -> None:
        self._orders.append(lambda: self.kept.load(mailbox, after, limit_bytes, loaded))

    def expire(
        self, before_ms: int, spared: Collection[MailboxId], done: Callable[[Expired], None]
    ) -> None:
        self._orders.append(lambda: self.kept.expire(before_ms, spared, done))

    def save(self, changes: RowChanges, done: Callable[[bool], None]) -> None:
        is_saved: list[bool] = []
        self.kept.save(changes, is_saved.append)
        self._answers.pop()()
        self.soon.append(lambda: done(is_saved[0]))

    def work(self) -> bool:
        """Carry out the oldest order; return whether there was one."""
        return self._next(self._orders)

    def answer(self) -> bool:
        """Tell of the oldest order that is done and not told yet; return whether there was one."""
        return self._next(self._answers)

    def run(self) -> bool:
        """Carry out and tell of everything; return whether there was anything."""
        moved = False
        while self.work() or self.answer():
            moved = True
        return moved

    def _put(
        self, entries: Sequence[Entry], done: Callable[[Sequence[Outcome]], None], known: int
    ) -> None:
        late = [each for each in entries if self._refused.get(_pair(each), 0) > known]
        if self.kept.is_failing:
            late = list(entries)
        if not late:
            self.kept.put(entries, done)
            return
        self._failures += 1
        self._refused.update((_pair(each), self._failures) for each in late)
        failures, pairs = self._failures, set(map(_pair, late))
        kept: list[Outcome] = []
        self.kept.put([each for each in entries if _pair(each) not in pairs], kept.extend)
        self._answers.pop()()
        fates = iter(kept)
        outcomes = [Outcome.FAILED if _pair(each) in pairs else next(fates) for each in entries]

        def tell() -> None:
            self._failures_known = max(self._failures_known, failures)
            done(outcomes)

        self._answers.append(tell)

    @staticmethod
    def _next(calls: deque[Callable[[], None]]) -> bool:
        if not calls:
            return False
        calls.popleft()()
        return True


def _pair(entry: Entry) -> tuple[MailboxId, MailboxId]:
    return entry.sender, entry.mailbox
