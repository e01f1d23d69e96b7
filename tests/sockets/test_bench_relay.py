"""The benchmark works: both servers run, every load is delivered, the table has its rows."""

import os
import re
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "scripts" / "bench_relay.py"
TINY = ("--pairs", "2", "--members", "5", "--seconds", "0.3", "--rounds", "1")
FAILURE_S = 30.0
HEAD = "| load | server | CPU, µs | ratio | messages/s | p50, ms | p99, ms |"
ROW = re.compile(
    r"\| (?P<load>W\d), (?:\d+ under way|a room) \| (?P<server>\w+) "
    r"\| (?P<cpu_us>[\d.]+) \([\d.]+–[\d.]+\) "
    r"\| (?P<ratio>[\d.]+) \| (?P<rate>[\d,]+) \| (?P<p50_ms>[\d.]+) \| (?P<p99_ms>[\d.]+) \|"
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
    rows = run_bench()
    assert [(row["load"], row["server"]) for row in rows] == [
        ("W1", "securechat"),
        ("W1", "tutorial"),
        ("W2", "securechat"),
        ("W2", "tutorial"),
        ("W3", "securechat"),
        ("W3", "tutorial"),
    ]
    for ours, tutorial in (rows[:2], rows[2:4], rows[4:]):
        assert tutorial["ratio"] == "1.00"
        ratio = float(ours["cpu_us"]) / float(tutorial["cpu_us"])
        assert abs(ratio - float(ours["ratio"])) < 0.05
    for row in rows:
        assert float(row["cpu_us"]) > 0
        assert int(row["rate"].replace(",", "")) > 0
        assert float(row["p50_ms"]) <= float(row["p99_ms"])


def test_it_can_run_one_load_only() -> None:
    assert [row["load"] for row in run_bench("--only", "W1")] == ["W1", "W1"]
