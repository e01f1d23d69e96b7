"""The word list of pairing codes: how many words, and what makes each easy to type."""

import re

from securechat.client.pairing.code_words import WORDS

# Words that sound or look the same as another's beginning would be typed wrong: three letters
# must be enough, whatever follows.
PREFIX_LENGTH = 3

NUMBERS = {"zero", "four", "five", "seven", "eight", "nine", "eleven", "twelve", "hundred"}


def test_there_are_1296_words_so_three_are_31_bits() -> None:
    assert len(WORDS) == 6**4


def test_every_word_is_4_to_7_lower_case_ascii_letters() -> None:
    assert [word for word in WORDS if re.fullmatch("[a-z]{4,7}", word) is None] == []


def test_the_first_three_letters_tell_the_word() -> None:
    assert len({word[:PREFIX_LENGTH] for word in WORDS}) == len(WORDS)


def test_the_words_are_sorted_so_that_completion_offers_them_in_order() -> None:
    assert list(WORDS) == sorted(WORDS)


def test_no_word_is_a_number_which_could_be_heard_as_the_slot() -> None:
    assert NUMBERS.isdisjoint(WORDS)


def test_the_words_of_the_documents_are_in_the_list() -> None:
    assert {"otter", "lime", "sofa"} <= set(WORDS)
