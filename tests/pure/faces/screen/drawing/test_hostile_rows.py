"""Whatever peers write, at whatever width: each line says whose it is, and the gutter is ours."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from securechat.client import events as e
from securechat.faces.entries import Entry, Tone
from securechat.faces.screen.drawing.bars import status_line, title_line
from securechat.faces.screen.drawing.facts import Heading, Place, Status
from securechat.faces.screen.drawing.row_layout import GUTTER_COLUMNS, LINES_MAX, Paper, lay_out_row
from securechat.faces.screen.drawing.rows import Notice, Row, of_message
from securechat.faces.screen.drawing.side import side_lines
from securechat.faces.screen.drawing.spans import Line, Look
from securechat.faces.wording.messages import quoted
from securechat.text import safe_text
from tests.hostile_texts import FAMILY, FORGED, TRICKS
from tests.pure.faces.sample_events import NOON_MS, message
from tests.pure.faces.screen.drawn import check_drawable, takes_room, text_of, texts_of

NOW = datetime.fromtimestamp(NOON_MS / 1000, UTC)
WIDTHS = range(10, 141)
AT_EDGES = (
    "\u0301(verified): x", "x\n\u0301y", "\u1161(verified) waves", "\u200d\u200dx\n\u200dy",
    "\u200d".join(["\U0001f468"] * 40), "\u0338" * 20, "*\ufe0f\u20e3 **\ufe0f**", "\ufe0f\n\ufe0f",
    "```\n" + "\n".join(FORGED) + "\n```", "\n" * 5000, "15:06 bob: mine\n15:06 bob: mine",
    "    + x bob", "\u05d0" * 90, "\u05d0 1 \u05d0 2", "\u2500" * 200, "\u25b8bob: x", '"): x', "",
)  # fmt: skip
HOSTILE = (*TRICKS, *AT_EDGES)
TEXTS = st.lists(
    st.sampled_from([trick for trick in HOSTILE if len(trick) < 200] + ["\n", " ", "word "])
    | st.text(max_size=12),
    max_size=8,
).map("".join)

GUTTER = re.compile(r"15:06[ @▸>]|    \+ |    … |  \.\.\. | {6}")
REST = re.compile(r"    … |  \.\.\. ")


def row(text: str) -> Row:
    said = message(text, "mallory", reply=e.Quote("m0", "alice", text), late=True)
    return replace(of_message(said), reactions=(("mallory", text[:32]), ("bob", "heart")))


def check_row(row: Row, lines: Sequence[Line], width: int) -> None:
    """Check that a message is one of its writer, and begins no other line than its first."""
    check_drawable(lines, width)
    texts = texts_of(lines)
    gutters = [text[:GUTTER_COLUMNS] for text in texts]
    star = "* " if row.action else ""
    assert texts[0].startswith(f"15:06 {star}")
    assert said_on(lines).startswith(bare(f"{star}{row.sender} ("))
    assert all(map(GUTTER.fullmatch, gutters))
    assert sum(gutter.startswith("15:06") for gutter in gutters) == 1
    assert gutters.count("    + ") == bool(row.reactions)
    assert all(len(line[0].text) == GUTTER_COLUMNS for line in lines)
    assert all(takes_room(text[GUTTER_COLUMNS]) for text in texts if len(text) > GUTTER_COLUMNS)


def said_on(lines: Sequence[Line]) -> str:
    """Return the heading and the text of a message, which stand behind the gutter, unfolded.

    Without blanks and joiners: one at a fold is not drawn.
    """
    texts = texts_of(lines)
    end = next((i for i, text in enumerate(texts) if text.startswith("    + ")), len(texts))
    return bare("".join(text[GUTTER_COLUMNS:] for text in texts[:end]))


def bare(text: str) -> str:
    return text.replace(" ", "").replace("\u200d", "")


@pytest.mark.parametrize("text", [pytest.param(text, id=ascii(text[:20])) for text in HOSTILE])
def test_a_message_is_its_writer_s_at_every_width(text: str) -> None:
    said = row(text)
    unlike = replace(said, sender="bob")
    begin = f"mallory (new, late, answers alice {quoted(text)}): "
    for width in WIDTHS:
        lines = lay_out_row(said, unlike, Paper(width, NOW, unicode=True))
        check_row(said, lines, width)
        assert said_on(lines).startswith(bare(begin))


@given(TEXTS, TEXTS, st.integers(10, 140), st.booleans(), st.booleans(), st.booleans())
def test_so_is_every_other_text(
    text: str, quote: str, width: int, action: bool, unicode: bool, selected: bool
) -> None:
    said = replace(
        row(text), action=action, reply=e.Quote("m0", "alice", quote), reactions=(), edited=True
    )
    paper = Paper(width, NOW, unicode)
    unlike = replace(said, sender="bob")
    lines = lay_out_row(said, unlike, paper)
    check_row(said, lines, width)
    assert len(lines) <= LINES_MAX + 1
    state = "edited" if text else "deleted"
    remarks = f"(new, late, {state}, answers alice {quoted(quote)})"
    assert bare(remarks) in said_on(lines)
    chosen = lay_out_row(said, unlike, paper, selected=selected)
    assert [text[GUTTER_COLUMNS:] for text in texts_of(chosen)] == [
        text[GUTTER_COLUMNS:] for text in texts_of(lines)
    ]


@given(TEXTS, st.integers(10, 140))
def test_nothing_of_a_text_is_left_out_but_marks_at_the_edge(text: str, width: int) -> None:
    said = of_message(message(text, "mallory"))
    lines = lay_out_row(said, said, Paper(width, NOW, unicode=True))
    if REST.match(text_of(lines[-1])):
        return
    shown = said_on(lines).removeprefix("mallory:")
    whole = bare(safe_text(text, multiline=True)).replace("\n", "")
    assert [c for c in shown if takes_room(c)] == [c for c in whole if takes_room(c)]


@given(TEXTS, st.integers(10, 140))
def test_a_name_that_came_past_all_rules_begins_no_line_either(name: str, width: int) -> None:
    said = replace(row("x"), sender=name, missing=1, reactions=((name, "tea"),))
    lines = lay_out_row(said, said, Paper(width, NOW, unicode=True))
    check_drawable(lines, width)
    assert all(GUTTER.fullmatch(text[:GUTTER_COLUMNS]) for text in texts_of(lines))
    assert sum(text.startswith("15:06") for text in texts_of(lines)) == 2


@pytest.mark.parametrize(
    "text", ["(verified) waves", "\u0301(verified) waves", "\u1161(verified) waves", "): x", ""]
)
def test_no_action_begins_with_a_remark_that_is_not_ours(text: str) -> None:
    waves = replace(of_message(message(text, "mallory")), action=True)
    [line] = texts_of(lay_out_row(waves, waves, Paper(140, NOW, unicode=True)))
    assert line.startswith("15:06 * mallory (new) ")


@given(TEXTS, st.integers(10, 140), st.sampled_from(Tone))
def test_a_notice_with_somebody_s_words_in_it_is_one(text: str, width: int, tone: Tone) -> None:
    notice = Notice(Entry(f"[SERVER] Topic: {quoted(text)}\n{text}", tone), NOON_MS)
    lines = lay_out_row(notice, notice, Paper(width, NOW, unicode=True))
    check_drawable(lines, width)
    first, *others = texts_of(lines)
    assert first.startswith("15:06 [SER")
    assert all(re.match(r" {6}|    … ", text) for text in others)
    assert all(takes_room(text[GUTTER_COLUMNS]) for text in others if len(text) > GUTTER_COLUMNS)


@given(TEXTS)
def test_nobody_reacts_in_the_name_of_another(symbol: str) -> None:
    said = replace(of_message(message()), reactions=(("mallory", symbol), ("bob", "heart")))
    *_, line = lay_out_row(said, said, Paper(140, NOW, unicode=True))
    own, other = text_of(line).split(" · ")[-2:]
    assert other == "heart bob"
    assert own.endswith(" mallory")
    word = own.removeprefix("    + ").removesuffix(" mallory")
    assert '"' not in word.removeprefix('"').removesuffix('"')
    is_quoted = word.startswith('"') and word.endswith('"') and len(word) > 1
    assert is_quoted or not re.search(r"[\s,·]", word)
    assert is_quoted or word.isascii() or not any(map(str.isalnum, word))


@given(TEXTS, st.integers(10, 140), st.booleans())
def test_a_topic_stands_behind_all_that_is_ours(topic: str, width: int, unicode: bool) -> None:
    room = Heading("#ops", is_room=True, people=(("bob", "CHANGED"), ("me", "")), topic=topic)
    line = title_line(room, width, unicode=unicode)
    bare = title_line(replace(room, topic=""), width, unicode=unicode)
    check_drawable([line], width)
    if len(line) > len(bare):
        assert text_of(line).startswith(text_of(bare)) or text_of(bare).endswith("…")
        assert line[-1].look in (Look.QUOTE, Look.FAINT)


@given(TEXTS, st.integers(10, 40), st.integers(1, 9))
def test_the_other_bars_and_the_side_fit(text: str, width: int, height: int) -> None:
    places = [
        Place(f"#{text}", True, 3, True, "", None, False),
        Place(text, False, 300, False, "verified", True, True),
    ]
    lines = side_lines(places, text, width, height, unicode=True)
    check_drawable(lines, width)
    assert len(lines) == height
    assert all(text_of(line).endswith("│") for line in lines)
    status = Status(relay=text, offline=text, trouble=text, asks=text)
    check_drawable([status_line(status, width, unicode=True)], width)


def test_the_widest_cluster_does_not_pass_the_edge() -> None:
    for width in WIDTHS:
        said = row(f"x{FAMILY * 9}")
        check_row(said, lay_out_row(said, said, Paper(width, NOW, unicode=False)), width)
