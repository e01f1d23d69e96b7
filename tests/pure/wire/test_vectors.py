import json
from pathlib import Path
from typing import Any

from tests.pure.wire.strategies import ALL_FRAMES, decoders_of
from tests.pure.wire.vectors import FRAMES, build, readable, to_json

VECTORS = Path(__file__).parents[2] / "vectors" / "wire.json"
PUBLISHED: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))


def test_the_code_gives_the_published_vectors() -> None:
    assert json.loads(to_json(build())) == PUBLISHED


def test_there_is_a_vector_of_every_frame() -> None:
    assert {type(frame) for frame in FRAMES} == set(ALL_FRAMES)


def test_the_published_bytes_decode_to_the_published_fields() -> None:
    kinds = {kind.__name__: kind for kind in ALL_FRAMES}
    for vector in PUBLISHED:
        kind = kinds[vector["frame"]]
        for decoder in decoders_of(kind):
            [frame] = decoder.decode(bytes.fromhex(vector["hex"]))
            assert type(frame) is kind, vector
            assert readable(frame) == vector["fields"], vector
            assert kind.__struct_config__.tag == vector["tag"], vector
