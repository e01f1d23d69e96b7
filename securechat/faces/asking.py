"""What every face does alike with a question: fill in whom it is about, and ask the engine."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from securechat.client import commands as c
from securechat.errors import UsageError
from securechat.faces.engine import ChatEngine


def ask(engine: ChatEngine, question: c.Question, target: Callable[[], str]) -> None:
    """Ask the engine; ``target`` says whom a question without a name means, or raises."""
    match question:
        case c.Verify(None) | c.Decide(_, None) | c.Keep(None, _) | c.Unsend(None):
            question = replace(question, name=target())
        case c.History(None, _):
            with suppress(UsageError):  # nobody is chosen: that of all
                question = replace(question, name=target())
    engine.ask(question)
