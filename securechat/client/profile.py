"""Where a person's client state lives: a profile is a home directory and a name.

::

    HOME/last-name                   the name that was used last
    HOME/profiles/<name>/state.db    identity, pins, sessions, outbox (mode 0600)
    HOME/profiles/<name>/lock        held while a command uses the profile
    HOME/profiles/<name>/control     where that one takes requests (securechat.client.beside)
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Self

import platformdirs

from securechat.errors import Busy
from securechat.identity.names import name_key, parse_name
from securechat.identity.types import Name
from securechat.store.state import StateFile
from securechat.transport.private_files import (
    hold_lock,
    is_there,
    make_private_directory,
    quote,
    read_private,
    replace,
)

LAST_NAME = "last-name"


def default_home() -> Path:
    """Return the user's data directory for securechat."""
    return platformdirs.user_data_path("securechat", appauthor=False)


def remembered_name(home: Path) -> Name | None:
    """Return the name that was used last in this home, if any."""
    path = home / LAST_NAME
    if not is_there(path):
        return None
    return parse_name(read_private(path).decode("utf-8", "replace").strip())


def profile_directory(home: Path, name: Name) -> Path:
    """Return where the profile of this name is, or would be."""
    return home / "profiles" / name_key(name)


class Profile:
    """An open profile: nobody else uses it until it is closed."""

    def __init__(self, home: Path, name: Name) -> None:
        """Open it, making it if it is new; Busy when another client has it open."""
        self.home = home
        self.name = name
        self.directory = profile_directory(home, name)
        make_private_directory(self.directory)
        self._resources = ExitStack()
        try:
            self._resources.enter_context(hold_lock(self.directory / "lock"))
        except Busy as error:
            raise Busy(
                f"{name} is open in another securechat command",
                f"close that one, or: securechat client --name NAME --home {quote(home)}",
            ) from error
        try:
            self.state = StateFile(self.directory / "state.db")
        except Exception:
            self._resources.close()
            raise
        self._resources.callback(self.state.close)

    def remember(self) -> None:
        """Make this the name that is used when none is given."""
        replace(self.home / LAST_NAME, f"{self.name}\n".encode())

    def close(self) -> None:
        """Let others open it."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
