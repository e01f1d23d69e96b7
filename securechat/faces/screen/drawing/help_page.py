"""The page of help: the keys as they are bound, and what can be typed."""

from collections.abc import Iterator, Mapping

from securechat.client.command_help import HELP_GROUPS
from securechat.faces.breaking import break_line
from securechat.faces.screen.actions import ACTIONS, Scope
from securechat.faces.screen.drawing.spans import Line, Look, span

_MEANING_COLUMN = 22
_LEAST_MEANING_COLUMNS = 24
_TITLES = {
    Scope.CHAT: "Keys",
    Scope.INPUT: "Keys while you write",
    Scope.MESSAGES: "Keys on a message",
}
_SHOWN = {
    "plus": "+",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "escape": "Esc",
}


def key_label(keys: str) -> str:
    """Return keys as a reader knows them: ``ctrl+k,f5`` is "Ctrl-K, F5"."""
    return ", ".join(map(_one_label, keys.split(",")))


def lay_out_help(columns: int, bound: Mapping[str, str]) -> list[Line]:
    """Return the lines of the page; ``bound`` are the keys that a user has set, by action."""
    lines: list[Line] = []
    for scope, title in _TITLES.items():
        lines.append((span(title, Look.STRONG),))
        for action in ACTIONS:
            if action.scope is scope:
                keys = key_label(bound.get(action.id, action.keys))
                lines += _entry(keys, action.label, columns)
        lines.append((span(""),))
    for group, entries in HELP_GROUPS:
        lines.append((span(group, Look.STRONG),))
        for usage, meaning in entries:
            lines += _entry(usage, meaning, columns)
        lines.append((span(""),))
    return lines[:-1]


def _one_label(key: str) -> str:
    *modifiers, name = key.split("+")
    shown = _SHOWN.get(name, name.capitalize() if len(name) > 1 or modifiers else name)
    return "-".join((*(modifier.capitalize() for modifier in modifiers), shown))


def _entry(what: str, meaning: str, columns: int) -> Iterator[Line]:
    """Yield what is pressed or typed, and its meaning: beside it, or below where that is narrow."""
    room = columns - _MEANING_COLUMN
    beside = len(what) < _MEANING_COLUMN - 2 and room >= _LEAST_MEANING_COLUMNS
    indent = " " * (_MEANING_COLUMN if room >= _LEAST_MEANING_COLUMNS else 4)
    parts = break_line(meaning, max(columns, 12) - len(indent))
    if beside:
        head = f"  {what}"
        yield (span(f"{head:{_MEANING_COLUMN}}", Look.MARK), span(parts.pop(0)))
    else:
        yield (span(f"  {what}", Look.MARK),)
    for part in parts:
        yield (span(f"{indent}{part.strip()}"),)
