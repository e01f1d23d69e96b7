"""Doing without end-to-end encryption takes both, and is over with the first encrypted message."""

from securechat.client import events as ev
from securechat.e2e.content import Receipt, Recovery, Text
from securechat.e2e.plain import PLAIN_SUITE, is_plain
from securechat.e2e.results import Opened
from securechat.wire import frames as f
from tests.pure.client.engine_world import MemoryState, World, alice, make_seat, published
from tests.pure.client.messages.test_recovery import unreadable
from tests.pure.e2e.test_plain import agree
from tests.pure.e2e.world import Seat, copy_seat

WILLING, RELUCTANT = agree(make_seat("bob")), make_seat("bob")


def meet(world: World, seat: Seat) -> None:
    world.find(seat.name, published(seat))


def write_plain(world: World, seat: Seat, text: str) -> bytes:
    return seat.endpoint.seal_plain(
        world.device, Text(text), world.now_ms, written_ms=world.now_ms
    ).envelope


def read_plain(world: World, seat: Seat) -> list[object]:
    """Return the contents of what came for a seat without encryption."""
    plain = [envelope for envelope in world.mail_for(seat) if is_plain(envelope)]
    outcomes = [seat.endpoint.open_plain(envelope, world.now_ms) for envelope in plain]
    return [outcome.content for outcome in outcomes if isinstance(outcome, Opened)]


def test_where_both_want_it_the_relay_can_read_and_everybody_is_told() -> None:
    bob = copy_seat(WILLING)
    with alice("bob", e2e=False) as world:
        meet(world, bob)
        assert world.told(ev.EncryptionChanged) == [ev.EncryptionChanged("bob", False, False)]
        world.engine.send("bob", "for all to see")
        world.settle()
        assert b"for all to see" in world.wire
        assert read_plain(world, bob) == [Text("for all to see")]
        world.deliver(write_plain(world, bob, "I see"))
        (message,) = world.told(ev.Message)
        assert (message.text, message.e2e, message.request) == ("I see", False, False)
        world.pass_time(1)
        assert [type(content) for content in read_plain(world, bob)] == [Receipt]
        assert not any(entry.encrypted for entry in world.state.history.last(9))
        assert not any(look.claim for look in world.all_sent(f.Lookup))


def test_one_side_alone_changes_nothing() -> None:
    bob = copy_seat(RELUCTANT)
    with alice("bob", e2e=False) as world:
        meet(world, bob)
        assert world.told(ev.EncryptionChanged) == [ev.EncryptionChanged("bob", True, False)]
        world.engine.send("bob", "hello")
        world.settle()
        meet(world, bob)
        assert bob.read(world.mail_for(bob)[0]) == "hello"
        assert b"hello" not in world.wire


def test_the_other_side_alone_changes_nothing() -> None:
    bob = copy_seat(WILLING)
    with alice("bob") as world:
        meet(world, bob)
        assert PLAIN_SUITE not in world.device.bundle.suites
        world.engine.send("bob", "hello")
        world.settle()
        meet(world, bob)
        assert bob.read(world.mail_for(bob)[0]) == "hello"
        assert not world.told(ev.EncryptionChanged)


def test_a_message_without_encryption_that_nobody_wanted_is_not_shown() -> None:
    bob = copy_seat(WILLING)
    with alice("carol", e2e=False) as other:
        envelope = write_plain(other, bob, "psst")
        other.engine.talk_to("bob")
        other.settle()
        meet(other, bob)
        other.deliver(envelope)
        assert other.texts == []
        assert "cannot be opened" in other.problems[-1]


def test_a_stranger_cannot_write_without_encryption() -> None:
    mallory = agree(make_seat("mallory"))
    with alice("bob", e2e=False) as world:
        world.deliver(write_plain(world, mallory, "hello"))
        assert world.texts == []
        assert "cannot be opened" in world.problems[-1]


