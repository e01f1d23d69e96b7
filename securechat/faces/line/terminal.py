"""The chat in lines on a terminal: what comes in is printed above the line being typed.

Everything of prompt_toolkit is in here; importing this module costs a tenth of a second.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from typing import TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.input import create_input
from prompt_toolkit.layout import Dimension
from prompt_toolkit.output import ColorDepth, Output, create_output

from securechat.client.state.run import GRACE_S
from securechat.faces.bell import Bell
from securechat.faces.chat.line_chat import LineChat
from securechat.faces.completion import complete
from securechat.faces.entries import Entry
from securechat.faces.line.input_marks import FewMarks
from securechat.faces.line.key_bindings import key_bindings
from securechat.faces.line.painting import paint
from securechat.faces.long_text import find_excess, note_on_paste
from securechat.faces.session.conversing import note_shown, raise_outcome
from securechat.faces.session.engine import ChatEngine
from securechat.faces.session.inbox import Inbox
from securechat.faces.session.known import Known
from securechat.faces.wording import notices
from securechat.faces.wording.qr import Canvas

_EVENTS_AT_ONCE = 16
"""Few, so that a flood of the longest messages does not hold up what is typed."""


def run_terminal(
    engine: ChatEngine,
    *,
    peer: str | None,
    lobby: bool = False,
    colored: bool,
    unicode: bool,
    flush_s: float,
    stdin: TextIO,
    stdout: TextIO,
    may_ring: Callable[[], bool],
) -> None:
    """Run a session on a terminal; raises the error that ended the engine, or StillQueued."""
    inbox = Inbox(_EVENTS_AT_ONCE)
    engine.subscribe(inbox.put)
    engine.start()
    known = Known()
    screen = _Screen(stdin, stdout, known, colored=colored)

    def ring() -> None:
        if may_ring():
            screen.ring()

    chat = LineChat(
        engine, peer=peer, lobby=lobby, show=screen.show, ring=ring, unicode=unicode,
        canvas=screen.canvas, is_typed=screen.is_typed,
    )  # fmt: skip
    screen.serve(chat)
    try:
        asyncio.run(_Session(engine, chat, screen, inbox, known).run(flush_s))
    except KeyboardInterrupt:
        engine.stop(0.0)
    raise_outcome(chat, engine)


class _Screen:
    """The terminal: the line being typed, and the entries above it."""

    def __init__(self, stdin: TextIO, stdout: TextIO, known: Known, *, colored: bool) -> None:
        self._output = open_output(stdout)
        self._input = create_input(stdin)
        self.ring = Bell(self._output.bell).ring
        self._known = known
        self._colored = colored
        self._unwritten: list[Entry] = []

    def serve(self, chat: LineChat) -> None:
        """Make the prompt for this chat."""
        self._chat = chat
        self._session: PromptSession[str] = PromptSession(
            chat.prompt,
            key_bindings=key_bindings(self),
            color_depth=None if self._colored else ColorDepth.DEPTH_1_BIT,
            input_processors=[FewMarks()],
            input=self._input,
            output=self._output,
        )
        self._session.layout.current_window.height = self._line_height
        self._session.default_buffer.on_text_changed += lambda buffer: (
            chat.typing() if buffer.text else None
        )

    def is_typed(self) -> bool:
        """Tell whether there is anything in the line being typed."""
        return self._session.default_buffer.text != ""

    def canvas(self) -> Canvas:
        """Return how large the terminal is now."""
        size = self._output.get_size()
        return Canvas(size.columns, size.rows)

    def show(self, entry: Entry) -> None:
        """Show an entry with the next `write`."""
        self._unwritten.append(entry)

    def write(self) -> None:
        """Put what is to be shown on the terminal, above the line being typed.

        It happens at once and in raw mode, so that no key is echoed in between: this is why it is
        not run_in_terminal of prompt_toolkit.
        """
        app = self._session.app
        if self._unwritten:
            if app.is_running:
                app.renderer.erase()
            # Of a line that the terminal draws wider than it is known to be, the end is cut off:
            # it must not go on at the left edge, where it could pass for another line.
            self._output.disable_autowrap()
            for entry in self._unwritten:
                self._write_entry(entry)
            self._unwritten.clear()
            self._output.enable_autowrap()
            self._output.flush()
        app.invalidate()

    async def read_line(self) -> str:
        """Return a typed line; EOFError when the user, or `close`, ends it."""
        return await self._session.prompt_async(set_exception_handler=False)

    def close(self) -> None:
        """End the prompt, if there is one."""
        app = self._session.app
        if app.is_running and not app.is_done:
            app.exit(exception=EOFError())

    def raw_mode(self) -> contextlib.AbstractContextManager[None]:
        """Keep the terminal from echoing between two prompts."""
        return self._input.raw_mode()

    def interrupt(self, line: Buffer) -> None:
        """Clear the line; the second time in a row, leave."""
        line.reset()
        self._chat.interrupt()
        if self._chat.leaving:
            self.close()
        else:
            self.write()

    def accept(self, line: Buffer) -> None:
        """Hand the line over, unless it is too long: then it stays, to be shortened."""
        if error := find_excess(line.text):
            self.show(notices.problem(error))
            self.write()
        else:
            line.validate_and_handle()

    def complete(self, line: Buffer) -> None:
        """Type the word before the cursor to its end, or list what it could become."""
        completion = complete(line.document.text_before_cursor, self._known)
        if completion is None:
            return
        if completion.insertion != completion.typed:
            line.delete_before_cursor(len(completion.typed))
            line.insert_text(completion.insertion)
        else:
            self.show(completion.listing)
            self.write()

    def paste(self, line: Buffer, text: str) -> None:
        """Insert a text, all of its lines, and say so if it is long."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        line.insert_text(text)
        if note := note_on_paste(text):
            self.show(note)
            self.write()

    def _line_height(self) -> Dimension:
        """Leave a pasted text half of the screen: what comes in above it stays in sight."""
        return Dimension(max=max(self._output.get_size().rows // 2, 1))

    def _write_entry(self, entry: Entry) -> None:
        width = self._output.get_size().columns - 1
        for sequence, text in paint(entry, width, colored=self._colored):
            self._output.write_raw(sequence)
            self._output.write(text.replace("\n", "\r\n"))
        self._output.write_raw("\r\n")


class _Session:
    """Two tasks: one hears the engine, one reads what is typed."""

    def __init__(
        self, engine: ChatEngine, chat: LineChat, screen: _Screen, inbox: Inbox, known: Known
    ) -> None:
        self._engine = engine
        self._chat = chat
        self._screen = screen
        self._inbox = inbox
        self._known = known

    async def run(self, flush_s: float) -> None:
        """Serve until the user leaves or the engine ends; then give it ``flush_s`` seconds."""
        self._inbox.attach()
        listening = asyncio.create_task(self._listen())
        listening.add_done_callback(lambda _: self._screen.close())
        with self._screen.raw_mode():
            while not (self._chat.leaving or listening.done()):
                await self._read_line()
        if self._chat.ended is None and not listening.done():
            if self._chat.pending:
                self._screen.show(notices.leaving(flush_s))
                self._screen.write()
            self._engine.stop(flush_s)
        await asyncio.wait({listening}, timeout=flush_s + GRACE_S)
        if listening.done():
            listening.result()

    async def _read_line(self) -> None:
        try:
            line = await self._screen.read_line()
        except EOFError:
            self._chat.leaving = True
            return
        self._chat.enter(line)
        self._screen.write()

    async def _listen(self) -> None:
        while self._chat.ended is None:
            events = await self._inbox.take()
            for event in events:
                self._known.hear(event)
            shown = [event for event in events if self._chat.hear(event)]
            self._screen.write()
            for event in shown:
                note_shown(self._engine, event)
            await asyncio.sleep(0)


def open_output(stdout: TextIO) -> Output:
    """Return the terminal's output; it never asks where the cursor is (not all answer)."""
    if sys.platform == "win32":
        return create_output(stdout)
    from prompt_toolkit.output.vt100 import Vt100_Output

    output = Vt100_Output.from_pty(stdout, term=os.environ.get("TERM"))
    output.enable_cpr = False
    return output
