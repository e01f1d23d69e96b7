"""The JSON document of an export, and the page that describes it."""

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from securechat.client.events import DeliveryState, PastMessage, Quote
from securechat.faces.json_lines.export import encode_export
from tests.pure.faces.sample_events import FINGERPRINT, NOON_MS
from tests.pure.faces.sample_export import CONVERSATION, own, theirs

TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
FULLEST = replace(
    theirs(missing=2, late=True),
    room="#ops",
    action=True,
    edited=True,
    mention=True,
    reactions=(("alice", "tea"),),
    reply=Quote("m0", "alice", "hi"),
)
DELETED = replace(theirs(""), edited=True)


def lines(*messages: PastMessage) -> list[str]:
    return list(encode_export(CONVERSATION, messages, NOON_MS))


def decoded(*messages: PastMessage) -> dict[str, Any]:
    found = json.loads("\n".join(lines(*messages)))
    assert isinstance(found, dict)
    return found


def documented() -> list[dict[str, tuple[type, bool]]]:
    """Return what JSON.md says about the document and about a message of it."""
    page = (files("securechat.faces.json_lines") / "JSON.md").read_text(encoding="utf-8")
    section = page.split("\n## Export\n")[1].split("\n## ")[0]
    row = re.compile(r"^\| `(\w+)` \| (\w+) \| (optional)?", re.MULTILINE)
    return [
        {name: (TYPES[kind], bool(optional)) for name, kind, optional in row.findall(table)}
        for table in section.split("Each message")
    ]


def test_the_page_knows_every_field_and_its_type() -> None:
    head, message = documented()
    found = decoded(own(), DELETED, FULLEST)
    types = {name: kind for name, (kind, _) in head.items()}
    assert {name: type(value) for name, value in found.items()} == types
    mine, deleted, other = found["messages"]
    types = {name: kind for name, (kind, _) in message.items()}
    assert {name: type(value) for name, value in {**mine, **deleted, **other}.items()} == types


def test_only_what_the_page_calls_optional_is_left_out() -> None:
    _, message = documented()
    optional = {name for name, (_, optional) in message.items() if optional}
    mine, other = decoded(own(), theirs())["messages"]
    assert set(message) - set(mine) == optional - {"state", "to"}
    assert set(message) - set(other) == optional - {"verified", "trust", "to"}


def test_the_page_names_every_state() -> None:
    page = (files("securechat.faces.json_lines") / "JSON.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| `state` .*$", page, re.MULTILINE)
    assert {f"`{state.value}`" for state in DeliveryState} <= set(re.findall(r"`\w+`", row))


def test_a_document() -> None:
    assert lines() == [
        '{"v":1,"export":"conversation","name":"alice","peer":"bob","peer_name":"bob",'
        f'"relay":"127.0.0.1:5555","fingerprint":"{FINGERPRINT}","exported":{NOON_MS},'
        '"messages":[',
        "]}",
    ]
    _, first, second, end = lines(own(), theirs("x\ny", trust="verified", e2e=False))
    assert first == (
        f'{{"id":"m2","from":"alice","to":"bob","text":"hi","ts":{NOON_MS},"kept":{NOON_MS},'
        '"e2e":true,"state":"delivered"},'
    )
    assert second == (
        f'{{"id":"m1","from":"bob","to":"alice","text":"x\\ny","ts":{NOON_MS},"kept":{NOON_MS},'
        '"e2e":false,"verified":true,"trust":"verified"}'
    )
    assert end == "]}"


@given(st.lists(st.text()), st.text())
def test_any_texts_arrive_and_are_harmless_on_the_way(texts: list[str], name: str) -> None:
    messages = [theirs(text) for text in texts]
    found = list(encode_export(replace(CONVERSATION, peer=name), messages, NOON_MS))
    assert len(found) == len(texts) + 2
    assert all(line.isascii() and line.isprintable() for line in found)
    document = json.loads("\n".join(found))
    assert [message["text"] for message in document["messages"]] == texts
    assert document["peer"] == name


@pytest.mark.parametrize("count", [0, 1, 5])
def test_it_is_written_as_the_messages_come(count: int) -> None:
    taken = 0

    def messages() -> Iterator[PastMessage]:
        nonlocal taken
        for _ in range(count):
            taken += 1
            yield theirs()

    for given_lines, _ in enumerate(encode_export(CONVERSATION, messages(), NOON_MS)):
        assert taken <= given_lines + 1
    assert taken == count
