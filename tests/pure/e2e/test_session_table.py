"""The table of states and transitions in E2E.md §3, row by row."""

from securechat.e2e.rows import ChangeLog
from securechat.e2e.session import RENEW_AFTER_MESSAGES, RENEW_AFTER_MS, Session, State
from securechat.e2e.session_table import (
    MAX_ACTIVE,
    MAX_RETIRED,
    MAX_UNANSWERED,
    RETIRED_LIFE_MS,
    SessionTable,
)
from securechat.identity.types import DeviceAddress, DeviceId, UserKey
from tests.pure.e2e.test_session import BOB, make_session
from tests.pure.e2e.world import carry_out

SMALL, MIDDLE, LARGE = b"1" * 16, b"2" * 16, b"3" * 16


class Store:
    """A session table with the rows that it reported."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, bytes], bytes] = {}
        self.changes = ChangeLog()
        self.table = SessionTable(self.changes, {})

    def reload(self) -> None:
        carry_out(self.changes.take(), self.rows)
        self.table = SessionTable(self.changes, self.rows)

    def start(self, session_id: bytes, now_ms: int = 0) -> Session:
        session = make_session(session_id, State.STARTING, created_ms=now_ms)
        self.table.add_starting(session, recovery=False)
        return session

    def accept(self, session_id: bytes, now_ms: int = 0) -> Session:
        session = make_session(session_id, ours=False, created_ms=now_ms)
        self.table.add_accepted(session, now_ms)
        return session

    def sending(self, now_ms: int = 0) -> bytes | None:
        session = self.table.choose_sending(BOB, now_ms)
        return session.session_id if session else None

    def states(self) -> dict[bytes, State]:
        return {s.session_id: s.state for s in self.table._of(BOB)}


def test_without_a_session_one_is_needed() -> None:
    store = Store()
    assert store.sending() is None
    assert store.table.find(BOB, SMALL) is None


def test_a_start_sends_until_it_is_answered_and_then_is_open() -> None:
    store = Store()
    session = store.start(SMALL)
    assert store.sending() == SMALL
    assert session.start
    store.table.note_opened(session, 1)
    assert store.states() == {SMALL: State.OPEN}
    assert store.sending() == SMALL
    assert not session.start


def test_a_session_belongs_to_one_device_only() -> None:
    store = Store()
    store.accept(SMALL)
    assert store.table.find(BOB, SMALL) is not None
    assert store.table.find(BOB._replace(device_id=DeviceId(b"x" * 16)), SMALL) is None


def test_crossing_where_the_peers_start_has_the_smaller_id() -> None:
    store = Store()
    store.start(LARGE)
    store.accept(SMALL)
    assert store.states() == {LARGE: State.RETIRED, SMALL: State.OPEN}
    assert store.sending() == SMALL


def test_crossing_where_our_start_has_the_smaller_id() -> None:
    store = Store()
    ours = store.start(SMALL)
    store.accept(LARGE)
    assert store.states() == {SMALL: State.STARTING, LARGE: State.OPEN}
    assert store.sending() == LARGE
    store.table.note_opened(ours, 1)
    assert store.states() == {SMALL: State.OPEN, LARGE: State.RETIRED}
    assert store.sending() == SMALL


def test_a_retired_session_receives_and_stays_retired() -> None:
    store = Store()
    retired = store.start(LARGE)
    store.accept(SMALL)
    store.table.note_opened(retired, 9)
    assert retired.state is State.RETIRED
    assert store.sending() == SMALL


def test_a_second_start_gives_up_the_first() -> None:
    store = Store()
    store.start(SMALL)
    store.start(LARGE)
    assert store.states() == {SMALL: State.RETIRED, LARGE: State.STARTING}


def test_a_worn_session_asks_for_a_fresh_one_and_gives_way_to_it() -> None:
    store = Store()
    worn = store.accept(SMALL)
    worn.sent = RENEW_AFTER_MESSAGES
    assert store.sending() is None
    fresh = store.start(LARGE)
    assert store.sending() == LARGE
    assert store.states()[SMALL] is State.OPEN
    store.table.note_opened(fresh, 1)
    assert store.states() == {SMALL: State.RETIRED, LARGE: State.OPEN}


def test_an_unanswered_start_wears_out_too() -> None:
    store = Store()
    store.start(SMALL)
    assert store.sending(RENEW_AFTER_MS - 1) == SMALL
    assert store.sending(RENEW_AFTER_MS) is None


def test_the_peers_renewal_retires_what_is_worn_here() -> None:
    store = Store()
    store.accept(SMALL, now_ms=0)
    store.accept(LARGE, now_ms=RENEW_AFTER_MS)
    assert store.states() == {SMALL: State.RETIRED, LARGE: State.OPEN}


def test_the_session_that_opened_last_sends() -> None:
    store = Store()
    first, second = store.accept(LARGE), store.accept(SMALL)
    for session in (second, first, second, second, first):
        store.table.note_opened(session, 0)
        assert store.sending() == session.session_id
    store.reload()
    assert store.sending() == LARGE


def test_at_most_four_are_active_and_sixteen_retired() -> None:
    store = Store()
    for number in range(30):
        store.accept(bytes([number]) * 16, now_ms=number)
        states = list(store.states().values())
        assert sum(state is not State.RETIRED for state in states) <= MAX_ACTIVE
    assert states.count(State.RETIRED) == MAX_RETIRED
    assert store.sending() == bytes([29]) * 16
    assert set(store.states()) == {bytes([n]) * 16 for n in range(10, 30)}
    store.reload()
    assert len(store.states()) == MAX_ACTIVE + MAX_RETIRED


def test_our_start_survives_a_flood_of_theirs() -> None:
    store = Store()
    store.start(b"\0" * 16, now_ms=100)
    for number in range(1, 20):
        store.accept(bytes([number]) * 16, now_ms=number)
    assert store.states()[b"\0" * 16] is State.STARTING


def test_retired_sessions_are_deleted_when_silent_for_long() -> None:
    store = Store()
    retired = store.start(LARGE)
    store.accept(SMALL)
    store.table.note_opened(retired, 1_000)
    store.table.forget_old(RETIRED_LIFE_MS + 999)
    assert LARGE in store.states()
    store.table.forget_old(RETIRED_LIFE_MS + 1_000)
    assert store.states() == {SMALL: State.OPEN}


def test_a_worn_open_session_is_retired_and_then_deleted() -> None:
    store = Store()
    session = store.accept(SMALL)
    store.table.note_opened(session, RENEW_AFTER_MS - 1)
    store.table.forget_old(RENEW_AFTER_MS)
    assert store.states() == {SMALL: State.RETIRED}
    store.table.forget_old(RENEW_AFTER_MS + RETIRED_LIFE_MS)
    assert store.states() == {}


def test_everything_survives_a_reload_and_nothing_deleted_comes_back() -> None:
    store = Store()
    store.start(LARGE)
    store.accept(MIDDLE, 1)
    store.reload()
    assert store.states() == {LARGE: State.RETIRED, MIDDLE: State.OPEN}
    assert {table for table, _ in store.rows} == {"session"}
    store.start(SMALL, 2)
    store.reload()
    found = store.table.find(BOB, SMALL)
    assert found is not None
    assert found.start == b"start"
    store.table.forget_old(RENEW_AFTER_MS + 1)
    store.table.forget_old(RENEW_AFTER_MS + RETIRED_LIFE_MS + 1)
    store.reload()
    assert store.states() == {SMALL: State.STARTING}


def test_devices_that_were_never_written_to_make_room_the_most_silent_first() -> None:
    store = Store()
    friend = store.accept(SMALL)
    friend.sent = 1
    own = make_session(MIDDLE, State.STARTING)
    own.peer = stranger(0)
    store.table.add_starting(own, recovery=False)
    for number in range(1, MAX_UNANSWERED + 3):
        session = make_session(SMALL, ours=False, created_ms=number)
        session.peer = stranger(number)
        store.table.add_accepted(session, number)
    kept = [n for n in range(MAX_UNANSWERED + 3) if store.table.find(stranger(n), SMALL)]
    assert kept == list(range(3, MAX_UNANSWERED + 3))
    assert store.table.find(BOB, SMALL) is friend
    assert store.table.find(stranger(0), MIDDLE) is own
    store.reload()
    assert store.table.find(stranger(2), SMALL) is None
    assert store.table.find(stranger(3), SMALL) is not None


def stranger(number: int) -> DeviceAddress:
    return DeviceAddress(UserKey(number.to_bytes(32, "big")), DeviceId(bytes(16)))
