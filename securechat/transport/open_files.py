"""How many sockets this process may have."""

import contextlib
import sys


def raise_open_file_limit() -> None:
    """Raise the soft limit on open files to the hard limit, where the system lets us."""
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def open_file_limit() -> int | None:
    """Return to how many open files this process can raise its limit; None without an end."""
    if sys.platform == "win32":
        return None
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if hard == resource.RLIM_INFINITY else hard
