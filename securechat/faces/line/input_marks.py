"""How the line being typed is displayed: a tower of marks in a paste must not stop the program.

prompt_toolkit puts each mark into the cell before it, one by one, and remembers every state of the
cell: the time and the memory for a tower grow with the square of its height.
"""

from bisect import bisect_left

from prompt_toolkit.formatted_text import fragment_list_to_text
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.utils import get_cwidth

from securechat.text import MARKS_MAX


class FewMarks(Processor):
    """Displays at most `MARKS_MAX` characters without width in a row; all of them stay typed."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Return a line as it is displayed."""
        fragments = transformation_input.fragments
        text = fragment_list_to_text(fragments)
        kept = displayed_of(text)
        if len(kept) == len(text):
            return Transformation(fragments)
        return Transformation(
            [("", "".join(text[index] for index in kept))],
            source_to_display=lambda index: bisect_left(kept, index),
            display_to_source=lambda index: kept[index] if index < len(kept) else len(text),
        )


def displayed_of(text: str) -> range | list[int]:
    """Return the indices of those characters of a line that are displayed."""
    if text.isascii():
        return range(len(text))
    kept, in_a_row = [], 0
    for index, character in enumerate(text):
        in_a_row = in_a_row + 1 if get_cwidth(character) == 0 else 0
        if in_a_row <= MARKS_MAX:
            kept.append(index)
    return kept
