"""What waits for a device that keeps up: no more is kept of an envelope than delivering it needs.

Nearly every envelope is delivered and acknowledged before anything else can happen to it. While
that goes well a mailbox needs no object of its own for each: what waits is what the wire brought,
and what is in flight is the frame that delivers it. All else (a device that leaves or lags, an id
that comes twice, the store) is for `Queued`: then the mailbox takes over what is in the lane, in
its order, and closes the lane until all of it is delivered.
"""

from array import array
from collections.abc import Callable, Container, Iterator
from itertools import islice
from typing import cast

from securechat.identity.types import EnvelopeId
from securechat.relay.parcel import Parcel
from securechat.store.mailboxes import MIN_CHARGE_BYTES
from securechat.wire.codec import relay_frame_decoder
from securechat.wire.frames import Deliver, Incoming, Outgoing


class FastLane:
    """The end of the window of a device that is connected: what is in flight, then what waits.

    It takes what waits up to ``window_bytes``, and has no more in flight than that; sizes are those
    of `charge`, and frames count until they are acknowledged as a whole. It takes no id that is in
    it, nor among those that are in memory ``elsewhere``.
    """

    __slots__ = (
        "_acked",
        "_elsewhere",
        "_frames",
        "_in_flight",
        "_in_flight_bytes",
        "_numbers",
        "_parcels",
        "_waiting",
        "_waiting_bytes",
        "window_bytes",
    )

    def __init__(self, elsewhere: Container[bytes]) -> None:
        self.window_bytes = 0
        self._elsewhere = elsewhere
        self._in_flight: dict[EnvelopeId, None] = {}
        """What is delivered and not acknowledged, in its order."""
        self._in_flight_bytes = 0
        self._frames: list[tuple[bytes, int, int]] = []
        """What delivers them: the frame, how many envelopes it has and what they count."""
        self._acked = 0
        """How many of the first frame are acknowledged."""
        self._waiting: dict[EnvelopeId, Outgoing] = {}
        """What has not been delivered yet, in its order."""
        self._waiting_bytes = 0
        self._parcels: list[Parcel] = []
        """With what each of both came."""
        self._numbers = array("Q")
        """The number of each on the connection that handed it in."""

    def __len__(self) -> int:
        return len(self._parcels)

    def take(self, outgoing: Outgoing, parcel: Parcel, number: int) -> bool:
        """Queue an envelope; return whether the lane could."""
        envelope_id, waiting = outgoing.envelope_id, self._waiting
        if (
            envelope_id in waiting
            or envelope_id in self._in_flight
            or envelope_id in self._elsewhere
            or self._waiting_bytes >= self.window_bytes
        ):
            return False
        waiting[envelope_id] = outgoing
        self._parcels.append(parcel)
        self._numbers.append(number)
        size_bytes = len(outgoing.envelope)
        self._waiting_bytes += size_bytes if size_bytes > MIN_CHARGE_BYTES else MIN_CHARGE_BYTES
        return True

    def deliver(
        self, limit_bytes: int, encode: Callable[[tuple[Incoming, ...]], bytes]
    ) -> bytes | None:
        """Return the frame that delivers all that waits, which is in flight from now on.

        Empty if nothing waits; None if that is too much at once: more than ``limit_bytes``, or
        than the window has room for.
        """
        waiting, waiting_bytes = self._waiting, self._waiting_bytes
        if not waiting:
            return b""
        in_flight_bytes = self._in_flight_bytes + waiting_bytes
        if in_flight_bytes > self.window_bytes or waiting_bytes > limit_bytes:
            return None
        data = encode(
            tuple([Incoming(each.envelope_id, each.envelope) for each in waiting.values()])
        )
        self._frames.append((data, len(waiting), waiting_bytes))
        ids = dict.fromkeys(waiting)
        if self._in_flight:
            self._in_flight.update(ids)
        else:
            self._in_flight = ids
        self._in_flight_bytes = in_flight_bytes
        waiting.clear()
        self._waiting_bytes = 0
        return data

    def ack(self, count: int) -> Parcel:
        """Drop the ``count`` oldest in flight, one at least; return with what the last came."""
        in_flight = self._in_flight
        if count == len(in_flight):
            in_flight.clear()
            self._frames.clear()
            self._acked = self._in_flight_bytes = 0
        else:
            for envelope_id in [*islice(in_flight, count)]:
                del in_flight[envelope_id]
            self._acked += count
            self._drop_frames()
        parcels = self._parcels[:count]
        del self._parcels[:count], self._numbers[:count]
        for parcel in parcels:
            parcel.open -= 1
            if not parcel.open:
                parcel.answer()
        return parcel

    def _drop_frames(self) -> None:
        """Forget the frames of which everything is acknowledged."""
        while self._acked >= (frame := self._frames[0])[1]:
            self._acked -= frame[1]
            self._in_flight_bytes -= frame[2]
            del self._frames[0]

    def since(self) -> float:
        """Return when the oldest was handed in; the lane must not be empty."""
        return self._parcels[0].at

    def in_order(self) -> Iterator[tuple[Incoming | Outgoing, Parcel, int, bool]]:
        """Yield each envelope, with what it came, its number there, and whether it is in flight."""
        envelopes: list[Incoming | Outgoing] = []
        for data, _, _ in self._frames:
            *_, deliver = relay_frame_decoder().decode(data)
            envelopes += cast("Deliver", deliver).envelopes
        del envelopes[: self._acked]
        in_flight = len(envelopes)
        envelopes += self._waiting.values()
        together = zip(envelopes, self._parcels, self._numbers, strict=True)
        for place, (envelope, parcel, number) in enumerate(together):
            yield envelope, parcel, number, place < in_flight
