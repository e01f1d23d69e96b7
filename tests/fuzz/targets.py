"""Every fuzz target: a function that takes any bytes and raises when a promise is broken.

None needs a fuzzer: ``tests/pure/test_fuzz_corpora.py`` replays the corpora through them, and
``tests/fuzz/run.py`` lets atheris look for more.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.fuzz import anybody, frames, layers, peers, signals, strangers, unencrypted

CORPORA = Path(__file__).with_name("corpus")


class Target(NamedTuple):
    """A function, the runs of a full campaign, and the longest input worth trying."""

    check: Callable[[bytes], None]
    runs: int
    max_size_bytes: int


TARGETS = {
    "stream": Target(frames.stream, 10_000_000, 8192),
    "body": Target(frames.body, 10_000_000, 2048),
    "changed": Target(frames.changed, 10_000_000, 24),
    "head": Target(layers.head, 1_000_000, 2048),
    "wrapped": Target(layers.wrapped, 1_000_000, 512),
    "plaintext": Target(layers.plaintext, 1_000_000, 8400),
    "envelope": Target(anybody.envelope, 100_000, 17_000),
    "resealed": Target(anybody.resealed, 100_000, 128),
    "middle": Target(peers.middle, 100_000, 1024),
    "inner": Target(peers.inner, 100_000, 8400),
    "signal": Target(signals.signal, 100_000, 512),
    "start": Target(strangers.start, 100_000, 512),
    "plain": Target(unencrypted.plain, 100_000, 1024),
}


def corpus(name: str) -> list[Path]:
    """Return the files of a target's corpus, sorted."""
    return sorted((CORPORA / name).iterdir())


if __name__ == "__main__":
    print(*TARGETS)
