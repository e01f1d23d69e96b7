"""One device's queue: what is in flight to it, what waits in memory, what waits in the store.

The order of a mailbox is that of its window, then whatever the store holds beyond it. Memory holds
the window of a connected device, and what the store has been given and has not answered for; all
else is counted, no more. Nothing leaves a mailbox before the device has acknowledged it, or it is
older than its limit.
"""

from collections.abc import Callable
from typing import Protocol

from securechat.config import ServerConfig
from securechat.identity.types import MailboxId, UserKey
from securechat.relay.fills import Fills, RelayFill
from securechat.relay.index import Index
from securechat.relay.keeper import Keeper
from securechat.relay.parcel import Parcel
from securechat.relay.patience import COMMIT_AFTER_S, after_wait
from securechat.relay.queued import Queued, from_store
from securechat.relay.window import Encode, Window
from securechat.store.mailboxes import Entry, MailboxStore, StoredMailbox, charge
from securechat.wire.codes import RefusedCode
from securechat.wire.frames import Outgoing

MAX_PAGE_BYTES = 4 * 1024
"""What comes from the store at once; little, so that others do not wait long in between."""

_UNKEPT = Parcel(None, MailboxId(bytes(16)), UserKey(bytes(32)), 0.0, 0)
"""The parcel of every ephemeral envelope."""


class Reader(Protocol):
    """The connected device that a mailbox is delivered to."""

    def wake(self) -> None:
        """The store has given something for it."""

    def flush(self) -> "Mailbox":
        """Deliver what the window allows; return the mailbox."""


