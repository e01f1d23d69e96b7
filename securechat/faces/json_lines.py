"""``securechat client --json``: lines in, one JSON object a line out (see JSON.md)."""

from securechat.client import commands as c
from securechat.client.command_line import parse_line
from securechat.client.events import Accepted, Ended, Event, Problem, Withdrawn
from securechat.errors import FileProblem, SecureChatError, StillQueued, UsageError
from securechat.faces.asking import ask
from securechat.faces.conversing import converse
from securechat.faces.engine import ChatEngine
from securechat.faces.json_events import encode_error, encode_event, encode_help
from securechat.faces.pending import Pending
from securechat.faces.streams import ByteSink, ByteSource, LineWriter

FLUSH_S = 10.0


def run_json(
    engine: ChatEngine,
    *,
    peer: str | None,
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
    chat = JsonChat(engine, peer=peer, out=out)
    try:
        converse(engine, chat, stdin, gone=lambda: out.broken, flush_s=flush_s)
    except StillQueued as error:
        out.write_line(encode_error(error))
        raise


class JsonChat:
    """Prints events, and does what the input lines ask, in order.

    Text goes to the ``peer`` whatever happens; without one, to whom the last ``/msg`` went.
    """

    def __init__(self, engine: ChatEngine, *, peer: str | None, out: LineWriter) -> None:
        self._engine = engine
        self._peer = peer
        self._last_target: str | None = None
        self._out = out
        self.leaving = False
        self.ended: Ended | None = None
        self.pending = Pending()

    def hear(self, event: Event) -> None:
        """Print an event."""
        match event:
            case Accepted(message_id) | Problem(_, message_id):
                self.pending.settle(message_id)
            case Withdrawn(_, message_ids):
                for message_id in message_ids:
                    self.pending.settle(message_id)
            case Ended():
                self.ended = event
        if (line := encode_event(event)) is not None:
            self._out.write_line(line)

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
            case c.Say(text):
                self._send(self._target(), text)
            case c.Msg(target, text):
                self._send(target, text)
                self._last_target = target
            case c.Help():
                self._out.write_line(encode_help())
            case c.Quit():
                self.leaving = True
            case None:
                pass
            case _:
                ask(self._engine, command, self._target)

    def _send(self, recipient: str, text: str) -> None:
        self.pending.add(self._engine.send(recipient, text), recipient)

    def _target(self) -> str:
        target = self._peer or self._last_target
        if target is None:
            raise UsageError("Nobody is chosen to write to", "/msg NAME text")
        return target
