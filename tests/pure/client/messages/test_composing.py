"""Who is told that the user types, and whose typing the user is told of."""

from collections.abc import Callable, Iterator
from functools import partial

import msgspec
import pytest
from msgspec.structs import replace

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.messages import composing
from securechat.client.messages.composing import AGAIN_AFTER_S, MAX_ROOM_PEOPLE, SHOWN_FOR_S
from securechat.e2e.amend_content import Typing
from securechat.e2e.signals import LIFE_MS
from securechat.identity.types import UserKey
from securechat.wire import frames as f
from tests.pure.client.engine_world import (
    OTHER_CERTIFICATE,
    OTHER_RELAY,
    World,
    alice,
    befriend,
    make_seat,
    published,
)
from tests.pure.client.town import Town, make_room, town
from tests.pure.e2e.world import Seat

BEGINS, ENDS = ev.Typing("alice", active=True), ev.Typing("alice", active=False)


@pytest.fixture
def two() -> Iterator[Town]:
    """Alice and Bob, who have written to one another."""
    with town("alice", "bob") as made:
        made.say("alice", "bob", "hello")
        made.say("bob", "alice", "hello")
        yield made


def compose(made: Town, target: str = "bob", *, active: bool = True) -> None:
    made.do("alice", c.Composing(target, active))


def told(made: Town, name: str = "bob") -> list[ev.Typing]:
    return made.citizens[name].world.told(ev.Typing)


def signals(made: Town, name: str = "alice") -> list[f.Outgoing]:
    return made.citizens[name].world.link.signals


def test_a_contact_is_told_when_it_begins_and_when_it_ends(two: Town) -> None:
    compose(two)
    assert told(two) == [BEGINS]
    compose(two, active=False)
    assert told(two) == [BEGINS, ENDS]
    assert [len(each.envelope) for each in signals(two)] == [512, 512]


