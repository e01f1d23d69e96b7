"""What goes out at the end of a tick, and what waits a little for more of its kind."""

from collections.abc import Callable
from typing import Protocol

from securechat.relay.mailbox import Mailbox, Reader
from securechat.relay.patience import COMMIT_AFTER_S

ANSWER_AFTER_S = 0.01
"""How long answers wait for a delivery to ride on."""

LINGER_PER_READER_S = 200e-6
"""How long posts to rooms wait for more of them, for each whom the last were delivered to.

That is some ten times what a write and its acknowledgement take: rooms in which little is said do
not notice, and in the others a write for each post and reader would cost more than all the rest.
"""

MAX_LINGER_S = 0.02


class Submitter(Protocol):
    """A client that waits to hear of what it has handed in."""

    def flush_answers(self) -> None:
        """Send the answers that found nothing to ride on."""


class Dispatch:
    """The readers and submitters of a relay for whom something waits: one write each in a tick.

    ``clock`` gives seconds that only go forward, and ``call_later(delay_s, fn)`` calls back in the
    loop's thread.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        call_later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._clock = clock
        self._call_later = call_later
        self.urgent: set[Reader] = set()
        """Who is delivered to at the end of this tick."""
        self.bulky: set[Reader] = set()
        """Who is delivered to at the end of this tick, or once the linger is over."""
        self._lingers = False
        self._fresh: set[Mailbox] = set()
        """What has been delivered from, and may have to go to the store."""
        self._answers: set[Submitter] = set()

    def after_tick(self) -> None:
        """Deliver to everybody who got something in this tick: one write for each connection."""
        if self.urgent:
            self._deliver(self.urgent)
        if self.bulky and not self._lingers:
            self._lingers = True
            linger_s = min(LINGER_PER_READER_S * len(self.bulky), MAX_LINGER_S)
            self._call_later(linger_s, self._end_linger)
            self._deliver(self.bulky)

    def answers_due(self, submitter: Submitter) -> None:
        """Send this client its answers soon, unless they ride on a delivery before."""
        if not self._answers:
            self._call_later(ANSWER_AFTER_S, self._flush_answers)
        self._answers.add(submitter)

    def forget(self, reader: Reader, submitter: Submitter) -> None:
        """A connection, of which these are the two sides, has ended."""
        self.urgent.discard(reader)
        self.bulky.discard(reader)
        self._answers.discard(submitter)

    def _deliver(self, readers: set[Reader]) -> None:
        fresh = self._fresh
        if not fresh:
            self._call_later(COMMIT_AFTER_S / 2, self._commit_overdue)
        due = list(readers)
        readers.clear()
        for reader in due:
            fresh.add(reader.flush())

    def _end_linger(self) -> None:
        self._lingers = False

    def _commit_overdue(self) -> None:
        """Hand to the store what its reader has not acknowledged in time."""
        now = self._clock()
        self._fresh = {mailbox for mailbox in self._fresh if mailbox.commit_older(now)}
        if self._fresh:
            self._call_later(COMMIT_AFTER_S / 2, self._commit_overdue)

    def _flush_answers(self) -> None:
        answers, self._answers = self._answers, set()
        for submitter in answers:
            submitter.flush_answers()
