"""The rows of a conversation that are held."""

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from securechat.client import commands as c
from securechat.client import events as e
from securechat.faces.entries import Entry
from securechat.faces.screen.drawing.rows import Notice, Row, of_message
from securechat.faces.screen.state import timeline as timeline_module
from securechat.faces.screen.state.timeline import KEPT_ROWS, Grown, Timeline
from tests.pure.faces.sample_events import NOON_MS, message, past


def row(message_id: str, *, own: bool = False) -> Row:
    return replace(of_message(message()), message_id=message_id, own=own)


def page(
    *numbers: int,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    older: bool = False,
    newer: bool = False,
) -> e.Page:
    """Return a page of messages called by their position in the history."""
    question = c.Page("bob", before=before, after=after, around=around)
    messages = tuple(replace(past(), message_id=f"{n}", position=n) for n in numbers)
    return e.Page(question, messages, older, newer)


def ids(timeline: Timeline) -> list[str]:
    """Return the ids of the messages, and "-" for each notice."""
    return [row.message_id if isinstance(row, Row) else "-" for row in timeline.rows]


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
    timeline.advance("a", e.DeliveryState.READ)
    timeline.amend("bob", "a", "better")
    assert row_of(timeline, "a").state is e.DeliveryState.READ
    assert (row_of(timeline, "a").text, row_of(timeline, "a").edited) == ("better", True)
    timeline.amend("bob", "unknown", "nothing happens")


def test_what_the_relay_says_late_takes_nothing_back() -> None:
    timeline = Timeline()
    timeline.add(row("a", own=True))
    for state in (e.DeliveryState.SENT, e.DeliveryState.DELIVERED, e.DeliveryState.ACCEPTED):
        timeline.advance("a", state)
    assert row_of(timeline, "a").state is e.DeliveryState.DELIVERED
    timeline.advance("a", e.DeliveryState.FAILED)
    assert row_of(timeline, "a").state is e.DeliveryState.FAILED


def test_answers_quote_a_message_as_it_is_now() -> None:
    timeline = Timeline()
    quotes = [e.Quote("a", sender, "tea?") for sender in ("bob", "carol")]
    for number, quote in enumerate(quotes):
        timeline.add(replace(row(f"{number}"), reply=quote))
    timeline.amend("bob", "a", "coffee?")
    assert row_of(timeline, "0").reply == e.Quote("a", "bob", "coffee?")
    timeline.amend("bob", "a", "")
    assert row_of(timeline, "0").reply == e.Quote("a")
    assert row_of(timeline, "1").reply == quotes[1]


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
    timeline.amend(row_of(timeline, "d").sender, "d", "")
    assert timeline.new_count == 1


def test_two_senders_may_use_one_id() -> None:
    timeline = Timeline()
    assert timeline.add(replace(row("a"), sender="carol", text="of carol"))
    assert timeline.add(replace(row("a"), sender="mallory", text="of mallory"))
    assert timeline.index_of("a") == 1
    timeline.amend("carol", "a", "better")
    texts = [each.text for each in timeline.rows if isinstance(each, Row)]
    assert texts == ["better", "of mallory"]
    timeline.advance("a", e.DeliveryState.READ)
    assert not any(isinstance(each, Row) and each.state for each in timeline.rows)


NOTICE = Notice(Entry("bob has gone"), NOON_MS)


def test_what_was_written_before_the_log_in_is_there_once() -> None:
    timeline = Timeline()
    timeline.add(replace(row("2", own=True), sender=""))
    mine = replace(past(state=e.DeliveryState.QUEUED), message_id="2", position=2)
    timeline.take(e.Page(c.Page("bob"), (*page(1).messages, mine), older=False, newer=False))
    assert ids(timeline) == ["1", "2"]
    assert row_of(timeline, "2").sender == "alice"


def test_the_newest_page_comes_before_what_is_new() -> None:
    timeline = Timeline()
    timeline.note(NOTICE)
    timeline.add(row("7"))
    timeline.take(page(4, 5, 6, older=True))
    assert ids(timeline) == ["4", "5", "6", "-", "7"]
    assert (timeline.has_older, timeline.has_newer) == (True, False)
    assert (timeline.oldest, timeline.newest) == (4, 6)


def test_what_both_have_is_there_once_with_its_place() -> None:
    timeline = Timeline()
    timeline.add(replace(row("6", own=True), state=e.DeliveryState.READ))
    timeline.amend("bob", "6", "better")
    timeline.note(NOTICE)
    timeline.add(row("8"))
    timeline.note(NOTICE)
    timeline.add(row("10"))
    timeline.take(page(5, 6, 7, 8, 9))
    assert ids(timeline) == ["5", "6", "-", "7", "8", "9", "-", "10"]
    held = row_of(timeline, "6")
    assert (held.position, held.text, held.state) == (6, "better", e.DeliveryState.READ)


def test_a_page_of_a_place_where_the_history_has_moved_on_replaces_what_has_a_place() -> None:
    timeline = Timeline()
    timeline.take(page(1, 2))
    timeline.note(NOTICE)
    timeline.add(row("live"))
    timeline.take(page(7, 8, older=True))
    assert ids(timeline) == ["7", "8", "-", "live"]


