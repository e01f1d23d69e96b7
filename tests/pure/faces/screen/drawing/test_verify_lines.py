"""What two people compare: whole on every screen, and the code only where all of it is seen."""

from functools import cache

import pytest
from msgspec.structs import replace

from securechat.client import events as e
from securechat.faces import qr
from securechat.faces.qr import code_in_halves
from securechat.faces.sas_emoji import SAS_EMOJI
from securechat.faces.screen.drawing.spans import Line, Look, width_of
from securechat.faces.screen.drawing.verify_lines import Canvas, Compared, lay_out_verification
from tests.pure.faces.sample_events import FINGERPRINT

DIGITS = " ".join(f"{number * 7919 % 100_000:05}" for number in range(12))
NUMBER = e.SafetyNumber("bob", DIGITS, e.Trust.NEW, FINGERPRINT)
EMOJI = e.ComparingShown("bob", (0, 5, 24, 60, 58, 32, 7), "1234 5678 9012")
CODE = code_in_halves("".join(DIGITS.split()))


def rows(lines: list[Line]) -> list[str]:
    return ["".join(part.text for part in line).rstrip() for line in lines]


def code_of(lines: list[Line]) -> list[str]:
    return [part.text for line in lines for part in line if part.look is Look.BLACK_ON_WHITE]


def test_digits_emoji_and_code_are_side_by_side() -> None:
    lines = lay_out_verification(Compared("bob", NUMBER, EMOJI), Canvas(80, 24))
    assert code_of(lines) == CODE
    assert all(width_of(line) == 80 for line in lines[3:])
    shown = "\n".join(rows(lines))
    assert rows(lines)[:2] == [
        "Verify bob (new)",
        "m they match   x they differ   t digits match   Esc back",
    ]
    for words in (DIGITS[:35], DIGITS[36:], "\N{OCTOPUS} octopus", "\N{FIRE} fire", "1234 5678"):
        assert words in shown


@pytest.mark.parametrize(("columns", "rows_high"), [(40, 15), (76, 24), (80, 20)])
def test_a_small_screen_has_all_but_the_code(columns: int, rows_high: int) -> None:
    compared = Compared("bob", NUMBER, EMOJI)
    lines = lay_out_verification(compared, Canvas(columns, rows_high))
    shown = rows(lines)
    assert code_of(lines) == []
    assert {DIGITS[:35], DIGITS[36:]} <= set(shown)
    assert sum(word in "\n".join(shown) for word in ("octopus", "sunflower", "tiger")) == 3
    assert "q QR code" in " ".join(shown)
    assert len(lines) <= rows_high


@pytest.mark.parametrize(("columns", "rows_high"), [(40, 15), (40, 10), (30, 11)])
def test_all_seven_emoji_are_seen_on_a_low_screen(columns: int, rows_high: int) -> None:
    name = "a" * 20
    compared = Compared(name, replace(NUMBER, name=name), EMOJI)
    shown = rows(lay_out_verification(compared, Canvas(columns, rows_high)))
    words = "\n".join(shown)
    assert sum(SAS_EMOJI[index][1] in words for index in EMOJI.emoji) == 7
    assert EMOJI.decimals in words
    assert (DIGITS[:35] in words) is (rows_high == 15)


def test_the_code_alone_is_whole_or_says_what_it_needs() -> None:
    compared = Compared("bob", NUMBER)
    whole = lay_out_verification(compared, Canvas(40, 24, code_alone=True))
    assert code_of(whole) == CODE
    cramped = lay_out_verification(compared, Canvas(40, 15, code_alone=True))
    assert code_of(cramped) == []
    assert "of 33 columns and 21 rows, this one has 40 and 15." in " ".join(rows(cramped))
    colourless = lay_out_verification(compared, Canvas(40, 24, colors=False, code_alone=True))
    assert code_of(colourless) == []
    assert "needs a terminal with colours" in " ".join(rows(colourless))


def test_without_unicode_there_are_words_for_the_emoji() -> None:
    lines = lay_out_verification(Compared("bob", NUMBER, EMOJI), Canvas(80, 24, unicode=False))
    shown = "\n".join(rows(lines))
    assert shown.isascii()
    assert "octopus" in shown


def test_the_keys_are_those_that_do_something() -> None:
    canvas = Canvas(80, 24)
    keys = [
        rows(lay_out_verification(compared, canvas))[1]
        for compared in (
            Compared("bob"),
            Compared("bob", NUMBER),
            Compared("bob", NUMBER, EMOJI, agreed=True),
        )
    ]
    assert keys == [
        "e emoji   Esc back",
        "e emoji   t digits match   Esc back",
        "t digits match   Esc back",
    ]


def test_what_the_user_waits_for_is_said_on_the_lowest_screen_too() -> None:
    canvas = Canvas(40, 15)
    asked = lay_out_verification(Compared("bob", NUMBER, asked=True), canvas)
    assert "bob is asked" in "\n".join(rows(asked))
    awaited = lay_out_verification(Compared("bob", NUMBER, awaited=True), canvas)
    assert "waits: press e here." in " ".join(" ".join(rows(awaited)).split())
    agreed = lay_out_verification(Compared("bob", NUMBER, EMOJI, agreed=True), canvas)
    assert "Now bob has to say so too." in "\n".join(rows(agreed))


def test_somebody_changed_is_compared_by_the_new_key() -> None:
    changed = e.SafetyNumber("bob", DIGITS, e.Trust.CHANGED, FINGERPRINT)
    lines = lay_out_verification(Compared("bob", changed), Canvas(80, 24))
    alarming = [part.text for line in lines for part in line if part.look is Look.CHANGED]
    assert alarming == [" (CHANGED)", f"  of the NEW key {FINGERPRINT}"]


@pytest.mark.parametrize("name", ["b" * 32, "語" * 32, "\x1b[2J\nbob"])
@pytest.mark.parametrize("agreed", [False, True])
@pytest.mark.parametrize("code_alone", [False, True])
def test_nothing_is_wider_or_higher_than_the_screen(
    name: str, agreed: bool, code_alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qr, "_make", cache(qr._make))  # which is always of the same digits
    compared = Compared(name, NUMBER, EMOJI, agreed=agreed)
    for columns in (12, 20, 33, 40, 60, 77, 79, 132):
        for height in (1, 8, 20, 43):
            lines = lay_out_verification(compared, Canvas(columns, height, code_alone=code_alone))
            assert len(lines) <= height
            assert max(map(width_of, lines)) <= columns
