"""The rows of a conversation that are held."""

from dataclasses import replace

from securechat.client import events as e
from securechat.faces.entries import Entry
from securechat.faces.screen.rows import Notice, Row, of_message
from securechat.faces.screen.timeline import KEPT_ROWS, Timeline
from tests.pure.faces.sample_events import NOON_MS, message


def row(message_id: str, *, own: bool = False) -> Row:
    return replace(of_message(message()), message_id=message_id, own=own)


def row_of(timeline: Timeline, message_id: str) -> Row:
    index = timeline.index_of(message_id)
    assert index is not None
    found = timeline.rows[index]
    assert isinstance(found, Row)
    return found


def test_a_message_is_there_once() -> None:
    timeline = Timeline()
    assert timeline.add(row("a"))
    assert not timeline.add(row("a"))
    assert timeline.rows == [row("a")]


def test_only_so_many_rows_are_held() -> None:
    timeline = Timeline()
    for number in range(KEPT_ROWS + 1):
        timeline.add(row(f"{number}"))
    assert len(timeline.rows) == KEPT_ROWS
    assert timeline.has_older
    assert timeline.index_of("0") is None
    assert timeline.index_of("1") == 0


def test_a_message_changes_where_it_stands() -> None:
    timeline = Timeline()
    timeline.add(row("a", own=True))
    timeline.note(Notice(Entry("bob has gone"), NOON_MS))
    before = timeline.revision
    timeline.advance("a", e.DeliveryState.READ)
    timeline.amend("bob", "a", "better")
    assert row_of(timeline, "a").state is e.DeliveryState.READ
    assert (row_of(timeline, "a").text, row_of(timeline, "a").edited) == ("better", True)
    assert timeline.revision != before
    timeline.amend("bob", "unknown", "nothing happens")


def test_each_person_has_one_reaction() -> None:
    timeline = Timeline()
    timeline.add(row("a"))
    for who, symbol in (("bob", "+1"), ("carol", "heart"), ("bob", "tea"), ("carol", "")):
        timeline.react("a", who, symbol)
    assert row_of(timeline, "a").reactions == (("bob", "tea"),)


def test_what_is_new_is_counted_from_the_first_of_it() -> None:
    timeline = Timeline()
    for message_id, own in (("a", False), ("b", False), ("c", True), ("d", False)):
        timeline.add(row(message_id, own=own))
    assert timeline.new_count == 0
    timeline.mark_new("b")
    timeline.mark_new("d")
    assert (timeline.new_from, timeline.new_count) == ("b", 2)
