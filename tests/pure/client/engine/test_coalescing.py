"""What is ready at once leaves together: one row of envelopes and one acknowledgement a wake-up."""

import pytest

from securechat.client import events as ev
from securechat.client.connection.link import Answered, NotTaken
from securechat.client.engine.calls import MAX_AT_ONCE
from securechat.wire import frames as f
from tests.pure.client.engine_world import World, alice, befriend, make_seat
from tests.pure.e2e.world import Seat, copy_seat

BOB = make_seat("bob")


@pytest.fixture
def bob() -> Seat:
    return copy_seat(BOB)


def rows_of(world: World, monkeypatch: pytest.MonkeyPatch) -> list[list[f.Outgoing]]:
    """Return the rows of envelopes that are handed over from now on."""
    rows: list[list[f.Outgoing]] = []
    hand_over = world.link.send_envelopes

    def note(envelopes: list[f.Outgoing]) -> None:
        rows.append(envelopes)
        hand_over(envelopes)

    monkeypatch.setattr(world.link, "send_envelopes", note)
    return rows


def test_a_burst_of_texts_leaves_as_one_row_of_envelopes(
    bob: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    with alice() as world:
        befriend(world, bob)
        rows = rows_of(world, monkeypatch)
        texts = [f"text {number}" for number in range(100)]
        with world.at_once():
            for text in texts:
                world.engine.send("bob", text)
        assert [len(row) for row in rows] == [100]
        assert [bob.read(each.envelope, world.now_ms) for each in rows[0]] == texts


def test_a_longer_burst_leaves_row_by_row_while_the_rest_is_sealed(
    bob: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    with alice() as world:
        befriend(world, bob)
        rows = rows_of(world, monkeypatch)
        with world.at_once():
            for number in range(2 * MAX_AT_ONCE + 1):
                world.engine.send("bob", f"text {number}")
        assert len(rows) == 3
        assert max(map(len, rows)) <= MAX_AT_ONCE <= f.MAX_ENVELOPES
        read = [bob.read(each.envelope, world.now_ms) for row in rows for each in row]
        assert read == [f"text {number}" for number in range(2 * MAX_AT_ONCE + 1)]


def test_deliveries_of_one_wake_up_are_acknowledged_once(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        envelopes = [world.write(bob, f"text {number}") for number in range(100)]
        with world.at_once():
            for last in range(20, 101, 20):
                world.link.inbox(world.delivery(*envelopes[last - 20 : last], last=last))
        assert len(world.texts) == 100
        assert world.link.acks == [100]


def test_one_refused_envelope_of_a_row_comes_again_before_what_follows(
    bob: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    with alice() as world:
        befriend(world, bob)
        world.accept_all()
        rows = rows_of(world, monkeypatch)
        with world.at_once():
            ids = [world.engine.send("bob", text) for text in "abcd"]
        first, second, third, fourth = (each.envelope_id for each in rows.pop())
        world.news(
            NotTaken(second, "not-stored"),
            NotTaken(third, "order"),
            NotTaken(fourth, "order"),
            Answered((first,)),
        )
        world.engine.send("bob", "e")
        world.settle()
        assert rows == []
        world.pass_time(5.0)
        (again,) = rows
        assert [each.envelope_id for each in again[:3]] == [second, third, fourth]
        assert len(again) == 4
        world.accept_all()
        accepted = [event.message_id for event in world.told(ev.Accepted)]
        assert accepted[1:5] == ids
