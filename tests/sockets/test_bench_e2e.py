"""The benchmark of a post for a room works: it seals, and the engine does, in some milliseconds."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.processes import FAILURE_S

SCRIPTS = Path(__file__).parents[2] / "scripts"
SMALL = """
import json, bench_fan_out
bench_fan_out.OTHERS = bench_fan_out.POSTS = 3
print(json.dumps(bench_fan_out.measure_fan_out()))
"""


def test_a_post_for_a_room_is_measured() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SMALL],
        cwd=SCRIPTS,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (SCRIPTS, SCRIPTS.parent)))},
        capture_output=True,
        timeout=2 * FAILURE_S,
    )
    assert done.returncode == 0, done.stderr.decode()
    *times_ms, envelope_bytes = json.loads(done.stdout)
    assert len(times_ms) == 3
    assert min(times_ms) > 0
    assert envelope_bytes == 512
