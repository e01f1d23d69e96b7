"""Which characters stand in names: at least one of each general category, and the borders."""

import string
import unicodedata

import pytest

from securechat.errors import NameInvalid
from securechat.identity.names import MAX_RAW_CHARACTERS, parse_name

FOUR_THAT_BECOME_ONE = "\u03c9\u0314\u0342\u0345"


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("Lu", "A"),
        ("Ll", "a"),
        ("Lt", "\u1f88\u03bb\u03c6\u03b1"),
        ("Lm", "\u30b5\u30fc\u30d0\u30fc"),
        ("Lo", "\u660e"),
        ("Nd", "7"),
        ("Mn", "\u0e01\u0e34"),
        ("Mc", "\u0915\u093e"),
    ],
)
def test_letters_marks_and_digits_make_a_name(category: str, name: str) -> None:
    assert category in {unicodedata.category(character) for character in name}
    assert parse_name(name) == name


@pytest.mark.parametrize("name", [string.ascii_uppercase, string.ascii_lowercase, string.digits])
def test_every_ascii_letter_and_digit_may_stand_in_a_name(name: str) -> None:
    assert parse_name(name) == name
    assert parse_name(f"{name}._-") == f"{name}._-"


def test_as_many_characters_as_can_become_a_name_are_taken() -> None:
    longest = FOUR_THAT_BECOME_ONE * 32
    assert len(longest) == MAX_RAW_CHARACTERS
    assert parse_name(longest) == "\u1fa7" * 32
    with pytest.raises(NameInvalid):
        parse_name(FOUR_THAT_BECOME_ONE * 33)


@pytest.mark.parametrize("selector", ["\ufe00", "\ufe0f", "\U000e0100", "\U000e01ef"])
def test_no_variation_selector_hides_in_a_name(selector: str) -> None:
    with pytest.raises(NameInvalid):
        parse_name(f"a{selector}")


@pytest.mark.parametrize("letter", ["\u05d0", "\u0627"])
def test_hebrew_and_arabic_do_not_stand_beside_latin(letter: str) -> None:
    assert parse_name(letter * 2) == letter * 2
    for mixed in (f"a{letter}", f"{letter}a"):
        with pytest.raises(NameInvalid):
            parse_name(mixed)
