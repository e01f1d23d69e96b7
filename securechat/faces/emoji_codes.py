"""Codes for emoji, as ``:thumbs_up:`` or ``:+1:``, in what is typed.

The tables of the emoji package are read when the first code is typed: that takes some 60 ms.
"""

import re
from functools import cache

_SKIN_TONE = "_skin_tone"
_CODE = re.compile(r"[a-z0-9_+-]+", re.IGNORECASE)
_CODES_IN_A_ROW = re.compile(r"(?<![\w:])(?::[a-z0-9_+-]+:)++(?![\w:])", re.ASCII | re.IGNORECASE)
_ONE_CODE = re.compile(r":([a-z0-9_+-]+):", re.IGNORECASE)
_BACKTICKS = re.compile(r"`+")
_FENCE = 3
"""So many backticks are code up to the end, if nothing closes them."""


def with_emoji(text: str) -> str:
    """Return ``text`` with an emoji in the place of each known code; linear in its length.

    A code inside a word, as in ``std::map::iterator`` or ``10:20:30``, is none, nor is one between
    backticks.
    """
    if not _CODES_IN_A_ROW.search(text):
        return text
    pieces = _split_code(text)
    pieces[::2] = [_CODES_IN_A_ROW.sub(_replace_row, piece) for piece in pieces[::2]]
    return "".join(pieces)


def codes_beginning(beginning: str) -> list[str]:
    """Return the codes that begin like this, whatever its case, without colons; the shortest first.

    Those of skin tones are left out until one is begun.
    """
    beginning = beginning.casefold()
    fitting = [
        code for code in _emoji_by_code() if code.startswith(beginning) and code == code.lower()
    ]
    plain = [code for code in fitting if _SKIN_TONE not in code]
    return sorted(plain or fitting, key=lambda code: (len(code), code))


def _split_code(text: str) -> list[str]:
    """Return pieces of ``text``; every second one, from the second on, is code with its backticks.

    As in Markdown, so many backticks as open a piece of code close it, and fewer than three that
    nothing closes are only backticks.
    """
    pieces: list[str] = []
    runs = list(_BACKTICKS.finditer(text))
    last_of_length = {len(run[0]): run for run in runs}
    copied, opened = 0, None
    for run in runs:
        if opened is not None:
            if len(run[0]) == len(opened[0]):
                pieces += [text[copied : opened.start()], text[opened.start() : run.end()]]
                copied, opened = run.end(), None
        elif last_of_length[len(run[0])] is not run:
            opened = run
        elif len(run[0]) >= _FENCE:
            return [*pieces, text[copied : run.start()], text[run.start() :]]
    return [*pieces, text[copied:]]


def _replace_row(row: re.Match[str]) -> str:
    return _ONE_CODE.sub(_replace_code, row[0])


def _replace_code(code: re.Match[str]) -> str:
    known = _emoji_by_code()
    return known.get(code[1]) or known.get(code[1].lower(), code[0])


@cache
def _emoji_by_code() -> dict[str, str]:
    """Return all codes, each in lower case too, where that is no other code's spelling.

    Those in use elsewhere, the aliases, go before the names of emoji.
    """
    from emoji import EMOJI_DATA, STATUS

    qualified = [
        (emoji, names)
        for emoji, names in EMOJI_DATA.items()
        if names["status"] <= STATUS["fully_qualified"]
    ]
    spelt = [(code, emoji) for emoji, names in qualified for code in names.get("alias", [])]
    spelt += [(names["en"], emoji) for emoji, names in qualified]
    found: dict[str, str] = {}
    for in_lower_case in (False, True):
        for code, emoji in spelt:
            code = code.strip(":")
            if _CODE.fullmatch(code):
                found.setdefault(code.lower() if in_lower_case else code, emoji)
    return found
