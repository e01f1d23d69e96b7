"""The lines of a row: nothing of others stands in the first columns."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from securechat.faces.entries import Entry
from securechat.faces.screen.row_layout import GUTTER_COLUMNS, Paper, lay_out_row
from securechat.faces.screen.rows import Notice, of_message
from securechat.faces.screen.spans import Line, width_of
from tests.pure.faces.sample_events import NOON_MS, message

NOW = datetime.fromtimestamp(NOON_MS / 1000, UTC)
PAPER = Paper(40, NOW, unicode=True)


def text_of(line: Line) -> str:
    return "".join(part.text for part in line)


def test_a_day_begins_with_its_mark_and_what_is_new_with_another() -> None:
    row = of_message(message("hello"))
    day, new, said = map(text_of, lay_out_row(row, None, PAPER, new_here=3))
    assert day == "───────── Sunday 15 June 2025 ──────────"
    assert new == "────────── 3 new since 15:06 ───────────"
    assert said == "15:06 bob (new): hello"
    assert [text_of(line) for line in lay_out_row(row, row, PAPER)] == ["15:06 bob: hello"]


def test_a_notice_is_ours_from_the_first_column() -> None:
    notice = Notice(Entry("bob has gone\nand back"), NOON_MS)
    lines = [text_of(line) for line in lay_out_row(notice, notice, PAPER)]
    assert lines == ["15:06 bob has gone", "      and back"]


@given(st.text(max_size=200), st.integers(12, 60))
def test_lines_fit_and_others_write_only_behind_the_gutter(text: str, width: int) -> None:
    row = of_message(message(text))
    first, *others = lay_out_row(row, row, Paper(width, NOW, unicode=True))
    assert text_of(first).startswith(f"{NOW:%H:%M} bob:")
    assert all(text_of(line).startswith(" " * GUTTER_COLUMNS) for line in others)
    assert all(width_of(line) <= width for line in (first, *others))
