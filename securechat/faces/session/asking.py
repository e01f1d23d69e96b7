"""What every face does alike with a question: fill in whom or which room it is about, and ask."""

from collections.abc import Callable
from contextlib import suppress

from msgspec.structs import replace

from securechat.client import commands as c
from securechat.client.names.typed_names import is_room
from securechat.errors import UsageError
from securechat.faces.session.engine import ChatEngine


def ask(engine: ChatEngine, question: c.Question, target: Callable[[], str]) -> c.Question:
    """Ask the engine; return the question as it was asked.

    ``target`` says which conversation a question without a name means, or raises. Raises UsageError
    when that is a room and the question is about a person, or the other way round.
    """
    match question:
        case c.Verify(None) | c.Match(None) | c.Differ(None) | c.Decide(_, None):
            question = replace(question, name=_person(target()))
        case c.Keep(None, _) | c.Unsend(None):
            question = replace(question, name=target())
        case c.Mute(None, _) | c.Amend(None, _, _) | c.React(None, _, _):
            question = replace(question, target=target())
        case (
            c.Leave(None)
            | c.Invite(None, _)
            | c.Kick(None, _)
            | c.Admin(None, _)
            | c.Topic(None, _)
            | c.Merge(None)
        ):
            question = replace(question, room=_room(target(), type(question).__name__.lower()))
        case c.History(None, _):
            with suppress(UsageError):  # nobody is chosen: that of all
                question = replace(question, name=target())
        case c.Who(None):
            with suppress(UsageError):  # no room is chosen: all who are connected
                question = replace(question, room=_room(target(), "who"))
    engine.ask(question)
    return question


def _person(name: str) -> str:
    if is_room(name):
        raise UsageError(
            f"You are in {name}, a room, and this is about a person",
            f"/who {name}, and then the same with a NAME",
        )
    return name


def _room(name: str, command: str) -> str:
    if not is_room(name):
        raise UsageError(
            f"You are writing to {name}, a person, and this is about a room",
            f"/{command} #ROOM, with one of those that /rooms lists",
        )
    return name
