"""What keys do on the full screen, and how a user binds others."""

import string
import unicodedata
from collections.abc import Iterator, Mapping
from enum import Enum

from msgspec import Struct

from securechat.errors import UsageError


class Scope(Enum):
    """Where a key counts: in the whole CHAT, or only in its INPUT, or only in its MESSAGES."""

    CHAT = "chat"
    INPUT = "input"
    MESSAGES = "messages"


class Action(Struct, frozen=True):
    """Something that a key does. ``id`` is how a user names it, ``keys`` are split by commas."""

    id: str
    keys: str
    scope: Scope
    label: str


ACTIONS = (
    Action("help", "f1", Scope.CHAT, "Help: keys and commands"),
    Action("switch", "ctrl+k", Scope.CHAT, "Go to another conversation"),
    Action("search", "ctrl+f", Scope.CHAT, "Search in the messages"),
    Action("unread", "alt+u", Scope.CHAT, "Next conversation with something unread"),
    Action("palette", "ctrl+p", Scope.CHAT, "All that can be done"),
    Action("next", "alt+down", Scope.CHAT, "The conversation below"),
    Action("previous", "alt+up", Scope.CHAT, "The conversation above"),
    Action("send", "enter", Scope.INPUT, "Send"),
    Action("newline", "ctrl+j,shift+enter", Scope.INPUT, "Begin another line"),
    Action("complete", "tab", Scope.INPUT, "Complete a name or a command"),
    Action("editor", "ctrl+o", Scope.INPUT, "Go on writing in $EDITOR"),
    Action("edit-last", "alt+e", Scope.CHAT, "Edit the own newest message"),
    Action("verify", "alt+v", Scope.CHAT, "Verify this person"),
    Action("relay", "alt+r", Scope.CHAT, "What the relay sees"),
    Action("alarm", "alt+a", Scope.CHAT, "Take note of the alarm"),
    Action("page-up", "pageup", Scope.CHAT, "Scroll up"),
    Action("page-down", "pagedown", Scope.CHAT, "Scroll down"),
    Action("oldest", "ctrl+home", Scope.CHAT, "The first message"),
    Action("newest", "ctrl+end", Scope.CHAT, "The last message"),
    Action("mark", "alt+n", Scope.CHAT, "The first new message"),
    Action("select", "escape", Scope.CHAT, "Choose a message; again: go on writing"),
    Action("up", "up,k", Scope.MESSAGES, "The message above"),
    Action("down", "down,j", Scope.MESSAGES, "The message below"),
    Action("copy", "y", Scope.MESSAGES, "Copy the message"),
    Action("reply", "r", Scope.MESSAGES, "Answer the message"),
    Action("edit", "e", Scope.MESSAGES, "Edit the message, if it is your own"),
    Action("delete", "d", Scope.MESSAGES, "Delete the message, if it is your own"),
    Action("react", "plus", Scope.MESSAGES, "React to the message"),
    Action("clear", "ctrl+c", Scope.CHAT, "Clear the line; twice: leave"),
    Action("redraw", "ctrl+l", Scope.CHAT, "Draw everything again"),
    Action("suspend", "ctrl+z", Scope.CHAT, "Back to the shell for a while: fg returns"),
    Action("quit", "ctrl+q", Scope.CHAT, "Leave"),
)

_NAMED_KEYS = frozenset(
    ("enter", "escape", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup",
     "pagedown", "up", "down", "left", "right")
)  # fmt: skip
_RENAMED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}


def _punctuation_names() -> Iterator[tuple[str, str]]:
    for character in string.punctuation:
        name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
        yield character, _RENAMED.get(name, name)


_PUNCTUATION = dict(_punctuation_names())
_FUNCTION_KEYS = frozenset(f"f{number}" for number in range(1, 25))
_PRINTABLE = frozenset((*string.ascii_letters, *string.digits, "space", *_PUNCTUATION.values()))
_KEYS = _PRINTABLE | _NAMED_KEYS | _FUNCTION_KEYS
_MODIFIERS = frozenset(("alt", "ctrl", "shift"))
_SAME_BYTES = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+left_square_bracket": "escape",
}
_EXAMPLE = "a key such as ctrl+k, alt+shift+up, f5 or plus; several are split by commas"


def keys_of(action_id: str, bound: Mapping[str, str]) -> str:
    """Return the keys of an action: those that a user has ``bound``, else its own."""
    return next(bound.get(action.id, action.keys) for action in ACTIONS if action.id == action_id)


def read_keys(bound: Mapping[str, str]) -> dict[str, str]:
    """Return the keys that a user has bound, by action, as they are named while the chat runs.

    Raises UsageError for an action or a key that there is not, for a key that could not be typed
    any more, and when one key would do two things.
    """
    for action_id in bound:
        if all(action.id != action_id for action in ACTIONS):
            raise UsageError(
                f"config.toml binds {action_id}, and there is no such action",
                f"one of: {', '.join(action.id for action in ACTIONS)}",
            )
    read = {
        action.id: ",".join(
            dict.fromkeys(_read_key(action, key) for key in bound[action.id].split(","))
        )
        for action in ACTIONS
        if action.id in bound
    }
    _refuse_two_on_one_key(read)
    return read


def _read_key(action: Action, typed: str) -> str:
    """Return how a key is named while the chat runs; UsageError if it cannot be bound."""
    key = _find_key(typed.strip())
    if key is None:
        raise UsageError(
            f"config.toml binds {action.id} to {typed.strip()!r}, and there is no such key",
            _EXAMPLE,
        )
    if key in _PRINTABLE and action.scope is not Scope.MESSAGES:
        raise UsageError(
            f"config.toml binds {action.id} to {key}, which could not be typed any more",
            "a key that types nothing, such as f9 or ctrl+t",
        )
    return key


def _find_key(typed: str) -> str | None:
    *modifiers, name = _split(typed)
    name = _PUNCTUATION.get(name, name)
    if len(name) > 1 or modifiers:
        name = name.lower()
    if name not in _KEYS or not set(modifiers) <= _MODIFIERS:
        return None
    if set(modifiers) == {"shift"} and name in _PRINTABLE:
        return name.upper() if name in string.ascii_lowercase else None
    key = "+".join((*sorted(set(modifiers)), name))
    return _SAME_BYTES.get(key, key)


def _split(typed: str) -> list[str]:
    """Return modifiers and key; the key may be a plus."""
    if typed.endswith("+"):
        return [part for part in typed[:-1].lower().split("+") if part] + ["plus"]
    *modifiers, name = typed.split("+")
    return [*(modifier.lower() for modifier in modifiers), name]


def _refuse_two_on_one_key(bound: Mapping[str, str]) -> None:
    users: dict[str, list[Action]] = {}
    for action in ACTIONS:
        for key in bound.get(action.id, action.keys).split(","):
            for other in users.setdefault(key, []):
                if _overlap(action.scope, other.scope):
                    raise UsageError(
                        f"config.toml binds {key} to both {other.id} and {action.id}",
                        f"another key for {action.id if action.id in bound else other.id}",
                    )
            users[key].append(action)


def _overlap(one: Scope, other: Scope) -> bool:
    return one is other or Scope.CHAT in (one, other)
