"""The way to a relay: connections of the loop from any address of this machine, thousands a second.

`Loop.dial` looks names up, tries several addresses and has no say in its own; here there is one
address to reach, and where a connection comes from matters.
"""

import socket
from dataclasses import dataclass
from pathlib import Path

from securechat.transport.connection import Connection, Handler
from securechat.transport.endpoint import Endpoint
from securechat.transport.loop import Loop
from securechat.transport.tls import ClientTls

HOST = "127.0.0.1"
PATIENCE_S = 60.0
"""How long a client waits for its handshake: longer than any relay lets it."""


@dataclass(frozen=True)
class Door:
    """Where a relay listens, and the loop that connects to it; use it in the loop's thread."""

    loop: Loop
    port: int
    tls: ClientTls

    @classmethod
    def of(cls, loop: Loop, port: int, ca: Path) -> "Door":
        """Return the way to the relay that shows a certificate of this authority."""
        return cls(loop, port, ClientTls(ca_file=ca))

    def knock(self, source: str = HOST) -> socket.socket:
        """Return a socket that connects, from this address; raises OSError when that is over."""
        sock = socket.socket()
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if source != HOST:
                sock.bind((source, 0))
            sock.connect_ex((HOST, self.port))
        except OSError:
            sock.close()
            raise
        return sock

    def enter(self, handler: Handler, source: str = HOST) -> None:
        """Begin a TLS connection; ``handler`` hears what becomes of it."""
        remote = Endpoint(HOST, self.port)
        session = self.tls.session(remote)
        Connection(self.loop, self.knock(source), remote, session, handler).begin(PATIENCE_S)


def crowd_address(place: int) -> str:
    """Return the address of this machine from which the client of this number comes."""
    return f"127.1.{place // 250}.{place % 250 + 1}"
