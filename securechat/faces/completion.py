"""What Tab makes of a line: commands, names, rooms and codes of emoji are typed to their end.

What may follow a command is read from its line in the help, so both always agree.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from msgspec import Struct

from securechat.client.command_help import HELP
from securechat.faces.emoji_codes import codes_beginning
from securechat.faces.entries import Entry
from securechat.faces.session.known import Known

SHOWN_MAX = 40
"""How many candidates are listed."""

_NAMED_FROM = 2
"""So many letters of a text may be the beginning of a name; with ``@`` none are needed."""

_PEOPLE = {"NAME", "TARGET", "TO"}
_ROOMS = {"ROOM", "TARGET"}
_COMMAND = re.compile(r"/[a-z][a-z-]*")
_PLACEHOLDER = re.compile(
    r"(?P<optional>\[?)#?(?P<choices>[^\s\[\]….]+)(?P<end>\]?)(?P<repeated>…|\.\.\.)?"
)
_LAST_WORD = re.compile(r"\S*\Z")
_MENTION = re.compile(r"(?<![\w@])@[^\s@]*\Z")
_EMOJI_CODE = re.compile(r"(?<![\w:])(?::[\w+-]+:)*(?P<code>:[\w+-]+)\Z")


class Completion(Struct, frozen=True):
    """What ``typed``, the end of a line, can become; ``candidates`` is never empty.

    ``closing`` is what is typed behind the one candidate there may be.
    """

    typed: str
    candidates: tuple[str, ...]
    closing: str = " "

    @property
    def insertion(self) -> str:
        """What to put in the place of ``typed``: as much as all candidates have in common."""
        if len(self.candidates) == 1:
            return self.candidates[0] + self.closing
        common = _common_beginning(self.candidates)
        return common if len(common) > len(self.typed) else self.typed

    @property
    def listing(self) -> Entry:
        """The candidates to choose from."""
        shown = ", ".join(self.candidates[:SHOWN_MAX])
        more = len(self.candidates) - SHOWN_MAX
        return Entry(f"{shown}, and {more:,} more" if more > 0 else shown)


def complete(before: str, known: Known) -> Completion | None:
    """Return what the end of ``before``, the line up to the cursor, can become, if anything."""
    line = before.lstrip()
    word = _last_match(_LAST_WORD, line)
    if line == word and line.startswith("/"):
        return _choose(word, sorted(_arguments()))
    if mention := _last_match(_MENTION, line):
        return _choose(mention, [f"@{name}" for name in known.names])
    if code := _EMOJI_CODE.search(word):
        typed = code["code"]
        return _choose(typed, [f":{name}:" for name in codes_beginning(typed[1:])], closing="")
    if line.startswith("/"):
        command, *arguments = line[: len(line) - len(word)].split()
        return _choose(word, _candidates(command.lower(), len(arguments), known))
    if len(word) >= _NAMED_FROM:
        return _choose(word, [*known.names, *known.rooms])
    return None


def _last_match(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0] if found else ""


def _choose(typed: str, among: Iterable[str], closing: str = " ") -> Completion | None:
    beginning = typed.casefold()
    fitting = tuple(word for word in among if word.casefold().startswith(beginning))
    return Completion(typed, fitting, closing) if fitting else None


def _common_beginning(words: Sequence[str]) -> str:
    """Return how all words begin, whatever their case, as the first one has it."""
    length = 0
    for letters in zip(*words, strict=False):
        if len({letter.casefold() for letter in letters}) > 1:
            break
        length += 1
    return words[0][:length]


class _Argument(NamedTuple):
    """One word behind a command: what it stands for, or the words that it can be."""

    choices: tuple[str, ...]
    optional: bool
    repeated: bool


def _candidates(command: str, position: int, known: Known) -> list[str]:
    """Return what can stand at a position (from 0) behind a command."""
    choices = _choices_at(_arguments().get(command, ()), position)
    found = [choice for choice in choices if choice.islower()]
    if _ROOMS.intersection(choices):
        found += known.rooms
    if _PEOPLE.intersection(choices):
        found += known.names
    return found


def _choices_at(arguments: Sequence[_Argument], position: int) -> list[str]:
    """Return what any argument that can stand at a position allows: optional ones may be absent."""
    choices: list[str] = []
    required = 0
    for index, argument in enumerate(arguments):
        if required <= position and (position <= index or argument.repeated):
            choices.extend(argument.choices)
        required += not argument.optional
    return choices


@cache
def _arguments() -> dict[str, tuple[_Argument, ...]]:
    """Return the arguments of each command, as its usage in the help has them."""
    usages = [usage for row, _ in HELP for usage in re.split(r", (?=/)", row)]
    return {
        command[0]: tuple(map(_read_argument, _PLACEHOLDER.finditer(usage, command.end())))
        for usage in usages
        if (command := _COMMAND.match(usage))
    }


def _read_argument(found: re.Match[str]) -> _Argument:
    """Read a placeholder; a lower-case one without alternatives is free text.

    In ``[NAME [emoji|qr]]`` the second one needs the first, which so is none that may be absent.
    """
    choices = tuple(choice.lstrip("#") for choice in found["choices"].split("|"))
    free = len(choices) == 1 and choices[0].islower()
    return _Argument(
        () if free else choices, bool(found["optional"] and found["end"]), bool(found["repeated"])
    )
