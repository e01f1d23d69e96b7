"""What every face does alike with a command: ask the engine, which answers with events."""

from collections.abc import Callable

from securechat.client import commands as c
from securechat.faces.engine import ChatEngine

Question = c.Verify | c.Decide | c.Call | c.Contacts | c.Who


def ask(engine: ChatEngine, question: Question, target: Callable[[], str]) -> None:
    """Ask the engine; ``target`` says whom a command without a name means, or raises."""
    match question:
        case c.Verify(name):
            engine.verify(name or target())
        case c.Decide(decision, name):
            engine.decide(decision, name or target())
        case c.Call(name, petname):
            engine.call(name, petname)
        case c.Contacts():
            engine.contacts()
        case c.Who():
            engine.who()
