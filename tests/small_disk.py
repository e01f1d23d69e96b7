"""A file system of a few MiB that only one process has, and that is filled up from outside.

It is a tmpfs in a mount namespace of the process: what is written there fails as on any full disk
(ENOSPC), and works again as soon as there is room. A limit on the size of files (RLIMIT_FSIZE)
fails in another way (EFBIG), which no full disk does. Needs Linux, and root or user namespaces.
Elsewhere what asks for it is skipped, but never where CI is set.
"""

import os
import subprocess
from pathlib import Path

import pytest

BLOCK_BYTES = 4096


def on_small_disk(directory: Path, size: str) -> tuple[str, ...]:
    """Return what to put before a command, for which a directory is then a small file system."""
    namespace = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--mount", "-r")
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode != 0:
        if os.environ.get("CI"):
            pytest.fail("CI has to allow mount namespaces")
        pytest.skip("no mount namespaces here")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    mount = f'mount -t tmpfs -o size={size},mode=700 none "{directory}" && exec "$@"'
    return (*namespace, "sh", "-c", mount, "sh")


def seen_by(pid: int, path: Path) -> Path:
    """Return where a path is that another process sees."""
    return Path(f"/proc/{pid}/root") / path.relative_to("/")


def fill_up(path: Path) -> None:
    """Write to a file until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(BLOCK_BYTES))
        except OSError:
            return