def test_what_is_typed_and_sent_at_once_leaves_nobody_typing(
    two: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, handed_over = two.citizens["alice"].world, list[str]()
    for kind in ("signals", "envelopes"):
        note = partial(handed_over.append, kind)
        monkeypatch.setattr(world.link, f"send_{kind}", lambda _, note=note: note())
    world.engine.ask(c.Composing("bob", active=True))
    world.engine.send("bob", "at once")
    world.settle()
    assert handed_over == ["signals", "envelopes"]


def test_whoever_goes_on_is_told_of_once_and_signals_seldom(two: Town) -> None:
    for _ in range(20):
        compose(two)
        two.pass_time(1.0)
    assert told(two) == [BEGINS]
    assert len(signals(two)) == 20 / AGAIN_AFTER_S


def test_to_begin_and_end_without_end_signals_seldom_too(two: Town) -> None:
    for _ in range(20):
        compose(two)
        compose(two, active=False)
    assert told(two) == [BEGINS, ENDS]
    assert len(signals(two)) == 2
    two.pass_time(AGAIN_AFTER_S)
    compose(two)
    assert told(two)[2:] == [BEGINS]


def test_whoever_was_not_heard_of_types_no_more(two: Town) -> None:
    compose(two)
    two.pass_time(SHOWN_FOR_S - 0.1)
    assert told(two) == [BEGINS]
    two.pass_time(0.1)
    assert told(two) == [BEGINS, ENDS]


def test_a_text_ends_it(two: Town) -> None:
    compose(two)
    two.say("alice", "bob", "there it is")
    assert told(two) == [BEGINS, ENDS]
    two.pass_time(SHOWN_FOR_S)
    assert told(two) == [BEGINS, ENDS]


def test_the_end_of_the_connection_ends_it(two: Town) -> None:
    compose(two)
    two.disconnect("bob")
    assert told(two) == [BEGINS, ENDS]


def block(made: Town) -> None:
    made.do("alice", c.Decide(c.Decision.BLOCK, "bob"))


def leave(made: Town) -> None:
    made.citizens["alice"].world.tell(f.Presence("bob", False))


def hide(made: Town) -> None:
    made.do("alice", c.Presence(visible=False))


def switch_off(made: Town) -> None:
    made.do("alice", c.ShowTyping(on=False))


def lose(made: Town) -> None:
    made.disconnect("alice")


@pytest.mark.parametrize("change", [block, leave, hide, switch_off, lose])
def test_nothing_is_signalled_to_who_is_not_to_know(
    two: Town, change: Callable[[Town], None]
) -> None:
    change(two)
    compose(two)
    compose(two, active=False)
    assert signals(two) == []
    assert told(two) == []


def test_nothing_is_signalled_in_an_unsettled_conversation() -> None:
    """With who is not known, who has not answered, who is a stranger."""
    with town("alice", "bob", "carol") as made:
        made.say("alice", "bob", "hello")
        made.say("carol", "alice", "hello")
        problems = len(made.citizens["alice"].world.problems)
        for target in ("bob", "carol", "nobody", "alice", "#nowhere", "#", "\x1b"):
            compose(made, target)
        assert signals(made) == []
        assert len(made.citizens["alice"].world.problems) == problems


def test_nothing_is_signalled_in_the_lobby() -> None:
    with town("alice", "bob", lobby=True) as made:
        made.say("alice", "#lobby", "hello")
        made.say("bob", "#lobby", "hello")
        compose(made, "#lobby")
        assert signals(made) == []


def test_a_small_room_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        made.say("bob", "#ops", "hello")
        made.say("carol", "#ops", "hello")
        compose(made, "#ops")
        expected = [ev.Typing("alice", active=True, room="#ops")]
        assert told(made) == told(made, "carol") == expected
        made.say("alice", "#ops", "there it is")
        expected.append(ev.Typing("alice", active=False, room="#ops"))
        assert told(made) == told(made, "carol") == expected
        made.do("bob", c.Composing("carol", active=True))
        assert signals(made, "bob") == []
        monkeypatch.setattr(composing, "MAX_ROOM_PEOPLE", 2)
        made.pass_time(AGAIN_AFTER_S)
        compose(made, "#ops")
        assert told(made) == expected
        assert MAX_ROOM_PEOPLE == 16


def test_who_is_not_accepted_is_not_shown_typing_to_the_user_alone() -> None:
    bob = make_seat("bob")
    with alice() as world:
        acquaint(world, bob)
        (contact,) = world.engine._here.desk.contacts
        world.engine._here.desk.contacts.put(msgspec.structs.replace(contact, accepted=False))
        world.deliver(signal(world, bob))
        assert world.told(ev.Typing) == []


def test_the_keys_of_somebody_else_are_not_used(two: Town) -> None:
    """Those that the relay shows under a name which a room's roster gives to another key."""
    make_room(two, "alice", "bob")
    two.say("bob", "#ops", "hello")
    desk = two.citizens["alice"].world.engine._here.desk
    person = desk.people.find("bob")
    assert person is not None
    assert person.user is not None
    others = msgspec.structs.replace(person.user.registration, user_key=UserKey(b"k" * 32))
    person.user = replace(person.user, registration=others)
    for target in ("bob", "#ops"):
        compose(two, target)
    assert signals(two) == []


def test_a_room_that_was_left_is_not_told() -> None:
    with town("alice", "bob") as made:
        make_room(made, "bob", "alice")
        made.say("bob", "#ops", "hello")
        made.do("alice", c.Leave("#ops"))
        compose(made, "#ops")
        assert signals(made) == []


def acquaint(world: World, seat: Seat) -> None:
    """Let Alice and somebody write to one another."""
    befriend(world, seat)
    world.deliver(world.write(seat, "hello"))


def signal(world: World, seat: Seat) -> bytes:
    """Return what says to Alice that somebody types."""
    sealed = seat.endpoint.signals.seal(world.device, Typing(active=True), world.now_ms)
    assert sealed is not None
    return sealed.envelope


def test_a_stranger_who_types_is_not_shown() -> None:
    bob = make_seat("bob")
    with alice() as world:
        device = world.device
        world.deliver(world.write(bob, "hello"))
        session = bob.endpoint._sessions.choose_sending(device.address, world.now_ms)
        assert session is not None
        session.start = b""  # nobody has answered, which a hostile client does not mind
        world.deliver(signal(world, bob))
        assert world.told(ev.Typing) == []
        world.engine.send("bob", "hello")
        world.settle()
        world.find("bob", published(bob))
        world.deliver(signal(world, bob))
        assert world.told(ev.Typing) == [ev.Typing("bob", active=True)]


def test_who_is_blocked_is_not_shown_typing() -> None:
    bob = make_seat("bob")
    with alice() as world:
        acquaint(world, bob)
        world.engine.ask(c.Decide(c.Decision.BLOCK, "bob"))
        world.deliver(signal(world, bob))
        assert world.told(ev.Typing) == []


def test_signals_without_end_are_told_once_and_commit_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bob = make_seat("bob")
    with alice() as world:
        acquaint(world, bob)
        world.pass_time(60)
        commits: list[object] = []
        monkeypatch.setattr(world.state, "commit", lambda *changes: commits.append(changes))
        for _ in range(100):
            world.deliver(*(signal(world, bob) for _ in range(10)))
        assert world.told(ev.Typing) == [ev.Typing("bob", active=True)]
        assert commits == []


def test_what_is_remembered_of_typists_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composing, "MAX_TYPISTS", 1)
    with alice() as world:
        for name in ("bob", "carol"):
            seat = make_seat(name)
            acquaint(world, seat)
            world.deliver(signal(world, seat))
        assert world.told(ev.Typing) == [ev.Typing("bob", active=True)]


