"""Every event in every state of E2E.md §3, for the code and for its model, and both at random."""

from collections.abc import Callable

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from securechat.e2e.rows import ChangeLog
from securechat.e2e.session import RENEW_AFTER_MESSAGES, RENEW_AFTER_MS, State
from securechat.e2e.session_table import (
    MAX_ACTIVE,
    MAX_RETIRED,
    RETIRED_LIFE_MS,
    SessionTable,
)
from tests.pure.e2e.profiles import profile
from tests.pure.e2e.session_model import SessionModel
from tests.pure.e2e.test_session import BOB, make_session
from tests.pure.e2e.world import carry_out

STARTING, OPEN, RETIRED = State.STARTING, State.OPEN, State.RETIRED


class RealTable:
    """The session table behind the methods of the model."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, bytes], bytes] = {}
        self.changes = ChangeLog()
        self.table = SessionTable(self.changes, {})

    def start(self, session_id: bytes, now_ms: int, *, recovery: bool = False) -> None:
        session = make_session(session_id, STARTING, created_ms=now_ms)
        self.table.add_starting(session, recovery=recovery)

    def accept(self, session_id: bytes, now_ms: int) -> None:
        session = make_session(session_id, ours=False, created_ms=now_ms)
        self.table.add_accepted(session, now_ms)

    def open(self, session_id: bytes, now_ms: int) -> None:
        session = self.table.find(BOB, session_id)
        assert session is not None
        self.table.note_opened(session, now_ms)

    def drain(self, now_ms: int) -> None:
        self.table.forget_old(now_ms)

    def send(self, now_ms: int, count: int) -> None:
        session = self.table.choose_sending(BOB, now_ms)
        if session is not None:
            session.sent += count
            self.table.note_changed(session)

    def sending(self, now_ms: int) -> bytes | None:
        session = self.table.choose_sending(BOB, now_ms)
        return session.session_id if session else None

    def states(self) -> dict[bytes, State]:
        return {session.session_id: session.state for session in self.table._of(BOB)}

    def reload(self) -> None:
        carry_out(self.changes.take(), self.rows)
        self.table = SessionTable(self.changes, self.rows)


Table = RealTable | SessionModel
Step = Callable[[Table], None]

SMALLER, SUBJECT, LARGER = b"1" * 16, b"2" * 16, b"3" * 16
OTHERS = [b"0" * 15 + bytes([number]) for number in range(20)]


def retire_subject(table: Table) -> None:
    table.start(SUBJECT, 0)
    table.start(OTHERS[0], 0, recovery=True)


BEGIN: dict[State, Step] = {
    STARTING: lambda table: table.start(SUBJECT, 0),
    OPEN: lambda table: table.accept(SUBJECT, 0),
    RETIRED: retire_subject,
}


def open_on_a_starting_one(table: Table) -> None:
    table.start(LARGER, 0)
    table.open(LARGER, 0)


def open_on_an_open_one(table: Table) -> None:
    table.accept(LARGER, 0)
    table.open(LARGER, 0)


def open_on_a_retired_one(table: Table) -> None:
    table.accept(LARGER, 0)
    for other in OTHERS[1 : MAX_ACTIVE + 1]:
        table.accept(b"9" + other[1:], 0)
        if SUBJECT in table.states():
            table.open(SUBJECT, 0)
    assert table.states()[LARGER] is RETIRED
    table.open(LARGER, 0)


def accept_four_more(table: Table) -> None:
    for other in OTHERS[1 : MAX_ACTIVE + 1]:
        table.accept(b"9" + other[1:], 0)


def retire_sixteen_more(table: Table) -> None:
    for other in OTHERS[1 : MAX_RETIRED + 1]:
        table.accept(b"9" + other[1:], 0)
        table.start(b"8" + other[1:], 0, recovery=True)
    table.drain(0)


EVENTS: dict[str, tuple[Step, dict[State, State | None]]] = {
    "we start a session": (
        lambda table: table.start(LARGER, 0),
        {STARTING: RETIRED, OPEN: OPEN, RETIRED: RETIRED},
    ),
    "we start a session to ask for a recovery": (
        lambda table: table.start(LARGER, 0, recovery=True),
        {STARTING: RETIRED, OPEN: RETIRED, RETIRED: RETIRED},
    ),
    "a first message with a smaller id opens": (
        lambda table: table.accept(SMALLER, 0),
        {STARTING: RETIRED, OPEN: OPEN, RETIRED: RETIRED},
    ),
    "a first message with a larger id opens": (
        lambda table: table.accept(LARGER, 0),
        {STARTING: STARTING, OPEN: OPEN, RETIRED: RETIRED},
    ),
    "a first message opens when it is worn": (
        lambda table: table.accept(LARGER, RENEW_AFTER_MS),
        {STARTING: STARTING, OPEN: RETIRED, RETIRED: RETIRED},
    ),
    "a message opens on it": (
        lambda table: table.open(SUBJECT, 0),
        {STARTING: OPEN, OPEN: OPEN, RETIRED: RETIRED},
    ),
    "a message opens on another that is starting": (
        open_on_a_starting_one,
        {STARTING: RETIRED, OPEN: RETIRED, RETIRED: RETIRED},
    ),
    "a message opens on another that is open": (
        open_on_an_open_one,
        {STARTING: STARTING, OPEN: OPEN, RETIRED: RETIRED},
    ),
    "more than four are not retired": (
        accept_four_more,
        {STARTING: STARTING, OPEN: RETIRED, RETIRED: RETIRED},
    ),
    "more than sixteen are retired": (
        retire_sixteen_more,
        {STARTING: None, OPEN: None, RETIRED: None},
    ),
    "the mailbox is empty": (
        lambda table: table.drain(0),
        {STARTING: STARTING, OPEN: OPEN, RETIRED: RETIRED},
    ),
    "the mailbox is empty and it is silent for 21 days": (
        lambda table: table.drain(RETIRED_LIFE_MS),
        {STARTING: STARTING, OPEN: OPEN, RETIRED: None},
    ),
    "the mailbox is empty and it is worn": (
        lambda table: (table.open(SUBJECT, RENEW_AFTER_MS), table.drain(RENEW_AFTER_MS))[1],
        {STARTING: RETIRED, OPEN: RETIRED, RETIRED: RETIRED},
    ),
}


@pytest.mark.parametrize("make", [RealTable, SessionModel])
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", EVENTS)
def test_when(event: str, state: State, make: type[Table]) -> None:
    table = make()
    BEGIN[state](table)
    assert table.states()[SUBJECT] is state
    happen, expected = EVENTS[event]
    happen(table)
    assert table.states().get(SUBJECT) is expected[state]


@pytest.mark.parametrize("make", [RealTable, SessionModel])
def test_an_open_one_sends_before_a_starting_one(make: type[Table]) -> None:
    table = make()
    assert table.sending(0) is None
    table.start(SMALLER, 0)
    assert table.sending(0) == SMALLER
    table.accept(LARGER, 0)
    assert table.sending(0) == LARGER


@pytest.mark.parametrize("make", [RealTable, SessionModel])
def test_of_two_open_ones_the_newest_sends(make: type[Table]) -> None:
    table = make()
    table.accept(LARGER, 0)
    table.accept(SMALLER, 0)
    for session_id in (LARGER, SMALLER, LARGER):
        table.open(session_id, 0)
        assert table.sending(0) == session_id


@pytest.mark.parametrize("make", [RealTable, SessionModel])
def test_a_message_on_a_retired_one_does_not_make_it_send(make: type[Table]) -> None:
    table = make()
    retire_subject(table)
    table.open(SUBJECT, 0)
    assert table.states()[SUBJECT] is RETIRED
    assert table.sending(0) == OTHERS[0]


@pytest.mark.parametrize("make", [RealTable, SessionModel])
@pytest.mark.parametrize("state", [STARTING, OPEN])
def test_a_worn_one_does_not_send(state: State, make: type[Table]) -> None:
    for now_ms, sent in ((RENEW_AFTER_MS, 0), (0, RENEW_AFTER_MESSAGES)):
        table = make()
        BEGIN[state](table)
        table.send(0, sent)
        assert table.sending(now_ms) is None


@pytest.mark.parametrize("make", [RealTable, SessionModel])
def test_worn_ones_that_retire_make_older_retired_ones_go(make: type[Table]) -> None:
    table = make()
    retired = [b"8" + other[1:] for other in OTHERS[:MAX_RETIRED]]
    for session_id in retired:
        table.start(session_id, RENEW_AFTER_MS - 1, recovery=True)
    worn, fresh = b"9" * 16, SMALLER
    table.accept(worn, 0)
    table.open(worn, RENEW_AFTER_MS - 1)
    table.start(fresh, RENEW_AFTER_MS)
    table.drain(RENEW_AFTER_MS)
    assert table.states() == dict.fromkeys([*retired[1:], worn], RETIRED) | {fresh: STARTING}


@pytest.mark.parametrize("make", [RealTable, SessionModel])
def test_one_that_is_retired_late_is_kept_for_another_21_days(make: type[Table]) -> None:
    table = make()
    table.start(LARGER, 0)
    table.accept(SMALLER, RETIRED_LIFE_MS)
    for late_ms, states in (
        (RETIRED_LIFE_MS - 1, {LARGER: RETIRED, SMALLER: OPEN}),
        (RETIRED_LIFE_MS, {SMALLER: OPEN}),
    ):
        table.drain(RETIRED_LIFE_MS + late_ms)
        assert table.states() == states


IDS = st.binary(min_size=1, max_size=1).map(lambda one: one * 16)
PICKS = st.integers(0, 19)


class CodeAndModel(RuleBasedStateMachine):
    """Whatever happens, the code's sessions are the model's, after a reload too."""

    def __init__(self) -> None:
        super().__init__()
        self.real, self.model = RealTable(), SessionModel()
        self.now_ms = 0

    def fresh(self, session_id: bytes) -> bool:
        return session_id not in self.model.sessions

    @rule(session_id=IDS, recovery=st.booleans())
    def start(self, session_id: bytes, recovery: bool) -> None:
        if self.fresh(session_id):
            for table in (self.real, self.model):
                table.start(session_id, self.now_ms, recovery=recovery)

    @rule(session_ids=st.lists(IDS, min_size=1, max_size=5, unique=True))
    def accept(self, session_ids: list[bytes]) -> None:
        for session_id in filter(self.fresh, session_ids):
            for table in (self.real, self.model):
                table.accept(session_id, self.now_ms)

    @precondition(lambda self: self.model.sessions)
    @rule(pick=PICKS)
    def open(self, pick: int) -> None:
        session_ids = list(self.model.sessions)
        for table in (self.real, self.model):
            table.open(session_ids[pick % len(session_ids)], self.now_ms)

    @rule(count=st.sampled_from([1, 1_000]))
    def send(self, count: int) -> None:
        for table in (self.real, self.model):
            table.send(self.now_ms, count)

    @rule(days=st.sampled_from([1, 10, 21]))
    def wait(self, days: int) -> None:
        self.now_ms += days * RENEW_AFTER_MS // 30

    @rule()
    def drain(self) -> None:
        for table in (self.real, self.model):
            table.drain(self.now_ms)

    @rule()
    def reload(self) -> None:
        self.real.reload()

    @invariant()
    def same(self) -> None:
        assert self.real.states() == self.model.states()
        assert self.real.sending(self.now_ms) == self.model.sending(self.now_ms)


def test_the_code_does_what_the_model_does() -> None:
    run_state_machine_as_test(CodeAndModel, settings=profile(max_examples=30, steps=40))
