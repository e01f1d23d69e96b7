"""The commands by name, in the order of the help. One is imported when it is named.

All of them together take longer to import than it takes a chat to show its prompt.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

_NAMES = (
    *("host", "join", "gen-certs", "server", "client", "send", "listen", "invite", "export"),
    *("doctor", "paths", "demo", "passphrase", "identity", "config"),
)


class CommandLine(TyperGroup):
    """The whole of ``securechat``, which knows its commands before they are imported."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "commands": None})
        self.commands: Any = _Commands()


class _Commands(Mapping[str, Any]):
    """Each command by its name, as typer makes it of the function or the group of that name."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(_NAMES)

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            if name not in _NAMES:
                raise KeyError(name)
            self._made[name] = _make(name)
        return self._made[name]


def _make(name: str) -> Any:
    attribute = name.replace("-", "_")
    found = getattr(import_module(f"securechat.cli.{attribute}"), attribute)
    if isinstance(found, typer.Typer):
        return get_group(found)
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name)(found)
    return get_command(alone)
