"""What one message can hold of a text that was typed."""

from securechat.e2e.text_bytes import MAX_TEXT_BYTES
from securechat.errors import UsageError

TEXT_MAX_BYTES = MAX_TEXT_BYTES
"""The longest text of one message, in UTF-8; the largest envelope has no room for more."""


def fitting_text(text: str) -> str:
    """Return ``text`` when one message can hold it."""
    size_bytes = size_bytes_of(text)
    if size_bytes > TEXT_MAX_BYTES:
        raise UsageError(
            f"The text has {size_bytes:,} bytes, a message holds {TEXT_MAX_BYTES:,}; "
            "nothing was sent",
            "send it in parts",
        )
    return text


def size_bytes_of(text: str) -> int:
    """Return the size of a text in UTF-8; UsageError when the terminal gave something else."""
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise UsageError(
            "The text holds bytes that are not UTF-8, nothing was sent",
            "set the terminal to UTF-8",
        ) from error
