"""The bell."""

from securechat.faces.bell import PAUSE_S, Bell


def test_it_does_not_ring_more_than_once_in_its_pause() -> None:
    rung: list[str] = []
    bell = Bell(lambda: rung.append("ring"))
    for now_s in (0.0, 0.1, PAUSE_S - 0.01):
        bell.ring(now_s)
    assert len(rung) == 1
    for now_s in (PAUSE_S, PAUSE_S + 0.5, 2 * PAUSE_S):
        bell.ring(now_s)
    assert len(rung) == 3
