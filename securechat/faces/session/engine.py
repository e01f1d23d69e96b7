"""What a face needs of a client engine."""

from collections.abc import Callable, Sequence
from typing import Protocol

from securechat.client.commands import Question
from securechat.client.events import Event


class ChatEngine(Protocol):
    """A client engine: safe to call from any thread, and nothing blocks.

    Events go to the listeners, in the engine's thread, in order; `Ended` is the last one.
    """

    @property
    def queued(self) -> int:
        """How many own messages the relay has not accepted yet."""

    @property
    def queued_for(self) -> Sequence[str]:
        """To whom they are, as far as that is known at the end."""

    def subscribe(
        self, listener: Callable[[Event], None], *, errands: bool = False
    ) -> Callable[[], None]:
        """Call ``listener`` for each event from now on; return what ends that.

        What is wrong with an errand is only told to those who want the ``errands``.
        """

    def catch_up(
        self, listener: Callable[[Event], None], first: Event, sender: str | None = None
    ) -> Callable[[], None]:
        """Call ``listener`` with ``first``, what nobody was shown yet, and then as `subscribe`.

        Among that is that the ``sender`` is CHANGED, if they are.
        """

    def shown(self, sender: str, message_id: str) -> None:
        """Take note that a message has reached its reader; until then it is told by later runs."""

    def confirm_read(self, sender: str, message_id: str) -> None:
        """Let the sender know that a message was shown, also if this engine does not do so itself.

        A contact, that is: strangers and the blocked are told nothing.
        """

    def start(self) -> None:
        """Connect, log in, and look up the person it was made for, if any."""

    def talk_to(self, name: str) -> None:
        """Look this person up and watch whether they are there."""

    def send(
        self,
        target: str,
        text: str,
        *,
        errand: bool = False,
        action: bool = False,
        reply_to: str | None = None,
    ) -> str:
        """Take a message to a person or a ``#room``; return its id.

        Sent, Accepted, Delivered, Read or Problem follow. ``reply_to`` is the id of a message of
        the conversation, or whose newest one is answered. After a Problem with an ``errand``
        nothing is kept of it.

        Raises NameInvalid, or UsageError for the own name; then nothing was taken.
        """

    def ask(self, question: Question) -> None:
        """Ask something, all names filled in that it needs; its event follows, or Problem."""

    def stop(self, flush_s: float) -> None:
        """Hand over what is queued within ``flush_s`` seconds, then stop; Ended follows."""
