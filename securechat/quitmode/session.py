"""A whole chat of either side: meet, converse, part."""

import select
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

from securechat.errors import Unreachable
from securechat.quitmode.channel import READ_BYTES, Channel
from securechat.quitmode.console import Console
from securechat.quitmode.conversation import Conversation, Role
from securechat.quitmode.meeting import accept, dial, is_loopback, listening
from securechat.transport.endpoint import Endpoint
from securechat.transport.tls_session import TlsSettings

_NOT_ENCRYPTED = (
    "Warning: nothing in this chat is encrypted; whoever is on the network can read and change it."
    "\n  try: the same command with --tls, on both sides"
)


def serve(
    wanted: Endpoint,
    console: Console,
    *,
    tls_directory: Path | None = None,
    welcome: str | None = None,
) -> None:
    """Wait for one client, refuse all others, and chat with it until one side ends the chat.

    ``tls_directory`` holds server.pem and server-key.pem; without it the chat is plain TCP.
    ``welcome`` is said before the client speaks.

    Raises PortInUse or UsageError for ``wanted``, FileProblem or CertificateExpired for the
    certificate, FileProblem for a closed output, RemoteProtocolError for TLS on a plain chat.
    """
    tls = _server_tls(tls_directory) if tls_directory else None
    conversation = _conversation(Role.SERVER, console)
    with listening(wanted) as listeners:
        addresses = [Endpoint.from_sockaddr(each.getsockname()) for each in listeners]
        if not wanted.port:
            console.warn(f"The port is {addresses[0].port}.")
        if tls is None and not all(is_loopback(address.host) for address in addresses):
            console.warn(_NOT_ENCRYPTED)
        console.write("Server is waiting for connections...\n")
        channel = _await_client(listeners, tls, conversation, console)
    if channel is not None:
        with channel:
            conversation.opened(time.monotonic(), channel.peer_address, welcome)
            _converse(channel, conversation, console)


def join(remote: Endpoint, console: Console, *, ca_file: Path | None = None) -> None:
    """Connect to a server and chat with it until one side ends the chat.

    With ``ca_file`` the connection is TLS and the server's certificate must be signed by it and
    made out to ``remote.host``; without, it is plain TCP.

    Raises Unreachable, Untrusted or CertificateExpired for the server, FileProblem for the CA file
    or a closed output, RemoteProtocolError for TLS on a plain chat.
    """
    tls = _client_tls(ca_file) if ca_file else None
    conversation = _conversation(Role.CLIENT, console)
    with dial(remote, tls) as channel:
        if tls is None and not is_loopback(channel.peer_address.host):
            console.warn(_NOT_ENCRYPTED)
        conversation.opened(time.monotonic(), channel.peer_address)
        _converse(channel, conversation, console)


def _conversation(role: Role, console: Console) -> Conversation:
    return Conversation(role, on_terminal=console.on_terminal, shows_typing=console.shows_typing)


def _server_tls(directory: Path) -> TlsSettings:
    # not at the top: a plain chat need not wait for the certificate library
    from securechat.transport import certificate_directory
    from securechat.transport.tls import ServerTls

    certificate = certificate_directory.load(directory, datetime.now(UTC))
    return ServerTls(certificate.certificate_path, certificate.key_path)


def _client_tls(ca_file: Path) -> TlsSettings:
    from securechat.transport.tls import ClientTls

    return ClientTls(ca_file=ca_file)


def _await_client(
    listeners: list[socket.socket],
    tls: TlsSettings | None,
    conversation: Conversation,
    console: Console,
) -> Channel | None:
    """Return the first client that is one; None when the user leaves before."""
    while not conversation.is_over:
        wanted = [console.typing] if conversation.wants_typing else []
        ready, _, _ = select.select([*listeners, *wanted], [], [])
        if console.typing in ready:
            _read_typing(conversation, console)
            conversation.advance(time.monotonic())
        for listener in (each for each in listeners if each in ready):
            try:
                if channel := accept(listener, tls):
                    return channel
            except Unreachable as error:
                console.warn(f"A client was turned away: {error.what}")
    return None


def _converse(channel: Channel, conversation: Conversation, console: Console) -> None:
    try:
        _read_peer(channel, conversation)  # TLS may hold bytes that came with the handshake
        while True:
            conversation.advance(time.monotonic())
            channel.send(conversation.take_outgoing())
            console.write(conversation.take_screen())
            if conversation.is_over:
                break
            _wait(channel, conversation, console)
    finally:
        if conversation.at_prompt:
            console.write("\n")
    channel.close()


def _wait(channel: Channel, conversation: Conversation, console: Console) -> None:
    """Wait until something happens, and tell the conversation."""
    readable: list[Channel | socket.socket] = []
    if conversation.wants_peer:
        readable.append(channel)
    if conversation.wants_typing and not channel.is_congested:
        readable.append(console.typing)
    writable = [channel] if channel.has_unsent else []
    deadline = conversation.deadline
    timeout_s = None if deadline is None else max(deadline - time.monotonic(), 0.0)
    readable, writable, _ = select.select(readable, writable, [], timeout_s)
    if writable:
        channel.flush()
    if channel in readable:  # before time is told: what is here already was not silence
        _read_peer(channel, conversation)
    if console.typing in readable:
        _read_typing(conversation, console)


def _read_peer(channel: Channel, conversation: Conversation) -> None:
    data = channel.receive()
    if data:
        conversation.peer_sent(data, time.monotonic())
    if channel.peer_left:
        conversation.peer_left()


def _read_typing(conversation: Conversation, console: Console) -> None:
    data = console.typing.recv(READ_BYTES)
    if data:
        conversation.typed(data, time.monotonic())
    else:
        conversation.typed_all()
