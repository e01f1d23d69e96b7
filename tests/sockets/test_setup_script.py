"""scripts/setup in a tree of its own: which Python it takes."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "setup"


@pytest.mark.parametrize("python", ["/nowhere/python3", "false", "two words"])
def test_a_python_that_cannot_be_used_is_not_passed_over(python: str, tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts")
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    ended = subprocess.run(
        [tmp_path / "scripts" / "setup"],
        env={"PATH": "/usr/bin:/bin", "PYTHON": python},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert ended.returncode == 2
    assert f"PYTHON={python} is not a Python 3.11" in ended.stderr
    assert "try: " in ended.stderr
    assert not (tmp_path / ".venv").exists()
