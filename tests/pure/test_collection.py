"""When garbage is looked for."""

import gc
from collections.abc import Iterator

import pytest

from securechat.collection import no_collection


@pytest.fixture(autouse=True)
def _collection_as_before() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.enable()
    yield
    gc.unfreeze()
    if not was_enabled:
        gc.disable()


def test_nothing_is_collected_in_the_block_and_what_was_made_there_is_left_alone() -> None:
    frozen = gc.get_freeze_count()
    with no_collection():
        assert not gc.isenabled()
        with no_collection():
            pass
        assert not gc.isenabled()
        kept: list[list[int]] = [[] for _ in range(100)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= frozen + len(kept)


def test_a_program_that_has_switched_it_off_keeps_it_off() -> None:
    gc.disable()
    with no_collection():
        pass
    assert not gc.isenabled()
    gc.enable()
