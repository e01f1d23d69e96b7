"""Where the commands of a user find the one that has the profile open.

A profile has one engine. The command that runs it listens on a local socket and leaves the path in
``HOME/profiles/<name>/control``; the others, kept out by the profile's lock, ask it there.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from securechat.client.profiles.profile import Profile
from securechat.errors import FileProblem
from securechat.transport.local_dial import LocalConnection, dial_local
from securechat.transport.local_place import remove_place
from securechat.transport.local_socket import LineHandler, LocalListener, LocalSession
from securechat.transport.private_files import is_there, read_private, replace
from securechat.transport.reactor import Reactor

CONTROL = "control"


class Reception:
    """Lets other commands reach the one that has the profile open; close it before the profile."""

    def __init__(
        self, profile: Profile, reactor: Reactor, accept: Callable[[LocalSession], LineHandler]
    ) -> None:
        """Open it; FileProblem when this system has no place for it. Any thread."""
        self._note = profile.directory / CONTROL
        left_over = _noted_path(profile.directory)
        if left_over is not None:
            remove_place(left_over)
        self._reactor = reactor
        self._listener = LocalListener(reactor, profile.directory, accept)
        try:
            replace(self._note, os.fsencode(self._listener.path))
        except FileProblem:
            self.close()
            raise

    @property
    def is_used(self) -> bool:
        """Whether another command is connected."""
        return self._listener.sessions > 0

    def close(self) -> None:
        """Let nobody in any more; those who are in are the caller's."""
        with suppress(OSError):
            self._note.unlink(missing_ok=True)
        self._reactor.call_soon(self._listener.abort)


def reach(directory: Path) -> LocalConnection | None:
    """Connect to the command that has the profile in ``directory`` open; None when none answers.

    Raises Untrusted when what was noted there is not the user's own.
    """
    path = _noted_path(directory)
    return None if path is None else dial_local(path)


def _noted_path(directory: Path) -> Path | None:
    note = directory / CONTROL
    try:
        return Path(os.fsdecode(read_private(note))) if is_there(note) else None
    except FileProblem:
        if is_there(note):
            raise
        return None  # it went away just now
