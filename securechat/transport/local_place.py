"""Where a local socket is: a directory that nobody but its user can enter."""

import os
import socket
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from securechat.errors import FileProblem, Untrusted
from securechat.transport.private_files import quote, translate_os_errors

SOCKET_NAME = "socket"
DIRECTORY_PREFIX = "securechat-"
MAX_PATH_BYTES = 100
"""Some systems allow 104 with the zero at the end."""

_BACKLOG = 64


def has_local_sockets() -> bool:
    """Return whether this system has sockets with a path."""
    return hasattr(socket, "AF_UNIX")


def make_place(directory: Path) -> tuple[Path, socket.socket]:
    """Return a path, and the socket that listens there; FileProblem when there is no room.

    It is in ``directory``, whose only user the caller is, or in a fresh temporary one when the
    system takes no path as long as that.
    """
    path = directory / SOCKET_NAME
    if len(os.fsencode(path)) > MAX_PATH_BYTES or not _is_private(directory):
        path = _make_temporary_path()
    try:
        with translate_os_errors(path, "listen on"):
            path.unlink(missing_ok=True)  # of a process that was killed
            return path, _bind(path)
    except FileProblem:
        remove_place(path)
        raise


def remove_place(path: Path) -> None:
    """Remove a local socket, also what a killed process left, and its directory if it was fresh."""
    if path.name == SOCKET_NAME:
        with suppress(OSError):
            if stat.S_ISSOCK(os.lstat(path).st_mode):
                path.unlink()
        if path.parent.name.startswith(DIRECTORY_PREFIX):
            with suppress(OSError):
                path.parent.rmdir()


def check_place(path: Path) -> bool:
    """Return whether the directory of a socket is there; Untrusted when others can enter it.

    They could have put a socket of their own there.
    """
    directory = path.parent
    if not os.path.lexists(directory):
        return False
    if not _is_private(directory):
        raise Untrusted(
            f"{directory} is not yours alone, nothing was sent there", f"ls -ld {quote(directory)}"
        )
    return True


def _is_private(directory: Path) -> bool:
    try:
        found = os.lstat(directory)
    except OSError:
        return False
    private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    return private and found.st_uid == os.geteuid()


def _bind(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(os.fspath(path))
        listening.listen(_BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


def _make_temporary_path() -> Path:
    """Return a path for a socket in a new directory of mode 0700 that nobody could have guessed."""
    try:
        parent = tempfile.gettempdir()
    except FileNotFoundError as error:
        raise FileProblem("There is no directory for temporary files", "TMPDIR=/tmp") from error
    with translate_os_errors(Path(parent), "make a directory in"):
        path = Path(tempfile.mkdtemp(prefix=DIRECTORY_PREFIX)) / SOCKET_NAME
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        remove_place(path)
        raise FileProblem(f"{parent} is too long a name for a socket", "TMPDIR=/tmp")
    return path