@pytest.mark.parametrize(
    "late", [page(1, before=2), page(6, after=5), page(before=9), page(after=1, newer=True)]
)
def test_a_page_that_does_not_join_is_left_out(late: e.Page) -> None:
    timeline = Timeline()
    timeline.take(page(3, 4, older=True))
    timeline.take(late)
    assert ids(timeline) == ["3", "4"]
    assert (timeline.has_older, timeline.has_newer) == (True, False)


def test_pages_join_at_both_ends() -> None:
    timeline = Timeline()
    timeline.take(page(5, 6, around=5, older=True, newer=True))
    timeline.take(page(3, 4, before=5, older=False, newer=True))
    timeline.take(page(7, after=6, older=True, newer=False))
    assert ids(timeline) == ["3", "4", "5", "6", "7"]
    assert (timeline.has_older, timeline.has_newer) == (False, False)
    assert timeline.take_grown() == Grown(2, 1)
    assert timeline.take_grown() == Grown(0, 0)


def test_an_empty_page_says_that_there_is_no_more() -> None:
    timeline = Timeline()
    timeline.take(page(5, 6, around=5, older=True, newer=True))
    timeline.take(page(before=5, newer=True))
    timeline.take(page(after=6, older=True))
    assert (timeline.has_older, timeline.has_newer) == (False, False)


def test_what_was_said_away_from_the_end_is_there_when_one_comes_back() -> None:
    timeline = Timeline()
    timeline.add(row("8"))
    timeline.take(page(2, 3, around=2, older=True, newer=True))
    assert ids(timeline) == ["2", "3"]
    timeline.note(NOTICE)
    timeline.take(page(7, 8, older=True))
    assert ids(timeline) == ["7", "8", "-"]


def test_a_place_where_nothing_is_any_more_is_not_gone_to() -> None:
    timeline = Timeline()
    timeline.take(page(7, 8, older=True))
    timeline.take(page(around=3))
    assert (ids(timeline), timeline.has_older) == (["7", "8"], True)


def test_away_from_the_end_new_messages_wait_for_their_page() -> None:
    timeline = Timeline()
    timeline.take(page(5, around=5, newer=True))
    assert not timeline.add(row("9"))
    timeline.take(page(7, 8, 9, older=True))
    assert ids(timeline) == ["7", "8", "9"]
    assert timeline.add(row("10"))


def test_the_far_end_is_let_go() -> None:
    timeline = Timeline()
    timeline.take(page(*range(500, 1500), around=600, older=True))
    timeline.take(page(*range(300, 500), before=500, older=True, newer=True))
    assert (ids(timeline)[0], ids(timeline)[-1], len(timeline.rows)) == ("300", "1299", KEPT_ROWS)
    assert timeline.has_newer
    assert timeline.take_grown() == Grown(200, -200)
    timeline.take(page(*range(1300, 1400), after=1299, older=True, newer=True))
    assert (ids(timeline)[0], ids(timeline)[-1]) == ("400", "1399")
    assert timeline.take_grown() == Grown(-100, 100)


STEPS = st.lists(
    st.sampled_from(["live", "older", "newer", "newest"]) | st.integers(1, 30), max_size=60
)


@given(st.integers(0, 30), STEPS)
def test_what_is_held_is_always_a_stretch_of_the_history(
    count: int, steps: list[str | int]
) -> None:
    timeline = Timeline()
    with patch.object(timeline_module, "KEPT_ROWS", 12):
        for step in steps:
            held = ids(timeline)
            if step == "live":
                count += 1
                timeline.add(row(f"{count}"))
            else:
                timeline.take(answer(timeline, step, count))
            check_stretch(timeline, count)
            grown = timeline.take_grown()
            if isinstance(step, str) and held and held[0] in ids(timeline):
                assert ids(timeline).index(held[0]) == grown.before
            elif isinstance(step, str) and held and ids(timeline)[0] in held:
                assert held.index(ids(timeline)[0]) == -grown.before


def answer(timeline: Timeline, step: str | int, count: int) -> e.Page:
    """Return what an engine answers to a question for 5 of ``count`` messages."""
    match step:
        case "older" if timeline.oldest is not None:
            end = timeline.oldest - 1
            first = max(end - 4, 1)
            return page(*range(first, end + 1), before=end + 1, older=first > 1, newer=True)
        case "newer" if timeline.newest is not None:
            last = min(timeline.newest + 5, count)
            shown = range(timeline.newest + 1, last + 1)
            return page(*shown, after=timeline.newest, older=True, newer=last < count)
        case int() if step <= count:
            shown = range(max(step - 2, 1), min(step + 2, count) + 1)
            more = {"older": shown[0] > 1, "newer": shown[-1] < count}
            return page(*shown, around=step, **more)
    first = max(count - 4, 1)
    return page(*range(first, count + 1), older=first > 1)


def check_stretch(timeline: Timeline, count: int) -> None:
    numbers = [int(message_id) for message_id in ids(timeline)]
    assert len(numbers) <= 12
    if numbers:
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert timeline.has_newer == (numbers[-1] < count)
        assert timeline.has_older or numbers[0] == 1 or timeline.oldest is None
