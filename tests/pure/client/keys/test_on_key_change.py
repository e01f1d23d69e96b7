"""``--on-key-change notify``: a new key is taken at once, told, and sent nothing of before."""

from contextlib import AbstractContextManager

from securechat.client import events as ev
from securechat.client.commands import Decision
from securechat.errors import KeyChanged
from tests.pure.client.engine_world import MemoryState, World, alice, published
from tests.pure.client.trust_steps import (
    decide,
    key,
    known,
    make_verified,
    meet,
    refusals,
    show,
    write,
)
from tests.pure.e2e.world import Seat


def notified(
    peer: str | None = "bob", state: MemoryState | None = None
) -> AbstractContextManager[World]:
    """Return a world of somebody whose client runs without them."""
    return alice(peer, state, takes_new_keys=True)


def test_the_new_key_of_somebody_not_verified_is_taken_and_told(bob: Seat, new_bob: Seat) -> None:
    with notified() as world:
        meet(world, bob)
        show(world, new_bob)
        (changed,) = world.told(ev.PeerKeyChanged)
        assert changed == ev.PeerKeyChanged("bob", key(bob), key(new_bob), False, accepted=True)
        (taken,) = world.told(ev.TrustChanged)
        assert taken == ev.TrustChanged(
            "bob", ev.Trust.NEW, key(new_bob), ev.Reason.ACCEPTED, by_itself=True
        )
        world.find("bob", published(new_bob))
        write(world, "hello, whoever you are now")
        world.find("bob", published(new_bob))
        assert new_bob.read(world.mail_for(new_bob)[-1]) == "hello, whoever you are now"


def test_what_was_typed_for_the_old_key_never_goes_to_the_new_one(bob: Seat, new_bob: Seat) -> None:
    with notified() as world:
        meet(world, bob)
        world.lose_connection()
        message_id = write(world, "for bob's eyes only")
        world.log_in()
        world.find("bob", published(new_bob))
        world.find("bob", published(new_bob))
        assert world.engine.queued == 0
        assert world.mail_for(new_bob) == []
        assert message_id in {problem.message_id for problem in world.told(ev.Problem)}
        assert any(isinstance(error, KeyChanged) for error in refusals(world))
        world.engine.stop(0.0)
        world.settle()
        (ended,) = world.told(ev.Ended)
        assert isinstance(ended.error, KeyChanged)
        assert ended.error.exit_status == 4


def test_somebody_verified_is_blocked_all_the_same(bob: Seat, new_bob: Seat) -> None:
    with notified() as world:
        meet(world, bob)
        make_verified(world)
        show(world, new_bob)
        assert [each.accepted for each in world.told(ev.PeerKeyChanged)] == [False]
        assert known(world).trust is ev.Trust.CHANGED
        assert known(world).fingerprint == key(bob)
        write(world, "for the verified bob only")
        assert world.mail_for(new_bob) == []
        assert "CHANGED; not sent" in refusals(world)[-1].what


def test_somebody_blocked_gets_no_new_key_by_itself(bob: Seat, new_bob: Seat) -> None:
    with notified() as world:
        meet(world, bob)
        decide(world, Decision.BLOCK)
        show(world, new_bob)
        assert world.told(ev.TrustChanged) == []
        assert known(world).fingerprint == key(bob)


def test_without_it_a_new_key_waits_for_the_user(bob: Seat, new_bob: Seat) -> None:
    with alice("bob") as world:
        meet(world, bob)
        show(world, new_bob)
        assert [each.accepted for each in world.told(ev.PeerKeyChanged)] == [False]
        assert known(world).trust is ev.Trust.CHANGED


def test_somebody_changed_since_an_earlier_run_is_taken_when_they_are_seen(
    bob: Seat, new_bob: Seat
) -> None:
    state = MemoryState()
    with alice("bob", state) as world:
        meet(world, bob)
        show(world, new_bob)
    with notified(None, state) as world:
        world.engine.talk_to("bob")
        world.settle()
        world.find("bob", published(new_bob))
        assert known(world).trust is ev.Trust.NEW
        assert known(world).fingerprint == key(new_bob)
