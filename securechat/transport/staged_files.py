"""Several files that appear together or not at all, whatever interrupts the process.

The files are written into ``.new`` inside their directory, ``.new`` is renamed to ``.ready`` (the
commit point), and each file then moves from ``.ready`` to its place. A process that dies before the
commit point leaves nothing but ``.new``, which the next run deletes; one that dies after it leaves
a ``.ready`` that the next run finishes. Whoever installs or finishes holds a lock.
"""

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from securechat.errors import FileProblem
from securechat.transport.private_files import (
    PRIVATE_DIRECTORY_MODE,
    PRIVATE_FILE_MODE,
    quote,
    sync_directory,
    translate_os_errors,
    write_new,
)

_STAGING = ".new"
_COMMITTED = ".ready"


@dataclass(frozen=True, slots=True)
class NewFile:
    """Content and mode of a file to install; the content may be a secret and is not shown."""

    data: bytes = field(repr=False)
    mode: int = PRIVATE_FILE_MODE


def install(directory: Path, files: Mapping[str, NewFile]) -> None:
    """Put all `files` (names to contents) into `directory`, in the order of the mapping.

    Files of these names that are there are replaced, each in one step. Call `finish_interrupted`
    first. Raises `FileProblem`; then nothing has changed, or `finish_interrupted` completes it.
    """
    staging = directory / _STAGING
    try:
        with translate_os_errors(staging, "make the directory"):
            staging.mkdir(PRIVATE_DIRECTORY_MODE)
        for name, file in files.items():
            write_new(staging / name, file.data, file.mode)
    except FileProblem:
        _discard(staging, list(files))
        raise
    with translate_os_errors(directory, "write into"):
        sync_directory(staging)
        staging.rename(directory / _COMMITTED)
        sync_directory(directory)
    finish_interrupted(directory, list(files))


def interrupted(directory: Path) -> bool:
    """Return whether an earlier `install` passed its commit point and did not finish."""
    return _is_real_directory(directory / _COMMITTED)


def finish_interrupted(directory: Path, names: Sequence[str]) -> list[str] | None:
    """Finish or undo what an interrupted `install` left; do nothing when there is nothing.

    `names` are the file names that may be there, in the order in which they move to their places.
    Returns the names of the files that moved, or None when no `install` had got to its commit
    point. Raises `FileProblem`.
    """
    _discard(directory / _STAGING, names)
    committed = directory / _COMMITTED
    if not _is_real_directory(committed):
        return None
    with translate_os_errors(committed, "finish"):
        moved = [name for name in names if (committed / name).is_file()]
        for name in moved:
            (committed / name).replace(directory / name)
            sync_directory(directory)
        committed.rmdir()
        sync_directory(directory)
    return moved


def _discard(staging: Path, names: Sequence[str]) -> None:
    if not _is_real_directory(staging):
        return
    with translate_os_errors(staging, "remove"):
        for name in names:
            (staging / name).unlink(missing_ok=True)
        staging.rmdir()


def _is_real_directory(path: Path) -> bool:
    """Return whether `path` is a directory; a symbolic link or a file there is refused."""
    with translate_os_errors(path, "look at"):
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            return False
    if not stat.S_ISDIR(mode):
        raise FileProblem(f"{path} is in the way.", f"rm {quote(path)}")
    return True
