"""The typed lines about messages that are there already, about typing and the relay, parsed."""

from collections.abc import Callable

from securechat.client.command_help import usage_of
from securechat.client.commands import Amend, Command, React, ShowTyping, Sight
from securechat.client.input.fitting import fitting_text
from securechat.client.input.typed import parse_message_id
from securechat.client.names.typed_names import check_person, check_target, shorten, too_much
from securechat.e2e.amend_content import MAX_SYMBOL_BYTES
from securechat.errors import UsageError

_ON = {"on": True, "off": False}


def parse_amend_command(command: str, rest: str) -> Command | None:
    """Return what ``/command rest`` asks for, or None when the command is none of these.

    Raises UsageError when it is incomplete, NameInvalid for a name that nobody can have.
    """
    parse = _PARSERS.get(command)
    return None if parse is None else parse(rest)


def _parse_edit(rest: str) -> Amend:
    first, *text = rest.split(maxsplit=1) or [""]
    has_id = parse_message_id(first) is not None
    if not first or (has_id and not text):
        raise UsageError("/edit needs the new text", "/edit what I meant")
    if has_id:
        return Amend(None, first.lower(), fitting_text(text[0]))
    return Amend(None, None, fitting_text(rest))


def _parse_delete(rest: str) -> Amend:
    if not rest:
        return Amend(None, None, "")
    if parse_message_id(rest) is None:
        raise UsageError(
            f"/delete takes the id of a message, which {shorten(rest)} is not",
            f"{usage_of('delete')}; without an id it is your newest message here",
        )
    return Amend(None, rest.lower(), "")


def _parse_react(rest: str) -> React:
    match rest.split():
        case [to]:
            return React(None, check_person("react", to), "")
        case [to, symbol] if len(symbol.encode()) <= MAX_SYMBOL_BYTES:
            return React(None, check_person("react", to), symbol)
        case [_, _]:
            raise UsageError("A reaction is one emoji, or a short word", "/react bob :heart:")
        case []:
            raise UsageError("/react needs a name, and a symbol", "/react bob :heart:")
        case _:
            raise too_much("react")


def _parse_relay(rest: str) -> Sight:
    if len(rest.split()) > 1:
        raise too_much("relay")
    return Sight(check_target("relay", rest) if rest else None)


def _parse_typing(rest: str) -> ShowTyping:
    if not rest:
        return ShowTyping(None)
    if rest.lower() not in _ON:
        raise UsageError("/typing takes on or off", "/typing off")
    return ShowTyping(_ON[rest.lower()])


_PARSERS: dict[str, Callable[[str], Command]] = {
    "edit": _parse_edit,
    "delete": _parse_delete,
    "react": _parse_react,
    "relay": _parse_relay,
    "typing": _parse_typing,
}
