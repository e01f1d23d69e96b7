"""A program that shows a notice: it is begun alone, and the chat goes on without it."""

import os
import subprocess
import sys
from pathlib import Path

from securechat.faces.screen.state.notifying import LoneProgram, Notification, notify_send
from tests.processes import FAILURE_S

PROGRAM = """
import os, sys
sys.path.insert(0, sys.argv[1])
from securechat.faces.screen.state.notifying import LoneProgram
LoneProgram().begin(sys.argv[2:])
try:
    os.wait()  # only this test: the chat waits for nobody
except ChildProcessError:
    pass  # it had ended already
print("done")
"""


def test_each_text_is_one_argument_and_nothing_of_the_program_reaches_the_terminal(
    tmp_path: Path,
) -> None:
    shown = tmp_path / "shown"
    script = tmp_path / "notify-send"
    script.write_text(f"#!/bin/sh\necho noise; echo noise >&2; printf '%s\\n' \"$@\" > {shown}\n")
    script.chmod(0o700)
    command = notify_send(Notification("securechat", "bob: $(touch x); --help"))
    done = _run([str(script), *command[1:]])
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    assert shown.read_text().splitlines() == ["--", "securechat", "bob: $(touch x); --help"]


def test_a_program_that_is_not_there_is_no_error() -> None:
    done = _run(["/nowhere/notify-send", "--", "a", "b"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_programs_that_hang_do_not_pile_up(tmp_path: Path) -> None:
    begun, go_on = tmp_path / "begun", tmp_path / "go-on"
    os.mkfifo(go_on)
    script = f"echo begun >> {begun}; read go < {go_on}"
    program = LoneProgram()
    for _ in range(3):
        program.begin(["sh", "-c", script])
    assert program._running is not None
    go_on.write_text("go\n")
    assert program._running.wait(FAILURE_S) == 0
    assert begun.read_text() == "begun\n"
    program.begin(["sh", "-c", f"echo again >> {begun}"])
    assert program._running.wait(FAILURE_S) == 0
    assert begun.read_text() == "begun\nagain\n"


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, root, *command],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