def test_a_signal_that_comes_late_or_again_is_not_shown_and_nothing_is_said_of_it() -> None:
    bob = make_seat("bob")
    with alice() as world:
        acquaint(world, bob)
        sealed = signal(world, bob)
        late = signal(world, bob)
        world.deliver(sealed)
        world.pass_time(SHOWN_FOR_S)
        world.deliver(sealed)
        world.pass_time(LIFE_MS / 1000)
        world.deliver(late)
        assert [each.active for each in world.told(ev.Typing)] == [True, False]
        assert world.problems == []


def shown(world: World, on: bool | None = None) -> bool:
    world.engine.ask(c.ShowTyping(on))
    world.settle()
    return world.told(ev.OwnTyping)[-1].shown


def test_whoever_wants_neither_is_told_of_nobody() -> None:
    bob = make_seat("bob")
    with alice() as world:
        acquaint(world, bob)
        world.deliver(signal(world, bob))
        assert not shown(world, on=False)
        assert [each.active for each in world.told(ev.Typing)] == [True, False]
        world.deliver(signal(world, bob))
        assert len(world.told(ev.Typing)) == 2
        assert shown(world, on=True)
        world.deliver(signal(world, bob))
        assert [each.active for each in world.told(ev.Typing)] == [True, False, True]


def test_the_user_says_whether_typing_is_shown_at_every_relay() -> None:
    with alice() as world:
        assert shown(world)
        assert not shown(world, on=False)
        world.lose_connection()
        world.log_in(OTHER_CERTIFICATE, OTHER_RELAY)
        assert not shown(world)
        assert shown(world, on=True)


def test_the_relay_learns_that_somebody_types_and_not_who_or_what(two: Town) -> None:
    compose(two)
    (outgoing,) = signals(two)
    assert outgoing.mailbox == two.citizens["bob"].mailbox
    register = two.citizens["alice"].register
    assert register is not None
    certificate = register.certificates[0]
    for secret in (certificate.user_key, certificate.device_id, b"alice"):
        assert secret not in outgoing.envelope
    view = two.citizens["alice"].world
    view.engine.ask(c.Sight("bob"))
    view.settle()
    (seen,) = view.told(ev.RelayView)
    assert [each.ephemeral for each in seen.sightings][-1]
