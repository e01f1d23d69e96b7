"""A profile and its engine, open: what every face runs on, and `securechat.Client` for programs."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self

from securechat.client.commands import Question
from securechat.client.engine.audience import Audience
from securechat.client.engine.heard import Heard
from securechat.client.events import Event
from securechat.client.input.command_line import fitting_text
from securechat.client.profiles.access import Access
from securechat.client.profiles.beside import Reception
from securechat.client.profiles.opened import Opened
from securechat.client.profiles.profile import Profile
from securechat.client.state.run import GRACE_S
from securechat.errors import Unreachable, UsageError
from securechat.transport.local_socket import LineHandler, LocalSession

if TYPE_CHECKING:
    from securechat.client.engine.connect import Connector
    from securechat.client.engine.engine import Engine

FLUSH_S = 10.0


class Session:
    """One person's client, from `open` to `close`; it may be opened again after that.

    Safe to call from any thread, and `stop` by a signal handler too. Nothing but `open`, `finish`
    and `close` waits. While it is open no other program can open the profile: for them it is Busy.
    """

    def __init__(
        self,
        access: Access,
        *,
        peer: str | None = None,
        lobby: bool = False,
        e2e: bool = True,
        offline: bool = False,
    ) -> None:
        """Say whose it is; nothing is opened yet.

        With ``peer`` that person is looked up at the start; ``e2e`` false: their user wants to do
        without end-to-end encryption with them. With ``lobby`` it comes to the lobby.

        With ``offline`` it begins without the relay when that cannot be reached, if it was met at
        this address before and let this profile in: BegunOffline and Offline are told then, all
        that was kept can be read, what is sent waits, and Ready follows when the relay is there.
        Without it, and whenever the relay refuses or is not the right one, that is the end.
        """
        self._access = access
        self._opened: Opened | None = None
        self._connector: Connector | None = None
        self._audience = Audience()
        self._heard = Heard()
        self._asked_before: list[Callable[[Engine], None]] = []

        def connect(opened: Opened) -> "Connector":
            from securechat.client.engine.connect import (
                Connector,  # a first frame need not wait for it
            )

            return Connector(
                opened, self._audience, peer=peer, lobby=lobby, e2e=e2e, offline=offline
            )

        self._connect = connect

    def open(self) -> Self:
        """Open the profile and decide whom to trust, but do not connect yet; then `close` it.

        This and `start` are for faces that show how the login goes; programs use ``with``. Raises
        Busy, PassphraseRefused, FileProblem, Untrusted, and Unreachable when nobody vouches for
        the relay and it does not answer.
        """
        if self._opened is not None:
            raise UsageError("This client is open already", "another securechat.Client")
        self._audience, self._heard, self._asked_before = Audience(), Heard(), []
        self._opened = Opened(self._access)
        self.subscribe(self._heard.hear)
        return self

    def close(self) -> None:
        """End the connection at once, and let others open the profile."""
        closing: Connector | Opened | None = self._connector or self._opened
        if closing is not None:
            try:
                closing.close()
            finally:
                self._connector = self._opened = None

    def start(self) -> None:
        """Connect and log in; the events say how that goes."""
        self._engine.start()

    def stop(self, flush_s: float = FLUSH_S) -> None:
        """End when all that was sent is accepted and all that was asked answered.

        At the latest in ``flush_s``. Does not wait: the events go on until then. Nothing happens
        when it is not open.
        """
        if self._opened is not None:
            self._let(lambda engine: engine.stop(flush_s))

    def finish(self, flush_s: float) -> None:
        """Stop, and wait for the end; that may take ``flush_s`` and a grace of `GRACE_S`."""
        self.stop(flush_s)
        self._heard.wait_for_end(flush_s + GRACE_S)

    def send(
        self,
        recipient: str,
        text: str,
        *,
        action: bool = False,
        reply_to: str | None = None,
        errand: bool = False,
    ) -> str:
        """Send a text to a person or a ``#room``; return the message's id, 32 hexadecimal digits.

        It is taken at once and sent as soon as that is possible, if need be in a later run; the
        events Sent, Accepted, Delivered and Read of that id follow, or Problem. ``text`` has up to
        8,192 bytes in UTF-8. An ``action`` says what its writer does, as ``/me``. ``reply_to`` is
        the id of the message that it answers. An ``errand`` is the text of another command.

        Raises UsageError for a text that no message can hold or for the own name, NameInvalid, and
        what has ended the client; then nothing was taken.
        """
        ended = self._heard.ended
        if ended is not None:
            raise ended.error or Unreachable("This client has ended, nothing was sent")
        if not text.strip():
            raise UsageError("There is nothing to send", "a text with something in it")
        return self._engine.send(
            recipient, fitting_text(text), errand=errand, action=action, reply_to=reply_to
        )

    def ask(self, question: Question) -> None:
        """Ask something; its event follows, or Problem. All names that it needs are filled in."""
        self._let(lambda engine: engine.ask(question))

    @property
    def profile(self) -> Profile:
        """The open profile."""
        return self._require_open().profile

    @property
    def queued(self) -> int:
        """How many own messages the relay has not accepted yet."""
        return 0 if self._connector is None else self._connector.engine.queued

    @property
    def queued_for(self) -> Sequence[str]:
        """To whom they are, as far as that is known at the end."""
        return () if self._connector is None else self._connector.engine.queued_for

    def subscribe(
        self, listener: Callable[[Event], None], *, errands: bool = False
    ) -> Callable[[], None]:
        """Call ``listener`` with each event from now on, in the engine's thread.

        It must not wait for anything. Returns what ends that; an event that is being told may still
        come. Only listeners who want the ``errands`` hear what is wrong with the texts of other
        commands.
        """
        self._require_open()
        return self._audience.join(listener, errands=errands)

    def catch_up(
        self, listener: Callable[[Event], None], first: Event, sender: str | None = None
    ) -> Callable[[], None]:
        """Call ``listener`` with ``first``, what nobody was shown yet, and then as `subscribe`."""
        return self._engine.catch_up(listener, first, sender)

    def retell(self, scrollback: int = 0) -> None:
        """Tell the listeners what nobody was shown yet, after so many messages before that."""
        self._let(lambda engine: engine.retell(scrollback))

    def shown(self, sender: str, message_id: str) -> None:
        """Take note that a message has reached its reader; `events` does that by itself."""
        self._let(lambda engine: engine.shown(sender, message_id))

    def confirm_read(self, sender: str, message_id: str) -> None:
        """Let a contact know that a message of theirs was shown, also without read receipts."""
        self._let(lambda engine: engine.confirm_read(sender, message_id))

    def talk_to(self, name: str) -> None:
        """Look a person up, and hear of their coming and going."""
        self._let(lambda engine: engine.talk_to(name))

    def receive_requests(self, accept: Callable[[LocalSession], LineHandler]) -> Reception:
        """Let other commands of the same user reach this one; the caller closes it.

        Raises FileProblem when this system has no place for that.
        """
        return Reception(self.profile, self._connected.loop, accept)

    def _let(self, act: "Callable[[Engine], None]") -> None:
        """Let the engine do something, at the latest when it is made."""
        self._require_open()
        if self._connector is None:
            self._asked_before.append(act)
        else:
            act(self._connector.engine)

    @property
    def _engine(self) -> "Engine":
        return self._connected.engine

    @property
    def _connected(self) -> "Connector":
        """The engine and its loop: made when they are needed, which is after the first frame."""
        if self._connector is None:
            self._connector = self._connect(self._require_open())
            for act in self._asked_before:
                act(self._connector.engine)
        return self._connector

    def _require_open(self) -> Opened:
        if self._opened is None:
            raise UsageError(
                "This client is not open", "with securechat.Client(…) as chat: and all in there"
            )
        return self._opened
