"""What a face needs of a client engine."""

from collections.abc import Callable
from typing import Protocol

from securechat.client.commands import Decision
from securechat.client.events import Event


class ChatEngine(Protocol):
    """A client engine: safe to call from any thread, and nothing blocks.

    Events go to the listeners, in the engine's thread, in order; `Ended` is the last one.
    """

    @property
    def queued(self) -> int:
        """How many own messages the relay has not accepted yet."""

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call ``listener`` for each event from now on; return what ends that."""

    def start(self) -> None:
        """Connect, log in, and look up the person it was made for, if any."""

    def talk_to(self, name: str) -> None:
        """Look this person up and watch whether they are there."""

    def send(self, recipient: str, text: str) -> str:
        """Take a message; return its id. Sent, Accepted, Delivered or Problem follow.

        Raises NameInvalid, or UsageError for the own name; then nothing was taken.
        """

    def who(self) -> None:
        """Ask who is connected; a People event follows."""

    def verify(self, name: str) -> None:
        """Ask for the safety number with a person; SafetyNumber or Problem follows."""

    def decide(self, decision: Decision, name: str) -> None:
        """Trust, accept, block, … a person; TrustChanged, Blocked or Problem follows."""

    def call(self, name: str, petname: str | None) -> None:
        """Give a person a petname or take it away (None); Renamed or Problem follows."""

    def contacts(self) -> None:
        """Ask who is known here; a Contacts event follows."""

    def stop(self, flush_s: float) -> None:
        """Hand over what is queued within ``flush_s`` seconds, then stop; Ended follows."""
