"""Somebody in the middle, with a certificate of their own: passes on, and keeps what they see."""

import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from securechat.transport.issuing import issue
from tests.processes import FAILURE_S


def connect(port: int, stack: ExitStack) -> ssl.SSLSocket:
    """Connect to a relay on this machine without looking at who it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = stack.enter_context(socket.create_connection(("127.0.0.1", port), FAILURE_S))
    return stack.enter_context(context.wrap_socket(plain))


class Middle:
    """Takes connections for the relay at a port, one after the other."""

    def __init__(self, listener: socket.socket, context: ssl.SSLContext, relay_port: int) -> None:
        self.port: int = listener.getsockname()[1]
        self.from_client = bytearray()
        """All that clients have said, as plain text."""
        self._listener = listener
        self._context = context
        self._relay_port = relay_port

    def run(self) -> None:
        """Serve until the listener is shut down."""
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            with ExitStack() as stack, suppress(OSError):
                stack.enter_context(plain)
                client = stack.enter_context(self._context.wrap_socket(plain, server_side=True))
                self._pass_on(client, connect(self._relay_port, stack))

    def _pass_on(self, client: ssl.SSLSocket, relay: ssl.SSLSocket) -> None:
        other = {client: relay, relay: client}
        while True:
            for ready in select.select([*other], [], [], FAILURE_S)[0]:
                if not (data := ready.recv(65_536)):
                    return
                if ready is client:
                    self.from_client += data
                other[ready].sendall(data)


@contextmanager
def standing_between(relay_port: int, directory: Path) -> Iterator[Middle]:
    """Provide a middle with certificates in a directory, until the block ends."""
    certificate = issue(directory, datetime.now(UTC)).certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate_path, certificate.key_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        middle = Middle(listener, context, relay_port)
        thread = threading.Thread(target=middle.run)
        thread.start()
        try:
            yield middle
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(FAILURE_S)
