"""Own messages on their way."""

from securechat.faces.session.pending import Pending


def test_messages_are_counted_for_each_person() -> None:
    pending = Pending()
    pending.add("1", "bob")
    pending.add("2", "Bob")
    pending.add("3", "carol")
    assert (pending.count("BOB"), pending.count("carol"), pending.count("eve")) == (2, 1, 0)
    assert len(pending) == 3


def test_what_is_settled_is_forgotten() -> None:
    pending = Pending()
    pending.add("1", "bob")
    assert pending.settle("1") == "bob"
    assert pending.settle("1") is None
    assert pending.settle(None) is None
    assert not pending


def test_the_error_says_how_many_and_for_whom() -> None:
    pending = Pending()
    pending.add("1", "carol")
    pending.add("2", "bob")
    error = pending.error(2)
    assert error.what == "2 messages are still queued for bob, carol"
    assert "--peer bob" in error.try_next
    assert error.exit_status == 7


def test_the_error_names_nobody_twice() -> None:
    pending = Pending()
    pending.add("1", "bob")
    pending.add("2", "Bob")
    assert pending.error(2).what == "2 messages are still queued for Bob"


def test_messages_of_an_earlier_session_have_no_names_here() -> None:
    assert Pending().error(1).what == "1 message is still queued"


def test_those_of_earlier_sessions_are_named_too() -> None:
    pending = Pending()
    pending.add("1", "Bob")
    assert pending.error(3, ["bob", "carol"]).what == "3 messages are still queued for Bob, carol"
    assert Pending().error(1, ["carol"]).what == "1 message is still queued for carol"
