"""SECURITY.md names a test for everything that an adversary cannot do, and each test exists."""

import re

import pytest

from tests.hostile_cases import ROOT, is_a_test

TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[^`]+)`", TEXT)
ADVERSARIES = [
    "The network between the machines",
    "The relay's operator, or whoever took the relay over",
    "A thief of a disk",
    "Who is near your screen",
    "A contact",
    "A stranger",
]


def test_every_named_test_exists() -> None:
    assert NAMED
    assert [node_id for node_id in NAMED if not is_a_test(node_id)] == []


@pytest.mark.parametrize("adversary", ADVERSARIES)
def test_each_adversary_can_and_cannot_and_each_cannot_names_a_test(adversary: str) -> None:
    section = TEXT.split(f"\n## {adversary}\n")[1].split("\n## ")[0]
    can, cannot = re.split(r"\n(?:It|He|They) cannot\n", section)
    assert re.search(r"\n(?:It|He|They) can\n- ", can)
    items = re.split(r"(?:^|\n)- ", cannot)[1:]
    assert items
    for item in items:
        assert "`tests/" in item, item
