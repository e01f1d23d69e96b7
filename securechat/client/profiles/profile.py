"""Where a person's client state lives: a profile is a home directory and a name.

::

    HOME/last-name                   the name that was used last
    HOME/profiles/<name>/state.db    identity, pins, sessions, outbox (encrypted, mode 0600)
    HOME/profiles/<name>/vault-key   where the key to that is (`vault`)
    HOME/profiles/<name>/lock        held while a command uses the profile
    HOME/profiles/<name>/control     where that one takes requests (`beside`)
    HOME/profiles/.new/<name>        a profile that is being made from a backup
"""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Self

import platformdirs

from securechat.client.profiles.core_dumps import forbid_core_dumps
from securechat.client.profiles.vault import Passphrases, Vault
from securechat.crypto.passphrase import Passphrase
from securechat.errors import Busy, FileProblem
from securechat.identity.names import name_key, parse_name
from securechat.identity.types import Name
from securechat.store.encrypted import VaultKey
from securechat.store.state import Changes, StateFile, is_encrypted
from securechat.transport.private_files import (
    hold_lock,
    is_there,
    make_private_directory,
    quote,
    read_private,
    replace,
    sync_directory,
    translate_os_errors,
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


def remember_name(home: Path, name: Name) -> None:
    """Make this the name that is used in this home when none is given."""
    replace(home / LAST_NAME, f"{name}\n".encode())


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


def is_open(home: Path, name: Name) -> bool:
    """Tell whether another command has a profile open now."""
    try:
        with hold_profile(home, name):
            return False
    except Busy:
        return True


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


def make_profile(home: Path, name: Name, rows: Changes, passphrase: Passphrase | None) -> None:
    """Make a profile that holds these rows, its key in a file or under a passphrase.

    After a crash all of it is there, or nothing of that name. Raises FileProblem, also where there
    is such a profile already, and Busy.
    """
    directory, staging = profile_directory(home, name), home / "profiles" / ".new"
    make_private_directory(staging)
    with hold_lock(staging / "lock"):
        if is_there(directory):
            raise FileProblem(
                f"There is a profile of {name} in {home} already",
                f"securechat client --name {name}, which uses it; to begin anew without it:"
                f" mv {quote(directory)} SOMEWHERE-ELSE, then the same command again",
            )
        staged = staging / directory.name
        try:
            _make_staged(staged, name, rows, passphrase)
            with translate_os_errors(directory, "make"):
                staged.rename(directory)
                sync_directory(directory.parent)
        finally:
            shutil.rmtree(staged, ignore_errors=True)


def _make_staged(directory: Path, name: Name, rows: Changes, passphrase: Passphrase | None) -> None:
    if is_there(directory):  # of a run that was killed
        with translate_os_errors(directory, "remove"):
            shutil.rmtree(directory)
    make_private_directory(directory)
    vault = Vault(directory, name)
    key = vault.open(tuple)  # a new one: no passphrase is asked for
    if passphrase is None:
        vault.keep_in_file(key)
    else:
        vault.keep_under_passphrase(key, passphrase)
    with closing(open_state(directory, key)) as state:
        state.commit(rows)
    with translate_os_errors(directory, "make"):
        sync_directory(directory)


class Profile:
    """An open profile: nobody else uses it until it is closed."""

    def __init__(self, home: Path, name: Name, passphrases: Passphrases) -> None:
        """Open it, making it if it is new; this process leaves no core dump from then on.

        Raises Busy when another client has it open, PassphraseRefused, and FileProblem.
        """
        forbid_core_dumps()
        self.home = home
        self.name = name
        was_there = is_there(profile_directory(home, name))
        with ExitStack() as resources:
            self.directory = resources.enter_context(hold_profile(home, name))
            vault = Vault(self.directory, name)
            is_empty = vault.is_new and not is_there(self.directory / STATE)
            self.is_new = is_empty and not was_there
            """Whether this opening made it, and nothing yet makes it worth keeping."""
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
        remember_name(self.home, self.name)

    def keep(self) -> None:
        """Take it that somebody may know its device by now: `discard_if_new` spares it then."""
        self.is_new = False

    def discard_if_new(self) -> None:
        """Close it, and leave nothing of it if it is new."""
        self.state.close()
        if self.is_new:
            # Out of the way in one step: who opens the name from here on makes another one.
            gone = self.directory.with_name(f".{self.directory.name}.{secrets.token_hex(8)}")
            with suppress(OSError):  # on Windows, where the lock is a file in use
                self.directory.rename(gone)
                self.has_new_key = False
                shutil.rmtree(gone, ignore_errors=True)
        self.close()

    def close(self) -> None:
        """Let others open it."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
