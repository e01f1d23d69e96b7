"""Which lines of which rows are seen, without the heights of all the others."""

from collections.abc import Callable

NEAR_ROWS = 50
"""So near to an end of the rows held, the next ones are wanted."""


class Viewport:
    """A window on rows, tied to one of its lines from below; at the end it follows new rows.

    ``height_of`` says how many lines the row with an index has, at least one, and is only asked
    about rows near the window; ``count`` how many rows there are.
    """

    def __init__(self, height_of: Callable[[int], int], count: Callable[[], int]) -> None:
        self._height_of = height_of
        self._count = count
        self._height = 1
        self._anchor: tuple[int, int] | None = None
        """The row at the lower edge, and how many of its lines are above the edge."""

    @property
    def at_end(self) -> bool:
        """Whether the last line is seen, and new ones will be."""
        return self._anchor is None

    def resize(self, height: int) -> None:
        """Take the height of the window in lines."""
        self._height = max(height, 1)

    def to_end(self) -> None:
        """Go to the last line."""
        self._anchor = None

    def to(self, index: int) -> None:
        """Show this row in the middle of the window, if there is enough around it."""
        index = max(0, min(index, self._count() - 1))
        self._anchor = (index, self._height_of(index)) if self._count() else None
        self.scroll(self._height // 2)

    def scroll(self, lines: int) -> None:
        """Move so many lines down, or up if they are negative; not beyond an end."""
        if not self._count():
            return
        self._move(lines)
        above = sum(len(seen) for _, seen in self._upwards())
        if above < self._height:
            self._move(self._height - above)

    def reveal(self, index: int) -> None:
        """Move as little as is needed to show this row; of one that is too high, its beginning."""
        if not 0 <= index < self._count():
            return
        seen = dict(self._upwards())
        height = self._height_of(index)
        if len(seen.get(index, ())) == height:
            return
        if index <= min(seen) or height >= self._height:
            self._anchor = (index, 1)
            self.scroll(self._height - 1)
        else:
            self._anchor = (index, height)
            self.scroll(0)

    def visible(self) -> list[tuple[int, range]]:
        """Return the rows that are seen, from above, and which of their lines."""
        return self._upwards()[::-1]

    @property
    def rows_below(self) -> int:
        """How many of the rows held begin below the window."""
        return self._count() - 1 - self._bottom()[0]

    @property
    def is_near_top(self) -> bool:
        """Whether the first row held is seen, or nearly."""
        seen = self._upwards()
        return not seen or seen[-1][0] < NEAR_ROWS

    @property
    def is_near_bottom(self) -> bool:
        """Whether the last row held is seen, or nearly."""
        return self._bottom()[0] >= self._count() - NEAR_ROWS

    def grown(self, before: int, after: int) -> None:
        """Take note of a page: rows put in at the ends, or let go if negative; the same is seen.

        Rows that simply follow need no word: a window at the end goes with them.
        """
        last = self._count() - 1
        if self._anchor is None and after > 0 and last >= after:
            self._anchor = (last - after, self._height_of(last - after))
        elif self._anchor is not None:
            index, end = self._anchor
            index, end = (index + before, end) if index + before >= 0 else (0, 1)
            self._anchor = (index, end) if index <= last else None

    def _bottom(self) -> tuple[int, int]:
        last = self._count() - 1
        if self._anchor is not None and self._anchor[0] <= last:
            index, end = self._anchor
            return index, min(end, self._height_of(index))
        return last, self._height_of(last) if last >= 0 else 0

    def _move(self, lines: int) -> None:
        index, end = self._bottom()
        end += lines
        while end < 1 and index > 0:
            index -= 1
            end += self._height_of(index)
        end = max(end, 1)
        last = self._count() - 1
        while index < last and end > self._height_of(index):
            end -= self._height_of(index)
            index += 1
        is_end = index == last and end >= self._height_of(last)
        self._anchor = None if is_end else (index, end)

    def _upwards(self) -> list[tuple[int, range]]:
        index, end = self._bottom()
        left = self._height
        seen: list[tuple[int, range]] = []
        while left > 0 and index >= 0:
            start = max(end - left, 0)
            seen.append((index, range(start, end)))
            left -= end - start
            index -= 1
            end = self._height_of(index) if index >= 0 else 0
        return seen
