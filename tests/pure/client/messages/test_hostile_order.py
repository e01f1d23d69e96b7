"""What a hostile relay or stranger does with order, drafts and pins: seen, or harmless."""

import msgspec

from securechat.client import events as ev
from securechat.e2e.content import Receipt, Text
from securechat.e2e.results import Opened
from securechat.errors import CannotOpen, HistoryForked, MessagesMissing
from securechat.identity.types import Digest, MessageId
from tests.pure.client.engine_world import (
    OTHER_CERTIFICATE,
    OTHER_RELAY,
    MemoryState,
    World,
    alice,
    make_seat,
    published,
)
from tests.pure.e2e.world import Seat


def meet(world: World, seat: Seat) -> None:
    """Let Alice look a person up and pin their key."""
    world.engine.talk_to(seat.name)
    world.settle()
    world.find(seat.name, published(seat))


def test_a_draft_for_one_relay_never_goes_out_on_another() -> None:
    state = MemoryState()
    with alice(None, state) as world:
        world.engine.send("bob", "for the bob of the first relay")
        world.settle()
        world.fail("bob")
    with alice(None, state, logged_in=False) as world:
        world.log_in(OTHER_CERTIFICATE, OTHER_RELAY)
        assert [look for look in world.link.frames if getattr(look, "name", "") == "bob"] == []
        assert world.engine.queued == 0
    bob = make_seat("bob")
    with alice(None, state) as world:
        world.find("bob", published(bob))
        assert bob.read(world.mail_for(bob)[0]) == "for the bob of the first relay"


def test_a_text_says_when_it_was_typed_however_late_it_is_sealed() -> None:
    bob, state = make_seat("bob"), MemoryState()
    with alice(None, state) as world:
        world.engine.send("bob", "typed while you were away")
        written_ms = world.now_ms
        world.settle()
    with alice(None, state) as world:
        world.pass_time(3600)
        world.find("bob", published(bob))
        (opened,) = [bob.receive(mail, world.now_ms) for mail in world.mail_for(bob)]
        assert isinstance(opened, Opened)
        assert opened.time_ms == written_ms


def test_a_draft_of_a_version_that_kept_no_time_goes_out_too() -> None:
    bob, state = make_seat("bob"), MemoryState()
    with alice(None, state) as world:
        world.engine.send("bob", "typed long ago")
        world.settle()
    (row,) = (row for row in state.rows if row[0] == "draft")
    *all_but_its_time, _ = msgspec.msgpack.decode(state.rows[row])
    state.rows[row] = msgspec.msgpack.encode(all_but_its_time)
    with alice(None, state) as world:
        world.find("bob", published(bob))
        assert bob.read(world.mail_for(bob)[0]) == "typed long ago"


def test_a_message_dropped_before_a_receipt_is_missed() -> None:
    bob = make_seat("bob")
    with alice() as world:
        meet(world, bob)
        one = world.write(bob, "one")
        world.write(bob, "dropped by the relay")
        receipt = world.write(bob, Receipt((MessageId(b"m" * 16),), 1))
        last = world.write(bob, "last")
        world.deliver(one, receipt, last)
        assert world.texts == ["one", "last"]
        assert [type(problem.error) for problem in world.told(ev.Problem)] == [MessagesMissing]
        assert world.problems == ["1 message of bob has not arrived"]
        assert world.told(ev.Problem)[0].error.try_next == "ask bob what came before"


def test_a_message_that_comes_late_is_said_to_be_late() -> None:
    bob = make_seat("bob")
    with alice() as world:
        meet(world, bob)
        first, second, third = (world.write(bob, text) for text in "abc")
        world.deliver(first, third, second)
        shown = [(m.text, m.missing, m.late) for m in world.told(ev.Message)]
        assert shown == [("a", 0, False), ("c", 1, False), ("b", 0, True)]


def test_a_forked_history_is_an_alarm() -> None:
    bob = make_seat("bob")
    with alice() as world:
        meet(world, bob)
        first = world.write(bob, "one")
        hidden = bob.endpoint._sender._chains
        world.deliver(first)
        for chain_key, chain in list(hidden._chains.items()):
            hidden._chains[chain_key] = type(chain)(chain.next_sent, Digest(b"\1" * 32))
        world.deliver(world.write(bob, "two, after another one"))
        told = [problem.error for problem in world.told(ev.Problem)]
        (error,) = [each for each in told if isinstance(each, HistoryForked)]
        assert "does not fit what came before it" in error.what
        assert (error.try_next, error.exit_status) == ("ask bob in another way", 4)


def test_three_hundred_messages_are_receipted() -> None:
    bob = make_seat("bob")
    with alice() as world:
        meet(world, bob)
        device = world.device
        bob.endpoint.start_session(device, world.now_ms)
        for last in (150, 300):
            texts = [Text(str(number)) for number in range(last - 150, last)]
            sealed = [
                bob.endpoint.seal(device, text, world.now_ms, written_ms=world.now_ms)
                for text in texts
            ]
            world.deliver(*(each.envelope for each in sealed), last=last)
        world.pass_time(2.0)
        receipts = [each.content for each in bob.opened(world.mail_for(bob), world.now_ms)]
        named = [len(each.message_ids) for each in receipts if isinstance(each, Receipt)]
        assert named == [256, 44]
        assert world.problems == []


def test_a_stranger_s_pin_gives_way_to_the_holder_of_the_name() -> None:
    """Somebody wrote once under a free name; later the name belongs to another key."""
    squatter, carol = make_seat("carol"), make_seat("carol")
    with alice() as world:
        world.deliver(world.write(squatter, "hi"))
        world.find("carol", published(squatter))
        assert [message.request for message in world.told(ev.Message)] == [True]
        world.engine.talk_to("carol")
        world.settle()
        world.find("carol", published(carol))
        assert world.told(ev.PeerKeyChanged) == []
        assert world.told(ev.PeerReady)[-1].first_use
        world.engine.send("carol", "for the carol of now")
        world.settle()
        world.find("carol", published(carol))
        assert carol.read(world.mail_for(carol)[0]) == "for the carol of now"
        assert world.mail_for(squatter) == []


def test_an_answer_to_a_stranger_never_goes_to_another_key_of_that_name() -> None:
    stranger, other = make_seat("carol"), make_seat("carol")
    with alice() as world:
        world.deliver(world.write(stranger, "hi"))
        world.find("carol", published(stranger))
        world.engine.send("carol", "an answer")
        world.settle()
        world.find("carol", published(other))
        assert len(world.told(ev.PeerKeyChanged)) == 1
        assert world.link.envelopes == []


def test_a_flood_of_nonsense_is_told_once_a_minute() -> None:
    with alice() as world:
        world.deliver(*(bytes([number]) for number in range(200)), last=200)
        world.pass_time(61.0)
        world.deliver(b"\0", last=201)
        problems = [problem.error for problem in world.told(ev.Problem)]
        assert [type(error) for error in problems] == [CannotOpen, CannotOpen]
        assert "200 messages" in problems[1].what
