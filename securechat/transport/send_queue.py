"""Plaintext that waits for the socket: whole writes in, batches of a bounded size out."""


class SendQueue:
    """A first-in first-out queue of bytes that joins small writes and splits large ones."""

    __slots__ = ("_chunks", "size_bytes")

    def __init__(self) -> None:
        self._chunks: list[bytes | memoryview] = []
        self.size_bytes = 0

    def append(self, data: bytes) -> None:
        """Queue `data`; it is referenced, not copied."""
        self._chunks.append(data)
        self.size_bytes += len(data)

    def take_all(self) -> bytes | memoryview:
        """Remove and return everything; a single write is not copied."""
        chunks = self._chunks
        joined = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        self.size_bytes = 0
        return joined

    def take(self, limit_bytes: int) -> bytes | memoryview:
        """Remove and return the oldest bytes, at most `limit_bytes` of them."""
        if self.size_bytes <= limit_bytes:
            return self.take_all()
        chunks = self._chunks
        taken: list[bytes | memoryview] = []
        room, place = limit_bytes, 0
        while room:
            view = memoryview(chunks[place])
            taken.append(view[:room])
            if len(view) > room:
                chunks[place] = view[room:]
            else:
                place += 1
            room -= len(taken[-1])
        del chunks[:place]
        self.size_bytes -= limit_bytes
        return b"".join(taken)

    def clear(self) -> None:
        """Forget everything."""
        self._chunks.clear()
        self.size_bytes = 0
