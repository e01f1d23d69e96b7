import re

from securechat.identity.safety_number import safety_number
from securechat.identity.types import UserKey

ALICE, BOB, MALLORY = (UserKey(bytes([i]) * 32) for i in (1, 2, 3))


def test_both_sides_see_the_same_60_digits() -> None:
    number = safety_number(ALICE, BOB)
    assert number == safety_number(BOB, ALICE)
    assert re.fullmatch(r"(\d{5} ){11}\d{5}", number)


def test_another_key_on_either_side_is_another_number() -> None:
    assert len({safety_number(ALICE, BOB), safety_number(ALICE, MALLORY)}) == 2


def test_a_person_has_one_half_whoever_the_other_is() -> None:
    halves = [
        {number[:35], number[36:]}
        for number in (safety_number(ALICE, BOB), safety_number(ALICE, MALLORY))
    ]
    assert len(halves[0] & halves[1]) == 1
