"""The option for the home, what is in it, and flags that mean nothing to a command."""

import shlex
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from securechat.client.profiles.surroundings import resolve_home
from securechat.errors import UsageError

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="DIR",
        readable=False,  # our own error says more
        envvar="SECURECHAT_HOME",
        help="Where profiles, settings and certificates live.",
    ),
]


def home_flag(home: Path) -> str:
    """Return what a command needs behind it to mean this home; nothing for the default one."""
    from securechat.client.profiles.profile import default_home

    return "" if home == default_home() else f" --home {shlex.quote(str(home))}"


def data_directory(home: Path | None, flag: Path | None, setting: str | None) -> Path:
    """Return where the relay keeps what must outlive it: as told, else in the home."""
    if flag is not None:
        return flag
    return Path(setting) if setting is not None else resolve_home(home) / "relay"


def refuse_flags(context: typer.Context, names: Collection[str], why: str) -> None:
    """Raise UsageError when the command line (not the environment) sets one of the parameters.

    ``why`` completes a sentence that begins with the flag.
    """
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name in names and source is not None and source.name == "COMMANDLINE":
            raise UsageError(f"{parameter.opts[0]} {why}", f"securechat {context.info_name} --help")
