"""What is meant by a few letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.faces.screen.drawing.fuzzy import find_best, score

NAMES = ["#operations", "#lobby", "robert", "bob", "alice", "Bobby"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", NAMES),
        ("bob", ["bob", "Bobby"]),
        ("BOB", ["bob", "Bobby"]),
        ("ob", ["robert", "bob", "Bobby", "#lobby"]),
        ("oby", ["#lobby", "Bobby"]),
        ("ops", ["#operations"]),
        ("#", ["#operations", "#lobby"]),
        ("o p", ["#operations"]),
        ("zz", []),
    ],
)
def test_the_best_come_first(typed: str, found: list[str]) -> None:
    assert find_best(typed, NAMES, str) == found


def test_the_start_of_a_word_counts_more_than_its_middle() -> None:
    assert find_best("m", ["palm", "pal.martin", "martin"], str) == ["martin", "pal.martin", "palm"]
    assert find_best("sm", ["prison mate", "some mate"], str) == ["some mate", "prison mate"]


def test_equal_ones_keep_their_order() -> None:
    assert find_best("a", ["ab", "ac", "aa"], str) == ["ab", "ac", "aa"]


@given(st.text(), st.text())
def test_all_letters_are_there_in_this_order(typed: str, text: str) -> None:
    rest = iter(text[:256].casefold())
    wanted = "".join(typed.casefold().split())
    assert (score(typed, text) is not None) == all(letter in rest for letter in wanted)


@given(st.text(min_size=1, max_size=20))
def test_nothing_fits_better_than_itself(text: str) -> None:
    own, longer = score(text, text), score(text, f"x{text}")
    assert own is not None
    assert longer is not None
    assert own >= longer
