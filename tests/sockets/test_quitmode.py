"""The quit mode as a stranger meets it: the real command, bare sockets, nc, signals, TLS."""

import itertools
import re
import signal
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from securechat.transport.issuing import issue
from tests.sockets.quitmode_world import (
    FAILURE_S,
    Program,
    accept,
    bare_client,
    bare_server,
    joining,
    port_of,
    serving,
)

MIB = 1 << 20

BOTH_QUIT = [b"quit", b"over", b"quit\n", b"quit\r\n", b"QUIT"]


def greet(server: Program, peer: socket.socket, text: bytes = b"Hello, Server!") -> None:
    """Bring a server to its first prompt."""
    port = peer.getsockname()[1]
    server.expect(f"Client connected from: ('127.0.0.1', {port})\nType 'quit' to end the chat.\n")
    peer.sendall(text)
    server.expect(f"Client says: {text.decode().strip()}\nYou (Server): ")


def flood_until_blocked(peer: socket.socket, data: bytes) -> int:
    """Send until the server takes no more; return how many bytes it took."""
    peer.settimeout(1.0)
    for count in itertools.count():
        try:
            peer.sendall(data)
        except TimeoutError:
            peer.settimeout(FAILURE_S)
            return count * len(data)
    raise AssertionError


# Bare socket scripts ---------------------------------------------------------------------------


def test_a_bare_script_is_a_full_client(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), bare_client(port) as peer:
        greet(server, peer)
        server.types("Hi, Client!\n")
        assert peer.recv(1024) == b"Hi, Client!"
        peer.send(b"How are you?")
        server.expect("Hi, Client!\nClient says: How are you?\nYou (Server): ")
        server.types("I'm fine, thanks! You?\n")
        assert peer.recv(1024) == b"I'm fine, thanks! You?"
        peer.send(b"quit")
        assert server.finish() == (0, "I'm fine, thanks! You?\nClient has ended the chat.\n")
        assert peer.recv(1024) == b""


def test_a_bare_script_is_a_full_server(tmp_path: Path) -> None:
    with bare_server() as listener, joining(tmp_path, port_of(listener)) as client:
        client.types("Hello, Server!\n")
        with accept(listener) as peer:
            assert peer.recv(1024) == b"Hello, Server!"
            peer.send(b"Hi, Client!")
            client.expect(
                "Connected to the server. Type 'quit' to end the chat.\n"
                "You (Client): Hello, Server!\n"
                "Server says: Hi, Client!\n"
                "You (Client): "
            )
            client.types("quit\n")
            assert peer.recv(1024) == b"quit"
            assert peer.recv(1024) == b""
        assert client.finish() == (0, "quit\n")


def test_a_bare_server_may_greet(tmp_path: Path) -> None:
    with bare_server() as listener, joining(tmp_path, port_of(listener)) as client:
        with accept(listener) as peer:
            peer.send(b"Welcome to the test!")
            client.expect(
                "Connected to the server. Type 'quit' to end the chat.\n"
                "Welcome to the test!\n"
                "You (Client): "
            )
            client.types("hi\n")
            assert peer.recv(1024) == b"hi"
            peer.send(b"hello")
            client.expect("hi\nServer says: hello\nYou (Client): ")
        assert client.finish() == (0, "\nServer has disconnected.\n")


def test_our_server_greets_when_told_to(tmp_path: Path) -> None:
    with serving(tmp_path, "--welcome", "Come in!") as (server, port), bare_client(port) as peer:
        assert peer.recv(1024) == b"Come in!"
        server.expect("Type 'quit' to end the chat.\nYou (Server): Come in!\n")
        peer.send(b"hello")
        server.expect("Client says: hello\nYou (Server): ")
        server.types("quit\n")
        assert peer.recv(1024) == b"quit"
        assert server.finish()[0] == 0


# Our own two programs --------------------------------------------------------------------------


