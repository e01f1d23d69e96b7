"""Where a local socket is: a directory of its own that nobody but its user can enter."""

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


def make_place() -> tuple[Path, socket.socket]:
    """Return a fresh path, and the socket that listens there; FileProblem when there is no room."""
    path = _make_path()
    try:
        with translate_os_errors(path, "listen on"):
            return path, _bind(path)
    except FileProblem:
        remove_place(path)
        raise


def remove_place(path: Path) -> None:
    """Remove a local socket and its directory, also what a killed process left."""
    if path.name == SOCKET_NAME and path.parent.name.startswith(DIRECTORY_PREFIX):
        with suppress(OSError):
            path.unlink(missing_ok=True)
            path.parent.rmdir()


def check_place(path: Path) -> bool:
    """Return whether the directory of a socket is there; Untrusted when others can enter it.

    They could have put a socket of their own there.
    """
    directory = path.parent
    try:
        found = os.lstat(directory)
    except OSError:
        return False
    private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    if not private or found.st_uid != os.geteuid():
        raise Untrusted(
            f"{directory} is not yours alone, nothing was sent there", f"ls -ld {quote(directory)}"
        )
    return True


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


def _make_path() -> Path:
    """Return a path for a socket in a new directory of mode 0700 that nobody could have guessed."""
    parent = tempfile.gettempdir()
    with translate_os_errors(Path(parent), "make a directory in"):
        path = Path(tempfile.mkdtemp(prefix=DIRECTORY_PREFIX)) / SOCKET_NAME
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        remove_place(path)
        raise FileProblem(f"{parent} is too long a name for a socket", "TMPDIR=/tmp")
    return path
