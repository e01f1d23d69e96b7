"""A terminal that is closed under a chat in lines, or one of the quit mode: no process stays."""

import signal
from pathlib import Path

import pytest

from tests.processes import relaying
from tests.terminal.seat import sitting_at


@pytest.mark.parametrize("end", ["kill", "hang up"])
def test_a_chat_in_lines_ends_with_its_terminal(tmp_path: Path, end: str) -> None:
    with (
        relaying(tmp_path / "relay") as relay,
        sitting_at("client", "--name", "abe", *relay.flags, home=tmp_path / "abe") as seat,
    ):
        seat.see("You are abe")
        seat.press("half a text")
        if end == "kill":
            seat.process.send_signal(signal.SIGTERM)
            assert seat.finish() == 128 + signal.SIGTERM
        else:
            seat.hang_up()
            assert seat.finish() in (1, 128 + signal.SIGHUP)  # 1: its last words reach nobody


@pytest.mark.parametrize("end", ["kill", "hang up"])
def test_the_quit_mode_ends_with_its_terminal(tmp_path: Path, end: str) -> None:
    command = ("server", "--quit-mode", "--port", "0")
    with sitting_at(*command, home=tmp_path) as seat:
        seat.see("waiting for connections")
        if end == "kill":
            seat.process.send_signal(signal.SIGTERM)
            assert seat.finish() == 128 + signal.SIGTERM
        else:
            seat.hang_up()
            assert seat.finish() == 128 + signal.SIGHUP
