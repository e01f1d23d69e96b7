"""What fuzzers found, and the inputs that they began with, keep every promise of their target."""

import pytest

from tests.fuzz.targets import TARGETS, corpus

MAX_FILES = 60
MAX_FILE_BYTES = 20_000


@pytest.mark.parametrize("name", TARGETS)
def test_every_input_of_a_corpus_keeps_the_promises_of_its_target(name: str) -> None:
    files = corpus(name)
    assert 0 < len(files) <= MAX_FILES
    for file in files:
        data = file.read_bytes()
        assert len(data) <= MAX_FILE_BYTES
        TARGETS[name].check(data)
