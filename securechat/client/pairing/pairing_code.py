"""The code that one person says to another: a number and three words, as 7-otter-lime-sofa."""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from securechat.client.pairing.code_words import WORDS
from securechat.errors import UsageError
from securechat.text import clip, safe_text

Words = tuple[str, str, str]

PREFIX_LETTERS = 3
"""So many letters of a word tell it from all others."""

_WORDS = 3
_SHOWN_COLUMNS = 20
_CODE = re.compile(r"(?P<slot>[0-9]{1,3})[\s-]*(?P<words>.*)", re.DOTALL)
_BY_PREFIX = {word[:PREFIX_LETTERS]: word for word in WORDS}


@dataclass(frozen=True, slots=True, repr=False)
class PairingCode:
    """The relay's number for the pairing, and the words, which the relay must not know."""

    slot: int
    words: Words

    @property
    def text(self) -> str:
        """The code as it is said and typed."""
        return "-".join((str(self.slot), *self.words))

    @property
    def password(self) -> bytes:
        """The part that both sides prove to each other to have."""
        return "-".join(self.words).encode()

    def __repr__(self) -> str:
        return f"PairingCode({self.slot}, secret)"


def draw_words(choose: Callable[[Sequence[str]], str] = secrets.choice) -> Words:
    """Return three words; which they are, nobody can know better than by guessing."""
    return choose(WORDS), choose(WORDS), choose(WORDS)


def parse_code(text: str) -> PairingCode:
    """Return the code that somebody has typed.

    Case does not matter. Blanks or ``-`` separate the words; of each its first three letters are
    enough, and of these nine letters in a row are a whole code. Raises UsageError for everything
    else, with the word that was meant if that can be told.
    """
    found = _CODE.fullmatch(text.strip().lower())
    if found is None or not 1 <= int(found["slot"]) <= 99:
        raise _no_code()
    typed = [word for word in re.split(r"[\s-]+", found["words"]) if word]
    if len(typed) == 1 and len(typed[0]) == _WORDS * PREFIX_LETTERS:
        whole = typed[0]
        typed = [whole[i : i + PREFIX_LETTERS] for i in range(0, len(whole), PREFIX_LETTERS)]
    if len(typed) != _WORDS:
        raise _no_code()
    first, second, third = map(_word, typed)
    return PairingCode(int(found["slot"]), (first, second, third))


def complete_code(text: str) -> tuple[str, ...]:
    """Return the words that the one being typed at the end of ``text`` can become."""
    found = _CODE.fullmatch(text.lower())
    begun = re.split(r"[\s-]+", found["words"]) if found is not None else []
    if not begun or len(begun) > _WORDS or not begun[-1]:
        return ()
    return tuple(word for word in WORDS if word.startswith(begun[-1]))


def _word(typed: str) -> str:
    word = _BY_PREFIX.get(typed[:PREFIX_LETTERS])
    if word is not None and word.startswith(typed):
        return word
    shown = clip(safe_text(typed), _SHOWN_COLUMNS)
    meant = get_close_matches(typed[: 2 * _SHOWN_COLUMNS], WORDS, n=1)
    raise UsageError(
        f'There is no word "{shown}" in a code',
        f"did you mean {meant[0]}? type the code again" if meant else "type the code again",
    )


def _no_code() -> UsageError:
    return UsageError("A code is a number and three words", "like 7-otter-lime-sofa")
