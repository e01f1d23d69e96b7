"""SECURITY.md names a test for everything that an adversary cannot do, and each test exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_named_test_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_each_cannot_names_a_test() -> None:
    sections = re.split(r"\n(?=(?:It|He|They) cannot\n)", TEXT)[1:]
    assert len(sections) == 5
    for section in sections:
        items = re.split(r"\n- ", section.partition("\n## ")[0])[1:]
        assert items
        for item in items:
            assert "`tests/" in item, item
