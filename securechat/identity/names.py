"""The rules for names of people, and the key that look-ups use."""

import unicodedata
from functools import lru_cache
from itertools import pairwise

from securechat.errors import NameInvalid
from securechat.identity.types import Name

MAX_LENGTH_CHARACTERS = 32
MAX_RAW_CHARACTERS = 4 * MAX_LENGTH_CHARACTERS
_REMEMBERED = 1024
"""Names that were looked at last: one message asks for the same few many times."""

_LENGTH_RULE = f"A name has 1 to {MAX_LENGTH_CHARACTERS} characters."
_PUNCTUATION = frozenset("._-")
_LETTERS_AND_DIGITS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"})
_LOOKALIKE_SCRIPTS = frozenset({"LATIN", "GREEK", "CYRILLIC"})
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_MARKS = frozenset({"Mn", "Mc"})
_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
) | frozenset(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))


@lru_cache(maxsize=_REMEMBERED)
def parse_name(text: str) -> Name:
    """Normalise (NFKC) and check a name; raise `NameInvalid` when it breaks a rule.

    A name has 1 to 32 characters: letters, marks and digits of any script, and ``.``, ``_``, ``-``;
    it begins with a letter or a digit. Latin, Greek and Cyrillic letters do not stand together, nor
    letters of scripts that run left and right; no letter carries one mark twice.
    """
    if len(text) > MAX_RAW_CHARACTERS:
        raise _invalid(_LENGTH_RULE)
    name = unicodedata.normalize("NFKC", text)
    if not 1 <= len(name) <= MAX_LENGTH_CHARACTERS:
        raise _invalid(_LENGTH_RULE)
    if not _may_begin(name[0]):
        raise _invalid("A name begins with a letter or a digit.")
    if not all(map(_may_follow, name)):
        raise _invalid("A name has only letters, digits and the signs . _ - in it.")
    if len(_LOOKALIKE_SCRIPTS.intersection(map(_script, name))) > 1:
        raise _invalid("A name does not mix Latin, Greek and Cyrillic letters: some look alike.")
    if not _reads_one_way(name):
        raise _invalid("A name from right to left begins with its script and has no other.")
    if _repeats_a_mark(name):
        raise _invalid("A name has no letter with the same mark twice: it would not be seen.")
    return Name(name)


@lru_cache(maxsize=_REMEMBERED)
def name_key(name: Name) -> str:
    """Return what look-ups compare: two names with one key are the same name.

    Case is ignored.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _script(letter: str) -> str:
    """Return the first word of a character's Unicode name: of a letter, its script."""
    return unicodedata.name(letter, "").partition(" ")[0]


def _reads_one_way(name: str) -> bool:
    """Return whether what is shown tells the order of the characters: RFC 5893, section 2.

    Beside letters from right to left, digits and signs are shown elsewhere than they are written.
    """
    ways = {unicodedata.bidirectional(character) for character in name}
    if not ways & _RIGHT_TO_LEFT:
        return True
    begins_with_letter = unicodedata.bidirectional(name[0]) in {"R", "AL"}
    return begins_with_letter and "L" not in ways and not {"EN", "AN"} <= ways


def _repeats_a_mark(name: str) -> bool:
    pairs = pairwise(unicodedata.normalize("NFD", name))
    return any(one == other and unicodedata.category(one) == "Mn" for one, other in pairs)


def _may_begin(character: str) -> bool:
    return unicodedata.category(character) in _LETTERS_AND_DIGITS and character not in _INVISIBLE


def _may_follow(character: str) -> bool:
    if character in _PUNCTUATION or _may_begin(character):
        return True
    return unicodedata.category(character) in _MARKS and character not in _INVISIBLE


def _invalid(what: str) -> NameInvalid:
    return NameInvalid(what, "securechat client --name NAME")
