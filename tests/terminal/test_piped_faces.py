"""The faces with pipes for terminals, in processes of their own."""

import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from securechat.client import events as e
from securechat.errors import Unreachable
from tests.pure.faces.sample_events import message, ready
from tests.terminal.terminal import PATIENCE_S, ROOT


class Piped:
    """A face behind pipes, and its engine."""

    def __init__(self, face: str) -> None:
        events_out, self._events = os.pipe()
        calls_out, calls_in = os.pipe()
        self.calls = os.fdopen(calls_out, "r")
        arguments = [face, str(events_out), str(calls_in), "0", "bob"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.terminal.face_child", *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm"},
            pass_fds=(events_out, calls_in),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        os.close(events_out)
        os.close(calls_in)
        assert self.process.stdin
        assert self.process.stdout
        assert self.process.stderr
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self._stderr = self.process.stderr

    def tell(self, *events: e.Event) -> None:
        os.write(self._events, b"".join(map(pickle.dumps, events)))

    def end(self) -> tuple[int, str]:
        """Return the exit status and what went to stderr."""
        status = self.process.wait(PATIENCE_S)
        return status, self._stderr.read().decode()

    def close(self) -> None:
        with self.process:
            self.process.kill()
        self.calls.close()
        os.close(self._events)


@contextmanager
def piped(face: str) -> Iterator[Piped]:
    """Give a face behind pipes, and clear up after it."""
    process = Piped(face)
    try:
        yield process
    finally:
        process.close()


def test_each_object_is_written_at_once() -> None:
    with piped("json") as face:
        face.tell(ready())
        assert json.loads(face.stdout.readline())["event"] == "ready"
        face.stdin.write("grüß\n".encode())
        face.stdin.flush()
        assert face.calls.readline() == "('start',)\n"
        assert face.calls.readline() == "('send', 'bob', 'grüß')\n"
        face.stdin.close()
        assert face.calls.readline() == "('stop', 0.5)\n"
        assert face.end() == (0, "")


@pytest.mark.parametrize("face_name", ["json", "lines"])
def test_a_reader_that_has_gone_is_no_error(face_name: str) -> None:
    with piped(face_name) as face:
        face.tell(message("one"))
        face.stdout.readline()
        face.stdout.close()
        face.tell(message("two"))
        assert face.end() == (0, "")


@pytest.mark.parametrize("face_name", ["json", "lines"])
def test_an_engine_that_ends_ends_the_program_although_input_is_open(face_name: str) -> None:
    with piped(face_name) as face:
        face.tell(e.Ended(Unreachable("Cannot reach the relay", "securechat doctor")))
        status, stderr = face.end()
        assert status == 3
        assert stderr == "Cannot reach the relay\n  try: securechat doctor\n"


@pytest.mark.parametrize("face_name", ["json", "lines"])
def test_an_interrupt_stops_the_engine_and_is_told_to_the_shell(face_name: str) -> None:
    with piped(face_name) as face:
        face.tell(message("one"))
        face.stdout.readline()
        os.kill(face.process.pid, signal.SIGINT)
        assert face.end() == (130, "")
        assert face.calls.read().splitlines()[-1] == "('stop', 0.0)"


def test_lines_through_a_pipe_have_no_prompt_and_no_escape_sequence() -> None:
    with piped("lines") as face:
        face.tell(ready(), e.PresenceChanged("bob", True))
        lines = [face.stdout.readline() for _ in range(3)]
        assert lines[-1] == b"[SERVER] bob joined the chat!\n"
        face.stdin.write(b"hi\n/quit\n")
        face.stdin.close()
        assert face.end() == (0, "")
        assert b"\x1b" not in b"".join([*lines, face.stdout.read()])
        assert face.calls.read().splitlines()[-2:] == ["('send', 'bob', 'hi')", "('stop', 0.5)"]
