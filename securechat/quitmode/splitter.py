"""Cut unframed bytes into messages: bytes and the time in, messages and a deadline out.

The peer may be a bare socket script or ``nc``, so nothing on the wire says where a message ends. It
ends at a newline, after a silence, or at the end of the stream, never inside a UTF-8 character that
is still under way, and however the network splits the bytes.
"""

import codecs
from dataclasses import dataclass

MESSAGE_MAX_BYTES = 1 << 20
"""What a longer message has beyond this is dropped, up to where the message ends."""

SILENCE_S = 0.2
"""A message without a newline ends when nothing follows it for this long."""

UNFINISHED_SILENCE_S = 2.0
"""The same for a message whose last bytes are the beginning of a UTF-8 character."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message without its line ending; bytes that are not UTF-8 have become U+FFFD."""

    text: str
    is_cut: bool = False
    """Whether the message was longer than `MESSAGE_MAX_BYTES`."""


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
        wait_s = UNFINISHED_SILENCE_S if self._unfinished_bytes() else SILENCE_S
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
        """Add to the message under way; return it when that makes it too long."""
        if self._is_dropping:
            return []
        room = MESSAGE_MAX_BYTES - len(self._tail)
        self._tail += part[:room]
        if len(part) <= room:
            return []
        del self._tail[len(self._tail) - self._unfinished_bytes() :]
        self._is_dropping = True
        return [self._take(is_cut=True)]

    def _end_line(self) -> list[Message]:
        self.line_ending = b"\r\n" if self._tail.endswith(b"\r") else b"\n"
        if self._is_dropping:
            return self.finish()
        return [self._take()]

    def _take(self, *, is_cut: bool = False) -> Message:
        text = self._tail.decode("utf-8", errors="replace").removesuffix("\r")
        self._tail.clear()
        return Message(text, is_cut)

    def _unfinished_bytes(self) -> int:
        """Return how many bytes at the end are the beginning of a character."""
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        decoder.decode(bytes(self._tail[-3:]))
        return len(decoder.getstate()[0])
