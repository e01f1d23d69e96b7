"""What a terminal says of a long text in its line, before anything of it is sent."""

from securechat.client.input.command_line import TEXT_MAX_BYTES, parse_line
from securechat.errors import NameInvalid, UsageError
from securechat.faces.emoji_codes import with_emoji
from securechat.faces.entries import Entry

LONG_LINES = 20
LONG_BYTES = 4 * 1024
"""A paste of more lines or bytes than these may have been a mistake."""


def note_on_paste(text: str) -> Entry | None:
    """Return what to say of a text that was pasted in one go, if it is long."""
    lines, size_bytes = text.count("\n") + 1, _size_bytes(text)
    if lines <= LONG_LINES and size_bytes <= LONG_BYTES:
        return None
    of_lines = f"{lines:,} lines, " if lines > 1 else ""
    return Entry(
        f"This is long ({of_lines}{size_bytes:,} bytes): Enter sends it as one message, "
        "Ctrl-C clears it."
    )


def find_excess(line: str) -> UsageError | NameInvalid | None:
    """Return why a line is not taken, if it is too long to be typed again; it is to be kept then.

    Shorter lines are for the chat to judge.
    """
    line = with_emoji(line)
    if _size_bytes(line) <= TEXT_MAX_BYTES:
        return None
    try:
        parse_line(line)
    except (UsageError, NameInvalid) as error:
        return error
    return None


def _size_bytes(text: str) -> int:
    return len(text.encode(errors="replace"))
