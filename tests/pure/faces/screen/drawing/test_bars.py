"""The lines above and below the messages."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.faces.screen.drawing.bars import status_line, title_line
from securechat.faces.screen.drawing.facts import Heading, Status
from securechat.faces.screen.drawing.spans import Look
from tests.pure.faces.screen.drawn import check_drawable, text_of

ROOM = Heading(
    "#ops",
    is_room=True,
    people=(("bob", "verified"), ("carol", "new"), ("alice", ""), ("dave", "CHANGED")),
    topic="Tea at five",
)


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        (Heading(None), "securechat"),
        (Heading("bob"), "bob · E2E"),
        (Heading("bob", trust="verified", remarks=("away",)), "bob · E2E · verified · away"),
        (Heading("bob", encrypted=False), "bob · TLS only: the relay can read this"),
        (ROOM, "#ops · E2E · 1 of 3 verified · 1 CHANGED · bob, carol and 2 more · Tea at five"),
        (Heading("#ops", is_room=True, people=(("me", ""),)), "#ops · E2E · me"),
    ],
)
def test_the_title_says_where_one_is_and_how_safe_it_is(heading: Heading, text: str) -> None:
    assert text_of(title_line(heading, 100, unicode=True)) == text
    assert text_of(title_line(heading, 100, unicode=False)) == text.replace("·", "|")


def test_a_narrow_title_keeps_its_beginning() -> None:
    assert text_of(title_line(ROOM, 26, unicode=True)) == "#ops · E2E · 1 of 3 verif…"


def test_a_long_name_leaves_room_for_how_safe_it_is() -> None:
    heading = Heading("a" * 60, trust="verified", remarks=("away",))
    assert text_of(title_line(heading, 40, unicode=True)) == "a" * 21 + "… · E2E · verified…"
    plain = Heading("a" * 60, encrypted=False)
    assert text_of(title_line(plain, 20, unicode=True)).startswith("aaaaaaa… · TLS only")


@pytest.mark.parametrize(
    ("heading", "text", "least"),
    [
        (Heading("bob"), "E2E", "E2E"),
        (Heading("bob", trust="verified"), "E2E verified", "E2E ✓"),
        (Heading("bob", trust="new"), "E2E new", "E2E new"),
        (Heading("bob", trust="CHANGED"), "E2E CHANGED", "E2E CHANGED"),
        (Heading("bob", encrypted=False, trust="new"), "TLS only", "TLS only"),
        (Heading("#ops", is_room=True, people=(("alice", ""),)), "E2E", "E2E"),
        (
            Heading("#ops", is_room=True, people=(("bob", "verified"), ("carol", "new"))),
            "E2E 1/2 verified",
            "E2E 1/2 ✓",
        ),
        (ROOM, "E2E CHANGED", "E2E CHANGED"),
    ],
)
def test_without_a_title_the_status_says_how_safe_it_is(
    heading: Heading, text: str, least: str
) -> None:
    def status(width: int, **news: Any) -> str:
        line = status_line(Status("r", "alice", **news), width, unicode=True, untitled=heading)
        return text_of(line).rstrip()

    assert status(40) == f"{text} · alice on r"
    assert "3 waiting" in status(39, offline="gone", queued=3)
    assert status(39, offline="gone", queued=3).startswith(text)
    assert status(len(least) + 10, offline="gone") == f"{least} · offline"
    assert status(len(least), offline="gone", unread=3).startswith(least[:-1])


def test_of_no_conversation_the_status_does_not_say_how_safe_it_is() -> None:
    line = status_line(Status("r", "alice"), 40, unicode=True, untitled=Heading(None))
    assert text_of(line).rstrip() == "alice on r"


def test_in_the_title_trust_has_its_look() -> None:
    line = title_line(Heading("bob", trust="CHANGED"), 80, unicode=True)
    assert line[-1].look is Look.CHANGED
    assert Look.CHANGED in {part.look for part in title_line(ROOM, 80, unicode=True)}
    plain = title_line(Heading("bob", encrypted=False), 80, unicode=True)
    assert plain[-1].look is Look.ALERT


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (Status(), "connecting"),
        (Status("relay:5555", "alice"), "alice on relay:5555"),
        (
            Status("relay:5555", "alice", unread=3, mentions=1),
            "alice on relay:5555 · 3 unread elsewhere, 1 mention",
        ),
        (Status("r", "alice", unread=3, mentions=2), "alice on r · 3 unread elsewhere, 2 mentions"),
        (Status("r", "alice", queued=1200), "alice on r · 1,200 waiting to be sent"),
        (Status("r", "alice", asks="bob"), "alice on r · bob wants to compare: /verify bob emoji"),
        (Status("r", "alice", trouble="the disk is full"), "the disk is full · alice on r"),
        (
            Status("r", "alice", clock_off_s=-420),
            "this clock is 7 min behind the relay's (date -u) · alice on r",
        ),
        (
            Status("r", "alice", clock_off_s=86400),
            "this clock is 24 h ahead of the relay's (date -u) · alice on r",
        ),
        (Status("r", "alice", clock_off_s=300), "alice on r"),
        (
            Status(
                "r",
                "alice",
                offline="it is stopping",
                retry_in_s=4.2,
                queued=2,
                trouble="disk full",
            ),
            "no connection, again in 4 s; 2 waiting (it is stopping)",
        ),
        (
            Status("r", "alice", offline="gone", no_room=True, queued=2),
            "the disk is full (df -h); 2 waiting",
        ),
        (
            Status("r", "alice", no_room=True),
            "the disk is full (df -h); what you write waits",
        ),
        (Status("r", "alice", offline="gone"), "no connection; what you write is kept (gone)"),
        (Status("r", "alice", offline="gone", ended="Replaced."), "The chat has ended: Replaced."),
    ],
)
def test_the_status_says_the_worst_first(status: Status, text: str) -> None:
    shown = text_of(status_line(status, 100, unicode=True))
    assert shown == text.ljust(100)


def test_what_does_not_fit_into_the_status_is_left_out_from_the_end() -> None:
    status = Status("relay:5555", "alice", unread=3, queued=2)
    whole = "alice on relay:5555 · 412 newer below · 3 unread elsewhere · 2 waiting to be sent"
    brief = "alice · 412 below · 3 unread · 2 waiting"
    for width, text in (
        (81, whole), (80, brief), (40, brief), (39, brief[:28]), (20, brief[:17]), (4, "ali…"),
    ):  # fmt: skip
        assert text_of(status_line(status, width, unicode=True, newer_below=412)).rstrip() == text


def test_where_there_is_little_room_it_says_what_waits_rather_than_where() -> None:
    asks = Status("192.168.1.20:5555", "alice", unread=3, mentions=1, asks="bob")
    assert text_of(status_line(asks, 40, unicode=True)).startswith("alice · bob wants to compare")
    unread = Status("192.168.1.20:5555", "alice", unread=3, mentions=1)
    shown = text_of(status_line(unread, 40, unicode=True, hint="F1 help"))
    assert shown == "alice · 3 unread, 1 mention      F1 help"


@pytest.mark.parametrize(
    ("status", "width", "text"),
    [
        (
            Status(offline="gone", retry_in_s=4),
            51,
            "no connection, again in 4 s; what you write is",
        ),
        (Status(offline="gone", retry_in_s=4), 40, "offline; texts are kept"),
        (Status(offline="gone", retry_in_s=4, queued=12), 40, "no connection, again in 4 s; 12"),
        (Status(offline="gone", queued=12), 20, "offline; 12 waiting"),
        (Status(offline="gone", queued=12), 12, "offline"),
        (Status(ended="Replaced."), 40, "The chat has ended: Replaced."),
        (Status(ended="Replaced by another client."), 20, "ended: Replaced by "),
        (Status("r", "alice", clock_off_s=-420), 40, "clock 7 min behind · alice"),
    ],
)
def test_bad_news_in_few_columns_begin_with_what_it_is(
    status: Status, width: int, text: str
) -> None:
    assert text_of(status_line(status, width, unicode=True)).startswith(text)


def test_messages_below_that_are_not_held_are_not_counted() -> None:
    status = Status("r", "alice")
    for held, told in ((92, "92+ newer below"), (0, "0+ newer below")):
        line = status_line(status, 80, unicode=True, newer_below=held, more_below=True)
        assert text_of(line).rstrip() == f"alice on r · {told}"


def test_without_a_connection_what_is_kept_stands_before_a_long_reason() -> None:
    status = Status("r", "alice", offline="Cannot reach it (" + "x" * 60 + ")", retry_in_s=4)
    for width in (60, 80):
        shown = text_of(status_line(status, width, unicode=True)).rstrip()
        assert shown == "no connection, again in 4 s; what you write is kept"


def test_the_hint_of_the_status_stands_at_the_right_where_there_is_room() -> None:
    for width, text in ((23, "alice on relay  F1 help"), (22, "alice on relay"), (9, "alice")):
        line = status_line(Status("relay", "alice"), width, unicode=True, hint="F1 help")
        assert text_of(line).rstrip() == text
        assert {part.look for part in line} == {Look.STATUS}


@given(st.builds(Heading, st.text(), remarks=st.tuples(st.text())), st.integers(0, 60))
def test_a_title_fits(heading: Heading, width: int) -> None:
    check_drawable([title_line(heading, width, unicode=True)], width)
