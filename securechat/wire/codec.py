"""Frames to bytes and back: a 4-byte big-endian length, then one msgpack array.

The decoder is fed whatever a socket gave and returns the whole frames in it. Everything that is
not a frame of the other side, within the limit, is a RemoteProtocolError.
"""

import struct
from typing import Generic, TypeVar, cast

import msgspec

from securechat.errors import LocalProtocolError, RemoteProtocolError
from securechat.wire.frames import AnyFrame, ClientFrame, RelayFrame

MAX_GREETING_BYTES = 4 * 1024
MAX_FRAME_BYTES = 256 * 1024

F = TypeVar("F")

_LENGTH = struct.Struct(">I")
_HEADER_BYTES = _LENGTH.size
_unpack_length = _LENGTH.unpack_from
_pack_length = _LENGTH.pack
_NO_FRAME = (msgspec.MsgspecError, ValueError, RecursionError)
_encode = msgspec.msgpack.Encoder().encode


def encode(frame: AnyFrame) -> bytes:
    """Return the frame as it travels: its length, then its msgpack array.

    Raises LocalProtocolError when it is longer than any side takes.
    """
    body = _encode(frame)
    size = len(body)
    if size > MAX_FRAME_BYTES:
        raise LocalProtocolError(f"A {type(frame).__name__} of {size} bytes is too long to send")
    return _pack_length(size) + body


class FrameDecoder(Generic[F]):
    """Collect bytes, return whole frames; ``limit_bytes`` is the longest body it takes.

    Whoever owns the connection may raise the limit between two calls, once it trusts the other
    side with more.
    """

    __slots__ = ("_decode_body", "_need", "limit_bytes", "rest")

    def __init__(self, decoder: "msgspec.msgpack.Decoder[F]", limit_bytes: int) -> None:
        self._decode_body = decoder.decode
        self.rest = bytearray()
        """What came and is no whole frame yet."""
        self._need = _HEADER_BYTES
        self.limit_bytes = limit_bytes

    def decode(self, data: bytes) -> list[F]:
        """Return the frames that ``data`` completes, in order; the rest is kept for later.

        Raises RemoteProtocolError for a body that is too long or is not a frame of that side; the
        decoder is of no use after that.
        """
        if self.rest:
            return self._decode_more(data)
        size = len(data) - _HEADER_BYTES
        if 0 < size <= self.limit_bytes and size == _unpack_length(data)[0]:
            try:
                return [self._decode_body(data[_HEADER_BYTES:])]
            except _NO_FRAME as error:
                raise _no_frame(error) from error
        frames, at = self._decode_whole(data)
        self.rest += data[at:]
        return frames

    def _decode_more(self, data: bytes) -> list[F]:
        """Return the frames that what was kept and ``data`` complete."""
        self.rest += data
        if len(self.rest) < self._need:
            return []
        frames, at = self._decode_whole(self.rest)
        del self.rest[:at]
        return frames

    def _decode_whole(self, data: bytes | bytearray) -> tuple[list[F], int]:
        """Return the whole frames of ``data`` and where they end; note what the next one needs."""
        frames: list[F] = []
        at, end = 0, len(data)
        self._need = _HEADER_BYTES
        try:
            while end - at >= _HEADER_BYTES:
                start = at + _HEADER_BYTES
                (size,) = _unpack_length(data, at)
                if size > self.limit_bytes:
                    raise RemoteProtocolError(
                        f"A frame of {size} bytes came where {self.limit_bytes} are allowed"
                    )
                if end - start < size:
                    self._need = _HEADER_BYTES + size
                    break
                at = start + size
                frames.append(self._decode_body(data[start:at]))
        except _NO_FRAME as error:
            raise _no_frame(error) from error
        return frames, at


def _no_frame(error: Exception) -> RemoteProtocolError:
    return RemoteProtocolError(f"Bytes came that are no frame: {error}")


_client_frames = cast("msgspec.msgpack.Decoder[ClientFrame]", msgspec.msgpack.Decoder(ClientFrame))
_relay_frames = cast("msgspec.msgpack.Decoder[RelayFrame]", msgspec.msgpack.Decoder(RelayFrame))


def client_frame_decoder() -> FrameDecoder[ClientFrame]:
    """Return a decoder for what a client sends, with the limit for strangers."""
    return FrameDecoder(_client_frames, MAX_GREETING_BYTES)


def relay_frame_decoder() -> FrameDecoder[RelayFrame]:
    """Return a decoder for what a relay sends; the client knows the relay before the first byte.

    So it takes whole frames at once: the first deliveries may come together with the Welcome.
    """
    return FrameDecoder(_relay_frames, MAX_FRAME_BYTES)
