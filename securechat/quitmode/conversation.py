"""Whose turn it is, what the screen says and what is sent; no socket, no clock, no terminal.

========  ================================  ================================================
turn      messages of the peer              what the user typed
========  ================================  ================================================
GREETING  shown as they are                 waits
OURS      wait; before our first message    the first line is sent, then it is THEIRS
          they are shown as they are
THEIRS    the first is shown, then OURS     waits
========  ================================  ================================================

The client begins with GREETING, a moment in which a server may introduce itself, the server with
THEIRS. Each side has one message a turn. More of them wait, in order and however they are timed; an
empty line is no message.

"quit" and the end of the input count when their turn comes, and earlier in two cases, so that
nobody waits in vain. The peer's (and the end of the connection) count as soon as there is nothing
typed to answer with, after the messages before them are shown; a script gets a moment to answer.
The user's count at once on a terminal, if nothing else that was typed waits.
"""

from enum import Enum, auto

from securechat.quitmode.inbox import Inbox, is_quit
from securechat.quitmode.splitter import SILENCE_S, Message, MessageSplitter
from securechat.text import safe_text
from securechat.transport.endpoint import Endpoint

DEFAULT_WELCOME = "Welcome! Type 'quit' to end the chat."

GREETING_S = SILENCE_S
"""How long a client waits for a greeting before its first prompt."""

GREETINGS_MAX = 20
"""Lines that a server may show before the client's first message; more wait for their turn."""

PAUSE_S = 2 * SILENCE_S
"""The least time between two messages of ours that only silence can tell apart."""


SCRIPT_ANSWER_S = 0.5
"""How long a script has, from the prompt on, to answer a peer that is about to leave."""


class Role(Enum):
    """Which end of the connection this is; the value is its name on the screen."""

    SERVER = "Server"
    CLIENT = "Client"

    @property
    def peer(self) -> "Role":
        """The other end."""
        return Role.CLIENT if self is Role.SERVER else Role.SERVER


class Turn(Enum):
    """Who may speak."""

    GREETING = auto()
    OURS = auto()
    THEIRS = auto()


