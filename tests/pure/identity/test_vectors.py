"""The part of the published vectors that this floor makes; ``tests/pure/e2e`` checks the whole."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from securechat.identity.notation import L, digest
from securechat.identity.roster import lobby_id_of
from securechat.identity.safety_number import safety_number
from securechat.identity.types import DeviceId, UserKey, mailbox_id
from tests.pure.identity.objects import RELAY, make_person
from tests.pure.identity.rosters import BOB, begin, follow

ALICE = make_person("Alice")
OBJECTS = {type(signed).__name__: signed for signed, _ in ALICE.checks()}
PUBLISHED: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "e2e.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("vector", PUBLISHED["signed"], ids=lambda vector: vector["object"])
def test_the_signed_bytes_are_the_published_ones(vector: dict[str, Any]) -> None:
    signed = OBJECTS[vector["object"]]
    assert signed.label == vector["label"]
    assert [part.hex() for part in signed.parts()] == vector["parts"]
    assert signed.signed_bytes().hex() == vector["signed_bytes"]
    assert signed.signature.hex() == vector["fields"]["signature"]


def test_there_is_a_vector_of_every_signed_object() -> None:
    assert {vector["object"] for vector in PUBLISHED["signed"]} == OBJECTS.keys()


def test_the_hashes_are_the_published_ones() -> None:
    assert PUBLISHED["hashes"] == {
        "device_certificate": ALICE.certificate.hash.hex(),
        "device_list": ALICE.device_list.hash.hex(),
    }


@pytest.mark.parametrize("vector", PUBLISHED["notation"])
def test_the_notation_is_the_published_one(vector: dict[str, Any]) -> None:
    parts = [bytes.fromhex(part) for part in vector["parts"]]
    assert L(vector["label"], *parts).hex() == vector["bytes"]
    assert digest(vector["label"], *parts).hex() == vector["digest"]


def test_the_mailbox_is_the_published_one() -> None:
    vector = PUBLISHED["mailbox"]
    user_key = UserKey(bytes.fromhex(vector["user_key"]))
    device_id = DeviceId(bytes.fromhex(vector["device_id"]))
    assert mailbox_id(user_key, device_id).hex() == vector["mailbox"]


def test_the_safety_number_is_the_published_one() -> None:
    vector = PUBLISHED["safety_number"]
    mine, theirs = (UserKey(bytes.fromhex(key)) for key in vector["user_keys"])
    assert safety_number(mine, theirs) == vector["number"]


def test_the_rosters_of_a_room_are_the_published_ones() -> None:
    first = begin()
    second = follow(first, ALICE, [ALICE], [BOB], topic="Über 明")
    for entry, vector in zip((first, second), PUBLISHED["room"]["entries"], strict=True):
        assert [part.hex() for part in entry.parts()] == vector["parts"]
        assert entry.signed_bytes().hex() == vector["signed_bytes"]
        assert entry.signature.hex() == vector["fields"][0]
        assert entry.hash.hex() == vector["hash"]
        assert msgspec.msgpack.encode(entry).hex() == vector["encoded"]
    assert first.room_id.hex() == PUBLISHED["room"]["room_id"]
    assert lobby_id_of(RELAY).hex() == PUBLISHED["room"]["lobby_id"]
