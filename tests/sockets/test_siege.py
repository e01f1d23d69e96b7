"""Attacks of scripts/siege in small, against a real relay: ordinary people go on meanwhile.

Those that only end at a deadline of seconds are in test_listen.py and test_session.py.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SIEGE = Path(__file__).parents[2] / "scripts" / "siege.py"
FAILURE_S = 50.0
QUICK_KINDS = (
    "long-greeting",
    "early-key-updates",
    "long-frame",
    "too-many-envelopes",
    "key-updates",
    "flood",
)
ROW = re.compile(r"\| (?P<title>[^|]+) \| \d+, \w+ \| 100\.0% of (?P<canaries>\d+) \| .*\|")


def run_siege(*arguments: str) -> str:
    """Return what a small siege prints; it ends with 1 if something is not as it must be."""
    done = subprocess.run(
        [sys.executable, str(SIEGE), *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=FAILURE_S,
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    return done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="it watches the relay in /proc")
def test_ordinary_people_go_on_under_every_attack_that_is_cut_off_at_once() -> None:
    kinds = ",".join(QUICK_KINDS)
    told = run_siege(
        "attacks", "--only", kinds, "--connections", "8", "--pairs", "3", "--seconds", "0.3"
    )
    rows = [match for line in told.splitlines() if (match := ROW.fullmatch(line))]
    assert len(rows) == len(QUICK_KINDS) + 1  # strangers come from one address, too
    assert all(int(row["canaries"]) > 0 for row in rows), told
