"""The hostile cases of the end-to-end encryption with the tests that cover them.

`python -m tests.hostile_cases` prints them, one a line; exits with 1 when a test is not there.
"""

import re
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DATA = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True)
class Case:
    """What an adversary tries: covered by tests, or part of a feature that is not built."""

    adversary: str
    subject: str
    what: str
    tests: tuple[str, ...] = ()
    not_built: str = ""

    def __str__(self) -> str:
        outcome = f"not built yet: {self.not_built}" if self.not_built else ", ".join(self.tests)
        return f"{self.adversary} {self.what} \N{RIGHTWARDS ARROW} {outcome}"


def load_cases() -> list[Case]:
    """Return all cases, in the order of the file."""
    return [
        Case(adversary, subject, what, not_built=covered)
        if isinstance(covered, str)
        else Case(adversary, subject, what, tuple(covered))
        for adversary, subjects in _load().items()
        if adversary != "not_built"
        for subject, cases in subjects.items()
        for what, covered in cases.items()
    ]


def load_not_built() -> dict[str, str]:
    """Return the features that are not built, each with a pattern that their code would match."""
    return dict(_load()["not_built"])


def is_a_test(node_id: str) -> bool:
    """Tell whether a file has a test function, as in ``tests/pure/test_text.py::test_x``."""
    path, _, name = node_id.partition("::")
    return name in _test_names(ROOT / path)


@cache
def _test_names(path: Path) -> frozenset[str]:
    if not path.is_file():
        return frozenset()
    return frozenset(re.findall(r"(?m)^def (test_\w+)\(", path.read_text(encoding="utf-8")))


@cache
def _load() -> dict[str, dict[str, Any]]:
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


def main() -> int:
    """Print every case and how many are covered; return the exit status."""
    cases = load_cases()
    print(*cases, sep="\n")
    waiting = Counter(case.not_built for case in cases if case.not_built)
    features = ", ".join(f"{feature} {count}" for feature, count in waiting.items())
    covered = len(cases) - waiting.total()
    print(f"{len(cases)} cases: {covered} covered, {waiting.total()} not built yet ({features})")
    missing = [test for case in cases for test in case.tests if not is_a_test(test)]
    for test in missing:
        print(f"There is no test {test}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
