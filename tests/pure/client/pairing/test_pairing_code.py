"""Codes: drawn, said, typed in many ways, and refused before anything is sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.client.pairing.code_words import WORDS
from securechat.client.pairing.pairing_code import (
    PairingCode,
    complete_code,
    draw_words,
    parse_code,
)
from securechat.errors import UsageError
from securechat.text import safe_text

FIRST, SECOND, THIRD = WORDS[0], WORDS[700], WORDS[-1]
CODE = PairingCode(7, (FIRST, SECOND, THIRD))

CODES = st.builds(PairingCode, st.integers(1, 99), st.tuples(*[st.sampled_from(WORDS)] * 3))


def test_a_code_is_said_with_its_number_and_proven_without() -> None:
    assert CODE.text == f"7-{FIRST}-{SECOND}-{THIRD}"
    assert CODE.password == f"{FIRST}-{SECOND}-{THIRD}".encode()


def test_nothing_that_prints_a_code_by_accident_shows_its_words() -> None:
    assert repr(CODE) == "PairingCode(7, secret)"


def test_three_words_are_drawn_one_by_one() -> None:
    drawn = iter([THIRD, FIRST, SECOND])
    offered = []

    def choose(words: object) -> str:
        offered.append(words)
        return next(drawn)

    assert draw_words(choose) == (THIRD, FIRST, SECOND)
    assert offered == [WORDS] * 3
    assert set(draw_words()) <= set(WORDS)


@given(CODES, st.sampled_from(["-", " ", " - ", "--", "\t"]), st.booleans(), st.data())
def test_a_code_is_understood_however_it_is_typed(
    code: PairingCode, separator: str, upper: bool, data: st.DataObject
) -> None:
    """With blanks or dashes, in capitals, and each word as far as somebody likes to type it."""
    words = [word[: data.draw(st.integers(3, len(word)))] for word in code.words]
    joint = data.draw(st.sampled_from(["", separator]))
    typed = f"{code.slot}{joint}{separator.join(words)}"
    assert parse_code(f" {typed.upper() if upper else typed}\n") == code


@given(CODES)
def test_nine_letters_are_enough(code: PairingCode) -> None:
    assert parse_code(f"{code.slot}{''.join(word[:3] for word in code.words)}") == code


def test_a_word_that_is_none_is_named_with_the_one_that_was_meant() -> None:
    typo = f"{SECOND[:3]}x{SECOND[3:]}"
    with pytest.raises(UsageError) as caught:
        parse_code(f"7-{FIRST}-{typo}-{THIRD}")
    assert caught.value.what == f'There is no word "{typo}" in a code'
    assert caught.value.try_next == f"did you mean {SECOND}? type the code again"


def test_a_word_like_no_other_is_named_alone() -> None:
    with pytest.raises(UsageError) as caught:
        parse_code(f"7-{FIRST}-qqqqqqq-{THIRD}")
    assert caught.value.try_next == "type the code again"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "7",
        "otter",
        f"7-{FIRST}",
        f"7-{FIRST}-{SECOND}",
        f"{FIRST}-{SECOND}-{THIRD}",
        f"7-{FIRST}-{SECOND}-{THIRD}-{FIRST}",
        f"0-{FIRST}-{SECOND}-{THIRD}",
        f"100-{FIRST}-{SECOND}-{THIRD}",
        "7otteotteott",
        "٧-otter-lime-sofa",
    ],
)
def test_what_is_no_code_is_told_how_one_looks(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_code(typed)
    assert caught.value.what == "A code is a number and three words"
    assert caught.value.try_next == "like 7-otter-lime-sofa"


@pytest.mark.parametrize("short", [FIRST[:2], FIRST[:1]])
def test_fewer_than_three_letters_are_no_word(short: str) -> None:
    with pytest.raises(UsageError, match="There is no word"):
        parse_code(f"7-{short}-{SECOND}-{THIRD}")


@given(st.text(max_size=60) | st.text(alphabet="0123456789- otersl", max_size=40))
def test_any_text_is_a_code_or_a_usage_error(text: str) -> None:
    refused = ""
    try:
        parsed = parse_code(text)
    except UsageError as error:
        refused = error.what
    else:
        assert parse_code(parsed.text) == parsed
    assert refused == safe_text(refused)


def test_a_long_text_is_refused_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        parse_code(f"7-{FIRST}-{SECOND}-{'z' * 1_000_000}")
    assert len(caught.value.what) < 60


def test_the_word_that_is_being_typed_is_completed() -> None:
    assert complete_code(f"7-{FIRST[:3]}") == (FIRST,)
    assert complete_code(f"7-{FIRST}-{SECOND}-{THIRD[:3].upper()}") == (THIRD,)
    assert complete_code("7-o") == tuple(word for word in WORDS if word.startswith("o"))


@pytest.mark.parametrize("begun", ["", "7", "7-", f"7-{FIRST}-", "x", f"7-{'-'.join(WORDS[:4])}"])
def test_where_no_word_is_begun_nothing_is_completed(begun: str) -> None:
    assert complete_code(begun) == ()
