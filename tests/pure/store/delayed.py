"""A mailbox store that does nothing before it is told to, as one with a thread of its own does."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from securechat.identity.types import MailboxId
from securechat.store.mailboxes import Entry, MemoryMailboxStore


class DelayedMailboxStore:
    """Keeps its orders in a queue: `work` carries one out, `answer` tells of one that is done."""

    def __init__(self, *, durable: bool = False) -> None:
        self.durable = durable
        self.kept = MemoryMailboxStore()
        """What would survive the end of the process."""
        self._orders: deque[Callable[[], None]] = deque()
        self._answers: deque[Callable[[], None]] = deque()

    def put(self, entries: Sequence[Entry], committed: Callable[[], None]) -> None:
        self._orders.append(lambda: self.kept.put(entries, lambda: self._answers.append(committed)))

    def remove(self, entries: Iterable[Entry]) -> None:
        self._orders.append(lambda: self.kept.remove(entries))

    def load(
        self,
        mailbox: MailboxId,
        after: int,
        limit_bytes: int,
        loaded: Callable[[list[Entry]], None],
    ) -> None:
        def done(page: list[Entry]) -> None:
            self._answers.append(lambda: loaded(page))

        self._orders.append(lambda: self.kept.load(mailbox, after, limit_bytes, done))

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

    @staticmethod
    def _next(calls: deque[Callable[[], None]]) -> bool:
        if not calls:
            return False
        calls.popleft()()
        return True
