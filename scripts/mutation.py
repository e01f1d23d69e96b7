"""Mutation tests of the pure floors: does a small change of the code make one of its tests fail?

A mutant is never written to disk: a process is forked for each, loads it in place of the module and
runs ``tests/pure/<package>`` until the first test fails. A mutant that cannot even be loaded does
not count; one that uses up its processor time or memory has been killed.
"""

import argparse
import gc
import importlib
import importlib.util
import math
import os
import random
import resource
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from mutants import Mutant, mutants

PACKAGE, TESTS = Path("securechat"), Path("tests/pure")
TARGETS = ("crypto", "identity", "wire", "e2e")
THRESHOLD_PERCENT = 85.0
PRELOADED = (
    "hypothesis.strategies",
    "msgspec",
    "nacl.bindings",
    "cryptography.hazmat.primitives.hpke",
    "vodozemac",
)
"""Imported before the forks, since that takes as long as many a trial."""

PYTEST = ("-x", "-q", "--tb=no", "--capture=no", "--assert=plain", "-p", "no:xdist")
MAX_EXAMPLES = 25
MIN_CPU_LIMIT_S = 5
CPU_LIMIT_FACTOR = 3
MEMORY_LIMIT_BYTES = 2 * 2**30
UNLOADABLE_STATUS = 99

Outcome = tuple[Mutant, int]
"""A mutant and the exit status of its process: 0 when every test passed."""


class CannotMeasure(Exception):
    """There is no such module, or its tests fail without any mutant."""


def main() -> int:
    """Test the mutants of the targets; return 1 when too few of a package were killed."""
    options = _options()
    for name in PRELOADED:
        importlib.import_module(name)
    settings.register_profile(
        "mutation",
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=MAX_EXAMPLES,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("mutation")
    sys.path.insert(0, os.fspath(Path.cwd()))
    gc.freeze()
    try:
        percentages = [_measure(target, options) for target in options.targets]
    except CannotMeasure as error:
        print(error, file=sys.stderr)
        return 2
    return int(min(percentages) < options.threshold)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=__doc__)
    parser.add_argument("targets", nargs="*", default=TARGETS, help="wire, crypto/hashing, …")
    parser.add_argument("-j", "--jobs", type=int, default=1, help="mutants tested at once")
    parser.add_argument("--sample", type=int, help="only so many mutants of each target")
    parser.add_argument("--seed", type=int, default=0, help="which ones")
    parser.add_argument("--threshold", type=float, default=THRESHOLD_PERCENT, help="percent")
    return parser.parse_args()


def _measure(target: str, options: argparse.Namespace) -> float:
    """Print the figures of each module of ``target`` and the survivors; return the percentage."""
    package, _, module = target.partition("/")
    paths = sorted((PACKAGE / package).glob(f"{module or '*'}.py"))
    if not paths:
        raise CannotMeasure(f"There is no {PACKAGE / target}.\n  try: scripts/mutate --help")
    pool = [mutant for path in paths for mutant in mutants(path)]
    if options.sample is not None and options.sample < len(pool):
        chosen = random.Random(options.seed).sample(range(len(pool)), options.sample)
        pool = [pool[index] for index in sorted(chosen)]
    counts: dict[str, Counter[bool]] = defaultdict(Counter)
    survivors = []
    for mutant, status in _outcomes(pool, TESTS / package, options.jobs):
        if status != UNLOADABLE_STATUS:
            counts[f"{package}/{mutant.path.name}"][status != 0] += 1
        if status == 0:
            survivors.append(mutant)
    for name in sorted(counts):
        _print_line(name, counts[name])
    total: Counter[bool] = sum(counts.values(), Counter())
    percentage = _print_line(target, total)
    for mutant in survivors:
        print(f"\n{mutant.diff()}")
    print(flush=True)
    return percentage


def _print_line(name: str, counts: Counter[bool]) -> float:
    total = counts.total()
    percentage = 100 * counts[True] / total if total else 100.0
    print(
        f"{name:28} killed {counts[True]:4}  survived {counts[False]:4}  total {total:4}"
        f"  {percentage:5.1f} %"
    )
    return percentage


def _outcomes(pool: Sequence[Mutant], tests: Path, jobs: int) -> Iterator[Outcome]:
    """Try each mutant in a process of its own, ``jobs`` at a time."""
    status, cpu_s = _wait_for(_fork(None, tests, resource.RLIM_INFINITY))[1:]
    if status:
        raise CannotMeasure(f"{tests} fails without a mutant.\n  try: scripts/test {tests}")
    limit_s = max(MIN_CPU_LIMIT_S, math.ceil(CPU_LIMIT_FACTOR * cpu_s))
    running: dict[int, Mutant] = {}
    for mutant in pool:
        if len(running) == jobs:
            yield _next_outcome(running)
        running[_fork(mutant, tests, limit_s)] = mutant
    while running:
        yield _next_outcome(running)


def _next_outcome(running: dict[int, Mutant]) -> Outcome:
    pid, status, _ = _wait_for(-1)
    return running.pop(pid), status


def _wait_for(pid: int) -> tuple[int, int, float]:
    """Wait for a child (-1: any); return its id, exit status and processor time in seconds."""
    pid, status, usage = os.wait4(pid, 0)
    return pid, os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime


def _fork(mutant: Mutant | None, tests: Path, cpu_limit_s: int) -> int:
    """Start a trial and return its process id."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = _trial(mutant, tests, cpu_limit_s)
        finally:
            os._exit(status)
    return pid


def _trial(mutant: Mutant | None, tests: Path, cpu_limit_s: int) -> int:
    """Run the tests on the mutant in this process; return the exit status that tells the result."""
    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(silence, descriptor)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_limit_s, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, resource.RLIM_INFINITY))
    files = set(tests.rglob("test_*.py"))
    own: set[Path] = set()
    if mutant is not None:
        try:
            _load(mutant)
        except Exception:  # whatever its code does while it is loaded
            return UNLOADABLE_STATUS
        own = files & {tests / f"test_{mutant.path.name}"}
    return _pytest(own) or _pytest(files - own)


def _pytest(files: set[Path]) -> int:
    """Run the tests in files, if there are any, until one fails; return the exit status."""
    return int(pytest.main([*PYTEST, *map(str, sorted(files))])) if files else 0


def _load(mutant: Mutant) -> None:
    """Put the mutant where an import of its module finds it."""
    name = ".".join(mutant.path.with_suffix("").parts)
    package = importlib.import_module(name.rpartition(".")[0])
    spec = importlib.util.spec_from_file_location(name, mutant.path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    setattr(package, mutant.path.stem, module)
    exec(compile(mutant.source, mutant.path, "exec"), module.__dict__)


if __name__ == "__main__":
    sys.exit(main())
