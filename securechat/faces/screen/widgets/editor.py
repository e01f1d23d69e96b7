"""Write a text in the editor that the user is used to."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from securechat.errors import FileProblem

READ_MAX_BYTES = 1 << 20
"""What is read back at most."""


def edit_text(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """Run the editor on a text, on the terminal of this process; return what it has become.

    The text is in a file that only the user can read until the editor ends. Raises FileProblem when
    the editor cannot be run or says that it has failed.
    """
    editor = environ.get("VISUAL") or environ.get("EDITOR") or "vi"
    directory = environ.get("XDG_RUNTIME_DIR")
    try:
        with tempfile.TemporaryDirectory(
            dir=directory if directory and Path(directory).is_dir() else None
        ) as place:
            path = Path(place) / "message.txt"
            path.write_text(text, encoding="utf-8")
            command = [*shlex.split(editor), str(path)]
            status = subprocess.run(command, check=False).returncode  # noqa: S603 - the user's own
            if status:
                raise FileProblem(
                    f"{editor} has ended with status {status}; the text is as it was",
                    "export VISUAL=vi",
                )
            with path.open("rb") as file:
                written = file.read(READ_MAX_BYTES)
    except (OSError, ValueError) as error:
        raise FileProblem(f"{editor} could not be used: {error}", "export VISUAL=vi") from error
    return written.decode(errors="replace").removesuffix("\n")
