"""Tests in forked processes are reported as pytest reports its own, whatever becomes of them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = {
    "test_good.py": """
import os, pytest

@pytest.fixture(scope="module")
def shared():
    return []

@pytest.mark.parametrize("number", range(3))
def test_of_one_module(shared, number):
    shared.append(number)
    assert len(shared) == number + 1
    print("on the way", os.getpid(), file=open("pids", "a"))
""",
    "test_other.py": """
import pytest

def test_wrong():
    print("what was printed")
    assert 1 == 2

def test_after_it():
    pytest.skip("why not")

def test_not_torn_down(tmp_path, request):
    request.addfinalizer(lambda: 1 / 0)
""",
}


def run_tests(directory: Path, *flags: str, **modules: str) -> tuple[int, str]:
    """Run the modules, and more of them, in two processes; return exit status and output."""
    for name, text in MODULES.items():
        (directory / name).write_text(text)
    for name, text in modules.items():
        (directory / f"{name}.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.forks", "--forks", "2", *flags],
        cwd=directory,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        timeout=50,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_each_test_is_reported_once(tmp_path: Path) -> None:
    status, output = run_tests(tmp_path, "-rs")
    assert status == 1
    assert "1 failed, 4 passed, 1 skipped, 1 error in" in output
    assert "assert 1 == 2" in output
    assert "what was printed" in output
    assert "ZeroDivisionError" in output
    assert "why not" in output
    [pid] = {line.split()[-1] for line in (tmp_path / "pids").read_text().splitlines()}
    assert pid.isdecimal()


def test_the_first_failure_can_end_it(tmp_path: Path) -> None:
    status, output = run_tests(tmp_path, "-x")
    assert status == 1
    assert "stopping after 1 failures" in output


def test_a_process_that_dies_ends_it_with_the_name_of_the_module(tmp_path: Path) -> None:
    status, output = run_tests(tmp_path, test_deadly="import os\ndef test_it():\n    os._exit(0)\n")
    assert status == 1
    assert "a process died in" in output
    assert "test_deadly.py" in output


def test_what_cannot_be_collected_is_told_as_without_it(tmp_path: Path) -> None:
    status, output = run_tests(tmp_path, test_broken="import nothing_of_that_name\n")
    assert status == 2
    assert "nothing_of_that_name" in output
    assert not (tmp_path / "pids").exists()
