"""Where an entry is in a relay's store, and neighbours that one statement reaches."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from securechat.identity.types import MailboxId

Place = tuple[MailboxId, int]
"""A mailbox and a sequence in it."""


def runs(places: Iterable[Place]) -> Iterator[tuple[MailboxId, int, int]]:
    """Yield the mailbox, the first and the last sequence of each run of places without a gap."""
    numbered = enumerate(places)
    for (mailbox, _), run in groupby(numbered, lambda each: (each[1][0], each[1][1] - each[0])):
        sequences = [sequence for _, (_, sequence) in run]
        yield mailbox, sequences[0], sequences[-1]
