"""What arrives on a connection: the frame decoder of a relay and that of a client.

``stream`` takes its data as everything that a socket gave; ``body`` takes it as the inside of one
frame, so that a mutation never spoils the length in front; ``changed`` takes it as changes to a
frame of some kind, so that every kind is reached although the fuzzer sees nothing of msgspec.
"""

from zlib import crc32

import msgspec

from securechat.errors import RemoteProtocolError
from securechat.wire.codec import MAX_FRAME_BYTES, MAX_GREETING_BYTES, FrameDecoder, encode
from securechat.wire.frames import AnyFrame, ClientFrame, RelayFrame
from tests.fuzz.edits import edit
from tests.pure.wire.vectors import FRAMES

Decoder = FrameDecoder[AnyFrame]

_CLIENT_FRAMES = msgspec.msgpack.Decoder(ClientFrame)
_RELAY_FRAMES = msgspec.msgpack.Decoder(RelayFrame)
_BODIES = [encode(frame)[4:] for frame in FRAMES]


def stream(data: bytes) -> None:
    """Whole frames come out, the same however the stream is cut, or a RemoteProtocolError."""
    for frames, limit_bytes in (
        (_CLIENT_FRAMES, MAX_GREETING_BYTES),
        (_RELAY_FRAMES, MAX_FRAME_BYTES),
    ):
        whole = _decode(FrameDecoder(frames, limit_bytes), [data])
        in_pieces = _decode(FrameDecoder(frames, limit_bytes), _cut(data))
        assert in_pieces == whole
        for frame in whole or ():
            _check_stable(frame, FrameDecoder(frames, MAX_FRAME_BYTES))


def body(data: bytes) -> None:
    """One whole frame of this body comes out, or a RemoteProtocolError."""
    _check_body(data)


def changed(data: bytes) -> None:
    """The same for a valid frame, which the data choose and change."""
    _check_body(edit(_BODIES[crc32(data) % len(_BODIES)], data))


def _check_body(data: bytes) -> None:
    framed = len(data).to_bytes(4, "big") + data
    for frames in (_CLIENT_FRAMES, _RELAY_FRAMES):
        decoder = FrameDecoder(frames, MAX_FRAME_BYTES)
        decoded = _decode(decoder, [framed])
        if decoded is not None:
            (frame,) = decoded
            _check_stable(frame, decoder)


def _decode(decoder: Decoder, pieces: list[bytes]) -> list[AnyFrame] | None:
    """Return the frames of the pieces, or None when they break the protocol."""
    try:
        return [frame for piece in pieces for frame in decoder.decode(piece)]
    except RemoteProtocolError:
        return None


def _cut(data: bytes) -> list[bytes]:
    """Cut into three pieces at two places that follow from the data itself."""
    places = crc32(data)
    size = len(data) + 1
    start, end = sorted((places % size, (places >> 16) % size))
    return [data[:start], data[start:end], data[end:]]


def _check_stable(frame: AnyFrame, decoder: Decoder) -> None:
    encoded = encode(frame)
    (again,) = decoder.decode(encoded)
    assert type(again) is type(frame)
    assert again == frame
    assert encode(again) == encoded
