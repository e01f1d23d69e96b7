"""The benchmark of the client works: its quick form prints a figure in each place."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FAILURE_S = 40.0


def test_the_quick_form_measures_everything() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "bench_client.py"), "--quick"],
        capture_output=True,
        encoding="utf-8",
        timeout=FAILURE_S,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in done.stdout.splitlines()
        if line.startswith("|")
    ]
    assert [row[0] for row in rows if "-" not in row[0] or "`" in row[0]] == [
        *("start", "`python -c pass`", "`securechat --help`", "`securechat client`"),
        *("path", "send", "receive", "send", "receive"),
        *("resident, MiB", "sent", "received"),
    ]
    figures = {row[0]: row for row in rows}
    assert float(figures["`securechat client`"][3]) > float(figures["`python -c pass`"][3]) > 0
    for path in ("send", "receive"):
        assert float(figures[path][2]) > float(figures[path][3]) > 0
    for side in ("sent", "received"):
        assert all(float(resident) > 1 for resident in figures[side][1:4])
        assert float(figures[side][5]) > 100
    burst = re.search(r"A burst of 100 texts leaves as (\d+) Send;.* with (\d+) Ack", done.stdout)
    assert burst is not None
    assert max(map(int, burst.groups())) <= 10
    assert re.search(r"sender's profile opens in \d+ ms, the receiver's in \d+ ms", done.stdout)
    stages = re.search(r"imports (\d+) ms, .* TLS ([\d.]+) ms, login ([\d.]+) ms", done.stdout)
    assert stages is not None
    assert float(stages[1]) > 0
    assert float(stages[2]) > 0
