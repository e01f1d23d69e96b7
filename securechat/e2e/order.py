"""Counters and the chain of hashes: what is missing, late, used twice, or forked."""

from enum import Enum
from typing import NamedTuple

import msgspec

from securechat.e2e.rows import ChangeLog, StoredRows
from securechat.identity.types import DeviceAddress, Digest

_TABLE = "chain"
MAX_GAPS = 32

FIRST_PREVIOUS_HASH = Digest(bytes(32))
"""The previous hash in the first message of a chain."""


class Gap(msgspec.Struct, frozen=True, array_like=True):
    """Counters ``first`` to ``last`` have not come; the hashes are those of both ends."""

    first: int
    last: int
    before: Digest
    after: Digest


class Chain(msgspec.Struct, frozen=True, array_like=True):
    """The messages to and from one device in one conversation, as far as they are known."""

    next_sent: int = 0
    sent_hash: Digest = FIRST_PREVIOUS_HASH
    next_received: int = 0
    received_hash: Digest = FIRST_PREVIOUS_HASH
    gaps: tuple[Gap, ...] = ()


class Place(Enum):
    """Where a received counter falls."""

    NEXT = "next, perhaps after a gap"
    LATE = "in an earlier gap"
    USED = "used before, or forgotten"


class Placement(NamedTuple):
    """How a received message fits its chain.

    ``missing`` counts the messages skipped just before it; ``forked`` says that the hashes do not
    fit: the sender's history here is not the one that this device has seen.
    """

    place: Place
    missing: int = 0
    forked: bool = False


class ChainTable:
    """All chains, by conversation and device."""

    __slots__ = ("_chains", "_changes")

    def __init__(self, changes: ChangeLog, rows: StoredRows) -> None:
        self._changes = changes
        self._chains = {
            key: msgspec.msgpack.decode(value, type=Chain)
            for (table, key), value in rows.items()
            if table == _TABLE
        }

    def last_sent(self, conversation: Digest, peer: DeviceAddress) -> tuple[int, Digest]:
        """Return the counter for the next message to ``peer`` and the hash of the last one."""
        chain = self._chains.get(conversation + peer.encode(), Chain())
        return chain.next_sent, chain.sent_hash

    def last_received(
        self, conversation: Digest, peer: DeviceAddress
    ) -> tuple[int, tuple[Gap, ...]]:
        """Return the counter that the next message of ``peer`` should have, and what lacks below.

        Gaps are ascending; those that there was no room for are left out.
        """
        chain = self._chains.get(conversation + peer.encode(), Chain())
        return chain.next_received, chain.gaps

    def note_sent(self, conversation: Digest, peer: DeviceAddress, message_hash: Digest) -> None:
        """Record that the next message to ``peer`` has this hash."""
        key = conversation + peer.encode()
        chain = self._chains.get(key, Chain())
        self._put(
            key,
            msgspec.structs.replace(chain, next_sent=chain.next_sent + 1, sent_hash=message_hash),
        )

    def note_received(
        self,
        conversation: Digest,
        peer: DeviceAddress,
        counter: int,
        previous_hash: Digest,
        message_hash: Digest,
    ) -> Placement:
        """Fit a message from ``peer`` into its chain and record it, unless its counter was used."""
        key = conversation + peer.encode()
        chain = self._chains.get(key, Chain())
        if counter < chain.next_received:
            placement, chain = _fill(chain, counter, previous_hash, message_hash)
        else:
            placement, chain = _append(chain, counter, previous_hash, message_hash)
        if placement.place is not Place.USED:
            self._put(key, chain)
        return placement

    def _put(self, key: bytes, chain: Chain) -> None:
        self._chains[key] = chain
        self._changes.put(_TABLE, key, lambda: msgspec.msgpack.encode(self._chains[key]))


def _append(
    chain: Chain, counter: int, previous: Digest, message_hash: Digest
) -> tuple[Placement, Chain]:
    missing = counter - chain.next_received
    gaps = chain.gaps
    if missing:
        gap = Gap(chain.next_received, counter - 1, chain.received_hash, previous)
        gaps = (*gaps, gap)[-MAX_GAPS:]
    forked = not missing and previous != chain.received_hash
    appended = msgspec.structs.replace(
        chain, next_received=counter + 1, received_hash=message_hash, gaps=gaps
    )
    return Placement(Place.NEXT, missing, forked), appended


def _fill(
    chain: Chain, counter: int, previous: Digest, message_hash: Digest
) -> tuple[Placement, Chain]:
    for index, gap in enumerate(chain.gaps):
        if gap.first <= counter <= gap.last:
            pieces = _split(gap, counter, previous, message_hash)
            gaps = (*chain.gaps[:index], *pieces, *chain.gaps[index + 1 :])[-MAX_GAPS:]
            forked = (counter == gap.first and previous != gap.before) or (
                counter == gap.last and message_hash != gap.after
            )
            filled = msgspec.structs.replace(chain, gaps=gaps)
            return Placement(Place.LATE, forked=forked), filled
    return Placement(Place.USED), chain


def _split(gap: Gap, counter: int, previous: Digest, message_hash: Digest) -> tuple[Gap, ...]:
    below = Gap(gap.first, counter - 1, gap.before, previous)
    above = Gap(counter + 1, gap.last, message_hash, gap.after)
    return tuple(piece for piece in (below, above) if piece.first <= piece.last)
