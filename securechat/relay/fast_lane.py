"""What waits for a device that keeps up: no more is kept of an envelope than delivering it needs.

Nearly every envelope is delivered and acknowledged before anything else can happen to it. While
that goes well a mailbox needs no object of its own for each: it holds what the wire brought. All
else (a device that leaves or lags, an id that comes twice, the store) is for `Queued`: then the
mailbox takes over what is in the lane, in its order, and closes the lane until it is empty again.
"""

from collections.abc import Iterator
from itertools import islice

from securechat.identity.types import EnvelopeId
from securechat.relay.parcel import Parcel
from securechat.store.mailboxes import MIN_CHARGE_BYTES, charge
from securechat.wire.frames import Incoming, Outgoing


class FastLane:
    """The window of a device that is connected: what is in flight, then what waits.

    Ids differ within it. It takes what waits up to ``window_bytes``, and has no more in flight
    than that; sizes are those of `charge`.
    """

    __slots__ = (
        "_in_flight",
        "_in_flight_bytes",
        "_numbers",
        "_parcels",
        "_waiting_bytes",
        "_window_bytes",
        "waiting",
    )

    def __init__(self, window_bytes: int) -> None:
        self._window_bytes = window_bytes
        self._in_flight: dict[EnvelopeId, Outgoing] = {}
        self._in_flight_bytes = 0
        self.waiting: dict[EnvelopeId, Outgoing] = {}
        """What has not been delivered yet, in its order."""
        self._waiting_bytes = 0
        self._parcels: list[Parcel] = []
        """With what each of both came."""
        self._numbers: list[int] = []
        """The number of each on the connection that handed it in."""

    def __len__(self) -> int:
        return len(self._parcels)

    def take(self, outgoing: Outgoing, parcel: Parcel, number: int) -> bool:
        """Queue an envelope; return whether the lane could."""
        envelope_id, waiting = outgoing.envelope_id, self.waiting
        if (
            envelope_id in waiting
            or envelope_id in self._in_flight
            or self._waiting_bytes >= self._window_bytes
        ):
            return False
        waiting[envelope_id] = outgoing
        self._parcels.append(parcel)
        self._numbers.append(number)
        size_bytes = len(outgoing.envelope)
        self._waiting_bytes += size_bytes if size_bytes > MIN_CHARGE_BYTES else MIN_CHARGE_BYTES
        return True

    def deliver(self, limit_bytes: int) -> tuple[Incoming, ...] | None:
        """Return what waits, which is in flight from now on; None if that is too much at once.

        Too much is more than the window has room for, or than ``limit_bytes``.
        """
        waiting, in_flight_bytes = self.waiting, self._in_flight_bytes + self._waiting_bytes
        if in_flight_bytes > self._window_bytes or self._waiting_bytes > limit_bytes:
            return None
        self._in_flight_bytes = in_flight_bytes
        self._waiting_bytes = 0
        if self._in_flight:
            self._in_flight.update(waiting)
            self.waiting = {}
        else:
            self.waiting, self._in_flight = self._in_flight, waiting
        return tuple([Incoming(each.envelope_id, each.envelope) for each in waiting.values()])

    def ack(self, count: int) -> Parcel:
        """Drop the ``count`` oldest in flight, one at least; return with what the last came."""
        if count == len(self._in_flight):
            self._in_flight.clear()
            self._in_flight_bytes = 0
        else:
            for envelope_id in list(islice(self._in_flight, count)):
                self._in_flight_bytes -= charge(self._in_flight.pop(envelope_id).envelope)
        parcels = self._parcels[:count]
        del self._parcels[:count], self._numbers[:count]
        for parcel in parcels:
            parcel.open -= 1
            if not parcel.open:
                parcel.answer()
        return parcel

    def since(self) -> float:
        """Return when the oldest was handed in; the lane must not be empty."""
        return self._parcels[0].at

    def in_order(self) -> Iterator[tuple[Outgoing, Parcel, int, bool]]:
        """Yield each envelope, with what it came, its number there, and whether it is in flight."""
        place = 0
        for part in (self._in_flight, self.waiting):
            for outgoing in part.values():
                yield outgoing, self._parcels[place], self._numbers[place], part is self._in_flight
                place += 1
