"""A window on rows of different heights."""

from hypothesis import given
from hypothesis import strategies as st

from securechat.faces.screen.drawing.viewport import Viewport

HEIGHTS = st.lists(st.integers(1, 9), max_size=30)


def window(heights: list[int], height: int) -> Viewport:
    viewport = Viewport(lambda index: heights[index], lambda: len(heights))
    viewport.resize(height)
    return viewport


def seen(viewport: Viewport) -> list[tuple[int, int]]:
    return [(index, line) for index, lines in viewport.visible() for line in lines]


def test_it_begins_at_the_end_and_follows() -> None:
    heights = [1, 3, 1]
    viewport = window(heights, 3)
    assert viewport.visible() == [(1, range(1, 3)), (2, range(1))]
    heights.append(1)
    assert viewport.visible() == [(1, range(2, 3)), (2, range(1)), (3, range(1))]


def test_one_that_has_scrolled_up_stays_where_it_is() -> None:
    heights = [1, 3, 1]
    viewport = window(heights, 3)
    viewport.scroll(-1)
    before = viewport.visible()
    heights.append(5)
    assert viewport.visible() == before == [(1, range(3))]
    assert not viewport.at_end
    viewport.to_end()
    assert viewport.at_end


def test_where_all_is_seen_nothing_moves() -> None:
    viewport = window([1], 1)
    viewport.scroll(-1)
    assert viewport.visible() == [(0, range(1))]
    assert viewport.at_end


def test_a_page_put_before_or_behind_moves_nothing() -> None:
    heights = [1, 3, 1]
    viewport = window(heights, 3)
    heights[:0] = [2, 2]
    heights.append(7)
    viewport.grown(2, 1)
    assert viewport.visible() == [(3, range(1, 3)), (4, range(1))]
    heights[:2] = []
    viewport.grown(-2, 0)
    assert viewport.visible() == [(1, range(1, 3)), (2, range(1))]


def test_a_row_is_found_in_the_middle() -> None:
    viewport = window([1] * 200, 10)
    viewport.to(100)
    assert (100, range(1)) in viewport.visible()
    assert not viewport.is_near_top
    assert not viewport.is_near_bottom
    viewport.to(10)
    assert viewport.is_near_top


@given(HEIGHTS, st.integers(1, 20), st.lists(st.one_of(st.integers(-40, 40), st.just("to"))))
def test_the_window_is_full_and_its_lines_follow_each_other(
    heights: list[int], height: int, moves: list[int | str]
) -> None:
    viewport = window(heights, height)
    lines = [(index, line) for index, count in enumerate(heights) for line in range(count)]
    for move in moves:
        if isinstance(move, int):
            viewport.scroll(move)
        else:
            viewport.to(len(heights) // 2)
        shown = seen(viewport)
        assert len(shown) == min(height, len(lines))
        if shown:
            start = lines.index(shown[0])
            assert shown == lines[start : start + len(shown)]
            assert viewport.at_end == (shown[-1] == lines[-1])


def test_a_row_comes_into_sight_with_as_little_scrolling_as_needed() -> None:
    viewport = window([2] * 10, 6)
    viewport.reveal(9)
    assert viewport.at_end
    viewport.reveal(5)
    assert viewport.visible() == [(5, range(2)), (6, range(2)), (7, range(2))]
    for whole in (6, 7):
        viewport.reveal(whole)
        assert seen(viewport)[0] == (5, 0)
    viewport.reveal(8)
    assert viewport.visible() == [(6, range(2)), (7, range(2)), (8, range(2))]
    assert viewport.rows_below == 1
    viewport.reveal(0)
    assert seen(viewport)[0] == (0, 0)
    viewport.reveal(10)
    assert seen(viewport)[0] == (0, 0)


def test_of_a_row_that_is_too_high_the_beginning_comes_into_sight() -> None:
    viewport = window([1, 9, 1], 4)
    viewport.reveal(1)
    assert viewport.visible() == [(1, range(4))]
    viewport.reveal(2)
    assert viewport.at_end
    viewport.to(0)
    viewport.reveal(1)
    assert viewport.visible() == [(1, range(4))]


def test_a_narrower_window_shows_the_same_row_at_its_edge() -> None:
    heights = [1, 4, 1]
    viewport = window(heights, 3)
    viewport.scroll(-2)
    assert seen(viewport)[-1] == (1, 2)
    heights[:] = [1, 2, 1]
    assert seen(viewport)[-1] == (1, 1)


@given(HEIGHTS, st.integers(1, 20), st.lists(st.integers(0, 29), max_size=6))
def test_a_row_that_fits_is_seen_whole_where_it_was_wanted(
    heights: list[int], height: int, wanted: list[int]
) -> None:
    viewport = window(heights, height)
    for index in wanted:
        viewport.reveal(index)
        if index >= len(heights):
            continue
        lines = dict(viewport.visible())[index]
        assert lines.start == 0
        assert len(lines) == min(heights[index], height)
        assert len(seen(viewport)) == min(height, sum(heights))
        before = viewport.visible()
        viewport.reveal(index)
        assert viewport.visible() == before


@given(HEIGHTS, st.integers(1, 20), st.integers(-40, 0), st.integers(-5, 5), st.integers(-5, 5))
def test_what_is_seen_stays_when_pages_come_and_rows_go(
    heights: list[int], height: int, moves: int, before: int, after: int
) -> None:
    rows = list(enumerate(heights))
    viewport = Viewport(lambda index: rows[index][1], lambda: len(rows))
    viewport.resize(height)
    viewport.scroll(moves)
    shown = [(rows[index][0], part) for index, part in viewport.visible()]
    end = len(rows) + min(after, 0)
    if not shown or shown[-1][0] >= end or shown[0][0] < -before:
        return
    rows[:] = [
        *[(-1, 3)] * max(before, 0),
        *rows[max(-before, 0) : end],
        *[(-1, 2)] * max(after, 0),
    ]
    viewport.grown(before, after)
    now_shown = [(rows[index][0], part) for index, part in viewport.visible()]
    assert [each for each in now_shown if each in shown] == shown or len(shown) < height
