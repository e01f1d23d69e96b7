"""A session on the full screen, from its first to its last moment."""

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from msgspec.structs import replace

from securechat.collection import no_collection
from securechat.errors import InternalError
from securechat.faces.screen.settings import ScreenSettings
from securechat.faces.session.conversing import FLUSH_S, raise_outcome
from securechat.faces.session.engine import ChatEngine
from securechat.faces.session.inbox import Inbox

logger = logging.getLogger("securechat.faces")

EVENTS_AT_ONCE = 256
"""Those of a batch are drawn together."""


def run_screen(
    engine: ChatEngine,
    *,
    peer: str | None,
    lobby: bool,
    settings: ScreenSettings,
    color: bool,
    unicode: bool,
) -> None:
    """Run a session on the terminal until the user leaves or it is ended.

    Raises the error that ended the engine, StillQueued, or SystemExit for a signal. The terminal is
    as it was then.
    """
    inbox = Inbox(EVENTS_AT_ONCE)
    engine.subscribe(inbox.put)
    with ExitStack() as starting:
        starting.enter_context(no_collection())
        starting.callback(engine.start)  # after the first frame: it would only delay that
        from securechat.faces.screen.widgets.app import ChatApp

        if not color:  # that of a theme with a ground of its own has shades of grey
            settings = replace(settings, theme="terminal")
        with _color(color):
            app = ChatApp(
                engine, inbox, peer=peer, lobby=lobby, settings=settings, unicode=unicode,
                flush_s=FLUSH_S, shown=starting.close,
            )  # fmt: skip
        with _signals_as_before():
            app.run(mouse=False)
    if app.ended_by is not None:
        engine.stop(0.0)
        raise SystemExit(128 + app.ended_by)
    if app.failure is not None:
        engine.stop(0.0)
        logger.error("the screen failed", exc_info=app.failure)
        what = f"Internal error ({type(app.failure).__name__})"
        raise InternalError(what, "the same with --plain") from app.failure
    raise_outcome(app.chat, engine)


@contextmanager
def _signals_as_before() -> Iterator[None]:
    """Put back what was to happen at signals: an event loop leaves them at their defaults."""
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGTSTP", "SIGCONT", "SIGWINCH")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _color(wanted: bool) -> Iterator[None]:
    """Let the screen be without colour; it takes the word for that out of the environment."""
    before = os.environ.get("NO_COLOR")
    os.environ.pop("NO_COLOR", None)
    if not wanted:
        os.environ["NO_COLOR"] = "1"
    try:
        yield
    finally:
        os.environ.pop("NO_COLOR", None)
        if before is not None:
            os.environ["NO_COLOR"] = before
