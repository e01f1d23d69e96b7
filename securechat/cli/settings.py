"""Where settings come from: flags, then the environment, then the file, then defaults."""

import os
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
        envvar="SECURECHAT_HOME",
        help="Where profiles, settings and certificates live.",
    ),
]


def resolve_home(home: Path | None) -> Path:
    """Return the directory for profiles and certificates."""
    from securechat.client.profile import default_home

    return home if home is not None else default_home()


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
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"Cannot read the configuration {path}: {error}", f"ls -l {path}"
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


def has_certificates(directory: Path) -> bool:
    """Tell whether a directory holds what a client or a server looks for."""
    return any(os.path.lexists(directory / name) for name in ("ca.pem", "server.pem"))
