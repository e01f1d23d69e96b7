"""``securechat config``: which settings hold here, and what has set them."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, cast

import typer
from msgspec import Struct

from securechat.cli.settings import HomeOption
from securechat.client.profiles.surroundings import read_settings, settings_file
from securechat.config import ClientConfig, Config, parse_config, settings_of, written_keys
from securechat.text import safe_text

if TYPE_CHECKING:
    from typer.core import TyperGroup

Value = str | int | float | bool | dict[str, str] | None

_CLIENT = "client."

config = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@config.callback()
def options() -> None:
    """See which settings hold here."""


class Setting(Struct, frozen=True):
    """A value, and its ``origin``: ``default``, ``file PATH`` or ``environment NAME``."""

    value: Value
    origin: str


@config.command("show")
def show(
    context: typer.Context,
    home: HomeOption = None,
    origin: Annotated[
        bool, typer.Option("--origin", help="Say behind each value what has set it.")
    ] = False,
) -> None:
    """Show every setting and its value, in the form of config.toml.

    The environment is as securechat client takes it; flags win over all of this.
    """
    path = settings_file(home)
    text = read_settings(path)
    in_file = parse_config(text, str(path))
    origins = dict.fromkeys(written_keys(text), f"file {path}")
    from_environment = _from_environment(context)
    for key, setting in settings(in_file, origins, from_environment):
        line = _toml_line(key, setting.value)
        typer.echo(safe_text(f"{line:<44} # {setting.origin}" if origin else line))


def settings(
    in_file: Config,
    origins: Mapping[str, str],
    from_environment: Mapping[str, Setting],
) -> Iterator[tuple[str, Setting]]:
    """Give every setting, named as `settings_of` does, in the order of `Config`.

    ``origins`` are of what the file sets; the environment is about the client, and names its
    settings without their section.
    """
    for name, value in settings_of(in_file):
        setting = Setting(cast("Value", value), origins.get(name, "default"))
        if name.startswith(_CLIENT):
            setting = from_environment.get(name.removeprefix(_CLIENT), setting)
        yield name, setting


def _from_environment(context: typer.Context) -> dict[str, Setting]:
    """Return what the environment sets, as the options of ``securechat client`` read it.

    They are named as the settings are, so no other list of variables is needed. Raises BadParameter
    for a value that is none.
    """
    client = cast("TyperGroup", context.find_root().command).commands["client"]
    found = {}
    for option in client.params:
        text = option.value_from_envvar(context)
        if option.name in ClientConfig.__struct_fields__ and text is not None:
            value = option.type_cast_value(context, text)
            found[option.name] = Setting(value, f"environment {option.envvar}")
    return found


def _toml_line(key: str, value: Value) -> str:
    """Return the line of a file that would set this; a comment where nothing is set."""
    if value is None:
        return f"# {key} is not set"
    if isinstance(value, float):
        return f"{key} = {value!r}"
    if isinstance(value, dict):
        pairs = ", ".join(_toml_line(json.dumps(each), found) for each, found in value.items())
        return f"{key} = {{{pairs}}}"
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"
