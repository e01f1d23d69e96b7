import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from securechat.cli.demonstration.page import ORNATE, PLAIN, Page, Style, Table

TEXT = "Grüße, γειά σου and 你好, which is as wide as four letters"


class Sheet:
    """A page whose lines can be looked at."""

    def __init__(self, width: int, *, style: Style = PLAIN, encoding: str = "utf-8") -> None:
        self.lines: list[str] = []
        self.page = Page(self.lines.append, width, style=style, encoding=encoding)

    def table(self, rows: int = 1) -> list[str]:
        table = Table(self.page, "Left", "Right")
        for _ in range(rows):
            table.row([TEXT], ["right one", "right two"])
        return self.lines


@pytest.mark.parametrize("style", [PLAIN, ORNATE])
def test_two_columns_stand_side_by_side(style: Style) -> None:
    lines = Sheet(80, style=style).table(rows=2)
    assert lines[0] == f"   {'Left':37}{style.bar}Right"
    assert lines[1] == f"   {style.rule * 37}{style.crossing}{style.rule * 37}"
    assert [line.split(style.bar)[1] for line in lines[2:4]] == ["right one", "right two"]
    assert lines[4].strip() == style.bar.strip()
    edges = {wcswidth(line[: line.index(style.bar)]) for line in lines if style.bar in line}
    assert edges == {3 + 37}


def test_on_a_narrow_page_one_stands_below_the_other() -> None:
    assert Sheet(40).table(rows=2)[:8] == [
        "   Left:",
        "      Grüße, γειά σου and 你好, which is",
        "      as wide as four letters",
        "   Right:",
        "      right one",
        "      right two",
        "",
        "   Left:",
    ]


@given(st.text(max_size=300), st.integers(1, 120), st.sampled_from(["utf-8", "ascii"]))
def test_nothing_is_wider_than_the_page_or_beyond_its_alphabet(
    text: str, width: int, encoding: str
) -> None:
    sheet = Sheet(width, encoding=encoding)
    sheet.page.heading(text)
    sheet.page.paragraph(text)
    Table(sheet.page, "Left", "Right").row([text], [text])
    for line in sheet.lines:
        line.encode(encoding)
        assert wcswidth(line) <= sheet.page.width
        assert "\x1b" not in line
        assert "\n" not in line


def test_without_an_alphabet_for_it_the_columns_still_line_up() -> None:
    lines = Sheet(80, encoding="ascii").table()
    assert {line.index(PLAIN.bar) for line in lines if PLAIN.bar in line} == {40}
    assert any("Gr??e, ???? ??? and ??" in line for line in lines)


def test_a_heading_has_an_empty_line_before_it_but_the_first() -> None:
    sheet = Sheet(80)
    sheet.page.heading("One")
    sheet.page.heading("Two")
    assert sheet.lines == ["One", "", "Two"]


def test_what_is_to_be_copied_is_never_broken() -> None:
    sheet = Sheet(20)
    sheet.page.verbatim("securechat client --name alice --peer Bob")
    assert sheet.lines == ["", "   securechat client --name alice --peer Bob"]
