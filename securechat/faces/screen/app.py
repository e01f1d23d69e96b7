"""The full screen: widgets around the chat's brain, and what keys do with both."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable
from datetime import datetime
from functools import partial

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Size
from textual.message_pump import MessagePump

from securechat.client import events as e
from securechat.client.run import GRACE_S
from securechat.faces.bell import Bell
from securechat.faces.engine import ChatEngine
from securechat.faces.entries import Entry
from securechat.faces.inbox import Inbox
from securechat.faces.known import Known
from securechat.faces.line_chat import local_now
from securechat.faces.screen.actions import ACTIONS, Scope
from securechat.faces.screen.bars_widget import Bar, Prompt
from securechat.faces.screen.bindings import bindings_of, method_of
from securechat.faces.screen.chat import Part, ScreenChat
from securechat.faces.screen.composer import Composer
from securechat.faces.screen.key_actions import KeyActions
from securechat.faces.screen.messages_pane import MessagesPane
from securechat.faces.screen.settings import ScreenSettings
from securechat.faces.screen.side_pane import SidePane
from securechat.faces.screen.spans import Line, Look, span
from securechat.faces.screen.terminal_writes import TerminalWrites
from securechat.faces.typed_text import note_on_paste

SIDE_COLUMNS = 60
WIDE_COLUMNS = 120
TITLE_ROWS = 8
"""The least size for a side pane, for a wide one, and for a title."""

_THEMES = {"terminal": "ansi-dark", "dark": "textual-dark", "light": "textual-light"}
_CHAT_METHODS = frozenset(method_of(action.id) for action in ACTIONS if action.scope is Scope.CHAT)

SETTLE_S = 1.0
"""How long a key waits at most for the text that was typed ahead of it."""

logger = logging.getLogger("securechat.screen")


class ChatApp(KeyActions, inherit_bindings=False):
    """A session on the full screen.

    When it is over, ``ended_by`` is the signal that ended it, and ``failure`` what of ours failed,
    if anything did; ``chat`` says the rest.
    """

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    BINDINGS = bindings_of(Scope.CHAT)

    CSS = """
    Screen { layout: vertical; }
    #middle { height: 1fr; }
    #right { width: 1fr; }
    #messages { height: 1fr; width: 1fr; }
    #side { width: 20; height: 1fr; display: none; }
    #title, #status { text-style: reverse; }
    #input { height: auto; max-height: 50vh; }
    .with-side #side { display: block; }
    .wide #side { width: 26; }
    .low #title { display: none; }
    """

    def __init__(
        self,
        engine: ChatEngine,
        inbox: Inbox,
        *,
        peer: str | None,
        lobby: bool,
        settings: ScreenSettings,
        unicode: bool,
        flush_s: float,
        now: Callable[[], datetime] = local_now,
    ) -> None:
        terminal_colors = settings.theme == "terminal"
        super().__init__(ansi_color=terminal_colors)
        self.theme = _THEMES[settings.theme]
        self.animation_level = "none"
        self.ended_by: signal.Signals | None = None
        self.failure: Exception | None = None
        self._engine = engine
        self._inbox = inbox
        self._flush_s = flush_s
        self._known = Known()
        self._hint: Line = ()
        self._was_ready = False
        self._has_terminal_focus = True
        self._stopping = False
        self._loaded: str | None = None
        self._typed = ""
        self.terminal = TerminalWrites(self)
        self._bell = Bell(self.terminal.bell)
        self.chat = ScreenChat(
            engine, peer=peer, lobby=lobby, now=now, ring=self._ring, unicode=unicode
        )
        self._messages = MessagesPane(self.chat, now=now, unicode=unicode)
        self._side = SidePane(self.chat, unicode=unicode)
        self._composer = Composer(self._known)
        self._prompt = Prompt(lambda: self.chat.prompt)
        self._title = Bar(lambda: [self.chat.title], id="title")
        self._banners = Bar(lambda: self.chat.banners, id="banners")
        self._hints = Bar(self._hint_lines, id="hints")
        self._status = Bar(lambda: [self.chat.status], id="status")
        self.set_keymap(dict(settings.keys))

    def compose(self) -> ComposeResult:
        """Make the widgets; called by Textual."""
        yield self._title
        with Horizontal(id="middle"):
            yield self._side
            yield self._messages
        yield self._banners
        yield self._hints
        with Horizontal(id="input"):
            yield self._prompt
            yield self._composer
        yield self._status

    def on_mount(self) -> None:
        """Begin the session; called by Textual."""
        self._composer.focus()
        self._fit(self.size)
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                with contextlib.suppress(NotImplementedError):
                    number = signal.Signals[name]
                    loop.add_signal_handler(number, self._end_by_signal, number)
        self._inbox.attach()
        self.chat.begin()
        self.show_changes()
        self.run_worker(self._listen())

    # Events of the engine -------------------------------------------------------------------------

    async def _listen(self) -> None:
        while self.chat.ended is None:
            for event in await self._inbox.take():
                self._known.hear(event)
                self.chat.hear(event)
                self._was_ready |= isinstance(event, e.Ready)
            self.show_changes()
            await asyncio.sleep(0)
        if self._stopping or not self._was_ready:
            self.exit()

    def show_changes(self) -> None:
        """Draw again what has changed, and leave if that is what the user has said."""
        changed = self.chat.take_changed()
        self._load_typed()
        draws: dict[Part, Callable[[], None]] = {
            Part.SIDE: self._side.redraw,
            Part.MESSAGES: self._messages.redraw,
            Part.TITLE: self._title.redraw,
            Part.STATUS: self._status.redraw,
            Part.INPUT: self._redraw_input,
            Part.BANNER: partial(self._banners.redraw, layout=True),
        }
        for part, draw in draws.items():
            if part in changed:
                draw()
        if self.chat.leaving:
            self.leave()
        else:
            self.call_after_refresh(self._note_drawn)

    def hint(self, entry: Entry | None) -> None:
        """Say something above the input, until the next key; None: nothing."""
        line = () if entry is None else (span(entry.text, Look.HINT),)
        if line != self._hint:
            self._hint = line
            self._hints.redraw(layout=True)

    def _redraw_input(self) -> None:
        self._prompt.redraw(layout=True)
        self._hints.redraw(layout=True)

    def _note_drawn(self) -> None:
        self.chat.drawn(
            at_end=self._messages.at_end,
            focused=self._has_terminal_focus and not self._in_modal,
        )
        if Part.SIDE in self.chat.take_changed():
            self._side.redraw()

    def _hint_lines(self) -> list[Line]:
        return [line for line in (self.chat.typing_now, self._hint) if line]

    # Keys -----------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Take keys one after the other; called by Textual.

        A field has its own queue: what a key means could otherwise happen before the text that was
        typed ahead of it is there, and a text go where it was not typed.
        """
        await super().on_event(event)
        if isinstance(event, events.Key | events.Paste):
            for target in (self.screen, self.focused):
                await _settled(target)
            self._keep_typed(event)

    def load(self, text: str) -> None:
        """Put another text into the input."""
        self._composer.load(text)
        self._note_typed()

    def _keep_typed(self, event: events.Key | events.Paste) -> None:
        if self._note_typed():
            note = note_on_paste(event.text) if isinstance(event, events.Paste) else None
            self.hint(note)

    def _note_typed(self) -> bool:
        """Tell the chat what stands in the input; return whether that is anything new."""
        text = self._composer.text
        if text == self._typed:
            return False
        self._typed = text
        self.chat.typed(text)
        return True

    def _load_typed(self) -> None:
        """Show what was typed in the conversation that is current now."""
        current = self.chat.current
        if current != self._loaded:
            self._loaded = current
            self._composer.load(self.chat.typed_of(current) if current is not None else "")
            self._typed = self._composer.text

    def check_action(self, action: str, _parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys of the chat out while something lies over it; called by Textual."""
        return not (action in _CHAT_METHODS and self._in_modal)

    def on_key(self, event: events.Key) -> None:
        """Type what means nothing among the messages into the input; called by Textual."""
        if event.is_printable and event.character and self.focused is self._messages:
            self.screen.set_focus(self._composer)
            self._composer.insert(event.character)

    @property
    def _in_modal(self) -> bool:
        return len(self.screen_stack) > 1

    # The end --------------------------------------------------------------------------------------

    def leave(self) -> None:
        """Hand over what is queued, for a time; then it is over."""
        self.chat.leaving = True
        if self._stopping:
            return
        self._stopping = True
        if self.chat.ended is not None:
            self.exit()
            return
        self._engine.stop(self._flush_s)
        self.set_timer(self._flush_s + GRACE_S, self.exit)

    def _end_by_signal(self, number: signal.Signals) -> None:
        self.ended_by = number
        self.exit()

    def _handle_exception(self, error: Exception) -> None:
        """End by an error of ours; Textual would print it with the texts of peers in it."""
        if self.failure is None:
            self.failure = error
            logger.error("The screen has failed: %s", type(error).__name__)
        self.exit(return_code=1)

    def _ring(self, _message: e.Message) -> None:
        self._bell.ring()

    # The terminal ---------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Show as much as there is room for; called by Textual."""
        self._fit(event.size)

    def _fit(self, size: Size) -> None:
        width, height = size
        self.screen.set_class(width >= SIDE_COLUMNS, "with-side")
        self.screen.set_class(width >= WIDE_COLUMNS, "wide")
        self.screen.set_class(height < TITLE_ROWS, "low")

    def on_app_focus(self) -> None:
        """Take what is on the screen as read: somebody looks at it again."""
        self._has_terminal_focus = True
        self._note_drawn()

    def on_app_blur(self) -> None:
        """Take nothing as read from now on."""
        self._has_terminal_focus = False


async def _settled(target: MessagePump | None) -> None:
    """Wait until a widget has done all that it was told so far."""
    done = asyncio.Event()
    if target is not None and target.call_later(done.set):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), SETTLE_S)
