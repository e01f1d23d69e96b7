"""A session over plain streams: one thread takes events and input lines in the order they come."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from enum import Enum
from queue import Empty, SimpleQueue
from typing import Protocol

from securechat.client.events import Ended, Event, Message
from securechat.client.state.run import GRACE_S
from securechat.errors import UsageError
from securechat.faces.session.engine import ChatEngine
from securechat.faces.session.pending import Pending
from securechat.faces.streams import ByteSource, read_lines

FLUSH_S = 5.0
"""How long what is queued gets when a person leaves."""

_LINES_AHEAD = 64


class Chat(Protocol):
    """What takes the events and the lines of a session."""

    leaving: bool
    ended: Ended | None
    pending: Pending

    def hear(self, event: Event) -> bool:
        """Take an event of the engine; return whether a message may count as shown."""

    def enter(self, line: str) -> None:
        """Take a line of input."""

    def refuse(self, error: UsageError) -> None:
        """Take the news that a line of input was unusable."""


class Outcome(Protocol):
    """What is left of a session that is over."""

    @property
    def ended(self) -> Ended | None:
        """How the engine ended, if it did."""

    @property
    def pending(self) -> Pending:
        """What the relay has not accepted."""


class _Signal(Enum):
    END_OF_INPUT = "end of input"
    INTERRUPT = "interrupt"


_News = Event | str | UsageError | _Signal
_Inbox = SimpleQueue[_News]


def converse(
    engine: ChatEngine,
    chat: Chat,
    source: ByteSource,
    *,
    gone: Callable[[], bool],
    flush_s: float,
    on_interrupt: Callable[[], None] | None = None,
) -> None:
    """Run a session until the input ends, the user leaves, or the output is ``gone``.

    Then what is queued gets ``flush_s`` seconds. Until then Ctrl-C calls ``on_interrupt``, in its
    turn; without one, and later, it raises KeyboardInterrupt. Raises the error that ended the
    engine, or StillQueued.
    """
    inbox = _Inbox()
    engine.subscribe(inbox.put)
    engine.start()
    slots = threading.Semaphore(_LINES_AHEAD)
    feed = threading.Thread(target=_feed, args=(source, inbox, slots), daemon=True)
    feed.start()

    def hear(event: Event) -> None:
        if chat.hear(event) and not gone():
            note_shown(engine, event)

    try:
        with _interrupts_into(inbox) if on_interrupt else nullcontext():
            while not (chat.leaving or chat.ended or gone()):
                _take_next(hear, chat, inbox, slots, on_interrupt)
        _finish(engine, chat, hear, inbox, flush_s)
    except BaseException:
        _finish(engine, chat, hear, inbox, 0.0)
        raise
    raise_outcome(chat, engine)


def note_shown(engine: ChatEngine, event: Event) -> None:
    """Let the engine keep a message no longer: it was written out."""
    if isinstance(event, Message):
        engine.shown(event.sender, event.message_id)


def raise_outcome(chat: Outcome, engine: ChatEngine) -> None:
    """Raise what is wrong with the way a session ended, if anything is."""
    if chat.ended is not None and chat.ended.error is not None:
        raise chat.ended.error
    if engine.queued:
        raise chat.pending.error(engine.queued, engine.queued_for)


@contextmanager
def _interrupts_into(inbox: _Inbox) -> Iterator[None]:
    """Queue each Ctrl-C with the other news: it does not cut off the work on one of them."""
    before = signal.signal(signal.SIGINT, lambda *_: inbox.put(_Signal.INTERRUPT))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _take_next(
    hear: Callable[[Event], None],
    chat: Chat,
    inbox: _Inbox,
    slots: threading.Semaphore,
    on_interrupt: Callable[[], None] | None,
) -> None:
    news = inbox.get()
    match news:
        case _Signal.END_OF_INPUT:
            chat.leaving = True
        case _Signal.INTERRUPT:
            if on_interrupt is not None:
                on_interrupt()
        case str():
            slots.release()
            chat.enter(news)
        case UsageError():
            slots.release()
            chat.refuse(news)
        case _:
            hear(news)


def _finish(
    engine: ChatEngine,
    chat: Chat,
    hear: Callable[[Event], None],
    inbox: _Inbox,
    flush_s: float,
) -> None:
    """Stop the engine and take its last events; input that is left over is not read any more."""
    if chat.ended is not None:
        return
    engine.stop(flush_s)
    deadline = time.monotonic() + flush_s + GRACE_S
    while chat.ended is None:
        try:
            news = inbox.get(timeout=max(deadline - time.monotonic(), 0.0))
        except Empty:
            return
        if not isinstance(news, str | UsageError | _Signal):
            hear(news)


def _feed(source: ByteSource, inbox: _Inbox, slots: threading.Semaphore) -> None:
    """Read the input to its end; a terminal that has gone away is an end like any other."""
    try:
        for line in read_lines(source):
            slots.acquire()
            inbox.put(line)
    except OSError:
        pass
    finally:
        inbox.put(_Signal.END_OF_INPUT)
