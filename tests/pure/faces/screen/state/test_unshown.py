"""The messages that nobody has seen."""

from msgspec.structs import replace

from securechat.faces.screen.state.unshown import Unshown
from tests.pure.faces.sample_events import message

FIRST = message()
SECOND = replace(message(mention=True), message_id="m2")
IN_ROOM = message(room="#ops")


def waiting(*names: str) -> Unshown:
    unshown = Unshown()
    for event in (FIRST, SECOND, IN_ROOM):
        unshown.add(event)
    return unshown


def test_they_are_counted_by_conversation() -> None:
    unshown = waiting()
    assert [unshown.count(name) for name in ("BOB", "#ops", "carol")] == [2, 1, 0]
    assert [unshown.mentions(name) for name in ("bob", "#ops")] == [1, 0]
    assert unshown.first("bob") == ("bob", "m1")
    assert unshown.first("carol") is None


def test_what_is_told_twice_waits_once() -> None:
    unshown = waiting()
    unshown.add(FIRST)
    assert unshown.count("bob") == 2


def test_the_same_id_of_two_senders_is_two_messages() -> None:
    unshown = waiting()
    unshown.add(replace(IN_ROOM, sender="mallory"))
    assert list(unshown.take("#ops")) == [("bob", "m1"), ("mallory", "m1")]


def test_what_was_taken_waits_no_more() -> None:
    unshown = waiting()
    assert list(unshown.take("Bob")) == [("bob", "m1"), ("bob", "m2")]
    assert list(unshown.take("Bob")) == []
    assert unshown.count("bob") == 0
    assert unshown.count("#ops") == 1


def test_a_deleted_message_waits_no_more() -> None:
    unshown = waiting()
    unshown.drop("bob", "carol", "m2")
    assert unshown.count("bob") == 2
    unshown.drop("bob", "bob", "m2")
    unshown.drop("bob", "bob", "m2")
    assert (unshown.count("bob"), unshown.mentions("bob")) == (1, 0)
    assert unshown.has("bob", "m1")
    assert not unshown.has("bob", "m2")


def test_they_follow_the_name_of_their_person() -> None:
    unshown = waiting()
    unshown.rename("bob", "Bobby")
    unshown.rename("nobody", "carol")
    assert (unshown.count("bob"), unshown.count("bobby"), unshown.count("carol")) == (0, 2, 0)
