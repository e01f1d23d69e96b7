import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from securechat.errors import LocalProtocolError, RemoteProtocolError
from securechat.identity.types import EnvelopeId, MailboxId
from securechat.wire import frames as f
from securechat.wire.codec import (
    MAX_FRAME_BYTES,
    MAX_GREETING_BYTES,
    client_frame_decoder,
    encode,
    relay_frame_decoder,
)
from tests.pure.wire.strategies import RELAY_FRAMES, any_of
from tests.pure.wire.vectors import FRAMES

ID = b"i" * 16


def sealed(size_bytes: int) -> f.Send:
    """Return a Send frame of one envelope of this size."""
    return f.Send(1, 0, (f.Outgoing(MailboxId(ID), EnvelopeId(ID), bytes(size_bytes)),))


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def check_error(body: bytes) -> None:
    """Decode on both sides; anything but frames or a RemoteProtocolError is a bug."""
    for decoder in (client_frame_decoder(), relay_frame_decoder()):
        decoder.limit_bytes = MAX_FRAME_BYTES
        try:
            frames = decoder.decode(framed(body))
        except RemoteProtocolError:
            continue
        assert all(isinstance(frame, f.Frame) for frame in frames)


@given(frames=st.lists(any_of(RELAY_FRAMES), max_size=6), cuts=st.data())
def test_the_same_frames_come_however_the_stream_is_split(
    frames: list[f.AnyFrame], cuts: st.DataObject
) -> None:
    stream = b"".join(map(encode, frames))
    places = sorted(cuts.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    decoder, decoded = relay_frame_decoder(), list[f.RelayFrame]()
    for start, end in zip([0, *places], [*places, len(stream)], strict=True):
        decoded += decoder.decode(stream[start:end])
    assert decoded == frames


def test_a_long_frame_dripped_byte_by_byte_takes_linear_time() -> None:
    decoder = client_frame_decoder()
    decoder.limit_bytes = MAX_FRAME_BYTES
    frame = sealed(MAX_FRAME_BYTES - 100)
    data = encode(frame)
    began = time.process_time()
    decoded = [got for at in range(len(data)) for got in decoder.decode(data[at : at + 1])]
    assert decoded == [frame]
    # Copying all that has come so far for every byte would be 34 GB, many seconds.
    assert time.process_time() - began < 2.0


@settings(max_examples=3 * settings().max_examples)
@given(body=st.binary(max_size=200))
@example(b"")
@example(b"\x93\x0d\x01" + b"\x91" * 100_000)
@example(b"\x92\x0d" + b"\x91" * 200_000)
@example(b"\x92\x0d" + b"\x81\xa1k" * 60_000)
@example(b"\xdd\xff\xff\xff\xff\x0d\x01")
@example(b"\x92\x10\xdd\xff\xff\xff\xff")
@example(b"\x93\x0d\x01\xdd\xff\xff\xff\xff")
@example(b"\x93\x0d\x01\xc6\xff\xff\xff\xff")
@example(b"\x94\x08\x01\xdb\xff\xff\xff\xff\xc3")
@example(b"\x94\x08\x01\xa2\xff\xfe\xc3")
@example(b"\x94\x08\x01\xa3\xed\xa0\x80\xc3")
@example(b"\x92\x0d\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00")
@example(b"\x92\x0d\xcf" + b"\xff" * 8)
@example(b"\x92\x0d\xc7\xff\x05")
@example(b"\x92\x0d\xd6\xff\x00\x00\x00\x00")
@example(b"\x92\x0d\x01\x01")
@example(b"\xc0")
@example(b"\x80")
def test_whatever_the_bytes_the_error_is_the_documented_one(body: bytes) -> None:
    check_error(body)


@settings(max_examples=3 * settings().max_examples)
@given(
    frame=st.sampled_from(FRAMES),
    place=st.floats(0, 1, exclude_max=True),
    value=st.integers(0, 255),
)
def test_a_changed_byte_gives_a_frame_or_the_documented_error(
    frame: f.AnyFrame, place: float, value: int
) -> None:
    body = bytearray(encode(frame)[4:])
    body[int(place * len(body))] = value
    check_error(bytes(body))


def test_bytes_after_the_array_are_an_error() -> None:
    with pytest.raises(RemoteProtocolError, match="trailing"):
        client_frame_decoder().decode(framed(encode(f.Who(1))[4:] + b"\x00"))


def test_a_body_cut_short_is_an_error() -> None:
    body = encode(f.Hello((1,), ID + ID, ID, "agent"))[4:]  # type: ignore[arg-type]
    for size in range(len(body)):
        with pytest.raises(RemoteProtocolError):
            client_frame_decoder().decode(framed(body[:size]))


def test_a_stranger_may_send_a_greeting_only() -> None:
    with pytest.raises(RemoteProtocolError, match="4097 bytes came where 4096"):
        client_frame_decoder().decode((MAX_GREETING_BYTES + 1).to_bytes(4, "big"))


def test_a_length_beyond_the_limit_is_refused_before_the_body_comes() -> None:
    decoder = client_frame_decoder()
    decoder.limit_bytes = MAX_FRAME_BYTES
    assert decoder.decode(MAX_FRAME_BYTES.to_bytes(4, "big")) == []
    with pytest.raises(RemoteProtocolError):
        relay_frame_decoder().decode(b"\xff\xff\xff\xff")


def test_frames_of_the_greatest_length_are_taken_and_longer_ones_not_sent() -> None:
    overhead = len(encode(sealed(MAX_FRAME_BYTES - 100))) - 4 - (MAX_FRAME_BYTES - 100)
    longest = sealed(MAX_FRAME_BYTES - overhead)
    decoder = client_frame_decoder()
    decoder.limit_bytes = MAX_FRAME_BYTES
    assert decoder.decode(encode(longest)) == [longest]
    with pytest.raises(LocalProtocolError, match="too long"):
        encode(sealed(MAX_FRAME_BYTES - overhead + 1))


def test_whatever_fits_a_send_fits_a_delivery() -> None:
    overhead = len(encode(sealed(MAX_FRAME_BYTES - 100))) - 4 - (MAX_FRAME_BYTES - 100)
    body = bytes(MAX_FRAME_BYTES - overhead)
    biggest = 2**63 - 1
    encode(f.Deliver(biggest, biggest, (f.Incoming(EnvelopeId(ID), body),)))
