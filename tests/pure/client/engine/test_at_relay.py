"""What ends a run at a relay, and what is only told."""

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.connection.link import Arrived, Down, Up
from securechat.errors import SecureChatError
from securechat.wire import frames as f
from tests.pure.client.engine_world import CERTIFICATE, alice, make_seat, published, welcome


def test_a_lost_connection_is_told_unless_the_run_is_about_to_end() -> None:
    with alice() as world:
        world.engine.send("bob", "waits for bob")
        world.lose_connection()
        assert [event.why for event in world.told(ev.Offline)] == ["The relay is gone"]
        world.log_in()
        world.engine.stop(60.0)
        world.settle()
        world.lose_connection()
        assert len(world.told(ev.Offline)) == 1
        assert not world.has_ended()
        world.pass_time(60.0)
        assert world.has_ended()


def test_a_connection_that_was_never_ready_ends_the_run_with_its_error() -> None:
    with alice(logged_in=False) as world:
        gone = SecureChatError("The relay is not there")
        world.news(Down(gone, 1.0))
        assert world.error is gone


@pytest.mark.parametrize("off_s", [0, 420, -420])
def test_the_difference_of_the_clocks_is_told(off_s: int) -> None:
    with alice(logged_in=False) as world:
        world.now_ms += 1000 * off_s
        world.log_in()
        assert [ready.clock_off_s for ready in world.told(ev.Ready)] == [off_s]


def test_what_is_wrong_with_one_early_wish_stops_no_other() -> None:
    bob = make_seat("bob")
    with alice(logged_in=False) as world:
        world.engine.talk_to("carol[aaaa-aaaa]")
        world.engine.ask(c.Verify("dave[aaaa-aaaa]"))
        world.engine.send("bob", "hello")
        world.settle()
        assert world.problems == []
        world.log_in()
        assert [problem.split()[-1] for problem in world.problems] == [
            "carol[aaaa-aaaa]",
            "dave[aaaa-aaaa]",
        ]
        world.find("bob", published(bob))
        assert bob.read(world.mail_for(bob)[-1], world.now_ms) == "hello"


def test_a_login_that_fails_ends_the_run_in_the_same_wake_up() -> None:
    with alice(logged_in=False) as world:
        world.news(Up(CERTIFICATE))
        with world.at_once():
            world.link.inbox(Arrived(welcome("mallory")))
            world.link.inbox(Arrived(f.Presence("bob", True)))
        assert "somebody else" in world.error.what
        assert world.told(ev.Ready) == []
