"""Where a person's client state lives: a profile is a home directory and a name.

::

    HOME/last-name                   the name that was used last
    HOME/profiles/<name>/state.db    identity, pins, sessions, outbox (encrypted, mode 0600)
    HOME/profiles/<name>/vault-key   where the key to that is (securechat.client.vault)
    HOME/profiles/<name>/lock        held while a command uses the profile
    HOME/profiles/<name>/control     where that one takes requests (securechat.client.beside)
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

import platformdirs

from securechat.client.core_dumps import forbid_core_dumps
from securechat.client.vault import Passphrases, Vault
from securechat.errors import Busy, FileProblem
from securechat.identity.names import name_key, parse_name
from securechat.identity.types import Name
from securechat.store.encrypted import VaultKey
from securechat.store.state import StateFile, is_encrypted
from securechat.transport.private_files import (
    hold_lock,
    is_there,
    make_private_directory,
    quote,
    read_private,
    replace,
)

LAST_NAME = "last-name"
STATE = "state.db"


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


@contextmanager
def hold_profile(home: Path, name: Name) -> Iterator[Path]:
    """Keep others out of a profile while the block runs; provides its directory, made if new.

    Raises Busy when another client has it open.
    """
    directory = profile_directory(home, name)
    make_private_directory(directory)
    with ExitStack() as resources:
        try:
            resources.enter_context(hold_lock(directory / "lock"))
        except Busy as error:
            raise Busy(
                f"{name} is open in another securechat command",
                f"close that one, or: securechat client --name NAME --home {quote(home)}",
            ) from error
        yield directory


def open_vault(vault: Vault, passphrases: Passphrases) -> VaultKey:
    """Return the key of a profile, or draw one for a new profile.

    Raises FileProblem where there is something encrypted and no key, and PassphraseRefused.
    """
    directory = vault.path.parent
    if vault.is_new and is_encrypted(directory / STATE):
        raise FileProblem(
            f"{vault.path} is not there, and nothing else opens {directory / STATE}",
            f"ls -l {quote(directory)}; put a copy of vault-key back;"
            " a state.db without its key can be moved away;"
            " that is a new identity, under another name while the relay knows the old one",
        )
    return vault.open(passphrases)


def open_state(directory: Path, key: VaultKey) -> StateFile:
    """Open what a profile keeps, making it if it is new; FileProblem when the key is another."""
    return StateFile(directory / STATE, key)


class Profile:
    """An open profile: nobody else uses it until it is closed."""

    def __init__(self, home: Path, name: Name, passphrases: Passphrases) -> None:
        """Open it, making it if it is new; this process leaves no core dump from then on.

        Raises Busy when another client has it open, PassphraseRefused, and FileProblem.
        """
        forbid_core_dumps()
        self.home = home
        self.name = name
        with ExitStack() as resources:
            self.directory = resources.enter_context(hold_profile(home, name))
            vault = Vault(self.directory, name)
            self.key = open_vault(vault, passphrases)
            self.has_new_key = vault.is_new
            """Whether its key was made now, and lies in a file."""
            if vault.is_new:
                vault.keep_in_file(self.key)
            self.state = open_state(self.directory, self.key)
            resources.callback(self.state.close)
            self._resources = resources.pop_all()

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
