"""The table of emoji that two people compare, by eye or by ear."""

import wcwidth

from securechat.faces.sas_emoji import SAS_EMOJI, emoji_line, words_line


def test_there_are_64_that_nobody_can_take_for_another() -> None:
    assert len(SAS_EMOJI) == 64
    assert len({emoji for emoji, _ in SAS_EMOJI}) == 64
    assert len({word for _, word in SAS_EMOJI}) == 64


def test_each_is_one_code_point_of_two_columns() -> None:
    """A terminal then needs no variation selector, and draws all of them alike."""
    assert {(len(emoji), wcwidth.wcwidth(emoji)) for emoji, _ in SAS_EMOJI} == {(1, 2)}


def test_the_words_are_plain() -> None:
    assert all(word.isascii() and word.isalpha() and word.islower() for _, word in SAS_EMOJI)


def test_both_sides_have_the_same_order() -> None:
    """The numbers are part of the protocol: another order shows other emoji on the other side."""
    first, last = SAS_EMOJI[0], SAS_EMOJI[63]
    assert first == ("\N{OCTOPUS}", "octopus")
    assert last == ("\N{TROPHY}", "trophy")
    assert words_line((0, 63, 32)) == "octopus  trophy  carrot"


def test_emoji_stand_before_their_words() -> None:
    assert emoji_line((0, 1)) == "\N{OCTOPUS} octopus  \N{KEY} key"
