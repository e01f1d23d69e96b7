"""The benchmark works: both servers run, every load is delivered, the table has its rows."""

import os
import re
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "scripts" / "bench_relay.py"
TINY = ("--seconds", "0.1", "--rounds", "1", "--servers", "securechat,tutorial")
FAILURE_S = 30.0
HEAD = "| load | server | CPU, µs | securechat : it | deliveries/s | busy | p50, ms | p99, ms |"
ROW = re.compile(
    r"\| (?P<load>W\dq?): [^|]* \| (?P<server>[^|]+) "
    r"\| (?P<cpu_us>[\d.]+) \([\d.]+–[\d.]+\) "
    r"\| (?P<ratio>[\d.]+) \| (?P<rate>[\d,]+) \| \d+% "
    r"\| (?P<p50_ms>[\d.]+) \| (?P<p99_ms>[\d.]+) \|"
)


def run_bench(*options: str) -> list[dict[str, str]]:
    """Return the rows of the table that a tiny run prints."""
    done = subprocess.run(
        [sys.executable, str(BENCH), *TINY, *options],
        capture_output=True,
        encoding="utf-8",
        timeout=FAILURE_S,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    rows = lines[lines.index(HEAD) + 2 :]
    matches = [ROW.fullmatch(row) for row in rows[: rows.index("")]]
    return [match.groupdict() for match in matches if match is not None]


def test_it_compares_both_servers_under_every_load() -> None:
    rows = run_bench("--loads", "W1,W2")
    assert [(row["load"], row["server"]) for row in rows] == [
        ("W1", "securechat"),
        ("W1", "tutorial server"),
        ("W2", "securechat"),
        ("W2", "tutorial server"),
    ]
    for row in rows:
        assert float(row["cpu_us"]) > 0
        assert int(row["rate"].replace(",", "")) > 0
        assert float(row["p50_ms"]) <= float(row["p99_ms"])
