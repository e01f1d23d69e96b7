"""TLS in memory, back to back: no socket, but certificates come from files."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.errors import RemoteProtocolError, Unreachable
from securechat.transport.endpoint import Endpoint
from securechat.transport.tls import AnyServerTls, ServerTls
from securechat.transport.tls_session import (
    FIRST_SLICE_BYTES,
    MAX_UNREAD_BYTES,
    RECORD_BYTES,
    TlsSession,
)
from tests.sockets.key_updates import KEY_UPDATE_BYTES, update_keys
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
    update_keys(client, FIRST_SLICE_BYTES // KEY_UPDATE_BYTES, wants_answer)
    with pytest.raises(RemoteProtocolError, match="key updates"):
        decrypt(server, client.output())


def talk(server: TlsSession, client: TlsSession, times: int, updates: int, size: int) -> None:
    """Have the server read so many key updates, then a record of this size, again and again."""
    for _ in range(times):
        update_keys(client, updates, wants_answer=False)
        network = client.output() + (client.encrypt(bytes(size)) if size else b"")
        assert decrypt(server, network) == bytes(size)


def test_key_updates_one_by_one_break_the_connection_too(server_tls: ServerTls) -> None:
    with pytest.raises(RemoteProtocolError, match="key updates"):
        talk(*connect(server_tls), MAX_UNREAD_BYTES // KEY_UPDATE_BYTES + 1, updates=1, size=0)


def test_plaintext_hides_no_flood_of_key_updates(server_tls: ServerTls) -> None:
    with pytest.raises(RemoteProtocolError, match="key updates"):
        talk(*connect(server_tls), 100, updates=15, size=7000)


def test_a_key_update_now_and_then_is_none(server_tls: ServerTls) -> None:
    talk(*connect(server_tls), 2 * MAX_UNREAD_BYTES // KEY_UPDATE_BYTES, updates=1, size=2000)


@pytest.mark.parametrize("size", [1, 5, 700, 5000, 9000])
def test_long_records_in_pieces_are_no_flood(server_tls: ServerTls, size: int) -> None:
    server, client = connect(server_tls)
    update_keys(client, 10, False)
    network = client.output() + b"".join(client.encrypt(bytes(60_000)) for _ in range(5))
    pieces = [network[at : at + size] for at in range(0, len(network), size)]
    assert b"".join(decrypt(server, piece) for piece in pieces) == bytes(300_000)


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
