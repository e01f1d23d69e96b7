"""Which sessions exist, which one sends, and how they follow one another; see E2E.md §3."""

from collections.abc import Iterable

from securechat.e2e.rows import ChangeLog, StoredRows
from securechat.e2e.seen import DAY_MS
from securechat.e2e.session import Session, State
from securechat.identity.types import DeviceAddress

_TABLE = "session"
_START_TABLE = "session_start"

MAX_ACTIVE = 4
"""Sessions of a pair of devices that are not retired."""

MAX_RETIRED = 16
RETIRED_LIFE_MS = 21 * DAY_MS

MAX_UNANSWERED = 1000
"""Devices that write here and were never written to: anybody can make as many as they like."""


class SessionTable:
    """All sessions of this device, by peer device and session id."""

    __slots__ = ("_by_peer", "_changes")

    def __init__(self, changes: ChangeLog, rows: StoredRows) -> None:
        self._changes = changes
        self._by_peer: dict[DeviceAddress, dict[bytes, Session]] = {}
        for (table, key), value in rows.items():
            if table == _TABLE:
                self._keep(Session.decode(key, value, rows.get((_START_TABLE, key), b"")))

    def find(self, peer: DeviceAddress, session_id: bytes) -> Session | None:
        """Return the session of exactly this device, if there is one."""
        return self._by_peer.get(peer, {}).get(session_id)

    def choose_sending(self, peer: DeviceAddress, now_ms: int) -> Session | None:
        """Return the newest open session, else the starting one; None asks for a fresh start."""
        best = None
        for session in self._by_peer.get(peer, {}).values():
            if session.state is State.RETIRED or session.is_renewal_due(now_ms):
                continue
            if best is None or _precedence(session) > _precedence(best):
                best = session
        return best

    def add_starting(self, session: Session, *, recovery: bool) -> None:
        """Add a session that this side starts; an older unanswered start is given up.

        In a ``recovery`` the open ones are given up too, so that it is the only one that sends.
        """
        now_ms = session.created_ms
        for other in self._of(session.peer):
            if other.state is State.STARTING or (recovery and other.state is State.OPEN):
                self._retire(other, now_ms)
        self._keep(session)
        self._make_newest(session)
        self._changes.put(_START_TABLE, session.key, lambda: session.start)
        self.note_changed(session)
        self._enforce_limits(session.peer, now_ms)

    def add_accepted(self, session: Session, now_ms: int) -> None:
        """Add a session that the peer started and whose first message has opened.

        An unanswered start of ours crosses it: the smaller session id survives.
        """
        for other in self._of(session.peer):
            crossed = other.state is State.STARTING and session.session_id < other.session_id
            worn = other.state is State.OPEN and other.is_renewal_due(now_ms)
            if crossed or worn:
                self._retire(other, now_ms)
        self._keep(session)
        self._make_newest(session)
        self.note_changed(session)
        self._enforce_limits(session.peer, now_ms)
        if len(self._by_peer) > MAX_UNANSWERED:
            self._forget_unanswered()

    def note_opened(self, session: Session, now_ms: int) -> None:
        """Record that a message opened; the first one answers our start and settles the rest."""
        session.silent_since_ms = now_ms
        self._make_newest(session)
        if session.state is State.STARTING:
            session.state = State.OPEN
            self._drop_start(session)
            for other in self._of(session.peer):
                if other is not session and other.state is not State.RETIRED:
                    self._retire(other, now_ms)
            self._enforce_limits(session.peer, now_ms)
        self.note_changed(session)

    def note_changed(self, session: Session) -> None:
        """Report the session's row: its ratchet has moved."""
        self._changes.put(_TABLE, session.key, session.encode)

    def forget_old(self, now_ms: int) -> None:
        """Retire what is worn out and delete what has been retired and silent for long.

        To be called only when the mailbox is empty, since a waiting message may need a session.
        """
        for peer in list(self._by_peer):
            for session in self._of(peer):
                if session.state is State.OPEN and session.is_renewal_due(now_ms):
                    self._retire(session, now_ms)
                silent_ms = now_ms - session.silent_since_ms
                if session.state is State.RETIRED and silent_ms >= RETIRED_LIFE_MS:
                    self._delete(session)
            self._enforce_limits(peer, now_ms)

    def _forget_unanswered(self) -> None:
        """Delete the sessions of devices beyond `MAX_UNANSWERED`, the most silent ones first."""
        unanswered = {
            peer: max(session.silent_since_ms for session in sessions.values())
            for peer, sessions in self._by_peer.items()
            if not any(session.ours or session.sent for session in sessions.values())
        }
        for peer in sorted(unanswered, key=lambda peer: -unanswered[peer])[MAX_UNANSWERED:]:
            for session in self._of(peer):
                self._delete(session)

    def _of(self, peer: DeviceAddress) -> list[Session]:
        return list(self._by_peer.get(peer, {}).values())

    def _keep(self, session: Session) -> None:
        self._by_peer.setdefault(session.peer, {})[session.session_id] = session

    def _make_newest(self, session: Session) -> None:
        highest = max(other.rank for other in self._by_peer[session.peer].values())
        if session.rank < highest or highest == 0:
            session.rank = highest + 1

    def _retire(self, session: Session, now_ms: int) -> None:
        self._drop_start(session)
        session.silent_since_ms = now_ms
        session.state = State.RETIRED
        self.note_changed(session)

    def _drop_start(self, session: Session) -> None:
        if session.start:
            session.start = b""
            self._changes.delete(_START_TABLE, session.key)

    def _delete(self, session: Session) -> None:
        sessions = self._by_peer[session.peer]
        del sessions[session.session_id]
        if not sessions:
            del self._by_peer[session.peer]
        self._drop_start(session)
        self._changes.delete(_TABLE, session.key)

    def _enforce_limits(self, peer: DeviceAddress, now_ms: int) -> None:
        active = (s for s in self._of(peer) if s.state is not State.RETIRED)
        for session in _beyond(active, MAX_ACTIVE):
            self._retire(session, now_ms)
        retired = (s for s in self._of(peer) if s.state is State.RETIRED)
        for session in _beyond(retired, MAX_RETIRED):
            self._delete(session)


def _precedence(session: Session) -> tuple[bool, int]:
    return (session.state is State.OPEN, session.rank)


def _beyond(sessions: Iterable[Session], limit: int) -> list[Session]:
    def keep_first(session: Session) -> tuple[bool, int]:
        return (session.state is State.STARTING, session.rank)

    return sorted(sessions, key=keep_first, reverse=True)[limit:]
