"""A disk without room: the engine waits with all it has, and goes on when there is some."""

import threading
from collections.abc import Mapping, Sequence

import pytest

from securechat.client import commits
from securechat.client import events as ev
from securechat.client.commits import Commits, NotCommitted
from securechat.client.heard import Heard
from securechat.errors import DiskFull
from securechat.store.history import HistoryChange
from tests.pure.client.engine_world import FAILURE_S, MemoryState, alice, befriend, make_seat

FULL = DiskFull("Cannot write state.db: the disk is full", "df -h /home")
ROW: dict[tuple[str, bytes], bytes | None] = {("table", b"key"): b"value"}


class SmallDisk(MemoryState):
    """While it is ``full`` no commit has room, or only after some ``failures``."""

    def __init__(self, *, failures: int = 0) -> None:
        super().__init__()
        self.full = False
        self._failures = failures

    def commit(
        self,
        changes: Mapping[tuple[str, bytes], bytes | None],
        history: Sequence[HistoryChange] = (),
    ) -> None:
        self._failures -= 1
        if (changes or history) and (self.full or self._failures >= 0):
            raise FULL
        super().commit(changes, history)


@pytest.fixture(autouse=True)
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "ROOM_RETRY_S", 0.0)


def test_a_commit_is_tried_until_there_is_room() -> None:
    disk, told = SmallDisk(failures=3), list[ev.Event]()
    Commits(disk, told.append).commit(ROW)
    assert disk.load() == ROW
    assert told == [ev.Problem(FULL), ev.Resumed()]


def test_who_is_in_a_hurry_does_not_wait_for_room() -> None:
    disk, told = SmallDisk(failures=1), list[ev.Event]()
    hurried = Commits(disk, told.append)
    hurried.hurry()
    with pytest.raises(NotCommitted) as caught:
        hurried.commit(ROW)
    assert caught.value.error is FULL
    assert told == []
    hurried.commit(ROW)
    assert disk.load() == ROW


def test_what_is_typed_on_a_full_disk_is_sent_when_there_is_room() -> None:
    disk, bob = SmallDisk(), make_seat("bob")
    with alice(state=disk) as world:
        befriend(world, bob)
        before, stalled, resumed = world.wire, threading.Event(), threading.Event()
        world.engine.subscribe(lambda e: stalled.set() if e == ev.Problem(FULL) else None)
        world.engine.subscribe(lambda e: resumed.set() if e == ev.Resumed() else None)
        disk.full = True
        world.engine.send("bob", "kept")
        assert stalled.wait(FAILURE_S)
        assert world.wire == before
        world.engine.send("bob", "kept, too")
        disk.full = False
        assert resumed.wait(FAILURE_S)
        world.settle()
        assert [bob.read(mail) for mail in world.mail_for(bob)[-2:]] == ["kept", "kept, too"]


def test_an_engine_that_is_stopped_waits_for_no_room() -> None:
    disk = SmallDisk()
    with alice(state=disk) as world:
        befriend(world, make_seat("bob"))
        before = world.wire
        disk.full = True
        world.engine.send("bob", "lost")
        world.engine.stop(FAILURE_S)
        world.engine.join(FAILURE_S)
        assert world.error is FULL
        assert world.wire == before


def test_who_waits_for_an_answer_hears_of_it_at_once() -> None:
    heard = Heard()
    heard.hear(ev.Problem(FULL))
    with pytest.raises(DiskFull):
        heard.wait_for_state("id1", ev.DeliveryState.SENT, FAILURE_S)
    heard.hear(ev.Resumed())
    heard.hear(ev.Sent("id1", "bob"))
    heard.wait_for_state("id1", ev.DeliveryState.SENT, FAILURE_S)
