"""Listening sockets on every address that a host stands for."""

import errno
import os
import socket
from contextlib import ExitStack
from typing import Any

from securechat.errors import PortInUse
from securechat.transport.endpoint import Endpoint
from securechat.transport.network_errors import cannot_listen

BACKLOG = 4096

_NOT_HERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
_PORT_TRIES = 8


def bind(host: str, port: int) -> list[socket.socket]:
    """Return non-blocking listening sockets on every address of `host`, all on one port.

    Port 0 picks a free one; ``::`` takes IPv4 too where the system can. Raises PortInUse,
    UsageError for an address that is not this machine's or a port that needs more rights, and
    SecureChatError.
    """
    for _ in range(_PORT_TRIES - 1):
        try:
            return _bind_all(host, port)
        except PortInUse:
            if port:
                raise
    return _bind_all(host, port)


def _bind_all(host: str, port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    with ExitStack() as opened:
        for family, (address, _, *scope) in _addresses(host, port):
            shared_port = sockets[0].getsockname()[1] if sockets else port
            try:
                sock = _listen(family, (address, shared_port, *scope))
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise cannot_listen(Endpoint(host, shared_port), error) from error
                missing = error
            else:
                sockets.append(opened.enter_context(sock))
        if missing is not None and not sockets:
            raise cannot_listen(Endpoint(host, port), missing) from missing
        opened.pop_all()
    return sockets


def _addresses(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        cause = error if isinstance(error, OSError) else socket.gaierror(str(error))
        raise cannot_listen(Endpoint(host, port), cause) from error
    return list(dict.fromkeys((family, sockaddr) for family, _, _, _, sockaddr in found))


def _listen(family: int, sockaddr: tuple[Any, ...]) -> socket.socket:
    with ExitStack() as opened:
        sock = opened.enter_context(socket.socket(family, socket.SOCK_STREAM))
        sock.setblocking(False)
        if os.name == "posix":  # elsewhere the option would let two programs share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            both = sockaddr[0] == "::" and socket.has_dualstack_ipv6()
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not both)
        sock.bind(sockaddr)
        sock.listen(BACKLOG)
        opened.pop_all()
    return sock
