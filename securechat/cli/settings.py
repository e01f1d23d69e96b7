"""Where settings come from: flags, then the environment, then the file, then defaults."""

import shlex
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from securechat.config import Config, parse_config
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


def resolve_home(home: Path | None) -> Path:
    """Return the directory for profiles and certificates."""
    from securechat.client.profile import default_home

    return home if home is not None else default_home()


def home_flag(home: Path) -> str:
    """Return what a command needs behind it to mean this home; nothing for the default one."""
    from securechat.client.profile import default_home

    return "" if home == default_home() else f" --home {shlex.quote(str(home))}"


def load_settings(home: Path | None) -> Config:
    """Return what config.toml says, or the defaults when there is none.

    It is HOME/config.toml, or in the user's configuration directory when no home was given.
    Raises UsageError when the file is broken or cannot be read.
    """
    import platformdirs

    folder = home or platformdirs.user_config_path("securechat", appauthor=False)
    path = folder / "config.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise UsageError(
            f"Cannot read the configuration {path}: {error.strerror}",
            f"ls -ld {shlex.quote(str(folder))} {shlex.quote(str(path))}",
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"The configuration {path} is not UTF-8 text",
            f"save it as UTF-8, or move {shlex.quote(str(path))} away to use the defaults",
        ) from error
    return parse_config(text, str(path))


def certs_directory(home: Path | None, flag: Path | None, setting: str | None) -> Path:
    """Return where the relay's certificates are: as told, else ./certs, else in the home."""
    if flag is not None:
        return flag
    if setting is not None:
        return Path(setting)
    here = Path("certs")
    return here if has_certificates(here) else resolve_home(home) / "certs"


def data_directory(home: Path | None, flag: Path | None, setting: str | None) -> Path:
    """Return where the relay keeps what must outlive it: as told, else in the home."""
    if flag is not None:
        return flag
    return Path(setting) if setting is not None else resolve_home(home) / "relay"


def has_certificates(directory: Path) -> bool:
    """Tell whether a directory holds what a client or a server looks for.

    Raises FileProblem when that cannot be seen.
    """
    from securechat.transport.private_files import is_there

    return any(is_there(directory / name) for name in ("ca.pem", "server.pem"))


def refuse_flags(context: typer.Context, names: Collection[str], why: str) -> None:
    """Raise UsageError when the command line (not the environment) sets one of the parameters.

    ``why`` completes a sentence that begins with the flag.
    """
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name in names and source is not None and source.name == "COMMANDLINE":
            raise UsageError(f"{parameter.opts[0]} {why}", f"securechat {context.info_name} --help")
