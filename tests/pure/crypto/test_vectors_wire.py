"""The frames of wire.json once more, with a reader of msgpack that is not the one of the code.

So the bytes are those of the fields by PROTOCOL.md: a length, an array with the tag in front,
fields in order, bytes as *bin*, text as *str*, no maps, no floats.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PATH = Path(__file__).parents[2] / "vectors" / "wire.json"
VECTORS: list[dict[str, Any]] = json.loads(PATH.read_text(encoding="utf-8"))

_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_NUMBERS = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
_BYTES = {0xC4: 1, 0xC5: 2, 0xC6: 4}
_TEXTS = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_ARRAYS = {0xDC: 2, 0xDD: 4}


def read(stream: Iterator[int]) -> Any:
    """Return the next value of a msgpack stream, bytes as hexadecimal."""
    first = next(stream)
    if first < 0x80:
        return first
    if first < 0x90:
        return {read(stream): read(stream) for _ in range(first - 0x80)}
    if 0x90 <= first < 0xA0:
        return [read(stream) for _ in range(first - 0x90)]
    if 0xA0 <= first < 0xC0:
        return take(stream, first - 0xA0).decode()
    if first in _CONSTANTS:
        return _CONSTANTS[first]
    size_bytes = (_NUMBERS | _BYTES | _TEXTS | _ARRAYS)[first]
    number = int.from_bytes(take(stream, size_bytes), "big")
    if first in _BYTES:
        return take(stream, number).hex()
    if first in _TEXTS:
        return take(stream, number).decode()
    return [read(stream) for _ in range(number)] if first in _ARRAYS else number


def take(stream: Iterator[int], size_bytes: int) -> bytes:
    """Return the next bytes of a stream."""
    return bytes(next(stream) for _ in range(size_bytes))


def values(field: Any) -> Any:
    """Return a field as msgpack has it: objects as arrays of their values."""
    match field:
        case dict():
            return [values(each) for each in field.values()]
        case list():
            return [values(each) for each in field]
        case _:
            return field


def test_frames() -> None:
    for vector in VECTORS:
        frame = bytes.fromhex(vector["hex"])
        assert int.from_bytes(frame[:4], "big") == len(frame) - 4, vector
        stream = iter(frame[4:])
        tag, *fields = read(stream)
        assert list(stream) == [], vector
        assert tag == vector["tag"], vector
        assert fields == values(vector["fields"]), vector
