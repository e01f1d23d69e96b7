"""``securechat identity``: take who you are to another machine."""

import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from securechat.cli.access import choose_name, require_profile, say_where_key_is
from securechat.cli.options import NameOption, NewPassphraseFileOption, PassphraseFileOption
from securechat.cli.output_file import check_target
from securechat.cli.passphrase_input import read_new_passphrase, read_passphrases
from securechat.cli.settings import HomeOption, home_flag
from securechat.client.profiles.surroundings import load_settings, resolve_home
from securechat.errors import Busy

identity = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@identity.callback()
def options() -> None:
    """Keep a backup of who you are, or go to another machine with it.

    A backup holds your key, your relays, and the people you know with what you decided about them,
    under a passphrase of its own. It holds no messages.
    """


@identity.command("export")
def export_identity(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup to write.")],
    name: NameOption = None,
    home: HomeOption = None,
    passphrase_file: PassphraseFileOption = None,
    new_passphrase_file: NewPassphraseFileOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace FILE when it is there already.")
    ] = False,
) -> None:
    """Write a backup of your identity, under a new passphrase. While no client of yours runs."""
    from securechat.client.profiles.backup import take_backup
    from securechat.client.profiles.backup_file import seal_backup
    from securechat.client.profiles.profile import Profile
    from securechat.transport.private_files import quote, writing_new

    place = resolve_home(home)
    me = choose_name(place, name or load_settings(home).client.name, None)
    require_profile(place, me)
    check_target(file, may_replace=force)
    try:
        with Profile(place, me, partial(read_passphrases, me, passphrase_file)) as profile:
            backup = take_backup(me, profile.state.load(), time.time_ns() // 1_000_000)
    except Busy as error:
        raise Busy(error.what, "end that one, then the same command again") from error
    data = seal_backup(backup, read_new_passphrase("the backup", new_passphrase_file))
    with writing_new(file, may_replace=force) as target:
        target.write(data)
    relays, people = len(backup.places), backup.people_count
    typer.echo(
        f"{file} holds the identity of {me}: the key, relays: {relays}, people: {people}.\n"
        "Whoever has it and its passphrase is you; without the passphrase it opens for nobody.\n"
        "Not in it: messages (securechat export PEER saves those), what waits to be read\n"
        "(securechat listen shows that) or sent, what /keep says, and whom you meet from now on.\n"
        f"On another machine: securechat identity import {quote(file)}\n"
        "You are on one machine at a time: the one that logged in last gets your messages."
    )


@identity.command("import")
def import_identity(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", readable=False, help="The backup to read.")
    ],
    name: NameOption = None,
    home: HomeOption = None,
    passphrase_file: Annotated[
        Path | None,
        typer.Option(
            "--passphrase-file",
            metavar="FILE",
            readable=False,
            help="The first line of this file is the passphrase of the backup [it is asked for].",
        ),
    ] = None,
    new_passphrase_file: Annotated[
        Path | None,
        typer.Option(
            "--new-passphrase-file",
            metavar="FILE",
            readable=False,
            help="Put the new profile under the passphrase in the first line of this file"
            " [its key lies in a file].",
        ),
    ] = None,
) -> None:
    """Be who a backup says, on this machine, as a new device. The old one gets no more messages."""
    from securechat.client.profiles.backup_file import MAX_SIZE_BYTES, open_backup
    from securechat.client.profiles.core_dumps import forbid_core_dumps
    from securechat.client.profiles.profile import make_profile, remember_name
    from securechat.identity.names import name_key, parse_name
    from securechat.transport.private_files import read_public

    forbid_core_dumps()
    place = resolve_home(home)
    passphrases = partial(read_passphrases, file.name, passphrase_file)
    backup = open_backup(read_public(file, MAX_SIZE_BYTES), passphrases, file)
    me = parse_name(name) if name is not None else backup.name
    new = None if new_passphrase_file is None else read_new_passphrase(me, new_passphrase_file)
    make_profile(place, me, backup.rows(time.time_ns() // 1_000_000), new)
    remember_name(place, me)
    if new is None:
        say_where_key_is(me, place)
    if name_key(me) != name_key(backup.name):
        typer.echo(f"A relay that knows this identity as {backup.name} takes no other name for it.")
    made = datetime.fromtimestamp(backup.made_ms / 1000, UTC)
    typer.echo(
        f"{me} is on this machine now, with the relays and the people of {made:%Y-%m-%d %H:%M} UTC"
        f" (relays: {len(backup.places)}, people: {backup.people_count}).\n"
        f"Next: securechat client --name {me}{home_flag(place)}\n"
        "From its first log-in on your contacts see that you have a new device. You are on one\n"
        "machine at a time: the old one gets no more messages, unless it logs in again; then this\n"
        "one gets none. What the old one had not received is sent again, for up to 7 days."
    )
