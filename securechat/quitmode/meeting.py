"""How the two come together: listening for one client, dialling the server."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address

from securechat.errors import PortInUse, SecureChatError, Unreachable
from securechat.quitmode.channel import Channel
from securechat.transport.bind import bind
from securechat.transport.endpoint import Endpoint
from securechat.transport.network_errors import reason
from securechat.transport.tls_session import TlsSettings

CONNECT_S = 5.0

_CHECK_NAME = "check the spelling, or use the IP address of the server's machine"


@contextmanager
def listening(wanted: Endpoint) -> Iterator[list[socket.socket]]:
    """Listen on all addresses of a host while the block runs; port 0 picks a free port.

    Raises PortInUse, UsageError for an address that this machine or account cannot have, and
    SecureChatError.
    """
    try:
        sockets = bind(wanted.host, wanted.port)
    except PortInUse as error:
        command = f"securechat server --quit-mode --port {wanted.port + 1}"
        raise PortInUse(error.what, command) from error
    except SecureChatError as error:
        raise type(error)(error.what, "securechat server --quit-mode") from error
    with ExitStack() as stack:
        for sock in sockets:
            stack.enter_context(sock)
        yield sockets


def accept(listener: socket.socket, tls: TlsSettings | None) -> Channel | None:
    """Return the channel with a client; None when it is gone again.

    Raises Unreachable for a client whose TLS handshake fails.
    """
    try:
        sock, address = listener.accept()
    except OSError:
        return None
    return _open(sock, Endpoint.from_sockaddr(address), tls)


def dial(remote: Endpoint, tls: TlsSettings | None) -> Channel:
    """Return the channel with the server.

    Raises Unreachable when nobody answers, or not in TLS, and Untrusted or CertificateExpired.
    """
    try:
        sock = socket.create_connection(remote, CONNECT_S)
    except (OSError, UnicodeError) as error:
        is_name_unknown = isinstance(error, socket.gaierror | UnicodeError)
        why = reason(error) if isinstance(error, OSError) else "that is not a host name"
        try_next = _CHECK_NAME if is_name_unknown else _start_server(remote)
        raise Unreachable(f"Cannot reach {remote} ({why}).", try_next) from error
    try:
        return _open(sock, remote, tls)
    except Unreachable as error:
        raise Unreachable(error.what, f"{_start_server(remote)} --tls") from error


def is_loopback(address: str) -> bool:
    """Return whether what goes to an IP address stays on this machine."""
    return ip_address(address.partition("%")[0]).is_loopback


def _open(sock: socket.socket, remote: Endpoint, tls: TlsSettings | None) -> Channel:
    with ExitStack() as stack:
        stack.enter_context(sock)
        try:
            channel = Channel(sock, remote, tls.session(remote) if tls else None)
        except OSError as error:
            raise Unreachable(f"{remote} is gone again ({reason(error)}).") from error
        channel.open()
        stack.pop_all()
        return channel


def _start_server(remote: Endpoint) -> str:
    return f"securechat server --quit-mode --host {remote.host} --port {remote.port}"
