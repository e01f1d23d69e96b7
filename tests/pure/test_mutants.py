"""The mutants that ``scripts/mutate`` makes: one change of behaviour each, and nothing else."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "mutants.py"


@pytest.fixture(scope="module")
def mutants() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutants", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutants"] = module
    spec.loader.exec_module(module)
    return module


def changed(mutants: ModuleType, path: Path, source: str) -> list[str]:
    """Return the lines that the mutants of a source have in place of the original ones."""
    path.write_text(source)
    added = []
    for mutant in mutants.mutants(path):
        lines = mutant.diff().splitlines()
        added.append(" ".join(line[1:].strip() for line in lines if line.startswith("+")))
    return added


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", ["pass", "a <= b", "a >= b"]),
        ("x = a == b is not c", ["x = a != b is not c", "x = a == b is c"]),
        ("x = a and b", ["x = a or b"]),
        ("x = not a", ["x = a"]),
        ("x = a + b", ["x = a", "x = b"]),
        ("x = a * 2", ["x = a // 2", "x = a * 3", "x = a * 1"]),
        ("x = (a, 's')", ["x = ('s',)", "x = (a,)", "x = (a, 'sX')"]),
        ("x = (b'b', 0)", ["x = (0,)", "x = (b'b',)", "x = (b'bX', 0)", "x = (b'b', 1)"]),
        ("x = True", ["x = False"]),
        ("x = a[:n]", ["x = a[:]"]),
        ("x = sorted(a)", ["x = list(a)"]),
        ("if a: b()", ["if not a:", "pass"]),
        ("raise E('reason')", ["pass", "raise E('reasonX')"]),
        ("try: a()\nexcept (B, C): pass", ["pass", "except (C,):", "except (B,):"]),
    ],
)
def test_each_mutant_changes_one_thing(
    mutants: ModuleType, tmp_path: Path, source: str, expected: list[str]
) -> None:
    assert changed(mutants, tmp_path / "module.py", source) == expected


@pytest.mark.parametrize(
    "source",
    [
        '"""Docstring."""',
        "x: int",
        "def f(a: 'int') -> tuple[int, 2]: ...",
        "class A:\n    __slots__ = ('x',)",
        "@dataclass(frozen=True, slots=True)\nclass A: ...",
        "T = TypeVar('T')",
        "x = 'A sentence for people.'",
        "x = f'{n} is too long'",
    ],
)
def test_what_is_no_behaviour_stays(mutants: ModuleType, tmp_path: Path, source: str) -> None:
    assert changed(mutants, tmp_path / "module.py", source) == []


def test_bounds_in_annotations_are_behaviour(mutants: ModuleType, tmp_path: Path) -> None:
    source = "class A:\n    x: Annotated[int, Meta(le=8)]"
    assert changed(mutants, tmp_path / "module.py", source) == [
        "x: Annotated[int, Meta(le=9)]",
        "x: Annotated[int, Meta(le=7)]",
    ]


def test_a_mutant_says_where_it_is(mutants: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("import x\n\n\ny = 0\n")
    [mutant] = mutants.mutants(path)
    assert mutant.line == 4
    assert mutant.diff().splitlines() == [f"{path}:4", " import x", "-y = 0", "+y = 1"]
