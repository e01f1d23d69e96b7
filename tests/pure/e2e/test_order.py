from hypothesis import given
from hypothesis import strategies as st

from securechat.e2e.order import FIRST_PREVIOUS_HASH, ChainTable, Place, Placement
from securechat.e2e.rows import ChangeLog
from securechat.identity.notation import digest, u64
from securechat.identity.types import DeviceAddress, DeviceId, Digest, UserKey

CONVERSATION = Digest(b"c" * 32)
BOB = DeviceAddress(UserKey(b"b" * 32), DeviceId(b"d" * 16))


def hash_of(counter: int) -> Digest:
    return Digest(digest("test", u64(counter))) if counter >= 0 else FIRST_PREVIOUS_HASH


class Reader:
    """A chain table that is reloaded from its rows before each message."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, bytes], bytes] = {}

    def receive(
        self, counter: int, previous: Digest | None = None, own: Digest | None = None
    ) -> Placement:
        changes = ChangeLog()
        table = ChainTable(changes, self.rows)
        placement = table.note_received(
            CONVERSATION, BOB, counter, previous or hash_of(counter - 1), own or hash_of(counter)
        )
        self.rows.update((row, value) for row, value in changes.take().items() if value)
        return placement


def test_messages_in_order_leave_no_gap() -> None:
    reader = Reader()
    for counter in range(5):
        assert reader.receive(counter) == Placement(Place.NEXT)


def test_a_gap_is_told_once_and_can_be_filled() -> None:
    reader = Reader()
    reader.receive(0)
    assert reader.receive(4) == Placement(Place.NEXT, missing=3)
    assert reader.receive(5) == Placement(Place.NEXT)
    for counter in (2, 3, 1):
        assert reader.receive(counter) == Placement(Place.LATE)
    assert reader.receive(2) == Placement(Place.USED)


def test_a_used_counter_changes_nothing() -> None:
    reader = Reader()
    reader.receive(0)
    before = dict(reader.rows)
    assert reader.receive(0, own=hash_of(99)).place is Place.USED
    assert reader.rows == before


def test_another_previous_message_is_a_fork() -> None:
    reader = Reader()
    reader.receive(0)
    assert reader.receive(1, previous=hash_of(7)).forked
    assert not reader.receive(2).forked


def test_a_first_message_follows_nothing() -> None:
    assert Reader().receive(0, previous=hash_of(7)).forked


def test_a_fork_inside_a_gap_is_noticed_at_both_of_its_ends() -> None:
    reader = Reader()
    reader.receive(0)
    reader.receive(3)
    assert reader.receive(1, previous=hash_of(7)).forked
    assert reader.receive(2, own=hash_of(7)).forked


def test_a_huge_jump_costs_nothing_and_is_counted() -> None:
    reader = Reader()
    assert reader.receive(2**32).missing == 2**32
    assert sum(map(len, reader.rows.values())) < 300


def test_gaps_are_bounded() -> None:
    reader = Reader()
    for counter in range(0, 400, 2):
        reader.receive(counter)
    assert sum(map(len, reader.rows.values())) < 3_000
    assert reader.receive(1) == Placement(Place.USED)
    assert reader.receive(397) == Placement(Place.LATE)


@given(st.permutations(range(12)))
def test_in_any_order_each_counter_fits_once_without_a_fork(order: list[int]) -> None:
    reader = Reader()
    placements = [reader.receive(counter) for counter in order]
    assert not any(p.forked or p.place is Place.USED for p in placements)
    late = sum(p.place is Place.LATE for p in placements)
    assert sum(p.missing for p in placements) == late


def test_own_messages_count_per_conversation_and_device() -> None:
    changes = ChangeLog()
    table = ChainTable(changes, {})
    assert table.last_sent(CONVERSATION, BOB) == (0, FIRST_PREVIOUS_HASH)
    table.note_sent(CONVERSATION, BOB, hash_of(0))
    assert table.last_sent(CONVERSATION, BOB) == (1, hash_of(0))
    other = BOB._replace(device_id=DeviceId(b"e" * 16))
    assert table.last_sent(CONVERSATION, other) == (0, FIRST_PREVIOUS_HASH)
    assert table.last_sent(Digest(bytes(32)), BOB) == (0, FIRST_PREVIOUS_HASH)
