"""Frames to bytes and back: a 4-byte big-endian length, then one msgpack array.

The decoder is fed whatever a socket gave and returns the whole frames in it. Everything that is
not a frame of the other side, within the limit, is a RemoteProtocolError.
"""

from typing import Generic, TypeVar, cast

import msgspec

from securechat.errors import RemoteProtocolError
from securechat.wire.frames import AnyFrame, ClientFrame, RelayFrame

LENGTH_BYTES = 4
MAX_GREETING_BYTES = 4 * 1024
MAX_FRAME_BYTES = 256 * 1024

F = TypeVar("F")

_encoder = msgspec.msgpack.Encoder()


def encode(frame: AnyFrame) -> bytes:
    """Return the frame as it travels: its length, then its msgpack array."""
    buffer = bytearray(LENGTH_BYTES)
    _encoder.encode_into(frame, buffer, LENGTH_BYTES)
    buffer[:LENGTH_BYTES] = (len(buffer) - LENGTH_BYTES).to_bytes(LENGTH_BYTES, "big")
    return bytes(buffer)


class FrameDecoder(Generic[F]):
    """Collect bytes, return whole frames; ``limit_bytes`` is the longest body it takes.

    The limit starts at that of a greeting; whoever owns the connection raises it after login.
    """

    __slots__ = ("_chunks", "_decoder", "_have", "_need", "limit_bytes")

    def __init__(self, decoder: "msgspec.msgpack.Decoder[F]") -> None:
        self._decoder = decoder
        self._chunks: list[bytes] = []
        self._have = 0
        self._need = LENGTH_BYTES
        self.limit_bytes = MAX_GREETING_BYTES

    def decode(self, data: bytes) -> list[F]:
        """Return the frames that ``data`` completes, in order; the rest is kept for later.

        Raises RemoteProtocolError for a body that is too long or is not a frame of that side.
        """
        if self._have or len(data) < self._need:
            self._chunks.append(data)
            self._have += len(data)
            if self._have < self._need:
                return []
            data = b"".join(self._chunks)
            self._chunks.clear()
            self._have = 0
        frames, at = self._decode_whole(data)
        if at < len(data):
            self._chunks.append(data[at:])
            self._have = len(data) - at
        return frames

    def _decode_whole(self, data: bytes) -> tuple[list[F], int]:
        """Return the whole frames of ``data`` and where they end; note what the next one needs."""
        frames: list[F] = []
        view, at, end = memoryview(data), 0, len(data)
        self._need = LENGTH_BYTES
        while end - at >= LENGTH_BYTES:
            start = at + LENGTH_BYTES
            size = int.from_bytes(view[at:start], "big")
            if size > self.limit_bytes:
                raise RemoteProtocolError(
                    f"A frame of {size} bytes came where {self.limit_bytes} are allowed"
                )
            if end - start < size:
                self._need = LENGTH_BYTES + size
                break
            at = start + size
            frames.append(self._decode_body(view[start:at]))
        return frames, at

    def _decode_body(self, body: memoryview) -> F:
        try:
            return self._decoder.decode(body)
        except (msgspec.MsgspecError, RecursionError, ValueError, OverflowError) as error:
            raise RemoteProtocolError(f"Bytes came that are no frame: {error}") from error


def client_frame_decoder() -> FrameDecoder[ClientFrame]:
    """Return a decoder for what a client sends: the relay's side of a connection."""
    return FrameDecoder(
        cast("msgspec.msgpack.Decoder[ClientFrame]", msgspec.msgpack.Decoder(ClientFrame))
    )


def relay_frame_decoder() -> FrameDecoder[RelayFrame]:
    """Return a decoder for what a relay sends: the client's side of a connection."""
    return FrameDecoder(
        cast("msgspec.msgpack.Decoder[RelayFrame]", msgspec.msgpack.Decoder(RelayFrame))
    )
