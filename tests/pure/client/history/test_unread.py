"""Messages that nobody was shown yet, and own ones that wait."""

from typing import Any

import pytest
from msgspec.structs import replace

from securechat.client.event_types.past_message import Origin
from securechat.client.events import Amended, Message, Quote, Trust, Waiting
from securechat.client.history import unread
from securechat.client.history.unread import FORGET_WITHIN_S, Unread
from securechat.client.messages.unsent import is_unsent
from securechat.client.state.opening import open_endpoint
from securechat.client.state.outbox import Outbox
from securechat.errors import LimitExceeded
from securechat.identity.types import EnvelopeId, MailboxId, RelayId
from tests.pure.client.engine_world import OTHER_RELAY, MemoryState, alice, befriend, make_seat
from tests.pure.e2e.world import NOW_MS, RELAY


def message(number: int, sender: str = "bob") -> Message:
    return Message(
        f"m{number}", sender, "alice", f"text {number}\x1b", 5, True, Trust.VERIFIED, True, 2, True
    )


def origin(relay_id: RelayId) -> Origin:
    return Origin(relay_id, make_seat("bob").address)


class Kept:
    """What a profile has kept, and the state that it is committed to."""

    def __init__(self, state: MemoryState) -> None:
        self.now_s = 1000.0
        self.state = state
        self.unread = Unread(state, lambda: self.now_s)

    def keep(self, *messages: Message) -> None:
        self.state.commit(self.unread.keep(messages))

    def show(self, message: Message) -> None:
        self.unread.note_shown(message.sender, message.message_id)
        self.state.commit(self.unread.take_shown())


def profile_with(*messages: Message) -> MemoryState:
    """Return the state of a device that has kept these."""
    state = MemoryState()
    open_endpoint(state, NOW_MS)
    Kept(state).keep(*messages)
    return state


def on_disk(state: MemoryState) -> list[Message]:
    return list(Kept(state).unread)


def test_messages_are_kept_in_order_until_they_are_shown() -> None:
    state = MemoryState()
    first = Kept(state)
    first.keep(message(2), message(1))
    first.keep(message(3), message(2))
    assert on_disk(state) == [message(2), message(1), message(3)]
    second = Kept(state)
    second.show(message(2))
    second.show(message(2))
    second.keep(message(4))
    assert list(second.unread) == on_disk(state) == [message(1), message(3), message(4)]
    for each in list(second.unread):
        second.show(each)
    assert state.rows == {}


def test_nobody_takes_a_message_away_by_using_its_id() -> None:
    kept = Kept(MemoryState())
    kept.keep(message(1))
    kept.show(message(1, "mallory"))
    kept.keep(message(1, "mallory"))
    assert list(kept.unread) == [message(1), message(1, "mallory")]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"sender": "mallory"},
        {"room": "#elsewhere"},
        {"message_id": "m2"},
        {"origin": origin(OTHER_RELAY)},
    ],
)
def test_only_its_writer_changes_what_an_answer_quotes(changed: dict[str, Any]) -> None:
    kept = Kept(MemoryState())
    answer = replace(message(5, "carol"), reply=Quote("m1", "bob", "tea?"), origin=origin(RELAY))
    kept.keep(answer)
    amended = Amended("m1", "bob", "alice", "coffee?", 5, origin=origin(RELAY))
    kept.unread.keep([replace(amended, **changed)])
    quoted = "tea?" if changed else "coffee?"
    assert [each.reply for each in kept.unread] == [Quote("m1", "bob", quoted)]


def test_many_are_forgotten_at_once() -> None:
    kept = Kept(MemoryState())
    kept.keep(*map(message, range(3)))
    assert kept.unread.due_at is None
    assert kept.unread.note_shown("bob", "m0")
    assert not kept.unread.note_shown("bob", "m1")
    assert kept.unread.due_at == 1000.0 + FORGET_WITHIN_S
    assert len(kept.unread.take_shown()) == 2
    assert kept.unread.due_at is None
    assert kept.unread.note_shown("bob", "m2")


def test_a_profile_that_nobody_reads_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "MAX_UNREAD", 2)
    kept = Kept(MemoryState())
    for number in range(3):
        kept.unread.check()
        kept.keep(replace(message(number), request=False))
    with pytest.raises(LimitExceeded):
        kept.unread.check()


def test_a_message_is_on_the_disk_before_it_is_told_or_acknowledged() -> None:
    with alice() as world:
        at_telling: list[list[Message]] = []
        acks: list[int] = []

        def hear(event: object) -> None:
            if isinstance(event, Message):
                at_telling.append(on_disk(world.state))
                acks.extend(world.link.acks)

        world.hear(hear)
        bob = make_seat("bob")
        befriend(world, bob)
        world.deliver(world.write(bob, "hello"))
        assert [[each.text for each in kept] for kept in at_telling] == [["hello"]]
        assert acks == []
        assert world.link.acks
        shown = at_telling[0][0]
        world.engine.shown(shown.sender, shown.message_id)
        world.settle()
        assert on_disk(world.state) == [shown]  # not yet: many are forgotten at once
        world.pass_time(FORGET_WITHIN_S)
        assert on_disk(world.state) == []


def test_what_was_shown_after_the_end_is_forgotten_too() -> None:
    state = profile_with(message(1))
    with alice(state=state) as world:
        world.engine.stop()
        world.settle()
        world.engine.shown("bob", "m1")
        world.engine.join(1.0)
    assert on_disk(state) == []


def test_what_nobody_was_shown_is_told_again_and_stays() -> None:
    state = profile_with(*map(message, range(3)))
    with alice(state=state) as world:
        world.engine.retell()
        world.settle()
        assert world.texts == [f"text {number}\x1b" for number in range(3)]
    assert len(on_disk(state)) == 3


def test_who_catches_up_misses_nothing_and_hears_nothing_twice() -> None:
    state = profile_with(message(1))
    with alice(state=state) as world:
        heard: list[object] = []
        leave = world.engine.catch_up(heard.append, Waiting("first"))
        world.settle()
        assert heard == [Waiting("first"), message(1)]
        world.engine.retell()
        world.settle()
        assert heard[2:] == [message(1)]
        leave()
        world.engine.retell()
        world.settle()
        assert len(heard) == 3


def test_a_listener_that_has_left_hears_nothing_more() -> None:
    state = profile_with(message(1))
    with alice(state=state) as world:
        heard: list[object] = []
        leave = world.hear(heard.append)
        world.engine.retell()
        world.settle()
        leave()
        world.engine.retell()
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


def test_those_of_strangers_are_not_kept_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "MAX_UNREAD", 2)
    kept = Kept(profile_with())
    friends = [replace(message(number, "friend"), request=False) for number in range(4)]
    kept.keep(message(1), message(2), message(3), *friends)
    assert on_disk(kept.state) == [message(1), message(2), *friends]
