"""Secret files that nobody else can read, and that an interruption never leaves half written.

New files are created with their final mode (0600 unless told otherwise) and never through a
symbolic link; directories made here have mode 0700. Every `OSError` becomes `FileProblem`, with the
command that helps as its next step.
"""

import errno
import os
import secrets
import shlex
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from securechat.errors import Busy, FileProblem

PRIVATE_FILE_MODE = 0o600
PUBLIC_FILE_MODE = 0o644
PRIVATE_DIRECTORY_MODE = 0o700
MAX_FILE_BYTES = 1 << 20

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_CREATE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | getattr(os, "O_CLOEXEC", 0)
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}


def is_there(path: Path) -> bool:
    """Return whether something has this name, be it a dangling link; `FileProblem` if unknown."""
    with translate_os_errors(path, "look at"):
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True


def make_private_directory(path: Path) -> None:
    """Make `path` and its missing parents with mode 0700; a directory that is there stays as it is.

    Raises `FileProblem` when that is not possible or something else has the name.
    """
    with translate_os_errors(path, "make the directory"):
        missing = [each for each in (path, *path.parents) if not os.path.lexists(each)]
        for each in reversed(missing):
            each.mkdir(PRIVATE_DIRECTORY_MODE, exist_ok=True)
            sync_directory(each.parent)
        is_directory = path.is_dir()
    if not is_directory:
        raise FileProblem(f"{path} is not a directory.", f"ls -ld {quote(path)}")


def write_new(path: Path, data: bytes, mode: int = PRIVATE_FILE_MODE) -> None:
    """Create `path` with `data`, on the disk when this returns; an existing name is refused.

    Raises `FileProblem`; what was written of an incomplete file is removed.
    """
    with translate_os_errors(path, "write"):
        descriptor = os.open(path, _CREATE_FLAGS, mode)
        try:
            _write_all(descriptor, data)
            os.fsync(descriptor)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)


def replace(path: Path, data: bytes, mode: int = PRIVATE_FILE_MODE) -> None:
    """Give `path` new content in one step: whoever reads it sees all of the old or all of the new.

    A symbolic link with that name is itself replaced, what it points to stays. Raises
    `FileProblem`, and then the old content is still there.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    write_new(temporary, data, mode)
    with translate_os_errors(path, "replace"):
        try:
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        sync_directory(path.parent)


@contextmanager
def writing_new(path: Path, *, may_replace: bool) -> Iterator[BinaryIO]:
    """Provide a file to write to, which gets the name `path` when the block ends without an error.

    It is on the disk then. Until then it has another name beside `path`, and it goes away when the
    block does not end well. What has the name stays, unless the block `may_replace` it. Raises
    `FileProblem`, for each `OSError` of the block too.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with translate_os_errors(path, "write"):
        file = os.fdopen(os.open(temporary, _CREATE_FLAGS, PRIVATE_FILE_MODE), "wb")
        try:
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _give_name(temporary, path, may_replace=may_replace)
            sync_directory(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def read_public(path: Path, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Return the content of a file of at most ``max_bytes``, whoever else may read it."""
    return _read(path, max_bytes, private=False)


def read_private(path: Path) -> bytes:
    """Return the content of a file of at most 1 MiB that only its owner can reach.

    Raises `FileProblem`; when group or others have any permission, `chmod 600` is the next step.
    """
    return _read(path, MAX_FILE_BYTES, private=True)


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold the lock file `path` while the block runs; the system frees it if the process dies.

    Raises `Busy` at once when another process (or another block of this one) holds it, or has
    moved it away while this was about to.
    """
    with translate_os_errors(path, "lock"):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NO_FOLLOW, PRIVATE_FILE_MODE)
    try:
        with translate_os_errors(path, "lock"):
            free = _try_lock(descriptor) and _is_still(path, descriptor)
        if not free:
            raise Busy(
                f"Another securechat command is at work in {path.parent}.",
                "wait a moment, then run the same command again",
            )
        yield
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Put the names in a directory on the disk (where the system can: not on Windows)."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def translate_os_errors(path: Path, verb: str) -> Iterator[None]:
    """Turn an `OSError` of the block into `FileProblem` ("Cannot <verb> <path>: …")."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FileProblem(f"Cannot {verb} {path}: {reason}.", _next_step(path, error)) from error


def quote(path: Path) -> str:
    """Return a path as a shell takes it, for commands in `try_next`."""
    return shlex.quote(str(path))


def _next_step(path: Path, error: OSError) -> str:
    if error.errno in _DISK_FULL:
        return f"free some space on that disk (df -h {quote(path.parent)}), then run it again"
    if error.errno == errno.EROFS:
        return "use a directory on a disk that can be written"
    if error.errno == errno.EEXIST:
        return f"move {quote(path)} away first"
    return f"ls -ld {quote(path.parent)} {quote(path)}"


def _give_name(temporary: Path, path: Path, *, may_replace: bool) -> None:
    if may_replace:
        temporary.replace(path)
        return
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        temporary.replace(path)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _read(path: Path, max_bytes: int, *, private: bool) -> bytes:
    with translate_os_errors(path, "read"), path.open("rb") as file:
        permissions = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if private and permissions & 0o077 and sys.platform != "win32":
            raise FileProblem(
                f"Others than its owner can reach {path} (mode {permissions:04o}).",
                f"chmod 600 {quote(path)}",
            )
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise FileProblem(f"{path} is larger than {max_bytes} bytes.", f"ls -l {quote(path)}")
    return data


def _is_still(path: Path, descriptor: int) -> bool:
    """Return whether the name is that of the open file: who comes next has to lock that one."""
    if sys.platform == "win32":  # where an open file keeps its name
        return True
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _try_lock(descriptor: int) -> bool:
    """Return whether the lock was free and is now ours."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
