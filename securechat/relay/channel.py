"""One client's connection as the relay speaks on it: frames out, and one goodbye."""

from typing import Protocol

from securechat.protocol.relay_side import RelaySide
from securechat.transport.endpoint import Endpoint
from securechat.wire import frames as f
from securechat.wire.codes import ByeCode, FaultCode
from securechat.wire.fields import MAX_TEXT


class Connection(Protocol):
    """What the relay needs of its transport; all calls in the loop's thread."""

    @property
    def local_certificate(self) -> bytes:
        """The certificate (DER) that the relay showed on this connection."""

    @property
    def remote(self) -> Endpoint:
        """The client's address."""

    @property
    def since(self) -> float:
        """When the client's socket was accepted, on the loop's clock."""

    @property
    def backlog_bytes(self) -> int:
        """What is written and not yet taken by the socket."""

    def write(self, data: bytes) -> None:
        """Queue bytes; they travel at the end of the tick."""

    def set_timer(self, deadline: float | None) -> None:
        """Ask for `Session.timer` at that time of the loop's clock."""

    def authenticated(self) -> None:
        """Count this connection as logged in from now on."""

    def pause_reading(self) -> None:
        """Take nothing more from the client until `resume_reading`."""

    def resume_reading(self) -> None:
        """Take bytes from the client again."""

    def close(self) -> None:
        """Send what is queued, then close."""


class Channel:
    """A connection and the relay's machine for it."""

    __slots__ = ("connection", "is_deaf", "machine")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.machine = RelaySide(connection.since)
        self.is_deaf = False
        """Whether nothing that the client says counts any more."""

    def write(self, frame: f.RelayFrame) -> int:
        """Send one frame, unless goodbye was said; return its size in bytes."""
        if self.machine.is_closed:
            return 0
        data = self.machine.send(frame)
        self.connection.write(data)
        return len(data)

    def fault(self, code: FaultCode, message: str) -> None:
        """Say what is wrong with this connection, and close it."""
        self.write(f.Fault(code, message[:MAX_TEXT]))
        self.close()

    def bye(self, code: ByeCode, retry_after_ms: int = 0) -> None:
        """Say goodbye, and close."""
        self.write(f.Bye(code, retry_after_ms))
        self.close()

    def close(self) -> None:
        """Send what is queued, then close; listen no more."""
        self.is_deaf = True
        self.connection.close()
