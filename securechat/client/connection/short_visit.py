"""One short visit at a relay: hello, perhaps a login, goodbye; what it says is waited for."""

import queue
from contextlib import suppress
from typing import TypeVar

from securechat.client.connection.faults import fault_error
from securechat.errors import SecureChatError, TimedOut, Unreachable
from securechat.protocol.client_side import ClientSide
from securechat.transport.connection import Connection
from securechat.transport.loop import Loop
from securechat.wire import frames as f

ANSWER_S = 5.0
"""How long the relay may take for each answer."""

Answer = TypeVar("Answer", Connection, f.Challenge, f.Welcome)


class Visit:
    """The handler of one connection; the other methods are for the thread that began it.

    Nothing that waits at the relay is taken away: deliveries are not acknowledged.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._machine = ClientSide(loop.clock())
        self._heard: queue.SimpleQueue[Connection | f.RelayFrame | SecureChatError] = (
            queue.SimpleQueue()
        )
        self._connection: Connection | None = None

    def wait_for(self, kind: type[Answer], timeout_s: float = ANSWER_S) -> Answer:
        """Return what comes next: the connection, the challenge or the welcome.

        Raises TimedOut, and what has gone wrong instead.
        """
        try:
            heard = self._heard.get(timeout=timeout_s)
        except queue.Empty:
            raise TimedOut(
                f"The relay has not answered within {timeout_s:g} s",
                "the same once more; then look at the screen of the relay",
            ) from None
        if isinstance(heard, f.Fault):
            raise fault_error(heard)
        if isinstance(heard, SecureChatError):
            raise heard
        if not isinstance(heard, kind):
            raise Unreachable("The relay has said goodbye", "the same once more, in a minute")
        return heard

    def say(self, frame: f.ClientFrame) -> None:
        """Send a frame when its turn has come."""
        self._loop.call_soon(lambda: self._send(frame))

    def leave(self) -> None:
        """Say goodbye, and wait until the connection is closed, or `ANSWER_S`."""
        self.say(f.Bye("quit"))
        with suppress(SecureChatError):
            self.wait_for(Connection)

    def opened(self, connection: Connection) -> None:
        """TLS is done, and the certificate is a trusted one."""
        self._connection = connection
        self._heard.put(connection)

    def received(self, data: bytes) -> None:
        """Keep the few answers that are waited for."""
        for frame in self._machine.receive(data, self._loop.clock()):
            if isinstance(frame, f.Challenge | f.Welcome | f.Fault | f.Bye):
                self._heard.put(frame)

    def timer(self, now: float) -> None:
        """Never called: no timer is set."""

    def closed(self, error: SecureChatError | None) -> None:
        """Tell whoever waits."""
        self._heard.put(error or Unreachable("The relay has closed the connection"))

    def _send(self, frame: f.ClientFrame) -> None:
        if self._connection is not None and not self._machine.is_closed:
            self._connection.write(self._machine.send(frame))
