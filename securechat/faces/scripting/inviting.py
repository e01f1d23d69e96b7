"""``securechat invite``: one question about invitations, and its answer."""

import secrets
import time
from collections.abc import Callable

from msgspec.structs import replace

from securechat.client import events as e
from securechat.client.commands import InviteQuestion
from securechat.errors import TimedOut, Unreachable
from securechat.faces.scripting.sources import EventSource
from securechat.faces.session.engine import ChatEngine

Answer = e.InviteMade | e.InviteList


class Asking:
    """A question to an engine; its answer, or why there is none, goes to ``tell``.

    That is called in the engine's thread; `cancel` ends it.
    """

    def __init__(
        self, engine: ChatEngine, question: InviteQuestion, tell: Callable[[e.Event], None]
    ) -> None:
        self._errand = secrets.token_hex(16)
        self._tell = tell
        self.cancel = engine.subscribe(self._hear, errands=True)
        engine.ask(replace(question, errand=self._errand))

    def _hear(self, event: e.Event) -> None:
        match event:
            case (
                e.Problem(_, errand) | e.InviteMade(errand=errand) | e.InviteList(errand=errand)
            ) if errand == self._errand:
                self._tell(event)
            case e.Ended():
                self._tell(event)


def await_answer(source: EventSource, timeout_s: float) -> Answer:
    """Return the answer to the one question; raise why there is none, or Unreachable."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            event = source.next(deadline - time.monotonic())
        except TimedOut:
            raise Unreachable(
                f"The relay did not answer within {timeout_s:g} s", "securechat invite --list"
            ) from None
        match event:
            case e.InviteMade() | e.InviteList():
                return event
            case e.Problem(error):
                raise error
            case e.Ended(error):
                raise error or Unreachable(
                    "The client that was asked has ended", "securechat invite --list"
                )
