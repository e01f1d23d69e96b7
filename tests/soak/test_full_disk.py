"""A store on a file system of 4 MB that is filled to the brim, again and again."""

import signal
from pathlib import Path

import pytest

from tests.small_disk import fill_up, on_small_disk, seen_by
from tests.soak.test_disk import ACCEPTS_AGAIN_S, CHAT_ON, FAILURES, town
from tests.sockets.kills import wait
from tests.sockets.load_devices import check_order

SIZE = "4m"

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def on_tmpfs(tmp_path: Path) -> tuple[str, ...]:
    """Return what to put before a command so that the store lies on a small file system."""
    return on_small_disk(tmp_path / "relay", SIZE)


def test_a_full_disk_is_told_of_and_used_again(tmp_path: Path, on_tmpfs: tuple[str, ...]) -> None:
    recoveries_s: list[float] = []
    with town(tmp_path, prefix=on_tmpfs) as here:
        alice, bob, carol, dave = here.alice, here.bob, here.carol, here.dave
        filler = seen_by(here.relay.process.pid, tmp_path / "relay" / "filler")
        here.write(alice, at_once=4)
        here.write(carol, at_once=1)
        for _ in range(FAILURES):
            here.expect_more(lambda: len(alice.accepted), 4, ACCEPTS_AGAIN_S)
            fill_up(filler)
            here.expect_more(lambda: alice.refused.count("not-stored"), 8, ACCEPTS_AGAIN_S)
            here.expect_more(lambda: len(dave.arrived[carol.tag]), CHAT_ON, ACCEPTS_AGAIN_S)
            filler.unlink()
            recoveries_s.append(here.expect_more(lambda: len(alice.accepted), 1, ACCEPTS_AGAIN_S))
        alice.limit = carol.limit = 0
        wait(lambda: not (alice.unanswered or carol.unanswered))
        fill_up(filler)
        here.loop.call_soon(bob.come)
        wait(lambda: len(bob.arrived[alice.tag]) == len(alice.sent[bob.mailbox]))
        found = check_order([alice, carol])
        here.relay.process.signal(signal.SIGTERM)
        assert here.relay.process.finish() == 0
    print(f"full disk: {found}, accepted again within {max(recoveries_s):.2f} s")
    assert (found["lost"], found["disordered"]) == (0, 0)
