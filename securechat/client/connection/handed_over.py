"""How much this device has ever handed to a relay: what an older state gives away.

A copy of a profile that is put back has a lower count than the relay, which counts too.
"""

from collections.abc import Iterable, Mapping, Sequence

from securechat.identity.types import RelayId
from securechat.wire.frames import ClientFrame, Outgoing, Publish

TABLE = "handed_over"

_COUNT_SIZE_BYTES = 8

Changes = dict[tuple[str, bytes], bytes | None]


class HandedOver:
    """The envelopes and publications for one relay: repeated ones, and those that are lost, too."""

    def __init__(self, relay_id: RelayId, rows: Mapping[tuple[str, bytes], bytes]) -> None:
        self._row = TABLE, bytes(relay_id)
        self.count = int.from_bytes(rows.get(self._row, b""), "big")

    def add(self, envelopes: Sequence[Outgoing], frames: Iterable[ClientFrame]) -> Changes:
        """Count what is about to be handed over; return the row to commit before that, if any."""
        count = len(envelopes) + sum(isinstance(frame, Publish) for frame in frames)
        self.count += count
        return {self._row: self.count.to_bytes(_COUNT_SIZE_BYTES, "big")} if count else {}
