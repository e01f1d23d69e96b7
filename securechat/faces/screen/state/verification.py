"""Comparing keys with somebody: what is shown, and what the user says of it."""

from collections.abc import Callable

from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.names.typed_names import conversation_key

News = (
    e.SafetyNumber
    | e.ComparingAsked
    | e.ComparingShown
    | e.ComparingAgreed
    | e.ComparingEnded
    | e.TrustChanged
    | e.PeerKeyChanged
)


class Verification:
    """The newest answers about one person; ``ask`` asks the engine.

    ``safety`` and ``comparing`` are those of whom `begin` named, ``asked_by`` waits for the user,
    who waits for ``asked``.
    """

    def __init__(self, ask: Callable[[c.Question], None]) -> None:
        self._ask = ask
        self.safety: e.SafetyNumber | None = None
        self.comparing: e.ComparingShown | None = None
        self.asked_by = ""
        self.asked = ""

    def begin(self, name: str, how: c.How) -> None:
        """Ask for what can be compared with a person; digits of an earlier time count no more."""
        if how is c.How.DIGITS:
            self.safety = None
        self._ask(c.Verify(name, how))

    def hear(self, event: News) -> None:
        """Take news of keys."""
        match event:
            case e.SafetyNumber():
                self.safety = event
            case e.ComparingAsked(name, own=False):
                self.asked_by = name
            case e.ComparingAsked(name, own=True):
                self.asked = name
            case e.ComparingShown(name):
                self.comparing = event
                self._answered(name)
            case e.ComparingEnded(name):
                self._forget(name)
            case e.TrustChanged(name) | e.PeerKeyChanged(name):
                self._forget(name)
                if self.safety is not None and _is_same(self.safety.name, name):
                    self.safety = None

    def match(self) -> None:
        """Say that the emoji are the same."""
        if self.comparing is not None:
            self._ask(c.Match(self.comparing.name))

    def differ(self) -> None:
        """Say that the emoji are not the same."""
        if self.comparing is not None:
            self._ask(c.Differ(self.comparing.name))

    def trust(self) -> None:
        """Say that the digits that are shown are the same."""
        if self.safety is not None:
            self._ask(c.Decide(c.Decision.TRUST, self.safety.name))

    def _forget(self, name: str) -> None:
        self._answered(name)
        if self.comparing is not None and _is_same(self.comparing.name, name):
            self.comparing = None

    def _answered(self, name: str) -> None:
        if _is_same(self.asked_by, name):
            self.asked_by = ""
        if _is_same(self.asked, name):
            self.asked = ""


def _is_same(one: str, other: str) -> bool:
    return conversation_key(one) == conversation_key(other)
