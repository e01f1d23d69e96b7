"""Who may come in while many want to: the caps on connections, before and after login.

Only a connection that has not logged in counts against its address and against
`max_unauthenticated`. At either cap, and when the process has no file descriptor left, the oldest
one that has had its chance makes room, so that silent strangers lock nobody out. The chance is
longer while others get on: a crowd that comes back at once, faster than this machine or theirs can
shake hands, must not push itself out again and again.
"""

from collections.abc import Callable

from msgspec import Struct


class Limits(Struct, frozen=True):
    """The caps of one listener; all of them are counts of connections, or seconds."""

    max_connections: int = 12_500
    max_unauthenticated: int = 256
    max_per_address: int = 64
    handshake_s: float = 5.0
    fair_chance_s: float = 0.5
    crowd_chance_s: float = 2.0


CROWD_S = 0.1
"""For how long after somebody has got on strangers have the longer chance."""


class Ticket:
    """One admitted connection; its holder sets `evict`, which has to make it leave at once."""

    __slots__ = ("_admission", "evict", "host", "since")

    def __init__(self, admission: "Admission", host: str, since: float) -> None:
        self._admission = admission
        self.host = host
        self.since = since
        self.evict: Callable[[], None] = self.leave

    def got_on(self) -> None:
        """Note that this connection is a step further: not everybody here is silent."""
        self._admission._steps += 1

    def authenticated(self) -> None:
        """Stop counting this connection as a stranger's."""
        self.got_on()
        self._admission._forget_stranger(self)

    def leave(self) -> None:
        """Give the place back; call it once, when the connection is closed."""
        self._admission._forget_stranger(self)
        self._admission.connections -= 1


class Admission:
    """The book of one listener; time comes in as an argument."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.connections = 0
        self._steps = self._steps_seen = 0
        self._crowd_until = float("-inf")
        self._strangers: dict[Ticket, None] = {}
        self._strangers_by_host: dict[str, dict[Ticket, None]] = {}

    def has_room(self, now: float) -> bool:
        """Return whether to take one more from the kernel's queue, or to let it wait there."""
        if len(self._strangers) < self.limits.max_unauthenticated:
            return True
        return self._has_had_its_chance(next(iter(self._strangers)), now)

    def make_room(self, now: float) -> bool:
        """Have the oldest stranger leave who has had a fair chance; False when there is none."""
        oldest = next(iter(self._strangers), None)
        if oldest is None or not self._has_had_its_chance(oldest, now):
            return False
        oldest.evict()
        return True

    def admit(self, host: str, now: float) -> Ticket | None:
        """Return a ticket for a connection from `host`, making room if needed; None refuses it."""
        if self.connections >= self.limits.max_connections:
            return None
        of_host = self._strangers_by_host.get(host, {})
        if len(of_host) >= self.limits.max_per_address:
            oldest = next(iter(of_host))
            if not self._has_had_its_chance(oldest, now):
                return None
            oldest.evict()
        elif len(self._strangers) >= self.limits.max_unauthenticated:
            next(iter(self._strangers)).evict()
        ticket = Ticket(self, host, now)
        self.connections += 1
        self._strangers[ticket] = None
        self._strangers_by_host.setdefault(host, {})[ticket] = None
        return ticket

    def _has_had_its_chance(self, ticket: Ticket, now: float) -> bool:
        if self._steps != self._steps_seen:
            self._steps_seen = self._steps
            self._crowd_until = now + CROWD_S
        limits = self.limits
        chance_s = limits.crowd_chance_s if now < self._crowd_until else limits.fair_chance_s
        return now - ticket.since >= chance_s

    def _forget_stranger(self, ticket: Ticket) -> None:
        if ticket not in self._strangers:
            return
        del self._strangers[ticket]
        of_host = self._strangers_by_host[ticket.host]
        del of_host[ticket]
        if not of_host:
            del self._strangers_by_host[ticket.host]
