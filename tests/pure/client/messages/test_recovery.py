"""What did not arrive, or does not open, is asked for again; and those who ask get it."""

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.commands import Decision
from securechat.client.connection.link import Answered
from securechat.client.messages.recovering import ASK_AGAIN_S, GAP_PATIENCE_S
from securechat.e2e.content import Receipt, Recovery, Text
from securechat.e2e.recovery import ASK_EVERY_MS
from securechat.e2e.results import Opened
from securechat.identity.types import MessageId
from securechat.wire import frames as f
from tests.pure.client.engine_world import World, alice, make_seat, published
from tests.pure.e2e.world import Seat, copy_seat

BOB = make_seat("bob")


def meet(world: World, seat: Seat) -> None:
    """Let Alice and somebody exchange a message and its receipt."""
    world.engine.talk_to(seat.name)
    world.settle()
    world.find(seat.name, published(seat))
    world.deliver(world.write(seat, "hello"))
    world.pass_time(1)
    for envelope in world.mail_for(seat):
        seat.receive(envelope)


def new_mail(world: World, seat: Seat) -> list[Opened]:
    """Open what came for a seat since the last time."""
    return seat.opened(world.mail_for(seat))


def unreadable(world: World, seat: Seat) -> bytes:
    """Return an envelope of a seat for Alice whose middle layer does not open."""
    broken, device = copy_seat(seat), world.device
    broken.endpoint.start_session(device, world.now_ms, recovery=True)
    session = broken.endpoint._sessions.choose_sending(device.address, world.now_ms)
    assert session is not None
    session.send_key = bytes(32)
    return broken.endpoint.seal(
        device, Text("lost"), world.now_ms, written_ms=world.now_ms
    ).envelope


def test_what_does_not_open_is_asked_for_on_a_fresh_session() -> None:
    bob = copy_seat(BOB)
    with alice() as world:
        meet(world, bob)
        world.deliver(unreadable(world, bob), last=2)
        assert world.asked("bob").claim
        world.find("bob", published(bob))
        (asked,) = new_mail(world, bob)
        assert asked.content == Recovery(1, ())
        assert asked.introduction is not None
        assert "asked for again" in world.problems[-1]


def test_the_answer_to_a_recovery_brings_what_was_lost() -> None:
    bob = copy_seat(BOB)
    with alice() as world:
        meet(world, bob)
        first = world.write(bob, "first")
        world.write(bob, "dropped by the relay")
        world.deliver(first, world.write(bob, "third"), last=3)
        assert [message.missing for message in world.told(ev.Message)] == [0, 0, 1]
        assert new_mail(world, bob) == []
        world.pass_time(GAP_PATIENCE_S)
        (asked,) = [o for o in new_mail(world, bob) if isinstance(o.content, Recovery)]
        assert isinstance(asked.content, Recovery)
        assert asked.introduction is None
        again = bob.endpoint.resend(world.device, asked.content, world.now_ms)
        world.deliver(*(sealed.envelope for sealed in again), last=4)
        assert world.texts == ["hello", "first", "third", "dropped by the relay"]
        assert world.told(ev.Message)[-1].late


def test_what_is_only_late_is_not_asked_for() -> None:
    bob = copy_seat(BOB)
    with alice() as world:
        meet(world, bob)
        first, second = world.write(bob, "first"), world.write(bob, "second")
        world.deliver(second, first, last=3)
        world.pass_time(GAP_PATIENCE_S)
        assert [type(opened.content) for opened in new_mail(world, bob)] == [Receipt]


def test_the_lost_is_sent_again_to_who_asks() -> None:
    bob = copy_seat(BOB)
    with alice() as world:
        meet(world, bob)
        world.engine.send("bob", "one")
        message_id = world.engine.send("bob", "two")
        world.settle()
        lost = len(world.link.envelopes)
        world.deliver(world.write(bob, Recovery(1, ())), last=2)
        again = bob.opened(outgoing.envelope for outgoing in world.link.envelopes[lost:])
        texts = [opened.content for opened in again]
        assert texts == [Text("one"), Text("two")]
        for outgoing in world.link.envelopes:
            world.news(Answered((outgoing.envelope_id,)))
        accepted = [event.message_id for event in world.told(ev.Accepted)]
        assert accepted.count(message_id) == 1
        assert world.engine.queued == 0


def test_a_receipt_ends_the_keeping_of_a_copy() -> None:
    bob = copy_seat(BOB)
    with alice() as world:
        meet(world, bob)
        message_id = world.engine.send("bob", "one")
        world.settle()
        receipt = Receipt((MessageId(bytes.fromhex(message_id)),), 1)
        world.deliver(world.write(bob, receipt), last=2)
        sent = len(world.link.envelopes)
        world.deliver(world.write(bob, Recovery(0, ())), last=3)
        again = bob.opened(outgoing.envelope for outgoing in world.link.envelopes[sent:])
        assert Text("one") not in [opened.content for opened in again]


