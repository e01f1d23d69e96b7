import json
from pathlib import Path
from typing import Any

import pytest

from securechat.wire.codec import client_frame_decoder, relay_frame_decoder
from tests.pure.wire.strategies import ALL_FRAMES, CLIENT_FRAMES, RELAY_FRAMES
from tests.pure.wire.vectors import FRAMES, build, readable, to_json

VECTORS = Path(__file__).parents[2] / "vectors" / "wire.json"
PUBLISHED: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))


def test_the_code_gives_the_published_vectors() -> None:
    assert json.loads(to_json(build())) == PUBLISHED


def test_there_is_a_vector_of_every_frame() -> None:
    assert {type(frame) for frame in FRAMES} == set(ALL_FRAMES)


@pytest.mark.parametrize("vector", PUBLISHED, ids=lambda vector: vector["frame"])
def test_the_published_bytes_decode_to_the_published_fields(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    kinds = {kind.__name__ for kind in CLIENT_FRAMES}, {kind.__name__ for kind in RELAY_FRAMES}
    for names, decoder in zip(kinds, (client_frame_decoder(), relay_frame_decoder()), strict=True):
        if vector["frame"] in names:
            [frame] = decoder.decode(data)
            assert type(frame).__name__ == vector["frame"]
            assert readable(frame) == vector["fields"]