class Mailbox:
    """The queue of one device; all mailboxes of a relay count in one ``relay_fill``.

    ``stored`` is what the store had of it at the start; ``now_ms`` gives the time of day, and
    ``later`` makes a call when a store that took nothing may take something again.
    """

    __slots__ = (
        "_fills",
        "_index",
        "_is_live",
        "_keeper",
        "_loading",
        "_patience_s",
        "_read_sequence",
        "_store",
        "_visit",
        "mailbox_id",
        "reader",
        "window",
    )

    def __init__(
        self,
        mailbox_id: MailboxId,
        store: MailboxStore,
        config: ServerConfig,
        relay_fill: RelayFill,
        now_ms: Callable[[], int],
        later: Callable[[Callable[[], None]], object],
        stored: StoredMailbox | None = None,
    ) -> None:
        self.mailbox_id = mailbox_id
        self.reader: Reader | None = None
        """The device that is connected."""
        self._visit = 0
        self._store = store
        self._loading = False
        self._patience_s = COMMIT_AFTER_S
        """How long to wait for an acknowledgement before the store is given an envelope."""
        kept = stored or StoredMailbox()
        self._fills = fills = Fills(config, relay_fill, kept.fills)
        self._index = index = Index()
        self.window = window = Window(config.window_bytes, index)
        """What is in memory for the device that is connected."""
        self._keeper = Keeper(
            mailbox_id, store, fills, index, window, kept.last_sequence, now_ms, later
        )
        self._read_sequence = 0
        """Up to here entries have come to memory in this visit; the later ones are in the store."""
        self._is_live = False
        """Whether a device is connected, and none are later: what comes next goes to memory too."""

    def __len__(self) -> int:
        return self._fills.messages

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing in it, nor on its way to the store."""
        return not self._fills.messages and not self._index.by_key and self.window.is_empty

    # Handing in -----------------------------------------------------------------------------------

    def offer(
        self, outgoing: Outgoing, parcel: Parcel, number: int, rank: int = 0
    ) -> RefusedCode | None:
        """Queue an envelope; return the code with which it is refused, if it is.

        Its parcel, which counts it as open, hears of it when it is accepted.
        """
        window = self.window
        if window.lane is not None:
            if not rank and window.lane.take(outgoing, parcel, number):
                return None
            window.close_lane()
        known = self._index.find(parcel.sender, outgoing.envelope_id)
        if known is not None:
            return known.offer_again(outgoing.envelope, parcel, number)
        envelope = outgoing.envelope
        entry = Queued(outgoing.envelope_id, envelope, charge(envelope), parcel, number, rank)
        if self._is_live and window.room_bytes > 0:
            self._index.put(entry)
            window.append(entry)
            return None
        if not self._fills.has_room(parcel.account, entry.size_bytes):
            return RefusedCode.MAILBOX_FULL
        self._index.put(entry)
        if not self._put_behind(entry):
            self._keeper.release(entry)
            return RefusedCode.MAILBOX_FULL
        return None

    def _put_behind(self, entry: Queued) -> bool:
        """Hand an entry that finds no place in the window to the store, behind what is there.

        Returns False if there is no room for it in all the mailboxes.
        """
        if self._is_live or not self._keeper.is_window_safe:
            self._keeper.commit_window(entry)
        else:
            self._keeper.commit([entry])
        if self._is_live and entry.handed:
            self._is_live = False
            self._read_sequence = self._keeper.last_sequence - 1
        return entry.handed

    def offer_ephemeral(self, outgoing: Outgoing) -> None:
        """Deliver this envelope if that is possible at once; it is never kept."""
        self.window.close_lane()
        if not self._is_live or self.window.room_bytes <= 0:
            return
        envelope = outgoing.envelope
        entry = Queued(
            outgoing.envelope_id, envelope, charge(envelope), _UNKEPT, 0, is_open=False, held=False
        )
        self.window.append(entry)

    # Delivery -------------------------------------------------------------------------------------

    def attach(self, reader: Reader) -> None:
        """The device has come."""
        self.reader = reader
        self._visit += 1
        self._loading = False
        self._is_live = self._read_sequence == self._keeper.last_sequence
        self._open_lane()
        self._refill()

    def detach(self) -> None:
        """The device has gone: all that it has not acknowledged goes to the store."""
        self.reader = None
        self._is_live = False
        self._keeper.take_window()
        self._read_sequence = 0 if self._fills.messages else self._keeper.last_sequence

    def deliver(self, encode: Encode) -> bytes:
        """Return a frame of what may be delivered now within the window; empty without any."""
        data = self.window.deliver(encode)
        if self.window.lane is None:
            self._open_lane()
        return data

    def _open_lane(self) -> None:
        """Have the fast lane take what comes next, if what is there needs no more care."""
        if self._is_live and not self._index.has_joined:
            self.window.open_lane()

    def ack(self, count: int, now: float) -> None:
        """The device has disposed of the ``count`` oldest deliveries, one at least."""
        acked, parcel = self.window.take_acked(count)
        if parcel.at:
            self._patience_s = after_wait(self._patience_s, now - parcel.at)
        if acked:
            self._keeper.drop(acked)
        if not self._is_live:
            self._refill()
        elif self.window.lane is None:
            self._open_lane()

    def _refill(self) -> None:
        """Ask the store for more when it has more and there is room in memory for it."""
        if self._is_live or self._loading:
            return
        room_bytes = self.window.room_bytes
        if room_bytes <= 0:
            return
        self._loading = True
        visit, upto = self._visit, self._keeper.last_sequence
        self._store.load(
            self.mailbox_id,
            self._read_sequence,
            min(room_bytes, MAX_PAGE_BYTES),
            lambda page: self._loaded(page, visit, upto),
        )

    def _loaded(self, page: list[Entry], visit: int, upto: int) -> None:
        """Take what the store gave; without any, there is nothing up to ``upto`` any more."""
        reader = self.reader
        if reader is None or visit != self._visit:
            return
        self._loading = False
        self._read_sequence = page[-1].sequence if page else upto
        for row in page:
            entry = from_store(row)
            self._index.put(entry)
            self.window.append(entry)
        if page:
            reader.wake()
        if self._read_sequence == self._keeper.last_sequence:
            self._is_live = True
            self._keeper.count_anew()
            self._open_lane()
        self._refill()

    # The store ------------------------------------------------------------------------------------

    def commit_older(self, now: float) -> bool:
        """Hand over what has waited too long in memory; return whether there is more.

        While the store has refused something in the window, that goes first, a little later.
        """
        if not self._keeper.is_window_safe:
            return True
        old, is_more = self.window.take_old(now - self._patience_s / 2)
        self._keeper.commit(old)
        return is_more

    def expired(self, gone: StoredMailbox) -> None:
        """The store has dropped entries that were too old, none of them in the window."""
        for account, fill in gone.fills.items():
            self._fills.give_back(account, fill.messages, fill.size_bytes)