def test_a_stranger_is_neither_asked_nor_answered() -> None:
    bob = copy_seat(BOB)
    with alice() as world:
        hello = world.write(bob, "hello")
        world.deliver(hello)
        world.find("bob", published(bob))
        assert world.told(ev.Message)[0].request
        looked_up = len(world.all_sent(f.Lookup))
        world.deliver(unreadable(world, bob), world.write(bob, Recovery(0, ())), last=3)
        assert len(world.all_sent(f.Lookup)) == looked_up
        assert world.link.envelopes == []


def test_a_flood_of_what_does_not_open_asks_once_an_hour() -> None:
    bob = copy_seat(BOB)
    with alice() as world:
        meet(world, bob)
        bad = unreadable(world, bob)
        for number in range(50):
            world.deliver(bad, last=2 + number)
            if world.asked("bob").claim:
                world.find("bob", published(bob, claim=False))
        recoveries = [o for o in new_mail(world, bob) if isinstance(o.content, Recovery)]
        assert len(recoveries) == 1
        world.pass_time(ASK_EVERY_MS / 1000)
        world.deliver(bad, last=60)
        world.find("bob", published(bob, claim=False))
        recoveries = [o for o in new_mail(world, bob) if isinstance(o.content, Recovery)]
        assert len(recoveries) == 1


def test_a_gap_within_the_hour_is_asked_for_after_it() -> None:
    bob = copy_seat(BOB)
    with alice() as world:
        meet(world, bob)
        for number in range(2):
            world.write(bob, "dropped by the relay")
            world.deliver(world.write(bob, "next"), last=2 + number)
            world.pass_time(GAP_PATIENCE_S)
        assert len([o for o in new_mail(world, bob) if isinstance(o.content, Recovery)]) == 1
        world.pass_time(ASK_AGAIN_S)
        assert not [o for o in new_mail(world, bob) if isinstance(o.content, Recovery)]
        world.pass_time(ASK_EVERY_MS / 1000)
        assert len([o for o in new_mail(world, bob) if isinstance(o.content, Recovery)]) == 1


def test_forged_envelopes_do_not_push_out_the_session_of_whom_they_claim() -> None:
    """Bob is away, so none of the fresh sessions is answered; what he had sealed still opens."""
    bob = copy_seat(BOB)
    with alice() as world:
        meet(world, bob)
        on_its_way = world.write(bob, "sealed before")
        for hour in range(18):
            world.pass_time(ASK_EVERY_MS / 1000)
            world.deliver(unreadable(world, bob), last=2 + hour)
            world.find("bob", published(bob, claim=False))
        world.deliver(on_its_way, last=50)
        assert world.texts[-1] == "sealed before"


# What comes once more, sealed anew, after something that did not come -----------------------------


def repeat_after_a_gap(world: World, seat: Seat) -> bytes:
    """Show a message of a seat; return it sealed anew, after one that the relay has dropped."""
    device, now_ms, message_id = world.device, world.now_ms, MessageId(b"m" * 16)
    first, _, again = (
        seat.endpoint.seal(device, Text("once"), now_ms, each, written_ms=now_ms)
        for each in (message_id, None, message_id)
    )
    world.deliver(first.envelope, last=2)
    return again.envelope


def test_it_is_told_that_something_is_missing_before_it() -> None:
    bob = copy_seat(BOB)
    with alice() as world:
        meet(world, bob)
        world.deliver(repeat_after_a_gap(world, bob), last=3)
        assert world.texts == ["hello", "once"]
        assert world.problems == ["1 message of bob has not arrived"]


def test_what_is_missing_before_it_is_asked_for() -> None:
    bob = copy_seat(BOB)
    with alice() as world:
        meet(world, bob)
        world.deliver(repeat_after_a_gap(world, bob), last=3)
        world.pass_time(GAP_PATIENCE_S)
        assert [o.content for o in new_mail(world, bob) if isinstance(o.content, Recovery)] == [
            Recovery(4, ((2, 2),))
        ]


def test_of_somebody_blocked_nothing_is_told() -> None:
    bob = copy_seat(BOB)
    with alice() as world:
        meet(world, bob)
        again = repeat_after_a_gap(world, bob)
        world.engine.ask(c.Decide(Decision.BLOCK, "bob"))
        world.deliver(again, last=3)
        assert world.told(ev.Problem) == []
