"""The reactions to a message: which, and whose."""

from collections.abc import Iterable
from unicodedata import category

from securechat.faces.screen.drawing.folding import without_leading_marks
from securechat.faces.screen.drawing.spans import Line, Look, span
from securechat.faces.wording.messages import quoted
from securechat.text import safe_text

SYMBOLS_MAX = 12
NAMES_MAX = 5

_SYMBOL_COLUMNS = 16
_WORD_SIGNS = frozenset("+-_")
_SIGNS = frozenset({"So", "Sk", "Sm", "Mn", "Cf"})
"""What emoji are made of: pictures, tones of skin, and what joins them."""


def reaction_line(reactions: Iterable[tuple[str, str]], *, unicode: bool) -> Line:
    """Return each symbol with the names of those who react with it, the first ones of many."""
    names: dict[str, list[str]] = {}
    for who, symbol in reactions:
        names.setdefault(show_symbol(symbol), []).append(who)
    separator = " · " if unicode else " | "
    parts: list[str] = []
    for symbol, people in list(names.items())[:SYMBOLS_MAX]:
        parts.append(f"{symbol} {_some(people)}")
    if len(names) > SYMBOLS_MAX:
        parts.append(f"{len(names) - SYMBOLS_MAX} others")
    return (span(separator.join(parts), Look.REACTION),)


def show_symbol(symbol: str) -> str:
    """Return a reaction as one word, which cannot hold another one's name; else as a quotation."""
    safe = without_leading_marks(safe_text(symbol))
    is_word = all(sign.isalnum() or sign in _WORD_SIGNS for sign in safe) and safe.isascii()
    is_sign = all(not sign.isascii() and category(sign) in _SIGNS for sign in safe)
    if safe and len(safe) <= _SYMBOL_COLUMNS and (is_word or is_sign):
        return safe
    return quoted(symbol, _SYMBOL_COLUMNS)


def _some(people: list[str]) -> str:
    shown = people[:NAMES_MAX]
    if len(people) > NAMES_MAX:
        shown.append(f"{len(people) - NAMES_MAX} more")
    return ", ".join(shown)
