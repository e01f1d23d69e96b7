"""What a home says before anything is opened: the settings file, and where certificates are."""

import shlex
from pathlib import Path

from securechat.config import Config, parse_config
from securechat.errors import UsageError


def resolve_home(home: Path | None) -> Path:
    """Return the directory for profiles and certificates."""
    from securechat.client.profiles.profile import default_home

    return home if home is not None else default_home()


def settings_file(home: Path | None) -> Path:
    """Return HOME/config.toml, or that of the user's configuration directory without a home."""
    import platformdirs

    folder = home or platformdirs.user_config_path("securechat", appauthor=False)
    return folder / "config.toml"


def load_settings(home: Path | None) -> Config:
    """Return what `settings_file` says, or the defaults when there is none.

    Raises UsageError when the file is broken or cannot be read.
    """
    path = settings_file(home)
    text = read_settings(path)
    return parse_config(text, str(path)) if text else Config()


def read_settings(path: Path) -> str:
    """Return the text of a settings file, empty when there is none.

    Raises UsageError when it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UsageError(
            f"Cannot read the configuration {path}: {error.strerror}",
            f"ls -ld {shlex.quote(str(path.parent))} {shlex.quote(str(path))}",
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"The configuration {path} is not UTF-8 text",
            f"save it as UTF-8, or move {shlex.quote(str(path))} away to use the defaults",
        ) from error


def certs_directory(home: Path | None, flag: Path | None, setting: str | None) -> Path:
    """Return where the relay's certificates are: as told, else ./certs, else in the home."""
    if flag is not None:
        return flag
    if setting is not None:
        return Path(setting)
    here = Path("certs")
    return here if has_certificates(here) else resolve_home(home) / "certs"


def has_certificates(directory: Path) -> bool:
    """Tell whether a directory holds what a client or a server looks for.

    Raises FileProblem when that cannot be seen.
    """
    from securechat.transport.private_files import is_there

    return any(is_there(directory / name) for name in ("ca.pem", "server.pem"))
