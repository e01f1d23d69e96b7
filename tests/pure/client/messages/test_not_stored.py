"""A relay whose disk takes nothing: what is written waits here, and goes out again soon."""

from securechat.client import events as ev
from securechat.client.connection.link import NotTaken
from securechat.client.messages.sending import RETRY_S, STORE_RETRY_S
from securechat.errors import LimitExceeded, LoginRefused
from securechat.wire import frames as f
from tests.pure.client.engine_world import alice, befriend, make_seat


def test_what_the_relay_cannot_store_is_told_and_sent_again_soon() -> None:
    with alice() as world:
        befriend(world, make_seat("bob"))
        world.engine.send("bob", "two")
        world.settle()
        ids = [outgoing.envelope_id for outgoing in world.link.envelopes]
        world.news(*(NotTaken(each, "not-stored") for each in ids))
        assert {type(problem.error) for problem in world.told(ev.Problem)} == {LimitExceeded}
        assert all("it waits here" in what for what in world.problems)
        world.pass_time(STORE_RETRY_S + 0.1)
        assert STORE_RETRY_S < RETRY_S
        again = [outgoing.envelope_id for outgoing in world.link.envelopes[len(ids) :]]
        assert again == ids


def test_keys_that_the_relay_cannot_store_are_no_reason_to_leave() -> None:
    with alice() as world:
        publish = world.sent(f.Publish)
        world.tell(f.Failed(publish.request, "not-stored", "The disk is full"))
        assert world.told(ev.Ended) == []
        world.tell(f.Failed(publish.request, "invalid-prekeys", "They are old"))
        assert isinstance(world.error, LoginRefused)
