"""What of a mailbox is in memory for the device that is connected: in flight, then waiting.

What comes while all goes well is in the fast lane, behind everything else; see there.
"""

from bisect import bisect_left
from collections.abc import Callable

from securechat.relay.fast_lane import FastLane
from securechat.relay.index import Index
from securechat.relay.parcel import Parcel
from securechat.relay.queued import Queued
from securechat.store.mailboxes import MIN_CHARGE_BYTES, charge
from securechat.wire.frames import MAX_ENVELOPES, Incoming

MAX_BATCH_BYTES = MAX_ENVELOPES * MIN_CHARGE_BYTES
"""The most in one frame, which holds no more envelopes then either."""

Encode = Callable[[tuple[Incoming, ...]], bytes]
"""Makes a frame that delivers these; see `RelaySide.deliver`."""


class Window:
    """Up to ``limit_bytes`` in flight, and as much that waits; the last of each may go beyond.

    ``index`` finds every envelope in memory that is not in the lane. Sizes are those of `charge`.
    """

    __slots__ = (
        "_in_flight_bytes",
        "_index",
        "_limit_bytes",
        "_waiting_bytes",
        "in_flight",
        "lane",
        "waiting",
    )

    def __init__(self, limit_bytes: int, index: Index) -> None:
        self._limit_bytes = limit_bytes
        self._index = index
        self.in_flight: list[Queued] = []
        """What is delivered and not acknowledged, before what is in the lane."""
        self._in_flight_bytes = 0
        self.waiting: list[Queued] = []
        """What is not delivered; the lane is closed then."""
        self._waiting_bytes = 0
        self.lane: FastLane | None = None
        """What takes envelopes while all goes well."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return not (self.in_flight or self.waiting or self.lane)

    @property
    def room_bytes(self) -> int:
        """How much more may wait; outside the lane, which looks itself."""
        return self._limit_bytes - self._waiting_bytes

    def entries(self) -> list[Queued]:
        """Return everything outside the lane, in order."""
        return [*self.in_flight, *self.waiting]

    def append(self, entry: Queued) -> None:
        """Have an envelope wait; the lane must be closed."""
        entry.in_window = True
        self.waiting.append(entry)
        self._waiting_bytes += entry.size_bytes

    def open_lane(self) -> None:
        """Have the lane take what comes next, unless something waits that has to go before."""
        if self.lane is None and not self.waiting:
            self.lane = FastLane(self._index.by_key)
            self._leave_room()

    def close_lane(self) -> None:
        """Take over what is in the lane, which takes nothing more."""
        lane, self.lane = self.lane, None
        for each, parcel, number, is_in_flight in lane.in_order() if lane else ():
            envelope = each.envelope
            entry = Queued(each.envelope_id, envelope, charge(envelope), parcel, number)
            self._index.put(entry)
            if is_in_flight:
                entry.in_window = True
                self.in_flight.append(entry)
                self._in_flight_bytes += entry.size_bytes
            else:
                self.append(entry)

    def _leave_room(self) -> None:
        """Let the lane have in flight what the envelopes before it leave of the window."""
        if self.lane is not None:
            self.lane.window_bytes = self._limit_bytes - self._in_flight_bytes

    def take_all(self) -> list[Queued]:
        """Drop everything, the lane included, and return it in order."""
        self.close_lane()
        entries = self.entries()
        for entry in entries:
            entry.in_window = False
        self.in_flight.clear()
        self.waiting.clear()
        self._in_flight_bytes = self._waiting_bytes = 0
        return entries

    def deliver(self, encode: Encode) -> bytes:
        """Return a frame of what may be delivered now, which is in flight then; or nothing."""
        if self.lane is not None:
            data = self.lane.deliver(MAX_BATCH_BYTES, encode)
            if data is not None:
                return data
            self.close_lane()
        batch = self._take_batch()
        if not batch:
            return b""
        self.in_flight += batch
        return encode(tuple([Incoming(entry.envelope_id, entry.envelope) for entry in batch]))

    def _take_batch(self) -> list[Queued]:
        """Return what may be delivered now, at most one frame's worth, counted as in flight."""
        in_flight_bytes, batch_bytes, count = self._in_flight_bytes, 0, 0
        for entry in self.waiting:
            with_it = batch_bytes + entry.size_bytes
            if in_flight_bytes + with_it > self._limit_bytes and (count or self.in_flight):
                break
            if count and with_it > MAX_BATCH_BYTES:
                break
            count, batch_bytes = count + 1, with_it
        batch = self.waiting[:count]
        del self.waiting[:count]
        self._waiting_bytes -= batch_bytes
        self._in_flight_bytes += batch_bytes
        return batch

    def take_acked(self, count: int) -> tuple[list[Queued], Parcel]:
        """Drop the ``count`` oldest in flight, one at least; return with what the last came.

        Those outside the lane are returned; the lane tells the parcels of its own.
        """
        acked = self.in_flight[:count]
        if acked:
            del self.in_flight[:count]
            parcel = acked[-1].parcel
            self._in_flight_bytes -= sum([entry.size_bytes for entry in acked])
            self._leave_room()
        if self.lane is not None and count > len(acked):
            parcel = self.lane.ack(count - len(acked))
        return acked, parcel

    def take_old(self, before: float) -> tuple[list[Queued], bool]:
        """Return what came before then and the store has not, and whether there is younger.

        What the store has been given comes before what it has not.
        """
        if self.lane and self.lane.since() < before:
            self.close_lane()
        old: list[Queued] = []
        for part in (self.in_flight, self.waiting):
            for entry in part[bisect_left(part, True, key=_is_fresh) :]:
                if entry.parcel.at >= before:
                    return old, True
                old.append(entry)
        return old, bool(self.lane)


def _is_fresh(entry: Queued) -> bool:
    return not entry.handed
