"""What the user decides about people: digits that were compared, and blocking."""

from msgspec.structs import replace

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.commands import Decision
from securechat.errors import NameInvalid, Unreachable, UsageError
from securechat.identity.types import Name
from securechat.wire import frames as f
from tests.pure.client.engine_world import SECRET, MemoryState, alice, make_seat, published
from tests.pure.client.trust_steps import (
    decide,
    key,
    known,
    last_refusal,
    meet,
    refusals,
    show,
    verify,
    write,
)
from tests.pure.e2e.world import RELAY, Seat


def test_comparing_makes_verified_and_that_lasts(bob: Seat) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        meet(world, bob)
        assert verify(world).trust is ev.Trust.NEW
        decide(world, Decision.TRUST)
        (told,) = world.told(ev.TrustChanged)
        assert told == ev.TrustChanged("bob", ev.Trust.VERIFIED, key(bob), ev.Reason.COMPARED)
        world.deliver(world.write(bob, "hi"))
        assert world.told(ev.Message)[-1].trust is ev.Trust.VERIFIED
    with alice("bob", state) as world:
        world.find("bob", published(bob))
        assert world.told(ev.PeerReady)[-1].trust is ev.Trust.VERIFIED
        assert known(world).trust is ev.Trust.VERIFIED


def test_nobody_is_trusted_whose_digits_were_not_shown_in_this_run(bob: Seat) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        meet(world, bob)
        decide(world, Decision.TRUST)
        assert "/verify bob" in last_refusal(world).try_next
        verify(world)
    with alice(None, state) as world:
        decide(world, Decision.TRUST)
        assert type(last_refusal(world)) is UsageError
        assert world.told(ev.TrustChanged) == []
        assert known(world).trust is ev.Trust.NEW


