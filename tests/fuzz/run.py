"""Fuzz a target with atheris: ``scripts/fuzz TARGET`` runs this.

New inputs of interest go to ``build/fuzz/TARGET``, one that breaks a promise to
``build/fuzz/TARGET-crash-...``; the corpus in the repository is read only.
"""

import argparse
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["securechat", "tests.fuzz"]):
    from tests.fuzz.targets import CORPORA, TARGETS

FOUND = Path("build/fuzz")
INPUT_TIMEOUT_S = 20


def main() -> None:
    """Run the target that the command line names; ends the process with the fuzzer's status."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description="Fuzz one target.")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, help="inputs to try (default: a full campaign)")
    chosen, options = parser.parse_known_args()
    target = TARGETS[chosen.target]
    found = FOUND / chosen.target
    found.mkdir(parents=True, exist_ok=True)
    runs = target.runs if chosen.runs is None else chosen.runs
    arguments = [
        sys.argv[0],
        f"-runs={runs}",
        f"-max_len={target.max_size_bytes}",
        f"-timeout={INPUT_TIMEOUT_S}",
        f"-artifact_prefix={found}-",
        "-keep_seed=1",  # a seed stays although what it exercises is native code, out of sight
        "-print_final_stats=1",
        *options,
        str(found),
        str(CORPORA / chosen.target),
    ]
    atheris.Setup(arguments, target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
