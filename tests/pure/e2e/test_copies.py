from securechat.e2e.copies import COPY_LIFE_MS, MAX_COPIES, Copy, CopyTable
from securechat.e2e.rows import ChangeLog
from securechat.identity.types import DeviceAddress, DeviceId, MessageId, UserKey
from tests.pure.e2e.world import carry_out

BOB = DeviceAddress(UserKey(b"b" * 32), DeviceId(b"1" * 16))
BOBS_OTHER_DEVICE = BOB._replace(device_id=DeviceId(b"2" * 16))


def message_id(number: int) -> MessageId:
    return MessageId(number.to_bytes(16, "big"))


def make_copy(counter: int, time_ms: int = 0) -> Copy:
    return Copy(counter, time_ms, message_id(counter), b"plaintext")


class Store:
    """A table of copies with the rows that it reported."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, bytes], bytes] = {}
        self.changes = ChangeLog()
        self.table = CopyTable(self.changes, {})

    def reload(self) -> None:
        carry_out(self.changes.take(), self.rows)
        self.table = CopyTable(self.changes, self.rows)

    def counters(self, peer: DeviceAddress = BOB) -> list[int]:
        """Return what is kept, after a look that the rows say the same."""
        kept = self.table.of(peer)
        self.reload()
        assert self.table.of(peer) == kept
        return [copy.counter for copy in kept]


def test_copies_are_kept_in_order_for_the_device_that_they_went_to() -> None:
    store = Store()
    for counter in range(300):
        store.table.add(BOB, make_copy(counter))
    assert store.counters() == list(range(300))
    assert store.counters(BOBS_OTHER_DEVICE) == []


def test_what_has_arrived_is_not_kept() -> None:
    store = Store()
    for counter in range(4):
        store.table.add(BOB, make_copy(counter))
        store.table.add(BOBS_OTHER_DEVICE, make_copy(counter))
    store.reload()
    store.table.drop(BOB, (message_id(1), message_id(3), message_id(3), message_id(9)))
    assert store.counters() == [0, 2]
    assert store.counters(BOBS_OTHER_DEVICE) == [0, 1, 2, 3]


def test_a_receipt_of_a_stranger_drops_nothing() -> None:
    store = Store()
    store.table.add(BOB, make_copy(0))
    store.table.drop(BOBS_OTHER_DEVICE, (message_id(0),))
    assert store.counters() == [0]


def test_copies_are_kept_for_seven_days() -> None:
    store = Store()
    for time_ms in (5, 6, 7):
        store.table.add(BOB, make_copy(time_ms, time_ms))
    store.table.forget_old(COPY_LIFE_MS + 4)
    assert store.counters() == [5, 6, 7]
    store.table.forget_old(COPY_LIFE_MS + 5)
    assert store.counters() == [6, 7]
    store.table.add(BOB, make_copy(8, COPY_LIFE_MS + 6))
    assert store.counters() == [7, 8]


def test_of_many_copies_the_oldest_go() -> None:
    store = Store()
    for counter in range(MAX_COPIES + 2):
        store.table.add(BOB, make_copy(counter))
    assert store.counters() == list(range(2, MAX_COPIES + 2))


def test_an_id_that_went_out_twice_is_kept_twice() -> None:
    store = Store()
    for counter in (0, 1):
        store.table.add(BOB, Copy(counter, counter, message_id(7), b"plaintext"))
    store.table.forget_old(COPY_LIFE_MS)
    assert store.counters() == [1]
    store.table.forget_old(COPY_LIFE_MS + 1)
    assert store.counters() == []
