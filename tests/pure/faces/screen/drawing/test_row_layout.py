"""What a row looks like: its heading, its text, and what stands above and below."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from securechat.client import events as e
from securechat.faces.entries import Entry, Tone
from securechat.faces.qr import draw_qr
from securechat.faces.screen.drawing.row_layout import LINES_MAX, Paper, lay_out_row
from securechat.faces.screen.drawing.rows import Notice, Row, of_message
from securechat.faces.screen.drawing.spans import Look, span
from tests.pure.faces.sample_events import NOON_MS, message
from tests.pure.faces.screen.drawn import texts_of

NOW = datetime.fromtimestamp(NOON_MS / 1000, UTC)
PAPER = Paper(40, NOW, unicode=True)
ASCII = Paper(40, NOW, unicode=False)
BOB = of_message(message())
OWN = replace(BOB, sender="alice", own=True, trust="", state=e.DeliveryState.DELIVERED)
DAY_MS = 24 * 3600 * 1000


def drawn(row: Row | Notice, before: Row | Notice | None = OWN, paper: Paper = PAPER) -> list[str]:
    return texts_of(lay_out_row(row, before, paper))


def looks(row: Row) -> dict[str, Look]:
    return {part.text: part.look for line in lay_out_row(row, OWN, PAPER) for part in line}


def test_a_day_begins_with_its_mark_and_what_is_new_with_another() -> None:
    day, new, said = texts_of(lay_out_row(BOB, None, PAPER, new_here=3))
    assert day == "───────── Sunday 15 June 2025 ──────────"
    assert new == "────────── 3 new since 15:06 ───────────"
    assert said == "15:06 bob (new): hello"
    assert drawn(BOB, replace(OWN, time_ms=NOON_MS - DAY_MS))[0] == day
    assert drawn(BOB, None, ASCII)[0] == "--------- Sunday 15 June 2025 ----------"


def test_the_mark_of_a_day_has_room_in_every_window() -> None:
    marks = [drawn(BOB, None, replace(PAPER, width=width))[0] for width in (28, 26, 12, 10)]
    assert marks == [
        "─── Sunday 15 June 2025 ────",
        "─────── 2025-06-15 ───────",
        "2025-06-15",
        "2025-06-15",
    ]


def test_days_and_times_are_those_of_the_reader() -> None:
    paper = replace(PAPER, now=NOW.astimezone(timezone(timedelta(hours=9))))
    day, said = drawn(BOB, None, paper)
    assert "Monday 16 June" in day
    assert said.startswith("00:06 bob")


def test_an_impossible_time_is_none() -> None:
    far = replace(BOB, time_ms=1 << 62)
    assert drawn(far, None) == [
        "────────── an impossible time ──────────",
        "--:-- bob (new): hello",
    ]
    assert drawn(far, far) == ["--:-- bob: hello"]


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (BOB, "bob (new): hello"),
        (replace(BOB, trust="verified"), "bob (verified): hello"),
        (replace(BOB, request=True), "bob (new, asks to talk): hello"),
        (replace(BOB, late=True), "bob (new, late): hello"),
        (replace(BOB, edited=True), "bob (new, edited): hello"),
        (replace(BOB, edited=True, text=""), "bob (new, deleted)"),
        (replace(BOB, edited=True, text="", action=True), "* bob (new, deleted)"),
        (replace(BOB, text="waves", action=True), "* bob (new) waves"),
        (replace(BOB, reply=e.Quote("m0", "eve", "tea")), 'bob (new, answers eve "tea"): hello'),
        (OWN, "alice (delivered): hello"),
        (replace(OWN, state=e.DeliveryState.FAILED), "alice (failed): hello"),
        (replace(OWN, edited=True, text=""), "alice (delivered, deleted)"),
    ],
)
def test_all_that_is_known_of_a_message_stands_before_its_text(row: Row, text: str) -> None:
    notice = Notice(Entry("between"), NOON_MS)
    assert drawn(row, notice, replace(PAPER, width=60)) == [f"15:06 {text}"]


def test_the_relay_s_sight_is_said_on_each_message() -> None:
    plain = replace(BOB, e2e=False)
    wide = replace(PAPER, width=80)
    assert drawn(plain, plain, wide) == ["15:06 bob (TLS only: the relay can read this): hello"]


def test_the_word_for_trust_is_left_out_below_the_same() -> None:
    assert drawn(BOB, BOB) == ["15:06 bob: hello"]
    assert drawn(BOB, replace(BOB, sender="eve")) == ["15:06 bob (new): hello"]
    assert drawn(BOB, replace(BOB, trust="verified")) == ["15:06 bob (new): hello"]
    changed = replace(BOB, trust="CHANGED")
    assert drawn(changed, changed) == ["15:06 bob (CHANGED): hello"]
    asks = replace(BOB, request=True)
    assert drawn(asks, asks) == ["15:06 bob (new, asks to talk): hello"]


def test_what_is_missing_is_said_above() -> None:
    assert drawn(replace(BOB, missing=2), BOB, replace(PAPER, width=60)) == [
        "15:06 [Missing] 2 messages of bob before the next one.",
        "15:06 bob: hello",
    ]


def test_what_names_the_reader_and_what_is_chosen_has_a_sign() -> None:
    assert drawn(replace(BOB, mention=True), BOB) == ["15:06@bob: hello"]
    lines = lay_out_row(replace(BOB, text="a\nb"), BOB, PAPER, selected=True)
    assert texts_of(lines) == ["15:06▸bob: a", "      b"]
    assert [line[0].look for line in lines] == [Look.SELECTED] * 2
    assert texts_of(lay_out_row(BOB, BOB, ASCII, selected=True)) == ["15:06>bob: hello"]


def test_reactions_stand_below() -> None:
    liked = replace(BOB, reactions=(("eve", "tea"), ("bob", "❤"), ("carol", "tea")))
    assert drawn(liked, BOB) == ["15:06 bob: hello", "    + tea eve, carol · ❤ bob"]
    assert drawn(liked, BOB, ASCII)[1] == "    + tea eve, carol | ❤ bob"


def test_markdown_shows_and_changes_nothing() -> None:
    said = replace(BOB, text="a **b** `c` *d* ~~e~~\n> f\n```\n  g\n```")
    assert drawn(said, BOB) == [
        "15:06 bob: a **b** `c` *d* ~~e~~", "      > f", "      ```", "        g", "      ```",
    ]  # fmt: skip
    seen = looks(said)
    assert (seen["b"], seen["`c`"], seen["d"]) == (Look.STRONG, Look.CODE, Look.EM)
    assert (seen["e"], seen["f"], seen["  g"]) == (Look.STRUCK, Look.QUOTE, Look.CODE)
    assert seen["**"] is Look.FAINT


def test_each_part_of_a_heading_has_its_look() -> None:
    row = replace(BOB, reply=e.Quote("m0", "eve", "tea"), trust="CHANGED")
    seen = looks(row)
    assert (seen["15:06 "], seen["bob"]) == (Look.TIME, Look.NAME)
    assert (seen["CHANGED"], seen['answers eve "tea"']) == (Look.CHANGED, Look.QUOTE)
    own = looks(replace(OWN, state=e.DeliveryState.FAILED))
    assert (own["alice"], own["failed"]) == (Look.OWN, Look.ALERT)
    assert looks(replace(BOB, mention=True))["bob"] is Look.MENTION


def test_a_long_text_is_folded_behind_the_gutter() -> None:
    said = replace(BOB, text="one **two three** four five six seven")
    assert drawn(said, BOB, replace(PAPER, width=24)) == [
        "15:06 bob: one **two ", "      three** four five ", "      six seven",
    ]  # fmt: skip


def test_a_text_of_very_many_lines_ends_early() -> None:
    lines = drawn(replace(BOB, text="x\n" * 4000), BOB)
    assert len(lines) == LINES_MAX + 1
    assert lines[-1] == "    … copy it to read the rest"
    assert drawn(replace(BOB, text="x\n" * LINES_MAX), BOB, ASCII)[-1].startswith("  ... copy")
    assert len(drawn(replace(BOB, text="x\n" * (LINES_MAX - 1)), BOB)) == LINES_MAX


def test_a_notice_has_its_time_and_its_tone() -> None:
    notice = Notice(Entry("[Problem] bob has gone\nand back", Tone.PROBLEM), NOON_MS)
    assert drawn(notice) == ["15:06 [Problem] bob has gone", "      and back"]
    assert lay_out_row(notice, OWN, PAPER)[0][1] == span("[Problem] bob has gone", Look.ALERT)


def test_a_drawing_is_shown_whole_or_not_at_all() -> None:
    lines = tuple(draw_qr("0" * 60, has_blocks=True))
    notice = Notice(Entry("Compare:", drawing=lines), NOON_MS)
    wide = replace(PAPER, width=60)
    said, *code = lay_out_row(notice, OWN, wide)
    assert len(code) == len(lines)
    assert all(line[1].look is Look.BLACK_ON_WHITE for line in code)
    assert {text[6] for text in texts_of(code)} <= set(" ▄▀█")
    assert lay_out_row(notice, OWN, replace(PAPER, width=30)) == [said]
    assert lay_out_row(notice, OWN, replace(wide, unicode=False)) == [said]
