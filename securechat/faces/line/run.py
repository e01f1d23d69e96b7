"""``securechat client --plain``: a chat in lines, on a terminal or through pipes.

The first-class client for screen readers: output is linear, one event a line, no box characters.
Messages, notices and answers go to stdout; problems go to stderr when there is no terminal.
"""

import os
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TextIO

from securechat.faces.chat.line_chat import CHECK_MARK, LineChat, local_now
from securechat.faces.color import ColorChoice, wants_color
from securechat.faces.entries import Entry, Tone
from securechat.faces.line.painting import paint
from securechat.faces.session.conversing import FLUSH_S, converse
from securechat.faces.session.engine import ChatEngine
from securechat.faces.streams import ByteSource, LineWriter, can_show, unbuffered


def run_lines(
    engine: ChatEngine,
    *,
    peer: str | None,
    lobby: bool = False,
    stdin: TextIO,
    stdout: TextIO,
    stderr: TextIO,
    color: ColorChoice = ColorChoice.AUTO,
    flush_s: float = FLUSH_S,
    may_ring: Callable[[], bool] = lambda: True,
) -> None:
    """Run a session until the user leaves or the input ends, with ``peer`` or in the ``lobby``.

    The bell of a terminal sounds only when it ``may_ring``. What is queued at the end gets
    ``flush_s`` seconds to be handed over. Raises the error that ended the engine, StillQueued, or
    KeyboardInterrupt (where Ctrl-C leaves at once).
    """
    unicode = can_show(CHECK_MARK, stdout)
    terminal = stdin.isatty() and stdout.isatty()
    if terminal and os.environ.get("TERM", "dumb") != "dumb":
        from securechat.faces.line.terminal import run_terminal

        colored = wants_color(color, os.environ, terminal=True)
        run_terminal(
            engine, peer=peer, lobby=lobby, colored=colored, unicode=unicode, flush_s=flush_s,
            stdin=stdin, stdout=stdout, may_ring=may_ring,
        )  # fmt: skip
        return
    run_streams(
        engine,
        peer=peer,
        lobby=lobby,
        source=unbuffered(stdin, "r"),
        out=LineWriter(unbuffered(stdout, "w"), stdout.encoding),
        err=LineWriter(unbuffered(stderr, "w"), stderr.encoding),
        colored=color is ColorChoice.ALWAYS,
        unicode=unicode,
        confirm_interrupt=terminal,
        flush_s=flush_s,
        columns=partial(_columns, stdout) if stdout.isatty() else lambda: None,
    )


def run_streams(
    engine: ChatEngine,
    *,
    peer: str | None,
    lobby: bool = False,
    source: ByteSource,
    out: LineWriter,
    err: LineWriter,
    colored: bool = False,
    unicode: bool = True,
    confirm_interrupt: bool = False,
    flush_s: float = FLUSH_S,
    now: Callable[[], datetime] = local_now,
    columns: Callable[[], int | None] = lambda: None,
) -> None:
    """Run a session that reads whole lines and shows no prompt; raises what `run_lines` does.

    ``columns`` says how wide a terminal is that would break longer lines itself.
    """

    def show(entry: Entry) -> None:
        writer = err if entry.tone is Tone.PROBLEM else out
        writer.write_line("".join(map("".join, paint(entry, columns(), colored=colored))))

    chat = LineChat(engine, peer=peer, lobby=lobby, show=show, now=now, unicode=unicode)
    converse(
        engine,
        chat,
        source,
        gone=lambda: out.broken,
        flush_s=flush_s,
        on_interrupt=chat.interrupt if confirm_interrupt else None,
    )


def _columns(terminal: TextIO) -> int | None:
    try:
        return os.get_terminal_size(terminal.fileno()).columns - 1 or None
    except OSError:  # it has gone away
        return None
