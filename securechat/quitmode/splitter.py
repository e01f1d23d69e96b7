"""Cut unframed bytes into messages: bytes and the time in, messages and a deadline out.

The peer may be a bare socket script or ``nc``, so nothing on the wire says where a message ends. It
ends at a newline, after a silence, or at the end of the stream, never inside a UTF-8 character that
is still under way, and however the network splits the bytes.
"""

import codecs

from msgspec import Struct

MESSAGE_MAX_BYTES = 1 << 20
"""A longer message is refused: a mark stands for it, and its bytes are dropped as they come."""

SILENCE_S = 0.2
"""A message without a newline ends when nothing follows it for this long."""

UNFINISHED_SILENCE_S = 2.0
"""The same for a message whose last bytes are the beginning of a UTF-8 character."""


class Message(Struct, frozen=True):
    """One message without its line ending; bytes that are not UTF-8 have become U+FFFD."""

    text: str
    is_too_long: bool = False
    """Whether it was longer than `MESSAGE_MAX_BYTES`; the text is empty then."""


class MessageSplitter:
    """Collects the bytes of one side; holds at most `MESSAGE_MAX_BYTES` of them."""

    def __init__(self) -> None:
        self.line_ending = b""
        r"""What ended the last line: ``b"\n"``, ``b"\r\n"``, or nothing but silence."""
        self._tail = bytearray()
        self._is_dropping = False
        self._heard_at = 0.0

    @property
    def deadline(self) -> float | None:
        """When to call `expire`, unless more bytes come before; None between messages."""
        if not self._tail and not self._is_dropping:
            return None
        wait_s = UNFINISHED_SILENCE_S if self._ends_inside_character() else SILENCE_S
        return self._heard_at + wait_s

    def receive(self, data: bytes, now: float) -> list[Message]:
        """Take what arrived at the time ``now``; return the messages that a newline ended."""
        self._heard_at = now
        *lines, rest = data.split(b"\n")
        messages: list[Message] = []
        for line in lines:
            messages += self._append(line)
            messages += self._end_line()
        return messages + self._append(rest)

    def expire(self, now: float) -> list[Message]:
        """Return the message that silence has ended by the time ``now``, if there is one."""
        if self.deadline is None or now < self.deadline:
            return []
        self.line_ending = b""
        return self.finish()

    def resume(self, now: float) -> None:
        """Reading had stopped until the time ``now``: that was not silence of the peer."""
        self._heard_at = now

    def finish(self) -> list[Message]:
        """Return the message that the end of the stream ended, if there is one."""
        if self._is_dropping:
            self._is_dropping = False
            return []
        return [self._take()] if self._tail else []

    def _append(self, part: bytes) -> list[Message]:
        """Add to the message under way; return the mark for it when that makes it too long."""
        if self._is_dropping:
            return []
        if len(self._tail) + len(part) <= MESSAGE_MAX_BYTES:
            self._tail += part
            return []
        self._tail.clear()
        self._is_dropping = True
        return [Message("", is_too_long=True)]

    def _end_line(self) -> list[Message]:
        self.line_ending = b"\r\n" if self._tail.endswith(b"\r") else b"\n"
        if self._is_dropping:
            return self.finish()
        return [self._take()]

    def _take(self) -> Message:
        text = self._tail.decode("utf-8", errors="replace").removesuffix("\r")
        self._tail.clear()
        return Message(text)

    def _ends_inside_character(self) -> bool:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        decoder.decode(bytes(self._tail[-3:]))
        return decoder.getstate()[0] != b""
