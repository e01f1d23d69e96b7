"""The quit mode on real terminals, character for character."""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sockets.quitmode_world import (
    FAILURE_S,
    accept,
    bare_client,
    bare_server,
    port_of,
    securechat,
)


class Terminal:
    """A program on a terminal of its own; its errors go to a pipe, off the screen."""

    def __init__(self, *command: str, home: Path) -> None:
        self._keyboard, screen = pty.openpty()
        self.process = subprocess.Popen(
            command,
            cwd=home,
            env={**os.environ, "SECURECHAT_HOME": str(home), "PYTHONUTF8": "1"},
            stdin=screen,
            stdout=screen,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(screen)
        self.screen = ""

    def types(self, text: str) -> None:
        os.write(self._keyboard, text.encode())

    def shows(self, end: str) -> None:
        """Wait until the screen ends so."""
        self._read(lambda: self.screen.endswith(end))
        assert self.screen.endswith(end)

    def finish(self) -> tuple[int, str]:
        """Wait for the end; return the exit status and all that the screen showed."""
        self._read(lambda: False)
        return self.process.wait(FAILURE_S), self.screen

    def error_line(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline().decode()

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()
        os.close(self._keyboard)

    def _read(self, is_enough: Callable[[], bool]) -> None:
        deadline = time.monotonic() + FAILURE_S
        while not is_enough():
            left_s = deadline - time.monotonic()
            assert left_s > 0, self.screen
            if not select.select([self._keyboard], [], [], left_s)[0]:
                continue
            try:
                data = os.read(self._keyboard, 65_536)
            except OSError:  # how Linux says that the other end is closed
                return
            if not data:
                return
            self.screen += data.decode().replace("\r\n", "\n")


@contextmanager
def terminal(*command: str, home: Path) -> Iterator[Terminal]:
    program = Terminal(*command, home=home)
    try:
        yield program
    finally:
        program.close()


@contextmanager
def serving(home: Path) -> Iterator[tuple[Terminal, int]]:
    with terminal(*securechat("server", "--quit-mode", "--port", "0"), home=home) as server:
        found = re.search(r"The port is (\d+)\.", server.error_line())
        assert found is not None
        server.shows("Server is waiting for connections...\n")
        yield server, int(found[1])


@contextmanager
def joining(home: Path, port: int) -> Iterator[Terminal]:
    command = securechat("client", "--quit-mode", "--port", str(port))
    with terminal(*command, home=home) as client:
        yield client


SERVER_BEGINS = (
    "Server is waiting for connections...\n"
    "Client connected from: ('127.0.0.1', {port})\n"
    "Type 'quit' to end the chat.\n"
)
CLIENT_BEGINS = "Connected to the server. Type 'quit' to end the chat.\n"


def test_the_documented_session_on_two_terminals(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), joining(tmp_path, port) as client:
        client.shows("You (Client): ")
        client.types("Hello, Server!\n")
        server.shows("You (Server): ")
        server.types("Hi, Client!\n")
        client.shows("Hi, Client!\nYou (Client): ")
        client.types("How are you?\n")
        server.shows("How are you?\nYou (Server): ")
        server.types("I'm fine, thanks! You?\n")
        client.shows("I'm fine, thanks! You?\nYou (Client): ")
        client.types("quit\n")
        assert client.finish() == (
            0,
            "Connected to the server. Type 'quit' to end the chat.\n"
            "You (Client): Hello, Server!\n"
            "Server says: Hi, Client!\n"
            "You (Client): How are you?\n"
            "Server says: I'm fine, thanks! You?\n"
            "You (Client): quit\n",
        )
        status, screen = server.finish()
        assert status == 0
        assert re.sub(r"', \d+\)", "', 54321)", screen) == (
            "Server is waiting for connections...\n"
            "Client connected from: ('127.0.0.1', 54321)\n"
            "Type 'quit' to end the chat.\n"
            "Client says: Hello, Server!\n"
            "You (Server): Hi, Client!\n"
            "Client says: How are you?\n"
            "You (Server): I'm fine, thanks! You?\n"
            "Client has ended the chat.\n"
        )
        assert client.errors() == server.errors() == ""


def test_ctrl_d_at_the_prompt_ends_both(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), joining(tmp_path, port) as client:
        client.shows("You (Client): ")
        client.types("\x04")
        assert client.finish() == (0, f"{CLIENT_BEGINS}You (Client): \n")
        status, screen = server.finish()
        assert status == 0
        assert screen.endswith("Type 'quit' to end the chat.\nClient has ended the chat.\n")


@pytest.mark.parametrize("typed", ["\x04", "quit\n"])
def test_a_person_may_leave_while_the_server_waits(tmp_path: Path, typed: str) -> None:
    with serving(tmp_path) as (server, _):
        server.types(typed)
        assert server.finish()[0] == 0


@pytest.mark.parametrize("typed", ["\x04", "over\n"])
def test_a_person_may_leave_while_the_peer_is_to_speak(tmp_path: Path, typed: str) -> None:
    with bare_server() as listener, joining(tmp_path, port_of(listener)) as client:
        client.shows("You (Client): ")
        client.types("hello\n")
        with accept(listener) as peer:
            assert peer.recv(1024) == b"hello"
            client.types(typed)
            assert peer.recv(1024) == (b"quit" if typed == "\x04" else b"over")
        assert client.finish()[0] == 0


def test_ctrl_c_at_the_prompt(tmp_path: Path) -> None:
    with bare_server() as listener, joining(tmp_path, port_of(listener)) as client:
        client.shows("You (Client): ")
        client.types("\x03")
        assert client.finish() == (130, f"{CLIENT_BEGINS}You (Client): ^C\n")
        assert client.errors() == ""


def test_sigterm_at_the_prompt(tmp_path: Path) -> None:
    with bare_server() as listener, joining(tmp_path, port_of(listener)) as client:
        client.shows("You (Client): ")
        client.process.send_signal(signal.SIGTERM)
        assert client.finish() == (143, f"{CLIENT_BEGINS}You (Client): \n")
        assert client.errors() == ""


def test_a_dropped_peer_is_noticed_while_a_line_is_being_typed(tmp_path: Path) -> None:
    with bare_server() as listener, joining(tmp_path, port_of(listener)) as client:
        client.shows("You (Client): ")
        client.types("half a li")
        client.shows("half a li")
        accept(listener).close()
        assert client.finish() == (
            0,
            f"{CLIENT_BEGINS}You (Client): half a li\nServer has disconnected.\n",
        )


def test_what_is_typed_out_of_turn_comes_again_behind_its_prompt(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), bare_client(port) as peer:
        server.shows("Type 'quit' to end the chat.\n")
        server.types("early\n")
        server.shows("early\n")
        peer.sendall(b"hello")  # without a newline: the server has time to read what was typed
        server.shows("Client says: hello\nYou (Server): early\n")
        assert peer.recv(1024) == b"early"
        peer.sendall(b"quit\n")
        assert server.finish() == (
            0,
            f"{SERVER_BEGINS.format(port=peer.getsockname()[1])}early\n"
            "Client says: hello\nYou (Server): early\nClient has ended the chat.\n",
        )


def test_enter_alone_brings_the_prompt_again(tmp_path: Path) -> None:
    with bare_server() as listener, joining(tmp_path, port_of(listener)) as client:
        client.shows("You (Client): ")
        client.types("\n")
        client.shows("You (Client): \nYou (Client): ")
        client.types("hello\n")
        with accept(listener) as peer:
            assert peer.recv(1024) == b"hello"
        _, screen = client.finish()
        assert screen.startswith(f"{CLIENT_BEGINS}You (Client): \nYou (Client): hello\n")


def test_a_transcript_is_whole_when_only_the_output_is_piped(tmp_path: Path) -> None:
    """As in ``securechat client --quit-mode | tee chat.txt``."""
    keyboard, screen = pty.openpty()
    with bare_server() as listener:
        command = securechat("client", "--quit-mode", "--port", str(port_of(listener)))
        with subprocess.Popen(
            command, cwd=tmp_path, stdin=screen, stdout=subprocess.PIPE, text=True
        ) as client:
            os.close(screen)
            with accept(listener) as peer:
                os.write(keyboard, b"hello\n")
                assert peer.recv(1024) == b"hello"
                peer.send(b"quit\n")
                output, _ = client.communicate(timeout=FAILURE_S)
    os.close(keyboard)
    assert output == f"{CLIENT_BEGINS}You (Client): hello\nServer has ended the chat.\n"
