"""The index of words follows what was changed, at a cost that nobody who changes things decides."""

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.history import indexing
from securechat.e2e.amend_content import Amendment
from securechat.store.history import HistoryChange, Reindex
from tests.pure.client.amending_steps import ask, change, texts, told_by
from tests.pure.client.engine_world import World, alice, befriend, make_seat

LONG = "x" * 400


def watch(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Reindex]:
    """Return what the index is told to follow from now on."""
    told: list[Reindex] = []
    table = world.state.history
    apply = table.apply

    def note(done: HistoryChange) -> None:
        if isinstance(done, Reindex):
            told.append(done)
        apply(done)

    monkeypatch.setattr(table, "apply", note)
    return told


def found(world: World, words: str) -> list[str]:
    ask(world, c.Search(c.SearchWords((words,))))
    return [each.text for each in world.told(ev.SearchResult)[-1].messages]


def test_a_change_is_found_at_once_and_indexed_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    with alice() as world:
        bob = make_seat("bob")
        befriend(world, bob)
        message_id = told_by(world, bob, "at noon")
        world.pass_time(2)
        told = watch(world, monkeypatch)
        change(world, bob, Amendment(message_id, "at five"))
        assert (found(world, "five"), found(world, "noon"), told) == (["at five"], [], [])
        world.pass_time(indexing.BEGIN_AFTER_S)
        assert len(told) == 1
        assert not world.state.history.has_unindexed()
        assert (found(world, "five"), found(world, "noon")) == (["at five"], [])
        world.pass_time(60)
        assert len(told) == 1


def test_a_friend_who_changes_without_end_costs_so_much_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with alice() as world:
        bob = make_seat("bob")
        befriend(world, bob)
        ids = [told_by(world, bob, f"{LONG} {number}") for number in range(30)]
        world.pass_time(2)
        told = watch(world, monkeypatch)
        for times in range(3):
            change(world, bob, *(Amendment(each, f"{times} {LONG}") for each in ids))
        assert told == []
        assert texts(world)[1:] == [f"2 {LONG}"] * 30
        for _ in range(10):
            world.pass_time(1)
        assert 8 <= len(told) <= 11
        left = world.state.history._database.execute("SELECT count(*) FROM unindexed").fetchone()
        assert left == (30 - len(told),)


def test_what_is_left_when_the_run_ends_follows_then_or_in_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with alice() as world:
        bob = make_seat("bob")
        befriend(world, bob)
        ids = [told_by(world, bob, f"{LONG} {number}") for number in range(20)]
        world.pass_time(2)
        change(world, bob, *(Amendment(each, "") for each in ids))
        told = watch(world, monkeypatch)
        world.engine.stop()
        world.settle()
        assert [each.characters for each in told] == [indexing.CHARACTERS_AT_THE_END]
        left = world.state.history._database.execute("SELECT count(*) FROM unindexed").fetchone()
        assert left == (20 - 13,)
        state = world.state
    with alice(state=state) as world:
        for _ in range(10):
            world.pass_time(1)
        assert not world.state.history.has_unindexed()


def test_a_run_without_a_change_ends_without_a_word_to_the_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with alice() as world:
        told = watch(world, monkeypatch)
        world.engine.stop()
        world.settle()
        assert told == []
