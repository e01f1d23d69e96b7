import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from securechat.errors import RemoteProtocolError
from securechat.wire import frames as f
from securechat.wire.codec import MAX_FRAME_BYTES, client_frame_decoder, encode, relay_frame_decoder
from tests.pure.wire.strategies import ALL_FRAMES, decoders_of, values
from tests.pure.wire.vectors import FRAMES

ID, KEY = b"i" * 16, b"k" * 32


def on_the_wire(*fields: object) -> bytes:
    body = msgspec.msgpack.encode(fields)
    return len(body).to_bytes(4, "big") + body


@pytest.mark.parametrize("kind", ALL_FRAMES)
@settings(max_examples=settings().max_examples // 3)
@given(data=st.data())
def test_decoding_undoes_encoding(kind: type[f.AnyFrame], data: st.DataObject) -> None:
    frame = data.draw(values(kind))
    for decoder in decoders_of(kind):
        assert decoder.decode(encode(frame)) == [frame]


def test_tags_are_numbered_without_gaps_or_repetition() -> None:
    assert {kind.__struct_config__.tag for kind in ALL_FRAMES} == set(range(1, 37))
    assert len(ALL_FRAMES) == 36


def test_fields_that_a_later_version_appended_are_ignored() -> None:
    for frame in FRAMES:
        fields = msgspec.msgpack.decode(encode(frame)[4:])
        for decoder in decoders_of(type(frame)):
            assert decoder.decode(on_the_wire(*fields, "later", [1, {"x": 2}])) == [frame]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: type(frame).__name__)
def test_every_field_without_a_default_must_be_there(frame: f.AnyFrame) -> None:
    fields = msgspec.msgpack.decode(encode(frame)[4:])
    optional = len(type(frame).__struct_defaults__)
    for decoder in decoders_of(type(frame)):
        with pytest.raises(RemoteProtocolError):
            decoder.decode(on_the_wire(*fields[: len(fields) - optional - 1]))


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("no such tag", (37,)),
        ("tag zero", (0,)),
        ("no tag", ()),
        ("a relay's frame", (5, "Alice", 0, 0, 0, 0)),
        ("no version", (1, [], KEY, ID, "x")),
        ("nine versions", (1, [1] * 9, KEY, ID, "x")),
        ("short key", (1, [1], KEY[1:], ID, "x")),
        ("long device id", (1, [1], KEY, ID + b"x", "x")),
        ("long agent", (1, [1], KEY, ID, "x" * 65)),
        ("text for bytes", (1, [1], "k" * 32, ID, "x")),
        ("bytes for text", (1, [1], KEY, ID, b"x")),
        ("negative number", (18, -1)),
        ("fraction", (18, 1.5)),
        ("whole float", (18, 1.0)),
        ("bool for number", (18, True)),
        ("number for bool", (8, 1, "Bob", 1)),
        ("number of 64 bits", (18, 2**63)),
        ("empty name", (8, 1, "", False)),
        ("long name", (8, 1, "n" * 129, False)),
        ("number for visible", (25, 1, False, False)),
        ("257 names", (16, ["n"] * 257)),
        ("no envelope", (11, 1, 0, [])),
        ("257 envelopes", (11, 1, 0, [[ID, ID, b"x"]] * 257)),
        ("empty envelope", (11, 1, 0, [[ID, ID, b""]])),
        ("101 one-time keys", (6, 1, None, [[b"s" * 64, KEY, ID, 3, KEY]] * 101)),
        ("short signature", (6, 1, None, [[b"s" * 63, KEY, ID, 3, KEY]])),
        ("null for a list", (16, None)),
        ("empty code", (22, "", 0)),
        ("long code", (22, "c" * 65, 0)),
        ("slot zero", (29, 0, "Bob", KEY, b"p" * 32)),
        ("slot 100", (29, 100, "Bob", KEY, b"p" * 32)),
        ("short message of a pairing", (29, 7, "Bob", KEY, b"p" * 31)),
        ("long message of a pairing", (29, 7, "Bob", KEY, b"p" * 3585)),
        ("short admitted key", (32, 7, "done", KEY[1:])),
        ("no use", (33, 1, KEY, 0, 1)),
        ("1,001 uses", (33, 1, KEY, 1001, 1)),
        ("half a hash", (36, 1, KEY[:16])),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_out_of_bounds_is_refused(what: str, fields: tuple[object, ...]) -> None:
    decoder = client_frame_decoder()
    decoder.limit_bytes = MAX_FRAME_BYTES
    with pytest.raises(RemoteProtocolError, match="no frame"):
        decoder.decode(on_the_wire(*fields))


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("a client's frame", (18, 1)),
        ("1,001 people", (19, 1, ["n"] * 1001, 1001)),
        ("1,001 people away", (19, 1, [], 0, ["n"] * 1001)),
        ("257 in the lobby", (26, [["n", False]] * 257, [], True, False)),
        ("257 gone", (26, [], ["n"] * 257, False, False)),
        ("away is not said", (26, [["n"]], [], True, False)),
        ("4,097 ranges", (14, 0, [[1, 1]] * 4097)),
        ("half a range", (14, 0, [[1]])),
        ("long message", (23, "code", "m" * 513)),
        ("101 invites", (35, 1, [[KEY, 1, 1]] * 101)),
        ("invite without an end", (35, 1, [[KEY, 1]])),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_relay_is_held_to_the_bounds_too(what: str, fields: tuple[object, ...]) -> None:
    with pytest.raises(RemoteProtocolError, match="no frame"):
        relay_frame_decoder().decode(on_the_wire(*fields))


def test_a_person_without_devices_is_refused() -> None:
    [found] = (frame for frame in FRAMES if isinstance(frame, f.Found))
    tag, request, (registration, device_list, _) = msgspec.msgpack.decode(encode(found)[4:])
    with pytest.raises(RemoteProtocolError, match="no frame"):
        relay_frame_decoder().decode(on_the_wire(tag, request, [registration, device_list, []]))
