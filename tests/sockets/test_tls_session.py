"""TLS in memory, back to back: no socket, but certificates come from files."""

import _ssl
import ctypes
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.errors import RemoteProtocolError, Unreachable
from securechat.transport.endpoint import Endpoint
from securechat.transport.tls import AnyServerTls, ServerTls
from securechat.transport.tls_session import RECORD_BYTES, TlsSession
from tests.sockets.loop_world import make_files

HERE = Endpoint("localhost", 5555)


@pytest.fixture(scope="module")
def server_tls(tmp_path_factory: pytest.TempPathFactory) -> ServerTls:
    return make_files(tmp_path_factory.mktemp("certs")).server()


def connect(server_tls: ServerTls) -> tuple[TlsSession, TlsSession]:
    """Return a server's and a client's session after their handshake."""
    server, client = server_tls.session(HERE), AnyServerTls().session(HERE)
    assert not client.handshake()
    assert not server.handshake(client.output())
    assert client.handshake(server.output())
    assert server.handshake(client.output())
    return server, client


def decrypt(session: TlsSession, data: bytes) -> bytes:
    return session.decrypt(memoryview(data))


def test_each_side_knows_the_certificate(server_tls: ServerTls) -> None:
    server, client = connect(server_tls)
    assert client.remote_certificate == server.local_certificate == server_tls.certificate
    assert server.remote_certificate is None
    assert client.local_certificate == b""


@given(st.binary(max_size=50_000), st.lists(st.integers(1, 20_000), min_size=1, max_size=8))
def test_any_split_gives_the_same_bytes(
    server_tls: ServerTls, data: bytes, sizes: list[int]
) -> None:
    server, client = connect(server_tls)
    network, received, position = client.encrypt(data) if data else b"", b"", 0
    while position < len(network):
        size = sizes[position % len(sizes)]
        received += decrypt(server, network[position : position + size])
        position += size
    assert received == data


def test_many_records_come_out_in_one_call(server_tls: ServerTls) -> None:
    server, client = connect(server_tls)
    network = b"".join(client.encrypt(b"%04d" % number) for number in range(1000))
    assert decrypt(server, network) == b"".join(b"%04d" % number for number in range(1000))


@pytest.mark.parametrize("size", [1, RECORD_BYTES, RECORD_BYTES + 1, 1_000_000])
def test_whole_writes_leave_in_one_piece(server_tls: ServerTls, size: int) -> None:
    server, client = connect(server_tls)
    data = bytes(range(256)) * (size // 256 + 1)
    assert decrypt(client, server.encrypt(data[:size])) == data[:size]


@given(st.integers(0, 59), st.integers(0, 7))
def test_a_flipped_bit_breaks_the_connection(server_tls: ServerTls, at: int, bit: int) -> None:
    server, client = connect(server_tls)
    network = bytearray(client.encrypt(b"x" * 38))
    assert len(network) == 60
    network[at] ^= 1 << bit
    try:
        received = decrypt(server, bytes(network))
    except Unreachable:
        return
    assert received == b""  # a length that grew: TLS waits for the rest
    with pytest.raises(Unreachable):
        decrypt(server, client.encrypt(b"y" * 20_000))


def test_close_notify_ends_the_stream_after_the_data(server_tls: ServerTls) -> None:
    server, client = connect(server_tls)
    last_words = client.encrypt(b"last words")
    client.close_notify()
    assert decrypt(server, last_words + client.output()) == b"last words"
    assert server.peer_closed
    assert decrypt(client, server.encrypt(b"answer")) == b"answer"


def test_records_of_one_byte_are_no_flood(server_tls: ServerTls) -> None:
    server, client = connect(server_tls)
    network = b"".join(client.encrypt(b"x") for _ in range(20_000))
    assert decrypt(server, network) == b"x" * 20_000


@pytest.mark.parametrize("wants_answer", [False, True])
def test_a_flood_of_key_updates_breaks_the_connection(
    server_tls: ServerTls, wants_answer: bool
) -> None:
    server, client = connect(server_tls)
    update_keys(client, 1, wants_answer)
    assert decrypt(server, client.output() + client.encrypt(b"fine")) == b"fine"
    decrypt(client, server.output())
    update_keys(client, 4000, wants_answer)
    with pytest.raises(RemoteProtocolError, match="key updates"):
        decrypt(server, client.output())


def update_keys(session: TlsSession, count: int, wants_answer: bool) -> None:
    """Let OpenSSL update its sending key `count` times, which Python's ssl cannot ask for."""
    library = ctypes.CDLL(_ssl.__file__)
    after_object_head_and_socket = object.__basicsize__ + ctypes.sizeof(ctypes.c_void_p)
    inner = id(session._engine._sslobj)  # type: ignore[attr-defined]
    handle = ctypes.c_void_p.from_address(inner + after_object_head_and_socket)
    library.SSL_get_version.restype = ctypes.c_char_p
    assert library.SSL_get_version(handle) == b"TLSv1.3"
    for _ in range(count):
        assert library.SSL_key_update(handle, int(wants_answer)) == 1
        assert library.SSL_do_handshake(handle) == 1


def test_what_is_not_tls_is_said_so(server_tls: ServerTls) -> None:
    server = server_tls.session(HERE)
    with pytest.raises(Unreachable, match="does not speak TLS but HTTP"):
        server.handshake(b"GET / HTTP/1.1\r\n\r\n")
    client = AnyServerTls().session(HERE)
    client.handshake()
    with pytest.raises(Unreachable, match="not TLS"):
        client.handshake(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@given(st.binary(min_size=1, max_size=300))
def test_random_bytes_raise_the_documented_error(server_tls: ServerTls, data: bytes) -> None:
    server = server_tls.session(HERE)
    with suppress(Unreachable):
        assert not server.handshake(data)
