"""A session that wears out while much is waiting is renewed, and nothing of it is lost."""

import pytest

from securechat.client import events as ev
from securechat.client.messages.receiving import RECEIPT_MAX_S
from securechat.client.state.receipts import Kind
from securechat.e2e import session
from securechat.wire import frames as f
from tests.pure.client.engine_world import World, alice, befriend, make_seat, published
from tests.pure.e2e.world import Seat, copy_seat

LIMIT = 5
BOB = make_seat("bob")


@pytest.fixture(autouse=True)
def short_lived_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "RENEW_AFTER_MESSAGES", LIMIT)


@pytest.fixture
def bob() -> Seat:
    return copy_seat(BOB)


def read_all(world: World, bob: Seat) -> list[str | None]:
    return [bob.read(envelope, world.now_ms) for envelope in world.mail_for(bob)]


def test_more_texts_at_once_than_a_session_takes(bob: Seat) -> None:
    texts = [f"text {number}" for number in range(3 * LIMIT + 1)]
    with alice() as world:
        with world.at_once():
            for text in texts:
                world.engine.send("bob", text)
        for _ in range(1 + len(texts) // LIMIT):
            world.find("bob", published(bob))
        assert read_all(world, bob) == texts
        assert world.problems == []
        assert len(world.told(ev.Sent)) == len(texts)


def test_more_receipts_at_once_than_a_session_takes(
    bob: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("securechat.client.messages.sending.MAX_RECEIPT_IDS", 1)
    with alice() as world:
        befriend(world, bob)
        for number in range(LIMIT):
            world.deliver(world.write(bob, f"text {number}"), last=number + 1)
        world.pass_time(RECEIPT_MAX_S)
        assert len(world.mail_for(bob)) == LIMIT
        assert _due(world) == 1
        assert world.all_sent(f.Lookup)[-1].claim
        world.find("bob", published(bob))
        assert len(world.mail_for(bob)) == LIMIT + 1
        assert _due(world) == 0
        assert world.problems == []


def _due(world: World) -> int:
    return sum(table == Kind.DELIVERED for table, _ in world.state.rows)
