"""The connection machine that both sides share: frames, states, and deadlines as values.

Sans-I/O: bytes and the time go in, frames and bytes come out. Times are seconds of a clock that
only goes forward; the machine never reads one.
"""

from typing import Generic, TypeVar

from securechat.errors import LocalProtocolError, RemoteProtocolError, Unreachable
from securechat.protocol.states import MOVES, Side, State
from securechat.wire.codec import MAX_FRAME_BYTES, FrameDecoder, encode
from securechat.wire.frames import AnyFrame, Ping

LOGIN_TIMEOUT_S = 10.0
PING_AFTER_S = 30.0
DEAD_AFTER_S = 60.0

F = TypeVar("F", bound=AnyFrame)

_CLOSED = State.CLOSED


class Machine(Generic[F]):
    """One side of one connection; ``F`` are the frames that the other side may send."""

    side: Side
    other: Side

    __slots__ = (
        "_heard_at",
        "_my_moves",
        "_opened_at",
        "_pinged_at",
        "_pings",
        "_their_moves",
        "decoder",
        "is_closed",
        "state",
    )

    def __init__(self, decoder: FrameDecoder[F], now: float) -> None:
        self.decoder = decoder
        self._opened_at = self._heard_at = now
        self._pinged_at: float | None = None
        self._pings = 0
        self._enter(State.GREETING)

    def receive(self, data: bytes, now: float) -> list[F]:
        """Return the frames that ``data`` completes, each legal where the connection stands.

        Every frame after a goodbye of either side is taken in silence. Raises RemoteProtocolError
        for whatever else the other side may not send here.
        """
        self._heard_at = now
        self._pinged_at = None
        if self.is_closed:
            return []
        frames = self.decoder.decode(data)
        for frame in frames:
            state = self._their_moves.get(type(frame))
            if state is not self.state:
                if state is None:
                    raise RemoteProtocolError(self._no_turn(frame))
                self._enter(state)
                if state is _CLOSED:
                    return frames[: frames.index(frame) + 1]
            self._note_received(frame)
        return frames

    def send(self, frame: AnyFrame) -> bytes:
        """Return the bytes of a frame of this side; LocalProtocolError if it is not its turn."""
        state = self._my_moves.get(type(frame))
        if state is None:
            raise LocalProtocolError(self._no_turn(frame))
        data = encode(frame)
        if state is not self.state:
            self._enter(state)
        return data

    def deadline(self) -> float:
        """Return when `expire` wants to be called next."""
        if self.state is not State.READY:
            return self._opened_at + LOGIN_TIMEOUT_S
        if self._pinged_at is None:
            return self._heard_at + PING_AFTER_S
        return self._pinged_at + DEAD_AFTER_S - PING_AFTER_S

    def expire(self, now: float) -> bytes:
        """Return what to send now that a deadline may have passed (a ping, or nothing).

        Raises Unreachable when the other side did not log in, or did not answer, in time.
        """
        if now < self.deadline():
            return b""
        if self.state is not State.READY:
            raise Unreachable(f"No login within {LOGIN_TIMEOUT_S:.0f} s")
        if self._pinged_at is not None:
            raise Unreachable(f"The other side has been silent for {DEAD_AFTER_S:.0f} s")
        self._pinged_at = now
        self._pings += 1
        return self.send(Ping(self._pings))

    def hold(self, now: float) -> None:
        """Note that this side has not been reading: the other side's silence means nothing."""
        self._heard_at = now
        self._pinged_at = None

    def _enter(self, state: State) -> None:
        self.state = state
        self.is_closed = state is _CLOSED
        self._my_moves = MOVES[self.side][state]
        self._their_moves = MOVES[self.other][state]
        if state is State.READY:
            self.decoder.limit_bytes = MAX_FRAME_BYTES

    def _no_turn(self, frame: AnyFrame) -> str:
        return f"{type(frame).__name__} is not allowed when {self.state.value}"

    def _note_received(self, frame: F) -> None:
        """Check the numbers in a frame against those of this connection."""
        raise NotImplementedError
