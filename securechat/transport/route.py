"""The way to another machine, one step at a time: what `dial` does at once, for a diagnosis."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from securechat.errors import Unreachable
from securechat.transport.endpoint import Endpoint
from securechat.transport.network_errors import cannot_reach, reason


def find_addresses(remote: Endpoint) -> tuple[str, ...]:
    """Return the IP addresses of a host; waits as long as the system's resolver does.

    Raises Unreachable for a name that nobody knows.
    """
    with _translated(remote):
        found = socket.getaddrinfo(*remote, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def local_address_for(remote: Endpoint) -> str:
    """Return the own address that packets to a machine would leave from; none is sent.

    Raises Unreachable when this machine has no route there.
    """
    with _translated(remote):
        family, kind, *_, sockaddr = socket.getaddrinfo(*remote, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as sock:
            sock.connect(sockaddr)
            return str(sock.getsockname()[0])


def knock(remote: Endpoint, timeout_s: float) -> None:
    """Open a TCP connection and close it; Unreachable when that cannot be done in time."""
    try:
        with _translated(remote):
            socket.create_connection(remote, timeout_s).close()
    except TimeoutError as error:
        raise Unreachable(
            f"Nothing answers at {remote} within {timeout_s:g} s:"
            " a firewall drops it, or the machine is off.",
            f"ping {remote.host}; and let TCP port {remote.port} through that machine's firewall",
        ) from error


@contextmanager
def _translated(remote: Endpoint) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise
    except UnicodeError as error:  # of a name that the resolver cannot even be asked for
        raise cannot_reach(remote, reason(socket.gaierror())) from error
    except OSError as error:
        raise cannot_reach(remote, reason(error)) from error