class Conversation:
    """One chat seen from one end: tell it what arrived, `advance` it, then take what it wants.

    ``on_terminal`` says that a person types, ``shows_typing`` that what they type is on the screen
    already; otherwise the conversation adds it, so that the transcript is whole.
    """

    def __init__(self, role: Role, *, on_terminal: bool, shows_typing: bool) -> None:
        self.is_over = False
        """Whether to take the last output and close the connection."""
        self.at_prompt = False
        """Whether the cursor stands behind a prompt."""
        self._role = role
        self._peer_name = role.peer.value
        self._prompt = f"You ({role.value}): "
        self._turn = Turn.GREETING if role is Role.CLIENT else Turn.THEIRS
        self._on_terminal = on_terminal
        self._shows_typing = shows_typing
        self._echoes = False
        self._peer, self._peer_bytes = Inbox(), MessageSplitter()
        self._user, self._user_bytes = Inbox(), MessageSplitter()
        self._screen: list[str] = []
        self._outgoing: list[bytes] = []
        self._greeting_until = 0.0
        self._greetings_left = GREETINGS_MAX if role is Role.CLIENT else 0
        self._answer_until = 0.0
        self._quiet_until = 0.0
        self._wake_at: float | None = None

    # What happened -------------------------------------------------------------------------------

    def opened(self, now: float, peer: Endpoint, welcome: str | None = None) -> None:
        """The connection with ``peer`` is there; a server may greet."""
        self._greeting_until = now + GREETING_S
        if self._role is Role.CLIENT:
            self._say("Connected to the server. Type 'quit' to end the chat.\n")
            return
        self._say(
            f"Client connected from: {(peer.host, peer.port)}\nType 'quit' to end the chat.\n"
        )
        if welcome:
            self._say(f"{self._prompt}{safe_text(welcome)}\n")
            self._send(welcome, now)

    def peer_sent(self, data: bytes, now: float) -> None:
        """Bytes of the peer arrived."""
        self._quiet_until = 0.0
        self._peer.put(self._peer_bytes.receive(data, now))

    def peer_left(self) -> None:
        """The connection is closed, in whatever way."""
        self._peer.put(self._peer_bytes.finish())
        self._peer.has_ended = True

    def typed(self, data: bytes, now: float) -> None:
        """Bytes of standard input arrived."""
        lines = self._user_bytes.receive(data, now)
        self._user.put(lines)
        if self.at_prompt and self._shows_typing and lines and not self._user:
            self._screen.append(self._prompt)

    def typed_all(self) -> None:
        """Standard input has ended."""
        self._user.put(self._user_bytes.finish())
        self._user.has_ended = True

    def advance(self, now: float) -> None:
        """Do all that can be done by the time ``now``; call it after what happened is told."""
        self._wake_at = None
        was_reading = self.wants_peer
        if was_reading:
            self._peer.put(self._peer_bytes.expire(now))
        while not self.is_over and self._step(now):
            pass
        if not was_reading:
            self._peer_bytes.resume(now)

    # What it wants -------------------------------------------------------------------------------

    @property
    def wants_peer(self) -> bool:
        """Whether to read from the connection."""
        return not self._peer.has_ended and not self._peer.is_full

    @property
    def wants_typing(self) -> bool:
        """Whether to read standard input."""
        return not self._user.has_ended and not self._user.is_full

    @property
    def deadline(self) -> float | None:
        """When to `advance` even if nothing happens."""
        times = (self._wake_at, self._peer_bytes.deadline if self.wants_peer else None)
        return min((time for time in times if time is not None), default=None)

    def take_screen(self) -> str:
        """Return the text to show now."""
        text = "".join(self._screen)
        self._screen.clear()
        return text

    def take_outgoing(self) -> bytes:
        """Return the bytes to send now."""
        data = b"".join(self._outgoing)
        self._outgoing.clear()
        return data

    # Turns ---------------------------------------------------------------------------------------

    def _step(self, now: float) -> bool:
        """Do one thing; False when there is nothing to do for now."""
        if self._greetings_left and self._peer:
            self._greetings_left -= 1
            self._show(self._peer.take())
            return True
        match self._turn:
            case Turn.GREETING:
                return self._await_greeting(now)
            case Turn.OURS:
                return self._await_user(now)
            case Turn.THEIRS:
                return self._await_peer(now)

    def _await_greeting(self, now: float) -> bool:
        if self._peer.has_ended:
            return self._hear_out()
        if self._peer_bytes.deadline is None and now >= self._greeting_until:
            self._turn = Turn.OURS
            return True
        if now < self._greeting_until:
            self._wake_at = self._greeting_until
        return self._leave_early(now)

    def _await_user(self, now: float) -> bool:
        if not self.at_prompt:
            self._screen.append(self._prompt)
            self.at_prompt = True
            self._echoes = not self._shows_typing or bool(self._user)
            self._answer_until = 0.0 if self._on_terminal else now + SCRIPT_ANSWER_S
        if self._user or self._user.has_ended:
            return self._may_send(now) and self._speak(now)
        if not (self._peer.has_quit or self._peer.has_ended):
            return False
        if now < self._answer_until:
            self._wake_at = self._answer_until
            return False
        return self._hear_out()

    def _await_peer(self, now: float) -> bool:
        if self._peer:
            self._show(self._peer.take(), f"{self._peer_name} says: ")
            self._turn = Turn.OURS
            return True
        if self._peer.has_ended:
            return self._hear_out()
        return self._leave_early(now)

    def _speak(self, now: float) -> bool:
        """Send the line that was typed first; the end of the input is a quit."""
        if not self._user:
            return self._leave("quit", now)
        message = self._user.take()
        self.at_prompt = False
        if self._echoes:
            self._say(f"{safe_text(message.text)}\n")
        if message.is_too_long:
            self._say("(That is more than 1 MiB in one line; it is not sent.)\n")
            return True
        if is_quit(message.text):
            return self._leave(message.text, now)
        self._send(message.text, now)
        self._turn = Turn.THEIRS
        self._greetings_left = 0
        return True

    def _leave_early(self, now: float) -> bool:
        """Leave out of turn, if that is what a person at a terminal typed first."""
        quits = is_quit(self._user.first.text) if self._user else self._user.has_ended
        if not (quits and self._on_terminal and self._may_send(now)):
            return False
        return self._leave(self._user.take().text if self._user else "quit", now)

    def _leave(self, word: str, now: float) -> bool:
        self._send(word.strip().lower(), now)
        self.is_over = True
        return True

    def _hear_out(self) -> bool:
        """Show what the peer said before it left, then end."""
        while self._peer and not self.is_over:
            self._show(self._peer.take(), f"{self._peer_name} says: ")
        if not self.is_over:
            self._say(f"{self._peer_name} has disconnected.\n")
            self.is_over = True
        return True

    # Screen and connection -----------------------------------------------------------------------

    def _show(self, message: Message, prefix: str = "") -> None:
        """Show a message of the peer; its quit ends the chat instead."""
        if message.is_too_long:
            self._say(f"({self._peer_name} sent more than 1 MiB in one message; it is left out.)\n")
        elif is_quit(message.text):
            self._say(f"{self._peer_name} has ended the chat.\n")
            self.is_over = True
        else:
            self._say(f"{prefix}{safe_text(message.text)}\n")

    def _say(self, text: str) -> None:
        if self.at_prompt:
            self._screen.append("\n")
            self.at_prompt = False
        self._screen.append(text)

    def _send(self, text: str, now: float) -> None:
        line_ending = self._peer_bytes.line_ending
        self._outgoing.append(text.encode(errors="replace") + line_ending)
        self._quiet_until = 0.0 if line_ending else now + PAUSE_S

    def _may_send(self, now: float) -> bool:
        """Whether the peer can tell what is sent now from what was sent before."""
        if now >= self._quiet_until:
            return True
        self._wake_at = self._quiet_until
        return False
