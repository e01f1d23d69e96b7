"""The table of sessions in E2E.md §3 as a model: what the code does, said once more and simply."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from securechat.e2e.session import State

DAY_MS = 24 * 3600 * 1000


@dataclass
class ModelSession:
    """A session without keys; ``opened`` numbers the events, and making it is the first of them.

    ``silent_since_ms`` is when it was last made, opened or retired.
    """

    session_id: bytes
    state: State
    made_ms: int
    silent_since_ms: int
    opened: int
    sent: int = 0

    def is_worn(self, now_ms: int) -> bool:
        return now_ms - self.made_ms >= 30 * DAY_MS or self.sent >= 2_000


@dataclass
class SessionModel:
    """All sessions with one device."""

    sessions: dict[bytes, ModelSession] = field(default_factory=dict)
    events: int = 0

    def start(self, session_id: bytes, now_ms: int, *, recovery: bool = False) -> None:
        given_up = (State.STARTING, State.OPEN) if recovery else (State.STARTING,)
        self._retire((s for s in self._all() if s.state in given_up), now_ms)
        self._add(session_id, State.STARTING, now_ms)

    def accept(self, session_id: bytes, now_ms: int) -> None:
        self._retire((s for s in self._in(State.OPEN) if s.is_worn(now_ms)), now_ms)
        starting = self._in(State.STARTING)
        self._retire((s for s in starting if session_id < s.session_id), now_ms)
        self._add(session_id, State.OPEN, now_ms)

    def open(self, session_id: bytes, now_ms: int) -> None:
        session = self.sessions[session_id]
        if session.state is State.STARTING:
            others = (s for s in self._all() if s.state is not State.RETIRED)
            self._retire(others, now_ms)
            session.state = State.OPEN
        self.events += 1
        session.opened, session.silent_since_ms = self.events, now_ms
        self._limit(now_ms)

    def drain(self, now_ms: int) -> None:
        self._retire((s for s in self._in(State.OPEN) if s.is_worn(now_ms)), now_ms)
        self.sessions = {
            session_id: session
            for session_id, session in self.sessions.items()
            if session.state is not State.RETIRED or now_ms - session.silent_since_ms < 21 * DAY_MS
        }
        self._limit(now_ms)

    def send(self, now_ms: int, count: int) -> None:
        sending = self.sending(now_ms)
        if sending is not None:
            self.sessions[sending].sent += count

    def sending(self, now_ms: int) -> bytes | None:
        for state in (State.OPEN, State.STARTING):
            fit = {i: s for i, s in self.sessions.items() if s.state is state}
            fit = {i: s for i, s in fit.items() if not s.is_worn(now_ms)}
            if fit:
                return max(fit, key=lambda session_id: fit[session_id].opened)
        return None

    def states(self) -> dict[bytes, State]:
        return {session_id: session.state for session_id, session in self.sessions.items()}

    def _all(self) -> list[ModelSession]:
        """Return the sessions, the oldest first."""
        return sorted(self.sessions.values(), key=lambda session: session.opened)

    def _in(self, state: State) -> list[ModelSession]:
        return [session for session in self._all() if session.state is state]

    def _add(self, session_id: bytes, state: State, now_ms: int) -> None:
        self.events += 1
        self.sessions[session_id] = ModelSession(session_id, state, now_ms, now_ms, self.events)
        self._limit(now_ms)

    def _limit(self, now_ms: int) -> None:
        active = len(self._in(State.OPEN)) + len(self._in(State.STARTING))
        self._retire(self._in(State.OPEN)[: max(0, active - 4)], now_ms)
        retired = self._in(State.RETIRED)
        gone = retired[: max(0, len(retired) - 16)]
        self.sessions = {i: s for i, s in self.sessions.items() if s not in gone}

    def _retire(self, sessions: Iterable[ModelSession], now_ms: int) -> None:
        for session in list(sessions):
            session.state, session.silent_since_ms = State.RETIRED, now_ms
