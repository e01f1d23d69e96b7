"""The subsets of Project Wycheproof in ``tests/vectors/wycheproof``: how they are chosen and read.

``python -m tests.pure.crypto.wycheproof DIRECTORY`` writes them anew from ``DIRECTORY``, the
``testvectors_v1`` of a Wycheproof checkout. A subset keeps every combination of flags (where a
source has none: every comment) of its source, thins out only long rows of like cases, and drops
the fields that nothing here reads.
"""

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Case = dict[str, Any]

SUBSETS = Path(__file__).parents[2] / "vectors" / "wycheproof"

SOURCES: dict[str, tuple[str, ...]] = {
    "x25519": ("public", "private", "shared"),
    "ed25519": ("pk", "msg", "sig"),
    "xchacha20_poly1305": ("key", "iv", "aad", "msg", "ct", "tag"),
    "mlkem_768": ("seed", "c", "K"),
    "mlkem_768_encaps": ("ek",),
    "mlkem_768_keygen_seed": ("seed", "ek"),
}
"""Name of each source without ``_test.json``, and the fields that are kept."""

_KEPT_OF_A_KIND = {
    "x25519": 24,
    "ed25519": 100,
    "xchacha20_poly1305": 84,
    "mlkem_768": 3,
    "mlkem_768_encaps": 6,
    "mlkem_768_keygen_seed": 4,
}


def load(name: str) -> list[Case]:
    """Return the cases of a subset, with the bytes decoded."""
    subset = json.loads((SUBSETS / f"{name}.json").read_text(encoding="utf-8"))
    return [
        {key: bytes.fromhex(case[key]) if key in SOURCES[name] else case[key] for key in case}
        for case in subset["tests"]
    ]


def source_flags(name: str) -> set[str]:
    """Return the flags that the whole source explains."""
    subset = json.loads((SUBSETS / f"{name}.json").read_text(encoding="utf-8"))
    return set(subset["flags"])


def write_subset(name: str, source: dict[str, Any], target: Path) -> None:
    """Write one line per case, so that a change of the choice can be read as a difference."""
    tests = ",\n".join(json.dumps(case) for case in choose(name, list(flatten(name, source))))
    head = {"algorithm": source["algorithm"], "source": f"{name}_test.json"}
    head["flags"] = sorted(source.get("notes", {}))
    target.write_text(f'{json.dumps(head)[:-1]},\n"tests": [\n{tests}\n]}}\n', encoding="utf-8")


def flatten(name: str, source: dict[str, Any]) -> Iterator[Case]:
    """Yield the cases of all groups with the fields that are kept."""
    for group in source["testGroups"]:
        shared = {"pk": group["publicKey"]["pk"]} if name == "ed25519" else {}
        for test in group["tests"]:
            fields = {key: (shared | test)[key] for key in SOURCES[name]}
            told = {key: test.get(key, "") for key in ("tcId", "comment")}
            yield {**told, "flags": test.get("flags", []), "result": test["result"], **fields}


def choose(name: str, cases: list[Case]) -> list[Case]:
    """Keep up to a number of cases of each kind, spread evenly over its row."""
    chosen: list[Case] = []
    for _, same in itertools.groupby(sorted(cases, key=_kind), key=_kind):
        row = list(same)
        step = max(1, -(-len(row) // _KEPT_OF_A_KIND[name]))
        chosen += row[::step]
    return sorted(chosen, key=lambda case: int(case["tcId"]))


def _kind(case: Case) -> tuple[list[str], str, str]:
    told = case["comment"] if not case["flags"] else ""
    return sorted(case["flags"]), case["result"], told.rstrip("0123456789")


def main() -> None:
    """Write all subsets."""
    directory = Path(sys.argv[1])
    for name in SOURCES:
        source = json.loads((directory / f"{name}_test.json").read_text(encoding="utf-8"))
        write_subset(name, source, SUBSETS / f"{name}.json")


if __name__ == "__main__":
    main()
