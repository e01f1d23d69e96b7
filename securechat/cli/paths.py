"""``securechat paths``: where everything is kept, and what of it is there."""

from collections.abc import Iterator
from pathlib import Path

import typer

from securechat.cli.failure_log import FAILURE_LOG
from securechat.cli.settings import HomeOption, data_directory
from securechat.client.profiles.surroundings import (
    certs_directory,
    load_settings,
    resolve_home,
    settings_file,
)
from securechat.text import safe_text


def paths(home: HomeOption = None) -> None:
    """Show where settings, profiles, certificates and the relay's data are."""
    from securechat.transport.private_files import is_there

    for what, path in _places(home):
        state = "there" if is_there(path) else "not yet"
        typer.echo(safe_text(f"{what:<14} {path}  ({state})"))


def _places(home: Path | None) -> Iterator[tuple[str, Path]]:
    """Give what is where, in the order in which people look for it."""
    server = load_settings(home).server
    profiles = resolve_home(home) / "profiles"
    yield "settings", settings_file(home)
    yield "home", profiles.parent
    yield "profiles", profiles
    for name in _names(profiles):
        yield f"  {name}", profiles / name
    yield "failures", profiles.parent / FAILURE_LOG
    yield "certificates", certs_directory(home, None, server.certs).absolute()
    yield "relay data", data_directory(home, None, server.data).absolute()


def _names(profiles: Path) -> list[str]:
    """Return the names of the profiles; none where there is no directory."""
    from securechat.client.profiles.profile import STATE
    from securechat.transport.private_files import translate_os_errors

    with translate_os_errors(profiles, "list"):
        return sorted(path.parent.name for path in profiles.glob(f"[!.]*/{STATE}"))
