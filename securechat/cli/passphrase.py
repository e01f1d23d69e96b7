"""``securechat passphrase``: what it takes to open a profile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from msgspec import Struct

from securechat.cli.access import choose_name, require_profile
from securechat.cli.options import NameOption, NewPassphraseFileOption, PassphraseFileOption
from securechat.cli.passphrase_input import read_new_passphrase, read_passphrases
from securechat.cli.settings import HomeOption
from securechat.client.profiles.surroundings import load_settings, resolve_home
from securechat.errors import Busy

if TYPE_CHECKING:
    from securechat.client.profiles.vault import Vault
    from securechat.identity.types import Name
    from securechat.store.encrypted import VaultKey

passphrase = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@passphrase.callback()
def options() -> None:
    """Choose what it takes to open your profile.

    What securechat keeps is encrypted. The key to it lies in a file beside it, or is under a
    passphrase, or in the keyring of your desktop session. Works while no client of yours is
    running.
    """


@passphrase.command("set")
def set_passphrase(
    name: NameOption = None,
    home: HomeOption = None,
    passphrase_file: PassphraseFileOption = None,
    new_passphrase_file: NewPassphraseFileOption = None,
) -> None:
    """Set a passphrase, or change it. Before your first chat too: then the key never lies open."""
    with _opened(name, home, passphrase_file) as profile:
        new = read_new_passphrase(profile.name, new_passphrase_file)
        profile.keep(partial(profile.vault.keep_under_passphrase, passphrase=new))
    typer.echo(
        f"{profile.name} opens with this passphrase from now on. Nobody can open it without."
    )


@passphrase.command("remove")
def remove_passphrase(
    name: NameOption = None,
    home: HomeOption = None,
    passphrase_file: PassphraseFileOption = None,
) -> None:
    """Need no passphrase any more. The key lies in a file that only you can read."""
    with _opened(name, home, passphrase_file, may_be_new=False) as profile:
        profile.keep(profile.vault.keep_in_file)
    typer.echo(f"The key of {profile.name} is in {profile.vault.path}, readable by you alone.")


@passphrase.command("keyring")
def use_keyring(
    name: NameOption = None,
    home: HomeOption = None,
    passphrase_file: PassphraseFileOption = None,
) -> None:
    """Keep the key in the keyring of your desktop session. Needs the extra "keyring"."""
    with _opened(name, home, passphrase_file) as profile:
        profile.keep(profile.vault.keep_in_keyring)
    typer.echo(f"{profile.name} opens with the keyring of your session from now on.")


class _Opened(Struct, frozen=True):
    name: "Name"
    vault: "Vault"
    key: "VaultKey"

    def keep(self, keep: "Callable[[VaultKey], None]") -> None:
        """Keep the key in another way; a profile that was not encrypted yet is so afterwards."""
        from securechat.client.profiles.profile import open_state

        keep(self.key)
        open_state(self.vault.path.parent, self.key).close()


@contextmanager
def _opened(
    name: str | None, home: Path | None, passphrase_file: Path | None, *, may_be_new: bool = True
) -> Iterator[_Opened]:
    """Provide the key of a profile that no client has open; raises Busy when one has."""
    from securechat.client.profiles.core_dumps import forbid_core_dumps
    from securechat.client.profiles.profile import hold_profile, open_vault
    from securechat.client.profiles.vault import Vault

    forbid_core_dumps()
    place = resolve_home(home)
    me = choose_name(place, name or load_settings(home).client.name, None)
    if not may_be_new:
        require_profile(place, me)
    try:
        with hold_profile(place, me) as directory:
            vault = Vault(directory, me)
            yield _Opened(
                me, vault, open_vault(vault, partial(read_passphrases, me, passphrase_file))
            )
    except Busy as error:
        raise Busy(error.what, "end that one, then the same command again") from error
