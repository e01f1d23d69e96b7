"""Sealed boxes against the reference vectors of PyNaCl, and against their definition."""

import json
from pathlib import Path

import pytest
from nacl import bindings

from securechat.crypto.sealing import SealedBoxKey, seal_box
from tests.pure.crypto.reference import seal_box_with

PATH = Path(__file__).parents[2] / "vectors" / "sealed_box.json"
VECTORS = [
    {key: bytes.fromhex(value) for key, value in vector.items()}
    for vector in json.loads(PATH.read_text(encoding="utf-8"))
]

every_vector = pytest.mark.parametrize("vector", VECTORS)


@every_vector
def test_a_reference_box_opens(vector: dict[str, bytes]) -> None:
    key = SealedBoxKey(vector["secret"])
    assert key.public == vector["public"]
    assert key.open(vector["sealed"]) == vector["plaintext"]


@every_vector
def test_a_reference_box_follows_the_definition(vector: dict[str, bytes]) -> None:
    ephemeral = vector["sealed"][:32]
    shared = bindings.crypto_scalarmult(vector["secret"], ephemeral)
    box = seal_box_with(shared, ephemeral, vector["public"], vector["plaintext"])
    assert box == vector["sealed"]


@every_vector
def test_our_box_follows_the_definition(vector: dict[str, bytes]) -> None:
    sealed = seal_box(vector["plaintext"], vector["public"])
    shared = bindings.crypto_scalarmult(vector["secret"], sealed[:32])
    assert sealed == seal_box_with(shared, sealed[:32], vector["public"], vector["plaintext"])
