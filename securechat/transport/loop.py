"""The loop: one thread that owns many TLS connections.

Other threads only start it, stop it and hand it calls; see `securechat.transport.connection` for
what a connection's handler sees.
"""

import threading
import time
from collections.abc import Callable

from securechat.transport.admission import Limits
from securechat.transport.bind import bind
from securechat.transport.connection import Handler
from securechat.transport.dial import Dialling
from securechat.transport.endpoint import Endpoint
from securechat.transport.listen import Listener
from securechat.transport.open_files import raise_open_file_limit
from securechat.transport.reactor import Reactor, logger
from securechat.transport.tls_session import TlsSettings

DIAL_TIMEOUT_S = 3.0

DRAIN_S = 10.0

_JOIN_MARGIN_S = 5.0


class Loop(Reactor):
    """One thread with a selector; `call_soon`, `listen`, `dial` and `stop` serve any thread."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock=clock)
        self._thread = threading.Thread(target=self._run, name="loop")

    def start(self) -> None:
        """Start the thread; the process may open as many sockets as its hard limit allows."""
        raise_open_file_limit()
        self._thread.start()

    def stop(self, drain_s: float = DRAIN_S) -> None:
        """Accept nobody any more, close every connection as its `close` does, end the thread.

        Returns when all is closed, at the latest after `drain_s` and a margin; call it once, from
        another thread.
        """
        self.call_soon(lambda: self._begin_stop(drain_s))
        self._thread.join(drain_s + _JOIN_MARGIN_S)
        if self._thread.is_alive():
            logger.error("the loop did not stop: a handler does not return")

    def listen(
        self,
        host: str,
        port: int,
        tls: TlsSettings,
        accept: Callable[[Endpoint], Handler],
        *,
        limits: Limits | None = None,
    ) -> Listener:
        """Listen on every address of `host`; `accept` makes the handler of each connection.

        `accept` is called when the handshake is done, so strangers cost nothing before. The result
        tells the addresses bound. Raises PortInUse, UsageError and SecureChatError at once.
        """
        listener = Listener(self, bind(host, port), tls, accept, limits or Limits())
        self.call_soon(listener.begin)
        return listener

    def dial(
        self,
        host: str,
        port: int,
        tls: TlsSettings,
        handler: Handler,
        *,
        timeout_s: float = DIAL_TIMEOUT_S,
    ) -> None:
        """Connect to `host`, trying all its addresses for at most `timeout_s` together.

        The TLS handshake has a deadline of its own. A failure arrives as `handler.closed`, without
        `opened` before it: Unreachable, or Untrusted and its kinds.
        """
        dialling = Dialling(self, Endpoint(host, port), tls, handler, timeout_s)
        self.call_soon(dialling.begin)
