"""The full screen: a session of Textual around the chat's brain."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from textual import events
from textual._compositor import CompositorUpdate
from textual.app import ComposeResult
from textual.message_pump import MessagePump
from textual.screen import Screen

from securechat.client import events as e
from securechat.client.state.run import GRACE_S
from securechat.faces.chat.line_chat import local_now
from securechat.faces.entries import Entry
from securechat.faces.long_text import note_on_paste
from securechat.faces.screen.actions import ACTIONS, Scope
from securechat.faces.screen.drawing.help_page import key_label
from securechat.faces.screen.drawing.spans import Look, span
from securechat.faces.screen.drawing.typed_text import typed_text
from securechat.faces.screen.settings import ScreenSettings
from securechat.faces.screen.state.chat import ScreenChat
from securechat.faces.screen.state.notifying import Notifier
from securechat.faces.screen.widgets.bindings import bindings_of, method_of
from securechat.faces.screen.widgets.chat_view import ChatView
from securechat.faces.screen.widgets.frames import Drawn, Frame
from securechat.faces.screen.widgets.key_actions import KeyActions
from securechat.faces.screen.widgets.terminal_writes import TerminalWrites
from securechat.faces.session.engine import ChatEngine
from securechat.faces.session.inbox import Inbox
from securechat.faces.session.known import Known
from securechat.faces.wording import notices

SETTLE_S = 1.0
"""How long a key waits at most for the text that was typed ahead of it."""

TICK_S = 1.0

_ENTER_AHEAD = "ctrl+j"
"""What the terminal has made of an Enter that was typed before the screen took it."""

_THEMES = {"terminal": "ansi-dark", "dark": "textual-dark", "light": "textual-light"}
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
_ALWAYS = frozenset(("suspend",))
_CHAT_METHODS = frozenset(
    method_of(action.id)
    for action in ACTIONS
    if action.scope is Scope.CHAT and action.id not in _ALWAYS
)


class ChatApp(KeyActions, inherit_bindings=False):
    """A session on the full screen.

    When it is over, ``ended_by`` is the signal that ended it, and ``failure`` what of ours failed,
    if anything did; ``chat`` says the rest.
    """

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    AUTO_FOCUS = "Composer"
    BINDINGS = bindings_of(Scope.CHAT)

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
        shown: Callable[[], None] = lambda: None,
        now: Callable[[], datetime] = local_now,
    ) -> None:
        """Prepare it; ``shown`` is called when its first frame is on the terminal."""
        super().__init__(_driver_class(), ansi_color=settings.theme == "terminal")
        self.theme = _THEMES[settings.theme]
        self.animation_level = "none"
        self.set_keymap(dict(settings.keys))
        self.bound, self.now, self.unicode = settings.keys, now, unicode
        self.ended_by: signal.Signals | None = None
        self.failure: Exception | None = None
        self.terminal = TerminalWrites(self)
        self._drawn = Drawn()
        self._engine = engine
        self._inbox = inbox
        self._flush_s = flush_s
        self._shown = shown
        self._notifier = Notifier(
            settings, bell=self.terminal.bell, write=self.terminal.write, now=now
        )
        self.chat = ScreenChat(
            engine, peer=peer, lobby=lobby, now=now, ring=self._notify, unicode=unicode,
            keys=settings.keys,
        )  # fmt: skip
        self._known = Known()
        help_key = key_label(settings.keys.get("help", "f1"))
        self._view = ChatView(self.chat, self._known, now=now, unicode=unicode, help_key=help_key)
        self.composer, self.messages = self._view.composer, self._view.messages
        self._loaded: str | None = None
        self._typed = ""
        self._is_shown = False
        self._has_begun = False
        self._is_stopping = False
        self._is_warned = False
        self._has_focus = True

    def compose(self) -> ComposeResult:
        """Make the widgets; called by Textual."""
        yield self._view

    def on_load(self) -> None:
        """Take signals that end it, before the terminal is taken; called by Textual."""
        for name in _ENDING:
            self._take_signal(name, self._end_by_signal)

    def on_mount(self) -> None:
        """Begin the session; called by Textual."""
        self._take_signal("SIGTSTP", lambda _number: self.action_suspend())
        self._take_signal("SIGCONT", lambda _number: self._take_terminal_again())
        self._inbox.attach()
        self.chat.begin()
        self.show_changes()
        self.call_after_refresh(self._note_shown)
        self.set_interval(TICK_S, self._tick)
        self.run_worker(self._listen())

    def _note_shown(self) -> None:
        self._is_shown = True
        self._shown()

    # What comes -----------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while self.chat.ended is None:
            for event in await self._inbox.take():
                self._known.hear(event)
                self.chat.hear(event)
                self._has_begun |= isinstance(event, e.Ready | e.BegunOffline)
            self.show_changes()
            await asyncio.sleep(0)
        if self._is_stopping or not self._has_begun:
            self.exit()

    def _tick(self) -> None:
        self.chat.tick()
        self._draw_changed()
        if self.screen.size != self.size:  # Textual has lost the last of several sizes
            self.screen.post_message(events.Resize(self.size, self.size))

    def show_changes(self) -> None:
        """Draw again what has changed, and leave if that is what the user has said."""
        self._draw_changed()
        self.call_after_refresh(self._note_drawn)
        if self.chat.leaving:
            self.leave()

    def _draw_changed(self) -> None:
        self._load_typed()
        changed = self.chat.take_changed()
        self._view.draw(changed)
        self.show_answers(changed)

    def _note_drawn(self) -> None:
        is_seen = self._has_focus and not self.is_covered
        self.chat.drawn(at_end=self.messages.at_end, focused=is_seen)
        self._draw_changed()

    def _notify(self, message: e.Message) -> None:
        is_looked_at = self._has_focus and not self.is_covered
        self._notifier.notify(message, in_sight=is_looked_at and self.chat.is_current(message))

    # What is typed --------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Take keys one after the other; called by Textual.

        A field has its own queue: what a key means could otherwise happen before the text that was
        typed ahead of it is there, and a text go where it was not meant to.
        """
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        if isinstance(event, events.Key):
            if not self._has_focus:  # a terminal or a multiplexer may have said so wrongly
                self.on_app_focus()
            if event.key == _ENTER_AHEAD and not self._is_shown:
                event = events.Key("enter", "\r")
            elif event.key.startswith("alt+"):
                event.character = None  # a key that is bound to nothing types nothing
        self.hint(None)
        asked, was_covered = self._delete_asked, self.is_covered
        await super().on_event(event)
        if self._delete_asked is asked:
            self._delete_asked = None
        for target in (self.screen, self.focused):
            await _settled(target)
        if self._note_typed() and isinstance(event, events.Paste):
            self.hint(note_on_paste(typed_text(event.text)))
        if was_covered and not self.is_covered:
            self.show_changes()  # what has come below the page is seen now

    def check_action(self, action: str, _parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys of the chat out while a page lies over it; called by Textual."""
        return not (action in _CHAT_METHODS and self.is_covered)

    def hint(self, entry: Entry | None) -> None:
        """Say something above the input, until the next key; None: nothing."""
        self._view.show_hint(() if entry is None else (span(entry.text, Look.HINT),))

    def load(self, text: str) -> None:
        """Put another text into the input."""
        self.composer.load(text)
        self._note_typed()

    def _note_typed(self) -> bool:
        """Tell the chat what stands in the input; return whether that is anything new."""
        text = self.composer.text
        if text == self._typed:
            return False
        self._typed = text
        self.chat.typed(text)
        return True

    def _load_typed(self) -> None:
        """Show what stands in the input of the current conversation, if that is another text."""
        current = self.chat.current
        wanted = self.chat.typed_of(current)
        if current != self._loaded or wanted != self._typed:
            self._loaded = current
            self.composer.load(wanted)
            self._typed = self.composer.text

    # The end --------------------------------------------------------------------------------------

    def leave(self) -> None:
        """Hand over what is queued, for a time; then it is over.

        While there is no room to keep what was written it takes a second word.
        """
        self.chat.leaving = True
        if self._is_stopping:
            return
        if self.chat.standing.no_room and not self._is_warned:
            self._is_warned, self.chat.leaving = True, False
            self.hint(notices.leaving_without_room())
            return
        self._is_stopping = True
        self.chat.flush()
        if self.chat.ended is not None:
            self.exit()
            return
        if self.chat.pending:
            self.hint(notices.leaving(self._flush_s))
        self._engine.stop(self._flush_s)
        self.set_timer(self._flush_s + GRACE_S, self.exit)

    def _end_by_signal(self, number: signal.Signals) -> None:
        self.ended_by = number
        self.chat.flush()
        self.exit()

    def _take_signal(self, name: str, take: Callable[[signal.Signals], None]) -> None:
        """Let a signal be taken in the loop, where the terminal is in order."""
        if hasattr(signal, name):
            number = signal.Signals[name]
            with contextlib.suppress(NotImplementedError):  # on Windows
                asyncio.get_running_loop().add_signal_handler(number, take, number)

    def _handle_exception(self, error: Exception) -> None:
        """End by an error of ours; Textual would print it with the texts of peers in it."""
        if self.failure is None:
            self.failure = error
        self.exit(return_code=1)

    # The terminal ---------------------------------------------------------------------------------

    def _take_terminal_again(self) -> None:
        """Draw on it anew: this process was stopped without a word, and others had it."""
        with self.suspend():
            pass

    @contextmanager
    def suspend(self) -> Iterator[None]:
        """Let others have the terminal for as long as the block lasts."""
        with super().suspend():
            yield
        self._drawn.forget()

    def action_redraw(self) -> None:
        """Draw everything, whatever the terminal may show by now."""
        self._drawn.forget()
        self.screen.refresh()

    def on_resize(self) -> None:
        """Draw everything: for a moment the terminal may have been smaller; called by Textual."""
        self.action_redraw()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Write a frame to the terminal; called by Textual."""
        if isinstance(renderable, CompositorUpdate):
            renderable = Frame(renderable, self._drawn, self.size.width)
        super()._display(screen, renderable)

    def on_app_focus(self) -> None:
        """Take what is on the screen as seen: somebody looks at it again; called by Textual."""
        self._has_focus = True
        self._note_drawn()

    def on_app_blur(self) -> None:
        """Take nothing as seen from now on; called by Textual."""
        self._has_focus = False


def _driver_class() -> type[Any] | None:
    """Return how to have the terminal, or None where Textual knows better."""
    if sys.platform == "win32":
        return None
    from securechat.faces.screen.widgets.terminal_driver import TerminalDriver

    return TerminalDriver


async def _settled(target: MessagePump | None) -> None:
    """Wait until a widget has done all that it was told so far."""
    done = asyncio.Event()
    if target is not None and target.call_later(done.set):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), SETTLE_S)
