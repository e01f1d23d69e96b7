"""A window on rows of different heights."""

from hypothesis import given
from hypothesis import strategies as st

from securechat.faces.screen.viewport import Viewport

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
