"""Who is typing."""

from securechat.client import events as e
from securechat.faces.screen.state.typing_people import TypingPeople


def test_who_types_where() -> None:
    people = TypingPeople()
    assert people.words("bob") == ""
    people.hear(e.Typing("Bob", active=True))
    assert people.words("bob") == "Bob is typing"
    assert people.words("#ops") == ""
    people.hear(e.Typing("bob", active=False))
    people.hear(e.Typing("bob", active=False))
    assert people.words("bob") == ""


def test_several_are_named_or_counted() -> None:
    people = TypingPeople()
    for name in ("dave", "bob"):
        people.hear(e.Typing(name, active=True, room="#ops"))
    assert people.words("#Ops") == "bob and dave are typing"
    for name in ("erin", "carol"):
        people.hear(e.Typing(name, active=True, room="#ops"))
    assert people.words("#ops") == "bob, carol and 2 more are typing"
