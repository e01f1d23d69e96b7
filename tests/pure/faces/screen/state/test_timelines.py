"""The conversations that are held, and the pages that are asked for."""

from msgspec.structs import replace

from securechat.client import commands as c
from securechat.client import events as e
from securechat.faces.entries import Entry
from securechat.faces.screen.drawing.rows import Notice, Row
from securechat.faces.screen.state.timelines import KEPT_TIMELINES, Timelines
from tests.pure.faces.sample_events import past


def page(question: c.Page, *positions: int, older: bool = False, newer: bool = False) -> e.Page:
    messages = tuple(
        replace(past(), message_id=f"m{position}", position=position) for position in positions
    )
    return e.Page(question, messages, older, newer)


def asking() -> tuple[Timelines, list[c.Page]]:
    asked: list[c.Page] = []
    return Timelines(asked.append), asked


def positions(timelines: Timelines) -> list[int | None]:
    return [row.position for row in timelines.of("bob").rows if isinstance(row, Row)]


def test_pages_are_asked_for_where_there_is_more_and_once() -> None:
    timelines, asked = asking()
    timelines.ask_newest("bob")
    timelines.ask_older("bob")
    timelines.ask_newer("bob")
    assert asked == [c.Page("bob")]
    assert timelines.take(page(c.Page("bob"), 5, 6, older=True))
    for _ in range(3):
        timelines.ask_older("BOB")
        timelines.ask_older("bob")
        timelines.ask_newer("bob")
    assert asked[1:] == [c.Page("BOB", before=5), c.Page("bob", before=5)]


def test_an_older_page_joins_what_is_held() -> None:
    timelines, asked = asking()
    timelines.ask_newest("bob")
    timelines.take(page(asked[-1], 5, 6, older=True))
    timelines.ask_older("bob")
    assert timelines.take(page(asked[-1], 3, 4, older=False))
    assert positions(timelines) == [3, 4, 5, 6]
    timelines.ask_older("bob")
    assert len(asked) == 2


def test_a_jump_shows_another_place_and_one_can_go_on_from_there() -> None:
    timelines, asked = asking()
    timelines.ask_newest("bob")
    timelines.take(page(asked[-1], 50, 51, older=True))
    timelines.ask_around("bob", 10)
    assert timelines.take_jump("bob") is None
    timelines.take(page(asked[-1], 9, 10, 11, older=True, newer=True))
    assert positions(timelines) == [9, 10, 11]
    assert [timelines.take_jump("bob") for _ in range(2)] == [1, None]
    timelines.ask_newer("bob")
    assert asked[-1] == c.Page("bob", after=11)


def test_an_answer_that_nobody_waits_for_is_left_out() -> None:
    timelines, asked = asking()
    assert not timelines.take(page(c.Page("bob"), 1))
    timelines.ask_around("bob", 10)
    timelines.ask_newest("bob")
    assert not timelines.take(page(asked[0], 9, 10, newer=True))
    assert timelines.take_jump("bob") is None
    assert positions(timelines) == []


def test_only_so_many_conversations_are_held_those_looked_at_last() -> None:
    timelines, _ = asking()
    bob = timelines.of("bob")
    for number in range(KEPT_TIMELINES):
        timelines.of("bob")
        timelines.of(f"#room{number}")
    assert timelines.of("Bob") is bob
    assert "#room0" not in timelines
    assert len(list(timelines)) == KEPT_TIMELINES


def test_who_is_called_otherwise_keeps_the_timeline() -> None:
    timelines, asked = asking()
    before = timelines.of("bob")
    timelines.rename("bob", "BOB")
    assert timelines.held("bob") is before
    timelines.ask_newest("bob")
    timelines.rename("bob", "carol")
    assert timelines.held("bob") is None
    assert timelines.held("carol") is before
    assert asked[-1] == c.Page("carol")
    assert not timelines.take(page(c.Page("bob"), 1))
    assert timelines.take(page(asked[-1], 1, 2))
    assert len(timelines.of("carol").rows) == 2


def test_two_timelines_of_one_person_become_one() -> None:
    timelines, asked = asking()
    timelines.ask_newest("carol")
    timelines.take(page(asked[-1], 1, 2))
    carol = timelines.of("carol")
    timelines.of("bob").note(Notice(Entry("a notice"), 1))
    timelines.rename("bob", "carol")
    assert timelines.held("carol") is carol
    assert [isinstance(row, Notice) for row in carol.rows] == [False, False, True]
    assert asked[-1] == c.Page("carol")


def test_a_jump_to_what_was_deleted_from_the_history_shows_what_is_next() -> None:
    timelines, asked = asking()
    timelines.ask_around("bob", 10)
    timelines.take(page(asked[-1], 8, 12))
    assert timelines.take_jump("bob") == 1
    timelines.ask_around("bob", 20)
    timelines.take(page(asked[-1], 8, 12))
    assert timelines.take_jump("bob") is None


def test_the_one_that_is_shown_is_held_however_many_people_write() -> None:
    timelines, _ = asking()
    timelines.ask_newest("bob")
    bob = timelines.of("bob")
    for number in range(2 * KEPT_TIMELINES):
        timelines.of(f"stranger{number}")
    assert timelines.of("bob") is bob
    assert len(list(timelines)) == KEPT_TIMELINES