def test_digits_shown_as_a_qr_code_can_be_compared_too(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        drawn = verify(world, how=c.How.QR)
        assert drawn.as_qr
        assert not verify(world).as_qr
        assert replace(drawn, as_qr=False) == verify(world)
    with alice() as world:
        world.engine.ask(c.Verify("bob", c.How.QR))
        world.settle()
        world.find("bob", published(bob))
        assert [number.as_qr for number in world.told(ev.SafetyNumber)] == [True]
        decide(world, Decision.TRUST)
        assert world.told(ev.TrustChanged)[-1].trust is ev.Trust.VERIFIED


def test_digits_of_one_person_do_not_make_another_one_trusted(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        meet(world, make_seat("carol"))
        verify(world, "carol")
        decide(world, Decision.TRUST)
        assert world.told(ev.TrustChanged) == []


def test_decisions_typed_before_the_login_are_carried_out_in_their_order(bob: Seat) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        meet(world, bob)
    with alice(None, state, logged_in=False) as world:
        world.engine.ask(c.Verify("bob"))
        world.engine.ask(c.Decide(Decision.TRUST, "bob"))
        world.engine.send("bob", SECRET)
        world.settle()
        assert world.engine.queued == 1
        world.log_in()
        assert [event.trust for event in world.told(ev.TrustChanged)] == [ev.Trust.VERIFIED]


def test_a_blocked_person_is_neither_heard_nor_answered(bob: Seat) -> None:
    state = MemoryState()
    with alice("bob", state) as world:
        meet(world, bob)
        decide(world, Decision.BLOCK)
        assert world.told(ev.Blocked) == [ev.Blocked("bob", blocked=True)]
        before, told = len(world.link.envelopes), len(world.events)
        world.deliver(world.write(bob, "hello?"), last=7)
        world.tell(f.Presence("bob", False), f.Presence("bob", True))
        world.find("bob", published(bob))
        world.pass_time(2.0)
        assert world.events[told:] == []
        assert len(world.link.envelopes) == before
        assert world.link.acks[-1] == 7
        write(world, SECRET)
        assert last_refusal(world).try_next == "/unblock bob"
        assert SECRET in last_refusal(world).what
    with alice("bob", state) as world:
        assert world.told(ev.Blocked) == [ev.Blocked("bob", blocked=True)]
        world.find("bob", published(bob))
        assert world.told(ev.PeerReady) == []
        world.deliver(world.write(bob, "still there"))
        assert world.texts == []
        decide(world, Decision.UNBLOCK)
        assert world.told(ev.Blocked)[-1].blocked is False
        world.deliver(world.write(bob, "and now"), last=2)
        assert world.texts == ["and now"]


def test_a_blocked_stranger_is_not_heard_under_another_name_either() -> None:
    mallory = make_seat("mallory")
    with alice() as world:
        world.deliver(world.write(mallory, "one"))
        world.find("mallory", published(mallory))
        decide(world, Decision.BLOCK, "mallory")
        told = len(world.events)
        device = world.device
        mallory.endpoint.registration(RELAY, Name("eve"), world.now_ms)
        mallory.endpoint.start_session(device, world.now_ms)
        world.deliver(world.write(mallory, "two", claim_name="eve"), last=2)
        assert world.events[told:] == []
        assert known(world, "mallory").blocked


def test_a_blocked_key_that_lost_its_name_makes_nobody_ask_for_it() -> None:
    mallory, holder = make_seat("mallory"), make_seat("mallory")
    with alice() as world:
        world.deliver(world.write(mallory, "one"))
        world.find("mallory", published(mallory))
        decide(world, Decision.BLOCK, "mallory")
        world.deliver(world.write(holder, "the name is mine now"), last=2)
        world.find("mallory", published(holder))
        assert world.texts == ["one", "the name is mine now"]
        asked = len(world.all_sent(f.Lookup))
        world.deliver(world.write(mallory, "two"), last=3)
        assert len(world.all_sent(f.Lookup)) == asked


def test_a_block_holds_for_what_came_from_a_new_key_too(bob: Seat, new_bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        show(world, new_bob)
        world.deliver(world.write(new_bob, "let me in"))
        decide(world, Decision.BLOCK)
        decide(world, Decision.ACCEPT_KEY)
        world.deliver(world.write(new_bob, "hello?"), last=2)
        assert world.texts == []
        write(world, SECRET)
        assert last_refusal(world).try_next == "/unblock bob"


def test_what_was_typed_before_a_block_is_given_up(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        world.lose_connection()
        message_id = write(world, SECRET)
        decide(world, Decision.BLOCK)
        assert world.told(ev.Problem)[-1].message_id == message_id
        world.log_in()
        world.find("bob", published(bob))
        assert len(world.mail_for(bob)) == 1
        assert world.engine.queued == 0


def test_a_decision_about_nobody_known() -> None:
    with alice() as world:
        for decision in Decision:
            decide(world, decision, "nobody")
        world.engine.ask(c.Call("nobody", "Somebody"))
        decide(world, Decision.BLOCK, "no name\x1b")
        assert [type(error) for error in refusals(world)] == [UsageError] * 5 + [NameInvalid]
        assert last_refusal(world).what.isprintable()
        assert refusals(world)[0].try_next == "/contacts"


def test_the_list_of_those_connected_says_who_is_blocked(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        decide(world, Decision.BLOCK)
        world.engine.ask(c.Who())
        world.settle()
        world.tell(f.People(world.sent(f.Who).request, ("alice", "bob"), 2))
        (people,) = world.told(ev.People)
        assert people.blocked == {"bob"}


def test_a_number_that_cannot_be_asked_for_now_is_a_problem(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        world.lose_connection()
        assert verify(world).name == "bob"  # whom one knows one can compare with all the same
        world.engine.ask(c.Verify("nobody"))
        world.settle()
        assert type(last_refusal(world)) is Unreachable
        assert last_refusal(world).try_next == "/verify nobody, a bit later"
