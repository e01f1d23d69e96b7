"""The file that a command writes for its user: never in the place of another one unasked."""

import stat
from pathlib import Path

from securechat.errors import FileProblem


def check_target(path: Path, *, may_replace: bool) -> None:
    """Raise FileProblem when a file cannot get this name; nobody is asked for a passphrase then."""
    from securechat.transport.private_files import is_there, quote, translate_os_errors

    if not is_there(path):
        return
    with translate_os_errors(path, "look at"):
        is_file = stat.S_ISREG(path.lstat().st_mode)
    if not is_file:
        raise FileProblem(f"{path} is not a file", "the same with the name of a new file")
    if not may_replace:
        raise FileProblem(
            f"{path} is there already", f"the same with --force, or: mv {quote(path)} OTHER"
        )
