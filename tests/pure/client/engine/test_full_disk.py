"""A disk without room: the engine waits with all it has, and goes on when there is some."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from securechat.client import events as ev
from securechat.client.connection.read_ahead import Mark
from securechat.client.engine import commits
from securechat.client.engine.commits import Commits, NotCommitted
from securechat.client.engine.heard import Heard
from securechat.errors import DiskFull
from securechat.store.history import HistoryChange
from tests.pure.client.amending_steps import told_by
from tests.pure.client.engine_world import MemoryState, alice, befriend, make_seat

FULL = DiskFull("Cannot write state.db: the disk is full", "df -h /home")
ROW: dict[tuple[str, bytes], bytes | None] = {("table", b"key"): b"value"}


class SmallDisk(MemoryState):
    """So many of the next commits find no room: ``failures``."""

    def __init__(self, failures: int = 0) -> None:
        super().__init__()
        self.failures = failures
        self.note_full: Callable[[], None] = lambda: None

    def commit(
        self,
        changes: Mapping[tuple[str, bytes], bytes | None],
        history: Sequence[HistoryChange] = (),
    ) -> None:
        if (changes or history) and self.failures > 0:
            self.failures -= 1
            self.note_full()
            raise FULL
        super().commit(changes, history)


@pytest.fixture(autouse=True)
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "ROOM_RETRY_S", 0.0)


def test_a_commit_is_tried_until_there_is_room() -> None:
    disk, told = SmallDisk(3), list[ev.Event]()
    Commits(disk, told.append).commit(ROW)
    assert disk.load() == ROW
    assert told == [ev.Problem(FULL), ev.Resumed()]


def test_who_is_in_a_hurry_does_not_wait_for_room() -> None:
    disk, told = SmallDisk(1), list[ev.Event]()
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
        wires = [world.wire]

        def type_on(event: ev.Event) -> None:
            if event == ev.Problem(FULL):
                wires.append(world.wire)
                world.engine.send("bob", "kept, too")

        world.hear(type_on)
        disk.failures = 3
        world.engine.send("bob", "kept")
        world.settle()
        assert wires == [wires[0]] * 2
        assert world.told(ev.Resumed) == [ev.Resumed()]
        assert [bob.read(mail) for mail in world.mail_for(bob)[-2:]] == ["kept", "kept, too"]


def test_what_is_on_no_disk_is_neither_acknowledged_nor_told_and_no_more_is_read() -> None:
    disk, while_full, reached = SmallDisk(), list[tuple[int, int, int]](), list[None]()
    with alice(state=disk) as world:
        bob = make_seat("bob")
        befriend(world, bob)

        def so_far() -> tuple[int, int, int]:
            return len(world.link.acks), len(world.told(ev.Message)), len(reached)

        before = so_far()
        disk.failures, disk.note_full = 2, lambda: while_full.append(so_far())
        message_id = told_by(world, bob, "hello")
        world.link.inbox(Mark(lambda: reached.append(None)))
        world.settle()
        assert while_full == [before] * 2
        assert so_far() == (before[0] + 1, before[1] + 1, 1)
        assert world.told(ev.Message)[-1].message_id == message_id.hex()


def test_an_engine_that_is_stopped_waits_for_no_room() -> None:
    disk = SmallDisk()
    with alice(state=disk) as world:
        befriend(world, make_seat("bob"))
        before = world.wire
        world.hear(lambda e: world.engine.stop(1.0) if e == ev.Problem(FULL) else None)
        disk.failures = 1_000
        world.engine.send("bob", "lost")
        world.settle()
        assert world.error is FULL
        assert world.wire == before


def test_who_waits_for_an_answer_hears_of_it_at_once() -> None:
    heard = Heard()
    heard.hear(ev.Problem(FULL))
    with pytest.raises(DiskFull):
        heard.wait_for_state("id1", ev.DeliveryState.SENT, 1.0)
    heard.hear(ev.Resumed())
    heard.hear(ev.Sent("id1", "bob"))
    heard.wait_for_state("id1", ev.DeliveryState.SENT, 1.0)
