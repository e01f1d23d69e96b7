"""Write a text in the editor that the user is used to."""

import os
import shlex
import tempfile
from pathlib import Path

from securechat.errors import FileProblem
from securechat.faces.screen.widgets.terminal_sharing import run_program

READ_MAX_BYTES = 1 << 20
"""What is read back at most."""

DEFAULT_EDITOR = "vi"


def edit_text(text: str) -> str:
    """Run the editor on a text, on the terminal of this process; return what it has become.

    The text is in a file that only the user can read until the editor ends. Raises FileProblem when
    the editor cannot be run or says that it has failed.
    """
    editor = _editor()
    directory = os.environ.get("XDG_RUNTIME_DIR")
    try:
        with tempfile.TemporaryDirectory(
            dir=directory if directory and Path(directory).is_dir() else None,
            ignore_cleanup_errors=True,
        ) as place:
            path = Path(place) / "message.txt"
            _write_private(path, text)
            status = run_program([*shlex.split(editor), str(path)])
            if status:
                how = f"with status {status}" if status > 0 else f"by signal {-status}"
                raise FileProblem(
                    f"{editor} has ended {how}; the text is as it was", "export VISUAL=vi"
                )
            with path.open("rb") as file:
                written = file.read(READ_MAX_BYTES)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise FileProblem(f"{editor} could not be used: {why}", "export VISUAL=vi") from error
    return written.decode(errors="replace").removesuffix("\n")


def _editor() -> str:
    """Return the user's editor, which may have arguments; one of blanks alone is none."""
    named = (os.environ.get(name, "").strip() for name in ("VISUAL", "EDITOR"))
    return next(filter(None, named), DEFAULT_EDITOR)


def _write_private(path: Path, text: str) -> None:
    data = text.encode(errors="replace")
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(data)
