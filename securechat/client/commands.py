"""The lines that people type, parsed: the same for every face."""

import re
from dataclasses import dataclass
from enum import StrEnum

from securechat.client.contacts import split_key_id
from securechat.client.searching import SearchWords, parse_search
from securechat.config import FOREVER_DAYS
from securechat.errors import NameInvalid, UsageError
from securechat.identity.names import parse_name
from securechat.text import clip, safe_text

TEXT_MAX_BYTES = 8 * 1024
"""The longest text of one message, in UTF-8; the largest envelope has no room for more."""

MAX_HISTORY = 1000
"""The most messages that one ``/history`` shows; `securechat export` has all."""

_MAX_DIGITS = 9
_SHOWN_COLUMNS = 24
_COMMAND = re.compile(r"/(?P<word>\S*)\s*(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Say:
    """Text for the current conversation."""

    text: str


@dataclass(frozen=True, slots=True)
class Msg:
    """``/msg TARGET text``: a message to a person, from anywhere."""

    target: str
    text: str


@dataclass(frozen=True, slots=True)
class Who:
    """``/who``: the people who are connected."""


@dataclass(frozen=True, slots=True)
class Verify:
    """``/verify [NAME]``: the safety number; without a name, of the current conversation."""

    name: str | None


class Decision(StrEnum):
    """What a user can decide about a person, as it is typed after the slash."""

    TRUST = "trust"
    ACCEPT_KEY = "accept-key"
    BLOCK = "block"
    UNBLOCK = "unblock"


@dataclass(frozen=True, slots=True)
class Decide:
    """``/trust [NAME]`` and the other decisions; without a name, of the current conversation."""

    decision: Decision
    name: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """``/petname NAME [PETNAME]``: a name of one's own for a person; none takes it away."""

    name: str
    petname: str | None


@dataclass(frozen=True, slots=True)
class Contacts:
    """``/contacts``: the people who are known here."""


@dataclass(frozen=True, slots=True)
class History:
    """``/history [NAME] [COUNT]``: the newest messages with a person; without one, of all."""

    name: str | None
    count: int | None


@dataclass(frozen=True, slots=True)
class Search:
    """``/search WORDS``: messages that hold these words."""

    words: SearchWords


@dataclass(frozen=True, slots=True)
class Keep:
    """``/keep [NAME] [DAYS]``: for how long messages are kept; without DAYS nothing changes."""

    name: str | None
    days: int | None


@dataclass(frozen=True, slots=True)
class Help:
    """``/help``: what can be typed."""


@dataclass(frozen=True, slots=True)
class Quit:
    """``/quit``: leave."""


Question = Who | Verify | Decide | Call | Contacts | History | Search | Keep
"""What the engine answers with events."""

Command = Say | Msg | Question | Help | Quit

_WITHOUT_ARGUMENTS: dict[str, Command] = {
    "who": Who(),
    "contacts": Contacts(),
    "help": Help(),
    "quit": Quit(),
}

HELP = (
    ("/msg NAME text", "write to NAME, and stay in the conversation with them"),
    ("/who", "who is connected to the relay"),
    ("/contacts", "who is known here, and how far they are trusted"),
    ("/verify [NAME]", "show the safety number to compare with NAME"),
    ("/trust [NAME]", "say that you have compared it: NAME is verified"),
    ("/accept-key [NAME]", "take the new key of NAME, who is CHANGED"),
    ("/petname NAME [NEW]", "call NAME by a name of your own; without NEW, no longer"),
    ("/history [NAME] [COUNT]", "the last messages with NAME"),
    ("/search WORDS", "find messages; from:NAME in:NAME since:DATE before:DATE narrow it"),
    ("/keep [NAME] [DAYS]", "for how long messages are kept: DAYS, forever, or 0 for not at all"),
    ("/block NAME", "see nothing more of NAME, and send nothing"),
    ("/unblock NAME", "undo that"),
    ("/help", "this list"),
    ("/quit", "leave (or Ctrl-D)"),
    ("//text", "a message that begins with a slash"),
)


def parse_line(line: str) -> Command | None:
    """Return what a typed line asks for, or None for an empty one.

    ``line`` may hold newlines (pasted text); blanks before a slash do not hide it. Raises
    UsageError for an unknown or incomplete command, which is never sent as text, and for text that
    one message cannot hold; NameInvalid for a name that nobody can have.
    """
    text = line.strip("\r\n")
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
            return _parse_msg(rest)
        case "petname":
            return _parse_petname(rest)
        case "verify":
            return Verify(_parse_name("verify", rest))
        case "trust" | "accept-key" as known:
            return Decide(Decision(known), _parse_name(known, rest))
        case "history":
            return _parse_history(rest)
        case "search":
            return Search(parse_search(rest))
        case "keep":
            return _parse_keep(rest)
        case "block" | "unblock" as known:
            return Decide(Decision(known), _require_name(known, rest))
        case "who" | "contacts" | "help" | "quit" as known:
            if rest:
                raise _too_much(known)
            return _WITHOUT_ARGUMENTS[known]
        case _:
            shown = clip(safe_text(word), _SHOWN_COLUMNS)
            raise UsageError(f"There is no command /{shown}", f"/help, or //{shown} to say it")


def _parse_name(known: str, rest: str) -> str | None:
    if len(rest.split()) > 1:
        raise _too_much(known)
    return _proper_name(known, rest) if rest else None


def _proper_name(known: str, name: str) -> str:
    """Return a name as it was typed, with or without a key id, if somebody can have it."""
    try:
        parse_name(split_key_id(name)[0])
    except NameInvalid as error:
        usage = next(line for line, _ in HELP if line.split()[0] == f"/{known}")
        raise NameInvalid(error.what, usage) from None
    return name


def _require_name(known: str, rest: str) -> str:
    name = _parse_name(known, rest)
    if name is None:
        raise UsageError(f"/{known} needs a name", f"/{known} bob")
    return name


def _parse_petname(rest: str) -> Call:
    match rest.split():
        case [name]:
            return Call(_proper_name("petname", name), None)
        case [name, petname]:
            return Call(_proper_name("petname", name), _proper_name("petname", petname))
        case _:
            raise UsageError("/petname needs a name, and what to call them", "/petname bob Bobby")


def _parse_history(rest: str) -> History:
    match rest.split():
        case []:
            return History(None, None)
        case [count] if _is_number(count):
            return History(None, _count(count))
        case [name]:
            return History(_proper_name("history", name), None)
        case [name, count] if _is_number(count):
            return History(_proper_name("history", name), _count(count))
        case _:
            raise UsageError("/history takes a name and a number", "/history bob 50")


def _count(typed: str) -> int:
    count = _number(typed)
    if not 0 < count <= MAX_HISTORY:
        raise UsageError(f"/history shows 1 to {MAX_HISTORY:,} messages", "/history 50")
    return count


def _parse_keep(rest: str) -> Keep:
    match rest.split():
        case []:
            return Keep(None, None)
        case [days] if _is_number(days) or days.lower() == "forever":
            return Keep(None, _days(days))
        case [name]:
            return Keep(_proper_name("keep", name), None)
        case [name, days] if _is_number(days) or days.lower() == "forever":
            return Keep(_proper_name("keep", name), _days(days))
        case _:
            raise UsageError("/keep takes a name, and a number of days or forever", "/keep bob 30")


def _days(typed: str) -> int:
    return FOREVER_DAYS if typed.lower() == "forever" else min(_number(typed), FOREVER_DAYS)


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit()


def _number(typed: str) -> int:
    """Return what digits say; of so many that int() refuses them, the first are too much too."""
    return int(typed.lstrip("0")[:_MAX_DIGITS] or "0")


def _too_much(known: str) -> UsageError:
    return UsageError(f"There is too much after /{known}", f"/{known}, or //{known} to say it")


def _parse_msg(rest: str) -> Msg:
    match rest.split(maxsplit=1):
        case [target, text]:
            return Msg(_proper_name("msg", target), fitting_text(text))
        case [target]:
            shown = clip(safe_text(target), _SHOWN_COLUMNS)
            raise UsageError("/msg needs a text after the name", f"/msg {shown} hello")
        case _:
            raise UsageError("/msg needs a name and a text", "/msg bob hello")


def fitting_text(text: str) -> str:
    """Return ``text`` when one message can hold it."""
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError as error:
        raise UsageError(
            "The text holds bytes that are not UTF-8, nothing was sent",
            "set the terminal to UTF-8",
        ) from error
    if size_bytes > TEXT_MAX_BYTES:
        raise UsageError(
            f"The text has {size_bytes:,} bytes, a message holds {TEXT_MAX_BYTES:,}; "
            "nothing was sent",
            "send it in parts",
        )
    return text
