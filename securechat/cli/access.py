"""What the command line says about who one is, which relay is meant, and whom to trust there."""

import getpass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from msgspec import Struct

from securechat.cli.passphrase_input import read_passphrases
from securechat.cli.prompting import can_ask, confirm
from securechat.cli.settings import home_flag, refuse_flags
from securechat.client.profiles.surroundings import load_settings, resolve_home
from securechat.errors import NameInvalid, UsageError

if TYPE_CHECKING:
    from securechat.cli.options import OnKeyChange
    from securechat.client.profiles.access import Access
    from securechat.config import ClientConfig, Config
    from securechat.identity.types import Name
    from securechat.transport.endpoint import Endpoint


class Flags(Struct, frozen=True, kw_only=True):
    """The options of a client command, as they were given."""

    name: str | None = None
    host: str | None = None
    port: int | None = None
    server: str | None = None
    pin: str | None = None
    ca: Path | None = None
    home: Path | None = None
    passphrase_file: Path | None = None
    read_receipts: bool | None = None
    typing: bool | None = None
    on_key_change: "OnKeyChange | None" = None


def read_access(
    context: typer.Context,
    flags: Flags,
    peer: str | None,
    settings: "Config | None" = None,
    *,
    alone: bool = False,
) -> "Access":
    """Return what the flags, the settings and the surroundings come to; asks for a missing name.

    ``alone``: for a command that cannot run beside another one of the same name.

    Raises UsageError, and NameInvalid for a name that nobody can have.
    """
    from securechat.client.profiles.access import Access, read_trust

    if flags.host is not None:
        refuse_flags(context, ("server",), "and HOST say the same: give one of them")
    settings = settings or load_settings(flags.home)
    home = resolve_home(flags.home)
    trust = read_trust(flags.pin, flags.ca, flags.home, settings.server.certs)
    address = _given_address(flags.host, flags.port, flags.server)
    me = choose_name(home, flags.name or settings.client.name, peer, alone=alone)
    read_receipts = flags.read_receipts
    if read_receipts is None:
        read_receipts = settings.client.read_receipts
    return Access(
        me=me,
        home=home,
        address=address,
        trust=trust,
        settings=_with_flags(settings.client, flags),
        read_receipts=read_receipts,
        passphrases=partial(read_passphrases, me, flags.passphrase_file),
        confirm=confirm,
        tell_new_key=say_where_key_is,
    )


def _with_flags(settings: "ClientConfig", flags: Flags) -> "ClientConfig":
    import msgspec

    if flags.typing is not None:
        settings = msgspec.structs.replace(settings, typing=flags.typing)
    if flags.on_key_change is not None:
        settings = msgspec.structs.replace(settings, on_key_change=flags.on_key_change.value)
    return settings


def say_where_key_is(me: "Name", home: Path) -> None:
    """Say that the key of a new profile lies in a file."""
    typer.echo(
        f"The key to what securechat keeps for {me} is in a file that only you can read;"
        f" to put it under a passphrase: securechat passphrase set --name {me}{home_flag(home)}",
        err=True,
    )


def check_peer(peer: str, me: "Name", usage: str, *, may_be_room: bool = False) -> None:
    """Raise NameInvalid or UsageError when nobody to talk to can have this name.

    ``usage`` is the command with {} in the place of the name, for what to try next.
    """
    from securechat.client.names.contacts import split_key_id
    from securechat.client.names.typed_names import is_room, parse_room
    from securechat.identity.names import name_key, parse_name

    try:
        if is_room(peer):
            parse_room(peer)
            if may_be_room:
                return
            raise UsageError(
                f"{peer} is a room, and one person is asked for",
                f"securechat client, and there: /join {peer}",
            )
        key = name_key(parse_name(split_key_id(peer)[0]))
    except NameInvalid as error:
        raise NameInvalid(error.what, f"securechat {usage.format('NAME')}") from error
    if key == name_key(me):
        command, rest = usage.format("OTHER").split(" ", 1)
        raise UsageError(f"{peer} is your own name", f"securechat {command} --name {me} {rest}")


def _given_address(host: str | None, port: int | None, server: str | None) -> "Endpoint | None":
    """Return the address of the command line, if there is one: HOST [PORT] wins."""
    from securechat.client.connection.relays import parse_address

    text = host or server
    if text is None:
        return None if port is None else parse_address(f"127.0.0.1:{port}")
    address = parse_address(text)
    return address if port is None else address._replace(port=port)


def choose_name(
    home: Path, name: str | None, peer: str | None, *, alone: bool = False, guess: bool = False
) -> "Name":
    """Return the name to use: as told, else the one used last, else asked for.

    The one used last is not meant when it is the peer's: two people share this machine. Neither is
    it when another command has it open and that is to be ``alone``, if somebody can be asked. To
    ``guess`` is to take the name of the login on a machine where none was used yet.
    """
    from securechat.client.profiles.profile import is_open, remembered_name
    from securechat.identity.names import name_key, parse_name
    from securechat.identity.types import Name

    if name is not None:
        return parse_name(name)
    remembered = remembered_name(home)
    if remembered is not None and (peer is None or name_key(remembered) != name_key(Name(peer))):
        if not (alone and can_ask() and is_open(home, remembered)):
            return remembered
        typer.echo(f"{remembered} is open in another securechat command.", err=True)
    elif guess and (login := _login_name()) is not None:
        return login
    if not can_ask():
        who_else = f", and {remembered} is whom this is about" if remembered else ""
        raise UsageError(
            f"Nobody said who you are{who_else}", "the same command with --name YOUR-NAME"
        )
    return ask_name(_login_name())


def ask_name(default: str | None) -> "Name":
    """Ask until there is a name that somebody can have."""
    from securechat.identity.names import parse_name

    def read(typed: str) -> "Name":
        try:
            return parse_name(typed)
        except NameInvalid as error:
            raise typer.BadParameter(error.what) from None

    name: Name = typer.prompt("Enter your nickname", default=default, err=True, value_proc=read)
    return name


def _login_name() -> "Name | None":
    """Return what the system calls the user, if that can be a name here."""
    from securechat.identity.names import parse_name

    try:
        return parse_name(getpass.getuser())
    except (NameInvalid, OSError, KeyError, ImportError):  # who has no account has no name
        return None


def require_profile(home: Path, name: "Name") -> None:
    """Raise UsageError when there is no profile of this name that keeps anything."""
    from securechat.client.profiles.profile import STATE, profile_directory
    from securechat.transport.private_files import is_there, quote

    if not is_there(profile_directory(home, name) / STATE):
        raise UsageError(
            f"There is no profile of {name} in {home}", f"ls {quote(home / 'profiles')}"
        )
