"""What a profile keeps, on a file system that is full: it is told apart from a damaged one."""

import subprocess
import sys
from pathlib import Path

from tests.processes import FAILURE_S
from tests.small_disk import on_small_disk

ON_THE_DISK = """
import sys
from pathlib import Path
from securechat.errors import DiskFull
from securechat.store.encrypted import VaultKey
from securechat.store.state import StateFile
from tests.small_disk import fill_up

place = Path(sys.argv[1])
file, filler, key = place / "state.db", place / "filler", VaultKey(bytes(32))
state = StateFile(file, key)
fill_up(filler)
row = {("table", b"key"): bytes(100_000)}
try:
    state.commit(row)
except DiskFull as error:
    print(error.try_next)
state.close()
fill_up(place / "more")
try:
    StateFile(file, key)
except DiskFull as error:
    print(error.try_next)
filler.unlink()
(place / "more").unlink()
state = StateFile(file, key)
state.commit(row)
print(state.load() == row)
"""


def test_a_full_disk_is_called_by_its_name(tmp_path: Path) -> None:
    command = (sys.executable, "-c", ON_THE_DISK, str(tmp_path))
    done = subprocess.run(
        [*on_small_disk(tmp_path, "1m"), *command],
        capture_output=True,
        check=False,
        text=True,
        timeout=FAILURE_S,
    )
    assert done.stdout.splitlines() == [f"df -h {tmp_path}"] * 2 + ["True"], done.stderr
