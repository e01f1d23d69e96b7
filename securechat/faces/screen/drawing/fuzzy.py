"""Find what is meant by a few letters that were typed: they stand in it in this order."""

from collections.abc import Callable, Iterable
from typing import TypeVar

Choice = TypeVar("Choice")

_AT_START, _AT_WORD, _IN_A_ROW = 8, 4, 2
_SEARCHED_CHARACTERS = 256


def find_best(
    typed: str, choices: Iterable[Choice], text_of: Callable[[Choice], str]
) -> list[Choice]:
    """Return the choices that are meant, the best first; the order of equal ones is kept.

    With nothing typed all of them are.
    """
    scored = [(score(typed, text_of(choice)), choice) for choice in choices]
    found = [(points, choice) for points, choice in scored if points is not None]
    return [choice for _, choice in sorted(found, key=lambda pair: -pair[0])]


def score(typed: str, text: str) -> int | None:
    """Return how well a text fits what was typed, blanks and case aside; None: it does not.

    Letters count more at its start, at the start of a word, and right behind each other.
    """
    wanted = "".join(typed.casefold().split())
    within = text[:_SEARCHED_CHARACTERS].casefold()
    if not wanted:
        return 0
    if (start := within.find(wanted)) >= 0:
        return len(wanted) * (_AT_WORD + _IN_A_ROW) + _points(within, start) - start
    points, position = 0, -1
    for letter in wanted:
        found = within.find(letter, position + 1)
        if found < 0:
            return None
        in_a_row = _IN_A_ROW if found == position + 1 else 0
        points += max(in_a_row, _points(within, found))
        position = found
    return points


def _points(text: str, position: int) -> int:
    if position == 0 or not any(map(str.isalnum, text[:position])):
        return _AT_START
    return 0 if text[position - 1].isalnum() else _AT_WORD
