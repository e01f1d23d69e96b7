"""The lines that people type, parsed: the same for every face."""

import re
from collections.abc import Callable

from securechat.client.commands import (
    Call,
    Command,
    Contacts,
    Decide,
    Decision,
    Differ,
    Help,
    History,
    How,
    Keep,
    MakeCode,
    Match,
    Msg,
    Quit,
    Reply,
    Say,
    Search,
    Unsend,
    Verify,
)
from securechat.client.input.amend_command_line import parse_amend_command
from securechat.client.input.fitting import TEXT_MAX_BYTES as TEXT_MAX_BYTES
from securechat.client.input.fitting import fitting_text as fitting_text
from securechat.client.input.fitting import size_bytes_of
from securechat.client.input.room_command_line import parse_room_command
from securechat.client.names.typed_names import check_person, check_target, shorten, too_much
from securechat.client.searching import parse_search
from securechat.config import FOREVER_DAYS
from securechat.errors import UsageError

MAX_HISTORY = 1000
"""The most messages that one ``/history`` shows; `securechat export` has all."""

_MAX_DIGITS = 9
_COMMAND = re.compile(r"/(?P<word>\S*)\s*(?P<rest>.*)", re.DOTALL)

_WITHOUT_ARGUMENTS: dict[str, Command] = {
    "code": MakeCode(),
    "contacts": Contacts(),
    "help": Help(),
    "quit": Quit(),
}


def parse_line(line: str) -> Command | None:
    """Return what a typed line asks for, or None for an empty one.

    ``line`` may hold newlines (pasted text); blanks before a slash do not hide it. Raises
    UsageError for an unknown or incomplete command, which is never sent as text, and for text that
    one message cannot hold; NameInvalid for a name that nobody can have.
    """
    text = line.strip("\r\n")
    size_bytes_of(text)
    start = text.lstrip()
    if not start:
        return None
    if start.startswith("//"):
        return Say(fitting_text(start[1:]))
    if command := _COMMAND.match(start):
        return _parse_command(command["word"], command["rest"].rstrip())
    return Say(fitting_text(text))


def _parse_command(word: str, rest: str) -> Command:
    match word.lower():
        case "msg":
            return Msg(*_target_and_text("msg", rest))
        case "me":
            return _parse_me(rest)
        case "reply":
            return Reply(*_target_and_text("reply", rest))
        case "petname":
            return _parse_petname(rest)
        case "verify":
            return _parse_verify(rest)
        case "match":
            return Match(_parse_name("match", rest))
        case "differ":
            return Differ(_parse_name("differ", rest))
        case "trust" | "accept-key" as known:
            return Decide(Decision(known), _parse_name(known, rest))
        case "unsend":
            return Unsend(_parse_name("unsend", rest, check_target))
        case "history":
            return _parse_history(rest)
        case "search":
            return Search(parse_search(rest))
        case "keep":
            return _parse_keep(rest)
        case "block" | "unblock" as known:
            return Decide(Decision(known), _require_name(known, rest))
        case "code" | "contacts" | "help" | "quit" as known:
            if rest:
                raise too_much(known)
            return _WITHOUT_ARGUMENTS[known]
        case known:
            for parse in (parse_room_command, parse_amend_command):
                if (command := parse(known, rest)) is not None:
                    return command
            shown = shorten(word)
            raise UsageError(f"There is no command /{shown}", f"/help, or //{shown} to say it")


def _parse_name(
    known: str, rest: str, check: Callable[[str, str], str] = check_person
) -> str | None:
    if len(rest.split()) > 1:
        raise too_much(known)
    return check(known, rest) if rest else None


def _parse_verify(rest: str) -> Verify:
    match rest.split():
        case [name, how] if how.lower() in (How.EMOJI, How.QR):
            return Verify(check_person("verify", name), How(how.lower()))
        case _:
            return Verify(_parse_name("verify", rest))


def _require_name(known: str, rest: str) -> str:
    name = _parse_name(known, rest)
    if name is None:
        raise UsageError(f"/{known} needs a name", f"/{known} bob")
    return name


def _parse_petname(rest: str) -> Call:
    match rest.split():
        case [name]:
            return Call(check_person("petname", name), None)
        case [name, petname]:
            return Call(check_person("petname", name), check_person("petname", petname))
        case _:
            raise UsageError("/petname needs a name, and what to call them", "/petname bob Bobby")


def _parse_history(rest: str) -> History:
    usage = UsageError("/history takes a name and a number", "/history bob 50")
    name, count = _name_and_value("history", rest, _is_number, usage)
    return History(name, None if count is None else _count(count))


def _count(typed: str) -> int:
    count = _number(typed)
    if not 0 < count <= MAX_HISTORY:
        raise UsageError(f"/history shows 1 to {MAX_HISTORY:,} messages", "/history 50")
    return count


def _parse_keep(rest: str) -> Keep:
    usage = UsageError("/keep takes a name, and a number of days or forever", "/keep bob 30")
    name, days = _name_and_value("keep", rest, _says_days, usage)
    return Keep(name, None if days is None else _days(days))


def _days(typed: str) -> int:
    return FOREVER_DAYS if typed.lower() == "forever" else min(_number(typed), FOREVER_DAYS)


def _says_days(word: str) -> bool:
    return _is_number(word) or word.lower() == "forever"


def _name_and_value(
    known: str, rest: str, is_value: Callable[[str], bool], usage: UsageError
) -> tuple[str | None, str | None]:
    """Return what was typed of ``[NAME] [VALUE]``; a single word that can be a value is one."""
    match rest.split():
        case []:
            return None, None
        case [value] if is_value(value):
            return None, value
        case [name]:
            return check_target(known, name), None
        case [name, value] if is_value(value):
            return check_target(known, name), value
        case _:
            raise usage


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit()


def _number(typed: str) -> int:
    """Return what digits say; of so many that int() refuses them, the first are too much too."""
    return int(typed.lstrip("0")[:_MAX_DIGITS] or "0")


def _parse_me(rest: str) -> Say:
    if not rest:
        raise UsageError("/me needs what you do", "/me waves")
    return Say(fitting_text(rest), action=True)


def _target_and_text(known: str, rest: str) -> tuple[str, str]:
    """Return what was typed of ``NAME text``; the answered is a person, or a message by its id."""
    check = check_target if known == "msg" else check_person
    match rest.split(maxsplit=1):
        case [target, text]:
            return check(known, target), fitting_text(text)
        case [target]:
            shown = shorten(target)
            raise UsageError(f"/{known} needs a text after the name", f"/{known} {shown} hello")
        case _:
            raise UsageError(f"/{known} needs a name and a text", f"/{known} bob hello")
