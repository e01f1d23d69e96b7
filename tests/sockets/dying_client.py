"""A real client in a process that kills itself at a point: what `client_kills` starts.

The hooks are set in the process, before the client begins; the product knows nothing of them.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest.mock import patch

from securechat.__main__ import main
from securechat.client.connection.link import Link
from securechat.client.engine.connect import Connector  # noqa: F401 (loaded once, for all the clients)
from securechat.client.engine.engine import Engine
from securechat.client.events import Message
from securechat.client.history.unread import Unread
from securechat.client.messages.receiving import Receiving
from securechat.client.messages.sending import Sending
from securechat.e2e.endpoint import Endpoint
from securechat.faces.json_lines.chat import JsonChat
from securechat.protocol.client_side import ClientSide
from securechat.store.encrypted import connect
from securechat.store.state import StateFile
from securechat.transport.sender import Sender


class Point(StrEnum):
    """Where a client is killed; a reading one in the order of what it does, then a sending one."""

    RECEIVED = "received, not opened"
    OPENED = "opened, not committed"
    OPENED_HALF_WRITTEN = "opened, within the transaction"
    OPENED_COMMITTED = "opened and committed, not told"
    TOLD = "told, not written out and not acknowledged"
    WRITTEN_OUT = "written out, not noted"
    FORGOTTEN = "written out and noted, not acknowledged"

    SEALED = "sealed, not committed"
    SEALED_HALF_WRITTEN = "sealed, within the transaction"
    SEALED_COMMITTED = "sealed and committed, not sent"
    SENT = "sent, not answered"
    ANSWERED = "answered, not committed"


READING = tuple(Point)[: list(Point).index(Point.SEALED)]
SENDING = tuple(Point)[len(READING) :]
PAUSE_S = 0.02
"""How long the other threads go on at the point, to let out what must not be out yet."""

FREQUENT = (Point.RECEIVED, Point.OPENED, Point.OPENED_HALF_WRITTEN, Point.WRITTEN_OUT)
UNCOMMITTED = (Point.RECEIVED, Point.OPENED, Point.OPENED_HALF_WRITTEN)
UNTAKEN = (Point.SEALED, Point.SEALED_HALF_WRITTEN)
"""Where nothing is kept yet of what was typed, and its id was not told."""
UNANSWERED = (*UNTAKEN, Point.SEALED_COMMITTED)
"""Where the relay may not have answered either for what was typed before."""


@dataclass
class Trap:
    """Kills the process once it is set: at a point, or only the ``chance``-th time there.

    Only points that are passed for each message, or each row, are sure to be passed that often.
    """

    point: Point
    chance: int = 1
    is_set: bool = False

    def lay(self) -> None:
        """Put the hooks where they belong; the question who is there sets the trap."""
        if self.point not in FREQUENT:
            self.chance = 1
        is_before_all = self.point in UNCOMMITTED and self.chance == 1
        if not (is_before_all or self.point in (Point.WRITTEN_OUT, Point.FORGOTTEN)):
            before(JsonChat, "hear", self._hold)
        before(Engine, "ask", self._set)
        _LAYERS[self.point](self)

    def spring(self, *_: object, **__: object) -> None:
        """Here is a chance."""
        if self.is_set:
            self.chance -= 1
            if self.chance == 0:
                time.sleep(PAUSE_S)
                os.kill(os.getpid(), signal.SIGKILL)

    def spring_at_message(self, _: object, event: object) -> None:
        """Here is a chance, if this is about a message."""
        if isinstance(event, Message):
            self.spring()

    def after_first(self, owner: type, name: str) -> Callable[..., None]:
        """Return a hook: a chance if this method was called since the trap was set."""
        was_called = False

        def note(*_: object, **__: object) -> None:
            nonlocal was_called
            was_called = was_called or self.is_set

        after(owner, name, note)
        return lambda *_: self.spring() if was_called else None

    def _set(self, *_: object) -> None:
        self.is_set = True

    def _hold(self, _: object, event: object) -> None:
        """Write no message out: what is not noted before the end would be seen twice."""
        if self.is_set and isinstance(event, Message):
            threading.Event().wait()


def live(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    pipes: tuple[Connection, Connection],
    stderr: Path,
    trap: Trap | None,
) -> None:
    """Be the command with these arguments, its input and output, and a file for its errors."""
    os.environ.clear()
    os.environ.update(environment)
    errors = os.open(stderr, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    for number, descriptor in enumerate((*(pipe.fileno() for pipe in pipes), errors)):
        os.dup2(descriptor, number)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, closefd=False)  # noqa: SIM115 (to the end)
        for number, mode in enumerate("rww")
    )
    sys.argv = ["securechat", *arguments]
    if trap is not None:
        trap.lay()
    main()


def before(owner: type, name: str, hook: Callable[..., None]) -> None:
    """Call a hook with the arguments of a method, before it."""
    method = getattr(owner, name)

    def wrapper(*arguments: Any, **keywords: Any) -> Any:
        hook(*arguments, **keywords)
        return method(*arguments, **keywords)

    patch.object(owner, name, wrapper).start()


def after(owner: type, name: str, hook: Callable[..., None]) -> None:
    """Call a hook with the arguments of a method, after it."""
    method = getattr(owner, name)

    def wrapper(*arguments: Any, **keywords: Any) -> Any:
        result = method(*arguments, **keywords)
        hook(*arguments, **keywords)
        return result

    patch.object(owner, name, wrapper).start()


def _within_transaction(trap: Trap, method: str) -> None:
    """Have chances in commits after a method of `Endpoint`: before each row from the third on."""
    trap.chance += 2
    hook = trap.after_first(Endpoint, method)

    def connect_traced(*arguments: Any) -> Any:
        database = connect(*arguments)
        database.set_trace_callback(lambda sql: hook() if sql.startswith("REPLACE") else None)
        return database

    patch("securechat.store.state.connect", connect_traced).start()


def _when_all_is_forgotten(trap: Trap) -> None:
    """Acknowledge nothing; have a chance when no message is kept of those that were written out."""
    is_next = False
    take_shown = Unread.take_shown

    def note(unread: Unread) -> Any:
        nonlocal is_next
        if changes := take_shown(unread):
            is_next = not len(unread)
        return changes

    patch.object(Unread, "take_shown", note).start()
    patch.object(Link, "ack", lambda *_: None).start()
    after(StateFile, "commit", lambda *_: trap.spring() if is_next else None)


def _when_all_is_committed(trap: Trap) -> None:
    """Send nothing; have a chance after the commit that follows the sealing."""
    patch.object(Link, "send_envelopes", lambda *_: None).start()
    after(StateFile, "commit", trap.after_first(Endpoint, "seal"))


_LAYERS: dict[Point, Callable[[Trap], None]] = {
    Point.RECEIVED: lambda trap: before(Receiving, "open", trap.spring),
    Point.OPENED: lambda trap: after(Endpoint, "open", trap.spring),
    Point.OPENED_HALF_WRITTEN: lambda trap: _within_transaction(trap, "open"),
    Point.OPENED_COMMITTED: lambda trap: after(
        StateFile, "commit", trap.after_first(Endpoint, "open")
    ),
    Point.TOLD: lambda trap: before(Link, "ack", trap.spring),
    Point.WRITTEN_OUT: lambda trap: after(JsonChat, "hear", trap.spring_at_message),
    Point.FORGOTTEN: _when_all_is_forgotten,
    Point.SEALED: lambda trap: after(Endpoint, "seal", trap.spring),
    Point.SEALED_HALF_WRITTEN: lambda trap: _within_transaction(trap, "seal"),
    Point.SEALED_COMMITTED: _when_all_is_committed,
    Point.SENT: lambda trap: after(Sender, "send", trap.after_first(ClientSide, "send_envelopes")),
    Point.ANSWERED: lambda trap: before(
        Sending, "answered", trap.after_first(ClientSide, "send_envelopes")
    ),
}