def test_a_piped_session_of_both_programs(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), joining(tmp_path, port) as client:
        server.types("Hi, Client!\nI'm fine, thanks! You?\n")
        client.types("Hello, Server!\nHow are you?\nquit\n")
        assert client.finish() == (
            0,
            "Connected to the server. Type 'quit' to end the chat.\n"
            "You (Client): Hello, Server!\n"
            "Server says: Hi, Client!\n"
            "You (Client): How are you?\n"
            "Server says: I'm fine, thanks! You?\n"
            "You (Client): quit\n",
        )
        status, output = server.finish()
        assert status == 0
        assert re.sub(r", \d+\)", ", 54321)", output) == (
            "Client connected from: ('127.0.0.1', 54321)\n"
            "Type 'quit' to end the chat.\n"
            "Client says: Hello, Server!\n"
            "You (Server): Hi, Client!\n"
            "Client says: How are you?\n"
            "You (Server): I'm fine, thanks! You?\n"
            "Client has ended the chat.\n"
        )
        assert client.errors == ""


def test_the_end_of_the_input_ends_both(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), joining(tmp_path, port) as client:
        client.types("hello")
        client.ends_typing()
        server.expect("Client says: hello\nYou (Server): ")
        server.types("bye\n")
        assert client.finish()[0] == 0
        assert server.finish() == (0, "bye\nClient has ended the chat.\n")


def test_over_ipv6(tmp_path: Path) -> None:
    with (
        serving(tmp_path, "--host", "::1") as (server, port),
        joining(tmp_path, port, "--host", "::1") as client,
    ):
        client.types("hello\nquit\n")
        server.expect("Client connected from: ('::1', ")
        server.expect("Client says: hello\n")
        server.types("hi\n")
        assert client.finish()[0] == 0
        assert server.finish()[0] == 0


# Ends ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", BOTH_QUIT)
def test_a_client_quits(tmp_path: Path, word: bytes) -> None:
    with serving(tmp_path) as (server, port), bare_client(port) as peer:
        peer.sendall(word)
        status, output = server.finish()
        assert status == 0
        assert output.endswith("Type 'quit' to end the chat.\nClient has ended the chat.\n")


@pytest.mark.parametrize("word", BOTH_QUIT)
def test_a_server_quits(tmp_path: Path, word: bytes) -> None:
    with bare_server() as listener, joining(tmp_path, port_of(listener)) as client:
        client.types("hello\n")
        with accept(listener) as peer:
            assert peer.recv(1024) == b"hello"
            peer.sendall(word)
            status, output = client.finish()
        assert status == 0
        assert output.endswith("You (Client): hello\nServer has ended the chat.\n")


def test_a_client_quits_out_of_turn(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), bare_client(port) as peer:
        greet(server, peer)
        peer.sendall(b"quit")
        assert server.finish() == (0, "\nClient has ended the chat.\n")


def test_a_dropped_peer_is_noticed_at_the_prompt(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), bare_client(port) as peer:
        greet(server, peer)
        peer.close()
        assert server.finish() == (0, "\nClient has disconnected.\n")


def test_a_reset_is_a_dropped_peer(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), bare_client(port) as peer:
        greet(server, peer)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.close()
        assert server.finish() == (0, "\nClient has disconnected.\n")


