import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from securechat.errors import Unreachable
from securechat.quitmode.channel import LINGER_S, UNSENT_MAX_BYTES, Channel
from securechat.transport.endpoint import Endpoint
from securechat.transport.tls_session import TlsSession
from tests.sockets.loop_world import FAILURE_S, Files, make_files

SERVER = Endpoint("127.0.0.1", 12345)


@contextmanager
def connected() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
    theirs.settimeout(FAILURE_S)
    with ours, theirs:
        yield ours, theirs


@contextmanager
def plain() -> Iterator[tuple[Channel, socket.socket]]:
    with connected() as (ours, theirs):
        channel = Channel(ours, SERVER, None)
        channel.open()
        yield channel, theirs


class TlsPeer:
    """A TLS server that decides itself which records go into one segment."""

    def __init__(self, sock: socket.socket, session: TlsSession) -> None:
        self.sock = sock
        self.session = session

    def shakes_hands(self) -> None:
        while not self.session.handshake(self.sock.recv(65_536)):
            self.sock.sendall(self.session.output())
        self.flush()

    def flush(self) -> None:
        self.sock.sendall(self.session.output())


@contextmanager
def encrypted(files: Files) -> Iterator[tuple[Channel, TlsPeer]]:
    with connected() as (ours, theirs):
        channel = Channel(ours, SERVER, files.client().session(SERVER))
        peer = TlsPeer(theirs, files.server().session(SERVER))
        thread = threading.Thread(target=peer.shakes_hands)
        thread.start()
        channel.open()
        thread.join(FAILURE_S)
        yield channel, peer


def receive_all(channel: Channel, end: int) -> bytes:
    """Receive until there are ``end`` bytes or the peer has left."""
    data = b""
    deadline = time.monotonic() + FAILURE_S
    while len(data) < end and not channel.peer_left:
        assert time.monotonic() < deadline
        data += channel.receive()
    return data


def test_nothing_is_not_the_end() -> None:
    with plain() as (channel, _):
        assert channel.receive() == b""
        assert not channel.peer_left


def test_text_and_close_notify_in_one_segment_are_both_noticed(tmp_path: Path) -> None:
    with encrypted(make_files(tmp_path)) as (channel, peer):
        last_word = peer.session.encrypt(b"the last word")
        peer.session.close_notify()
        peer.sock.sendall(last_word + peer.session.output())
        assert receive_all(channel, 13) == b"the last word"
        assert channel.peer_left


def test_a_damaged_record_is_the_end(tmp_path: Path) -> None:
    with encrypted(make_files(tmp_path)) as (channel, peer):
        record = bytearray(peer.session.encrypt(b"hello"))
        record[-1] ^= 1
        peer.sock.sendall(record)
        assert receive_all(channel, 1) == b""
        assert channel.peer_left


def test_a_peer_that_reads_nothing_congests_the_channel_but_does_not_block_it() -> None:
    with plain() as (channel, peer):
        for _ in range(64):
            channel.send(b"x" * UNSENT_MAX_BYTES)
            if channel.is_congested:
                break
        assert channel.is_congested
        assert channel.has_unsent
        expected = 0
        while channel.has_unsent:
            expected += len(peer.recv(1 << 20))
            channel.flush()
        assert expected > 0
        assert not channel.is_congested


def test_sending_to_a_peer_that_is_gone_is_no_error() -> None:
    with plain() as (channel, peer):
        peer.close()
        assert receive_all(channel, 1) == b""
        for _ in range(100):
            channel.send(b"x")
        assert not channel.has_unsent


def test_a_farewell_sends_the_rest_and_waits_a_moment() -> None:
    with plain() as (channel, peer):
        started = time.monotonic()
        channel.send(b"quit")
        channel.close()
        assert LINGER_S <= time.monotonic() - started < LINGER_S + 2
        assert peer.recv(1024) == b"quit"
        assert peer.recv(1024) == b""


def test_a_farewell_to_a_peer_that_left_does_not_wait() -> None:
    with plain() as (channel, peer):
        peer.close()
        receive_all(channel, 1)
        started = time.monotonic()
        channel.close()
        assert time.monotonic() - started < LINGER_S


def test_a_peer_that_hangs_up_during_the_handshake_is_unreachable(tmp_path: Path) -> None:
    with connected() as (ours, theirs):
        theirs.close()
        channel = Channel(ours, SERVER, make_files(tmp_path).client().session(SERVER))
        with pytest.raises(Unreachable, match="did not complete the TLS handshake"):
            channel.open()
