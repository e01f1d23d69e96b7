"""The import rules notice what they are there for: a relay that could read messages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WALL = "The relay cannot read messages"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the package and its rules, to be changed."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "securechat", tmp_path / "securechat", ignore=ignored)
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def lint(directory: Path) -> tuple[int, str]:
    """Check the rules as scripts/check does; return the exit status and what is printed."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(directory), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=50,
        check=False,
    )
    return done.returncode, done.stdout


def add(directory: Path, module: str, line: str) -> None:
    path = directory / "securechat" / module
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")


def test_the_code_as_it_is_keeps_every_rule(copy: Path) -> None:
    status, printed = lint(copy)
    assert status == 0, printed
    assert f"{WALL} KEPT" in printed
    assert "BROKEN" not in printed


@pytest.mark.parametrize("reader", ["crypto.sealing", "crypto.ratchet", "crypto.hybrid", "e2e"])
def test_a_relay_that_imports_what_opens_messages_breaks_the_rule(copy: Path, reader: str) -> None:
    add(copy, "relay/mailbox.py", f"import securechat.{reader}")
    status, printed = lint(copy)
    assert status == 1, printed
    assert f"{WALL} BROKEN" in printed


def test_so_does_one_that_reaches_it_by_another_module(copy: Path) -> None:
    """The relay may import identity, and identity crypto: only the way from end to end tells."""
    (copy / "securechat/identity/shortcut.py").write_text("import securechat.crypto.sealing\n")
    add(copy, "relay/mailbox.py", "import securechat.identity.shortcut")
    status, printed = lint(copy)
    assert status == 1, printed
    assert f"{WALL} BROKEN" in printed
    assert printed.count("BROKEN") == 1
    assert "securechat.identity.shortcut -> securechat.crypto.sealing" in printed
