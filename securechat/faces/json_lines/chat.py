"""``securechat client --json``: lines in, one JSON object a line out (see JSON.md)."""

from securechat.client import commands as c
from securechat.client.events import (
    Accepted,
    Ended,
    Event,
    Message,
    Problem,
    RoomNews,
    Withdrawn,
)
from securechat.client.input.command_line import parse_line
from securechat.errors import FileProblem, SecureChatError, StillQueued, UsageError
from securechat.faces.json_lines.events import encode_error, encode_event, encode_help
from securechat.faces.session.asking import ask
from securechat.faces.session.conversations import Conversations, conversation_of
from securechat.faces.session.conversing import converse
from securechat.faces.session.engine import ChatEngine
from securechat.faces.session.pending import Pending
from securechat.faces.streams import ByteSink, ByteSource, LineWriter

FLUSH_S = 10.0


def run_json(
    engine: ChatEngine,
    *,
    peer: str | None,
    lobby: bool = False,
    stdin: ByteSource,
    stdout: ByteSink,
    flush_s: float = FLUSH_S,
) -> None:
    """Run a session until ``stdin`` ends, ``/quit``, or nobody reads ``stdout`` any more.

    ``stdin`` and ``stdout`` are raw files (`securechat.faces.streams.unbuffered`). What is queued
    at the end gets ``flush_s`` seconds to be accepted. Raises the error that ended the engine, or
    StillQueued; both have been printed as ``error`` objects already.
    """
    out = LineWriter(stdout)
    chat = JsonChat(engine, peer=peer, lobby=lobby, out=out)
    try:
        converse(engine, chat, stdin, gone=lambda: out.broken, flush_s=flush_s)
    except StillQueued as error:
        out.write_line(encode_error(error))
        raise


class JsonChat:
    """Prints events, and does what the input lines ask, in order.

    Text goes to the ``peer`` or to the ``lobby``, and then to the room of the last ``/join`` or
    ``/create``; without a ``peer`` also to whom the last ``/msg`` went. Nothing that others do
    changes it.
    """

    def __init__(
        self, engine: ChatEngine, *, peer: str | None, lobby: bool = False, out: LineWriter
    ) -> None:
        self._engine = engine
        self._peer = peer
        self._conversations = Conversations(peer, lobby=lobby)
        self._out = out
        self.leaving = False
        self.ended: Ended | None = None
        self.pending = Pending()

    def hear(self, event: Event) -> bool:
        """Print an event."""
        match event:
            case Accepted(message_id) | Problem(_, message_id):
                self.pending.settle(message_id)
            case Withdrawn(_, message_ids):
                for message_id in message_ids:
                    self.pending.settle(message_id)
            case Message():
                if not self._conversations.is_current(where := conversation_of(event)):
                    self._conversations.unread.add(where)
            case RoomNews():
                self._conversations.note_entered(event)
            case Ended():
                self.ended = event
        if (line := encode_event(event, self._conversations.unread.of)) is not None:
            self._out.write_line(line)
        return True

    def enter(self, line: str) -> None:
        """Do what a line asks for; an ``error`` object when that cannot be done."""
        try:
            self._perform(parse_line(line))
        except FileProblem:
            raise  # nobody can be told: it is the output that is broken
        except SecureChatError as error:
            self._out.write_line(encode_error(error))

    def refuse(self, error: UsageError) -> None:
        """Print what is wrong with a line."""
        self._out.write_line(encode_error(error))

    def _perform(self, command: c.Command | None) -> None:
        match command:
            case c.Say(text, action):
                self._send(self._target(), text, action=action)
            case c.Reply(to, text):
                self._send(self._target(), text, reply_to=to)
            case c.Msg(target, text):
                self._send(target, text)
                if self._peer is None:
                    self._conversations.choose(target)
            case c.Help():
                self._out.write_line(encode_help())
            case c.Quit():
                self.leaving = True
            case None:
                pass
            case _:
                self._ask(command)

    def _ask(self, question: c.Question) -> None:
        match ask(self._engine, question, self._target):
            case c.Join(room) | c.Create(room):
                self._conversations.awaited = room
            case c.Leave(str(room)) if self._conversations.is_target(room):
                self._conversations.choose(self._peer)

    def _send(
        self, target: str, text: str, *, action: bool = False, reply_to: str | None = None
    ) -> None:
        message_id = self._engine.send(target, text, action=action, reply_to=reply_to)
        self.pending.add(message_id, target)

    def _target(self) -> str:
        target = self._conversations.target
        if target is None:
            raise UsageError("Nobody is chosen to write to", "/msg NAME text")
        return target
