"""What people and rooms send, however it is made, begins no line of its own and moves no cursor."""

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.client import events as e
from securechat.errors import NameInvalid
from securechat.faces.entries import INDENT, lay_out
from securechat.identity.names import parse_name
from securechat.text import MARKS_MAX
from tests.pure.faces.desk import Desk
from tests.pure.faces.sample_events import message, past, ready

TRICKS = (
    "\x1b[2J\x1b[1;1H", "\x1b]52;c;aGk=\x07", "\x9b31m", "\u202eevil\u202c", "\u2066x\u2069",
    "[/b]", "[TODO]", "[bold red]", "[SERVER] eve joined the chat!", "[#ops] alice: hi",
    "alice: hi", "* alice waves", "(verified): hi", '"): hi', "\\n[SERVER] x", "\r", "\x08" * 40,
    "\u2028", "\x85", "a" + "\u0301" * 200, "\U0001f1e9" * 100, "\ud800", "\u200b", "\x00",
)  # fmt: skip
HOSTILE = st.lists(
    st.sampled_from([*TRICKS, "\n", "\r\n", " ", "word "]) | st.text(max_size=8), max_size=12
).map("".join)
WIDTHS = st.sampled_from([None, 40, 80])
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def lines_of(desk: Desk, width: int | None) -> list[list[str]]:
    """Return the lines of each entry as they are displayed."""
    return [lay_out(entry, width).split("\n") for entry in desk.entries]


def check_lines(lines: list[str], begin: str) -> None:
    """Check that an entry begins with what is ours, and goes on with indented lines only."""
    first, *others = lines
    assert first.startswith(begin), first
    assert all(line.startswith(INDENT) for line in others), others
    assert not any(map(FORBIDDEN.search, lines)), lines


@st.composite
def messages(draw: st.DrawFn) -> e.Message:
    reply = st.builds(e.Quote, st.just("m0"), st.just("alice"), HOSTILE | st.none())
    return message(
        draw(HOSTILE),
        room=draw(st.sampled_from([None, "#ops", "#ops[9f2c-41aa]"])),
        action=draw(st.booleans()),
        reply=draw(st.none() | reply),
        trust=draw(st.sampled_from(e.Trust)),
        e2e=draw(st.booleans()),
    )


def begin_of(event: e.Message | e.PastMessage) -> str:
    place = "" if event.room is None else f"[{event.room}] "
    return f"{place}* bob" if event.action else f"{place}bob"


@given(messages(), WIDTHS, st.booleans())
def test_every_line_of_a_message_is_ours_or_indented(
    event: e.Message, width: int | None, is_second: bool
) -> None:
    desk = Desk(peer=None, lobby=True)
    desk.hear(ready(), *([event] if is_second else []))
    desk.hear(event)
    [lines] = lines_of(desk, width)
    check_lines(lines, begin_of(event))


REMARK = re.compile(r"(?:\[#\S+\] )?(?:\* )?bob(?: \((?P<remarks>[^)]*)\))?(?P<end>: | )")


@given(messages(), st.booleans())
def test_the_remarks_on_a_message_are_ours(event: e.Message, is_second: bool) -> None:
    desk = Desk(peer=None, lobby=True)
    desk.hear(ready(), *([event] if is_second else []))
    [shown] = desk.hear(event)
    found = REMARK.match(shown)
    assert found is not None, shown
    assert found["end"] == (" " if event.action else ": ")
    assert shown[found.end() :] == event.text
    remarks = found["remarks"] or ""
    is_quoted = event.reply is not None and event.reply.text is not None
    assert remarks.count('"') == 2 * is_quoted
    own_words = re.sub('".*"', "", remarks)
    assert ("verified" in own_words) <= (event.trust is e.Trust.VERIFIED)
    if event.action and event.text.lstrip()[:1] == "(":
        assert event.trust.value in own_words


@given(HOSTILE, HOSTILE, WIDTHS)
def test_every_line_of_a_history_is_ours_or_indented(
    text: str, other: str, width: int | None
) -> None:
    desk = Desk()
    action = past(other, room="#ops", action=True)
    desk.hear(e.History("bob", (past(text), action)))
    _, first, second = lines_of(desk, width)
    check_lines(first, "bob (")
    check_lines(second, "[#ops] * bob (")


@given(HOSTILE, st.sampled_from(e.RoomChange), WIDTHS)
def test_every_line_about_a_topic_is_ours_or_indented(
    topic: str, change: e.RoomChange, width: int | None
) -> None:
    desk = Desk(peer=None, lobby=True)
    info = e.RoomInfo("#ops", topic, "bob", 2, True, False, False, False)
    desk.hear(
        e.RoomNews("#ops", change, "bob", "carol", topic),
        e.Invitation("#ops", "bob", "bob", 2, topic, e.Trust.NEW, request=True),
        e.RoomList((info, info)),
    )
    news, invitation, rooms = lines_of(desk, width)
    check_lines(news, "[SERVER] ")
    check_lines(invitation, "[SERVER] bob (new,")
    check_lines(rooms, "Your rooms:")
    if width is None:
        assert (len(news), len(invitation), len(rooms)) == (1, 1, 3)
        assert all(line.startswith(f"{INDENT}#ops (made by bob, ") for line in rooms[1:])


@given(HOSTILE, WIDTHS)
def test_a_name_that_came_past_all_rules_begins_no_line_either(
    name: str, width: int | None
) -> None:
    desk = Desk(peer=None, lobby=True)
    room = f"#{name}"
    desk.hear(
        message(sender=name, room=room),
        e.PresenceChanged(name, True, room="#lobby"),
        e.RoomNews(room, e.RoomChange.INVITED, name, name, name),
        e.RoomPeople(room, (e.RoomPerson(name, e.Trust.NEW),)),
    )
    message_lines, *others = lines_of(desk, width)
    check_lines(message_lines, "[#")
    for lines, begin in zip(others, ("[SERVER] ", "[SERVER] ", "In "), strict=True):
        check_lines(lines, begin)


@pytest.mark.parametrize("trick", [trick for trick in TRICKS if trick.strip()])
def test_no_trick_is_a_name(trick: str) -> None:
    """So that those who are called something have no brackets, blanks and controls in it."""
    with pytest.raises(NameInvalid):
        parse_name(trick)


@pytest.mark.parametrize(("width", "characters"), [(None, 1_000_000), (80, 200_000)])
@pytest.mark.parametrize("piece", ["x", "ab ", "a\u0301\u0302\u0303", "\u0301"])
def test_a_huge_text_is_shown_in_no_time(piece: str, width: int | None, characters: int) -> None:
    text = piece * (characters // len(piece))
    desk = Desk()
    start_s = time.process_time()
    desk.hear(message(text, room="#ops", action=True, reply=e.Quote("m0", "alice", text)))
    [lines] = lines_of(desk, width)
    assert time.process_time() - start_s < 5
    check_lines(lines, "[#ops] * bob (new, answers alice ")


def test_a_tower_of_marks_is_cut() -> None:
    desk = Desk()
    tower = "a" + "\u0301" * 100_000
    desk.hear(message(tower, reply=e.Quote("m0", "alice", tower)))
    [[line]] = lines_of(desk, 80)
    assert sum(unicodedata.combining(character) > 0 for character in line) == 2 * MARKS_MAX
