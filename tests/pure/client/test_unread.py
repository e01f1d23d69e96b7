"""Messages that nobody was shown yet, and own ones that wait."""

import pytest

from securechat.client import unread
from securechat.client.events import Message, Trust
from securechat.client.outbox import Outbox
from securechat.client.unread import Unread
from securechat.client.unsent import is_unsent
from securechat.errors import FileProblem, LimitExceeded
from securechat.identity.types import EnvelopeId, MailboxId
from tests.pure.client.engine_world import MemoryState, alice
from tests.pure.e2e.world import RELAY


def message(number: int, sender: str = "bob") -> Message:
    return Message(
        f"m{number}", sender, "alice", f"text {number}\x1b", 5, True, Trust.VERIFIED, True, 2, True
    )


def test_messages_are_kept_in_order_until_they_are_shown() -> None:
    state = MemoryState()
    first = Unread(state)
    for number in (2, 1, 3):
        first.keep(message(number))
    first.keep(message(2))
    assert list(Unread(state)) == [message(2), message(1), message(3)]
    second = Unread(state)
    second.forget(message(2))
    second.forget(message(2))
    second.keep(message(4))
    assert list(second) == list(Unread(state)) == [message(1), message(3), message(4)]
    for each in list(second):
        second.forget(each)
    assert state.rows == {}


def test_nobody_takes_a_message_away_by_using_its_id() -> None:
    state = MemoryState()
    kept = Unread(state)
    kept.keep(message(1))
    kept.forget(message(1, "mallory"))
    kept.keep(message(1, "mallory"))
    assert list(kept) == [message(1), message(1, "mallory")]


def test_a_message_that_cannot_be_kept_is_an_error() -> None:
    state = MemoryState()
    kept = Unread(state)
    state.broken = True
    with pytest.raises(FileProblem):
        kept.keep(message(1))
    assert list(kept) == []


def test_a_profile_that_nobody_reads_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "MAX_UNREAD", 2)
    kept = Unread(MemoryState())
    for number in range(3):
        kept.check()
        kept.keep(message(number))
    with pytest.raises(LimitExceeded):
        kept.check()


def test_what_is_told_again_reaches_the_listeners_in_order() -> None:
    with alice() as world:
        for number in range(3):
            world.engine.retell(message(number))
        world.settle()
        assert world.texts == [f"text {number}\x1b" for number in range(3)]


def test_a_listener_that_has_left_hears_nothing_more() -> None:
    with alice() as world:
        heard: list[object] = []
        leave = world.engine.subscribe(heard.append)
        world.engine.retell(message(1))
        world.settle()
        leave()
        world.engine.retell(message(2))
        world.settle()
        assert heard == [message(1)]


def test_a_message_is_unsent_until_the_relay_answers_for_it() -> None:
    with alice() as world:
        message_id = world.engine.send("bob", "hello")
        assert not is_unsent(world.state, "00" * 16)
        world.settle()
        assert is_unsent(world.state, message_id)
    state = MemoryState()
    _, rows = Outbox(RELAY, {}).add(
        MailboxId(b"m" * 16), EnvelopeId(b"e" * 16), b"sealed", message_id, "bob"
    )
    state.commit(rows)
    assert is_unsent(state, message_id)
    state.commit(dict.fromkeys(rows))
    assert not is_unsent(state, message_id)
