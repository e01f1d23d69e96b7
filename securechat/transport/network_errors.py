"""What went wrong on the network, in the words of securechat.errors."""

import errno
import os
import socket

from securechat.errors import PortInUse, SecureChatError, Unreachable, UsageError
from securechat.transport.endpoint import Endpoint

_REASONS = {
    errno.ECONNREFUSED: "connection refused: nothing listens there",
    errno.ECONNRESET: "the other side reset it",
    errno.EPIPE: "the other side closed it",
    errno.ENETUNREACH: "no route to that network",
    errno.EHOSTUNREACH: "no such machine on the network",
}


_UNKNOWN_NAME = "the name is not known"
_CHECK_NAME = "check the spelling, or use the address that the relay printed"


def reason(error: OSError) -> str:
    """Return the cause in words; "connection refused", say."""
    if isinstance(error, socket.gaierror):
        return _UNKNOWN_NAME
    if error.errno is None:
        return str(error)
    return _REASONS.get(error.errno) or os.strerror(error.errno).lower()


def cannot_reach(remote: Endpoint, why: str) -> Unreachable:
    """Return the error for a relay that cannot be reached, or that is none."""
    try_next = _CHECK_NAME if why == _UNKNOWN_NAME else _start_relay(remote)
    return Unreachable(f"Cannot reach {remote} ({why}).", try_next)


def not_a_relay(remote: Endpoint, why: str) -> Unreachable:
    """Return the error for an address where another program answers."""
    return Unreachable(
        f"Cannot reach {remote} ({why}).",
        "another program has that port: take the relay's own, as its screen shows it, then:"
        " securechat doctor HOST:PORT",
    )


def connection_lost(remote: Endpoint, why: str) -> Unreachable:
    """Return the error for a connection that was open and broke."""
    return Unreachable(f"The connection to {remote} broke ({why}).", _start_relay(remote))


def cannot_listen(wanted: Endpoint, error: OSError) -> SecureChatError:
    """Return the error for an address on which this machine does not let us listen."""
    code = error.errno
    if code == errno.EADDRINUSE:
        return PortInUse(
            f"Another program listens on {wanted} already.",
            f"securechat server --port {wanted.port + 1}",
        )
    if code in (errno.EACCES, errno.EPERM):
        return UsageError(
            f"This account may not listen on port {wanted.port}.",
            "securechat server --port 5555",
        )
    if code == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return UsageError(
            f"{wanted.host} is not an address of this machine.",
            "securechat server --host 0.0.0.0 (all addresses), or ip address to see them",
        )
    return SecureChatError(f"Cannot listen on {wanted} ({reason(error)}).", "securechat doctor")


def _start_relay(remote: Endpoint) -> str:
    server = f"securechat server --host {remote.host} --port {remote.port}"
    return f"on the relay's machine: {server}; or securechat host, if that was the relay"
