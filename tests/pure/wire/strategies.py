"""The kinds of frames, and hypothesis strategies made from their msgspec types."""

from functools import cache, reduce
from typing import Any, get_args

import msgspec
from hypothesis import strategies as st

from securechat.wire import frames as f
from securechat.wire.codec import (
    MAX_FRAME_BYTES,
    FrameDecoder,
    client_frame_decoder,
    relay_frame_decoder,
)

CLIENT_FRAMES: tuple[type[f.Frame], ...] = get_args(f.ClientFrame)
RELAY_FRAMES: tuple[type[f.Frame], ...] = get_args(f.RelayFrame)
ALL_FRAMES = tuple(dict.fromkeys(CLIENT_FRAMES + RELAY_FRAMES))
MAX_ITEMS = 3
MAX_RANDOM_BYTES = 64


def decoders_of(kind: type[f.Frame]) -> list[FrameDecoder[Any]]:
    """Return a decoder of each side that takes frames of this kind, long ones too."""
    sides: tuple[tuple[tuple[type[f.Frame], ...], FrameDecoder[Any]], ...] = (
        (CLIENT_FRAMES, client_frame_decoder()),
        (RELAY_FRAMES, relay_frame_decoder()),
    )
    found = [decoder for kinds, decoder in sides if kind in kinds]
    for decoder in found:
        decoder.limit_bytes = MAX_FRAME_BYTES
    return found


@cache
def values(of: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for every value that decoding as ``of`` accepts (long ones left out)."""
    return _values(msgspec.inspect.type_info(of))


@cache
def any_of(kinds: tuple[type[f.Frame], ...]) -> st.SearchStrategy[f.Frame]:
    return reduce(lambda one, other: one | other, map(values, kinds))


def _values(info: msgspec.inspect.Type) -> st.SearchStrategy[Any]:
    match info:
        case msgspec.inspect.NoneType():
            return st.none()
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.IntType(ge=low, le=high):
            return st.integers(low, high)
        case msgspec.inspect.StrType(min_length=low, max_length=high):
            letters = st.characters(codec="utf-8")
            return st.text(letters, min_size=low or 0, max_size=min(high or 8, 8))
        case msgspec.inspect.BytesType(min_length=low, max_length=high):
            return _bytes(low or 0, high or MAX_RANDOM_BYTES)
        case msgspec.inspect.VarTupleType(item_type=item, min_length=low, max_length=high):
            size = (low or 0, min(high or MAX_ITEMS, MAX_ITEMS))
            return st.lists(_values(item), min_size=size[0], max_size=size[1]).map(tuple)
        case msgspec.inspect.TupleType(item_types=items):
            return st.tuples(*map(_values, items))
        case msgspec.inspect.UnionType(types=types):
            return reduce(lambda one, other: one | other, map(_values, types))
        case msgspec.inspect.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{field.name: _values(field.type) for field in fields})
        case _:
            raise NotImplementedError(info)


def _bytes(low: int, high: int) -> st.SearchStrategy[bytes]:
    if low > MAX_RANDOM_BYTES:
        return st.integers(0, 255).map(lambda value: bytes([value]) * low)
    return st.binary(min_size=low, max_size=min(high, MAX_RANDOM_BYTES))