def test_who_was_written_to_with_encryption_is_never_moved_off_it() -> None:
    state, bob = MemoryState(), copy_seat(RELUCTANT)
    with alice("bob", state) as world:
        meet(world, bob)
        world.engine.send("bob", "secret")
        world.settle()
        meet(world, bob)
        bob.read(world.mail_for(bob)[0])
    agree(bob)
    with alice("bob", state, e2e=False) as world:
        meet(world, bob)
        assert world.told(ev.EncryptionChanged) == [ev.EncryptionChanged("bob", True, True)]
        world.engine.send("bob", "still secret")
        world.settle()
        assert bob.read(world.mail_for(bob)[-1]) == "still secret"
        world.deliver(write_plain(world, bob, "psst"))
        assert world.texts == []


def test_one_encrypted_message_of_the_other_side_ends_it_for_good() -> None:
    state, bob = MemoryState(), copy_seat(WILLING)
    with alice("bob", state, e2e=False) as world:
        meet(world, bob)
        world.deliver(world.write(bob, "let us be private"))
        world.engine.send("bob", "yes")
        world.settle()
        assert bob.read(world.mail_for(bob)[0]) == "yes"
        on_its_way = write_plain(world, bob, "sent before")
        world.deliver(on_its_way, last=2)
        assert world.texts[-1] == "sent before"
    with alice("bob", state, e2e=False) as world:
        meet(world, bob)
        assert world.told(ev.EncryptionChanged) == [ev.EncryptionChanged("bob", True, True)]


def test_everybody_else_is_written_to_with_encryption() -> None:
    bob, carol = copy_seat(WILLING), agree(make_seat("carol"))
    with alice("bob", e2e=False) as world:
        meet(world, bob)
        world.engine.send("carol", "hello")
        world.settle()
        meet(world, carol)
        assert carol.read(world.mail_for(carol)[0]) == "hello"


def test_a_receipt_for_what_was_not_encrypted_goes_out_encrypted_when_that_is_over() -> None:
    """There is no session yet, so it starts one."""
    state, bob = MemoryState(), copy_seat(WILLING)
    with alice("bob", state, e2e=False) as world:
        meet(world, bob)
        envelope = write_plain(world, bob, "are you there")
    with alice(None, state) as world:
        world.deliver(envelope)
        assert world.texts == ["are you there"]
        world.pass_time(1)
        meet(world, bob)
        assert world.asked("bob").claim
        meet(world, bob)
        assert world.problems == []
        (mail,) = world.mail_for(bob)
        opened = bob.endpoint.open(mail, world.now_ms)
        assert isinstance(opened, Opened)
        assert isinstance(opened.content, Receipt)


def test_a_stranger_is_not_asked_for_keys_to_start_a_session() -> None:
    mallory = make_seat("mallory")
    with alice() as world:
        world.deliver(world.write(mallory, "hello"))
        meet(world, mallory)
        world.pass_time(1)
        assert not any(look.claim for look in world.all_sent(f.Lookup))
        assert world.link.envelopes == []


def test_what_does_not_open_is_asked_for_with_encryption_in_a_plain_conversation_too() -> None:
    bob = copy_seat(WILLING)
    with alice("bob", e2e=False) as world:
        meet(world, bob)
        world.deliver(unreadable(world, bob))
        meet(world, bob)
        assert not any("no session" in problem for problem in world.problems)
        opened = bob.endpoint.open(world.mail_for(bob)[-1], world.now_ms)
        assert isinstance(opened, Opened)
        assert isinstance(opened.content, Recovery)


def test_a_conversation_that_becomes_encrypted_is_told_when_it_does() -> None:
    bob = copy_seat(WILLING)
    with alice("bob", e2e=False) as world:
        meet(world, bob)
        world.deliver(world.write(bob, "let us be private"))
        assert world.told(ev.EncryptionChanged) == [
            ev.EncryptionChanged("bob", False, False),
            ev.EncryptionChanged("bob", True, True),
        ]
        world.deliver(world.write(bob, "good"), last=2)
        assert len(world.told(ev.EncryptionChanged)) == 2
