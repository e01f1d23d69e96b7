"""How many envelopes this device has ever handed to a relay: what an older state gives away.

A copy of a profile that is put back has a lower count than the relay, which counts too.
"""

from collections.abc import Mapping

from securechat.identity.types import RelayId

TABLE = "handed_over"

_COUNT_SIZE_BYTES = 8

Changes = dict[tuple[str, bytes], bytes | None]


class HandedOver:
    """The count for one relay: repetitions, and what is lost with a connection, count too."""

    def __init__(self, relay_id: RelayId, rows: Mapping[tuple[str, bytes], bytes]) -> None:
        self._row = TABLE, bytes(relay_id)
        self.count = int.from_bytes(rows.get(self._row, b""), "big")

    def add(self, count: int) -> Changes:
        """Count envelopes; return the row to commit before they are handed over."""
        self.count += count
        return {self._row: self.count.to_bytes(_COUNT_SIZE_BYTES, "big")}