def test_a_quit_reaches_a_peer_whose_flood_nobody_reads(tmp_path: Path) -> None:
    """Closing over unread bytes would reset the connection and destroy what was said last."""
    with serving(tmp_path) as (server, port), bare_client(port) as peer:
        greet(server, peer, b"hello\n")
        flood_until_blocked(peer, b"flood\n" * 10_000)
        server.types("quit\n")
        assert peer.recv(1024) == b"quit\n"
        assert server.finish()[0] == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_a_chat_without_a_traceback(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    with serving(tmp_path) as (server, port), bare_client(port) as peer:
        greet(server, peer)
        server.process.send_signal(number)
        assert server.finish() == (status, "\n")
        assert server.errors == f"The port is {port}.\n"
        assert peer.recv(1024) == b""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_a_waiting_server(tmp_path: Path, number: signal.Signals, status: int) -> None:
    with serving(tmp_path) as (server, port):
        server.process.send_signal(number)
        assert server.finish() == (status, "")
        assert server.errors == f"The port is {port}.\n"


def test_a_closed_output_ends_the_chat_without_a_traceback(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), bare_client(port) as peer:
        greet(server, peer)
        assert server.process.stdout is not None
        server.process.stdout.close()
        server.types("hello\n")
        server.expect_error("Cannot write the output")
        assert server.process.wait(FAILURE_S) == 1
        assert "Traceback" not in server.errors
        assert "Exception" not in server.errors


# Turns and bytes -------------------------------------------------------------------------------


def test_a_peer_out_of_turn_waits(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), bare_client(port) as peer:
        greet(server, peer, b"one\n")
        peer.sendall(b"two\nthree\n")
        server.types("a\n")
        server.expect("a\nClient says: two\nYou (Server): ")
        server.types("b\n")
        server.expect("b\nClient says: three\nYou (Server): ")
        server.types("quit\n")
        assert server.finish() == (0, "quit\n")
        assert b"".join(iter(lambda: peer.recv(1024), b"")) == b"a\nb\nquit\n"


def test_what_a_script_types_out_of_turn_waits(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), bare_client(port) as peer:
        server.types("early\n")
        greet(server, peer, b"hello\n")
        assert peer.recv(1024) == b"early\n"
        server.expect("early\n")
        peer.sendall(b"quit\n")
        assert server.finish()[0] == 0


def test_ten_kilobytes_arrive_whole_both_ways(tmp_path: Path) -> None:
    text = "0123456789" * 1000
    with serving(tmp_path) as (server, port), joining(tmp_path, port) as client:
        client.types(f"{text}\nquit\n")
        server.expect(f"Client says: {text}\nYou (Server): ")
        server.types(f"{text}\n")
        client.expect(f"Server says: {text}\nYou (Client): quit\n")
        assert client.finish()[0] == 0
        assert server.finish()[0] == 0


def test_a_character_in_two_segments_is_not_broken(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), bare_client(port) as peer:
        peer.sendall(b"caf\xc3")
        time.sleep(0.5)  # longer than the silence that ends other messages
        peer.sendall(b"\xa9")
        server.expect("Client says: caf\u00e9\nYou (Server): ")


def test_invalid_utf8_is_shown_as_such(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), bare_client(port) as peer:
        peer.sendall(b"a\xff\xc3(\n")
        server.expect("Client says: a\ufffd\ufffd(\nYou (Server): ")


def test_escape_sequences_do_not_reach_the_terminal(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), bare_client(port) as peer:
        peer.sendall(b"\x1b]0;owned\x07\r\xc2\x9b2J\n")
        server.expect("Client says: \ufffd]0;owned\ufffd\ufffd\ufffd2J\nYou (Server): ")


def test_an_endless_line_takes_bounded_memory_and_the_chat_goes_on(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), bare_client(port) as peer:
        greet(server, peer, b"hello\n")
        server.types("hi\n")
        assert peer.recv(1024).strip() == b"hi"
        usual_bytes = server.peak_memory_bytes()
        for _ in range(128):
            peer.sendall(b"x" * MIB)
        peer.sendall(b"\n")
        server.expect(
            "(Client sent more than 1 MiB in one message; it is left out.)\nYou (Server): "
        )
        server.types("enough\n")
        assert peer.recv(1024).strip() == b"enough"
        peer.sendall(b"sorry\n")
        server.expect("Client says: sorry\n")
        assert server.peak_memory_bytes() - usual_bytes < 16 * MIB


def test_a_flood_of_lines_takes_bounded_memory(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), bare_client(port) as peer:
        greet(server, peer, b"hello\n")
        usual_bytes = server.peak_memory_bytes()
        assert flood_until_blocked(peer, b"x\n" * (MIB // 2)) < 64 * MIB
        assert server.peak_memory_bytes() - usual_bytes < 64 * MIB
        server.types("quit\n")
        assert server.finish()[0] == 0


# TLS ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (b"hello\n" * 10, "does not speak TLS."),
        (b"GET / HTTP/1.1\r\n\r\n", "does not speak TLS but HTTP."),
        (b"", "did not complete the TLS handshake (the other side reset it)."),
    ],
)
def test_a_client_without_tls_is_turned_away_and_the_next_one_served(
    said: bytes, cause: str, tmp_path: Path
) -> None:
    issue(tmp_path / "certs", datetime.now(UTC))
    with serving(tmp_path, "--tls") as (server, port):
        with bare_client(port) as stranger:
            stranger.sendall(said)
            stranger.shutdown(socket.SHUT_WR)
            host, its_port = stranger.getsockname()
            server.expect_error(f"A client was turned away: {host}:{its_port} {cause}\n")
        with joining(tmp_path, port, "--tls") as client:
            client.expect("Connected to the server.")
            server.expect("Client connected from: ")
