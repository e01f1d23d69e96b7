"""The tests mean the same in the background, where SIGINT and SIGHUP are ignored."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TEST = """
import signal, subprocess, sys

def test_a_child_can_be_ended():
    for number in (signal.SIGINT, signal.SIGHUP):
        script = f"import os; os.kill(os.getpid(), {number.value})"
        child = subprocess.run([sys.executable, "-c", script], capture_output=True)
        assert child.returncode == -number
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are a matter of POSIX")
def test_children_of_an_undisturbed_run_can_be_ended(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_bytes((ROOT / "tests" / "conftest.py").read_bytes())
    (tmp_path / "test_child.py").write_text(TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]")
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    ended = subprocess.run(
        ["sh", "-c", 'trap "" INT HUP; exec "$@"', "sh", *run],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stdout
