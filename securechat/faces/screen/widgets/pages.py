"""What is opened over the chat: help, pickers, verification, and what the relay sees."""

from collections.abc import Callable, Mapping
from datetime import datetime

from textual.app import App
from textual.timer import Timer

from securechat.client import commands as c
from securechat.client import events as e
from securechat.faces.entries import Entry
from securechat.faces.screen.drawing.facts import Opening, Part, Request
from securechat.faces.screen.drawing.help_page import lay_out_help
from securechat.faces.screen.drawing.relay_page import lay_out_relay_view, relay_title
from securechat.faces.screen.drawing.rows import Row
from securechat.faces.screen.state.chat import ScreenChat
from securechat.faces.screen.widgets.bindings import method_of
from securechat.faces.screen.widgets.choices import (
    conversation_choices,
    doing_choices,
    message_choices,
    reaction_choices,
)
from securechat.faces.screen.widgets.messages_pane import MessagesPane
from securechat.faces.screen.widgets.page import Page
from securechat.faces.screen.widgets.picker import Picker
from securechat.faces.screen.widgets.verify import VerifySheet

SEARCH_PAUSE_S = 0.2
"""Who has typed nothing for so long wants to see what is found."""


class Pages(App[None], inherit_bindings=False):
    """The part of the app that opens pages; the chat goes on below them."""

    chat: ScreenChat
    messages: MessagesPane
    bound: Mapping[str, str]
    now: Callable[[], datetime]
    unicode: bool
    _search_pause: Timer | None = None

    def show_changes(self) -> None:
        """Draw again what has changed, and leave if that is what the user has said."""
        raise NotImplementedError

    def load(self, text: str) -> None:
        """Put another text into the input."""
        raise NotImplementedError

    def hint(self, entry: Entry | None) -> None:
        """Say something above the input, until the next key; None: nothing."""
        raise NotImplementedError

    @property
    def is_covered(self) -> bool:
        """Whether something lies over the chat."""
        return len(self.screen_stack) > 1

    def open(self, request: Request | None) -> None:
        """Open the page that a typed command asks for, if one does."""
        match request:
            case Request(Opening.HELP):
                self.open_help()
            case Request(Opening.SEARCH, text):
                self.open_search(text)
            case Request(Opening.VERIFY):
                self.open_verification()

    def show_answers(self, changed: set[Part]) -> None:
        """Draw again the page that waits for something that has changed; one may open."""
        if Part.FOUND in changed and isinstance(self.screen, Picker):
            self.screen.update()
        if Part.COMPARING in changed and isinstance(self.screen, VerifySheet):
            self.screen.answer()
        if Part.RELAY in changed and (view := self.chat.relay_view) and not self.is_covered:
            page = Page(
                relay_title(view), lambda columns: lay_out_relay_view(view, columns, self.now())
            )
            self.push_screen(page)

    def open_help(self) -> None:
        """Show the keys and commands."""
        self.push_screen(Page("Help", lambda columns: lay_out_help(columns, self.bound)))

    def open_verification(self) -> None:
        """Show what is to be compared with the person of this conversation."""
        if self.chat.current is None or self.chat.heading.is_room:
            self.hint(Entry("A person is verified in the conversation with them: /msg NAME"))
            return
        self.chat.verify(c.How.DIGITS)
        colors = not self.no_color
        self.push_screen(
            VerifySheet(self.chat, self.chat.current, unicode=self.unicode, colors=colors)
        )

    def open_switcher(self) -> None:
        """Let a conversation be chosen."""

        def go(name: str | None) -> None:
            if name is not None:
                self.chat.choose(name)
            self.show_changes()

        places = self.chat.places
        self.push_screen(Picker("Go to", lambda typed: conversation_choices(typed, places)), go)

    def open_palette(self) -> None:
        """Let an action or a command be chosen; a command is put into the input."""

        async def do(chosen: str | None) -> None:
            if chosen is None:
                return
            if chosen.startswith("/"):
                self.load(f"{chosen} ")
            else:
                await self.run_action(f"app.{method_of(chosen)}")

        self.push_screen(Picker("Do", lambda typed: doing_choices(typed, self.bound)), do)

    def open_search(self, typed: str) -> None:
        """Let a message be found, and go to it."""

        def visit(past: e.PastMessage | None) -> None:
            if past is not None:
                self.chat.visit(past)
                self.screen.set_focus(self.messages)
            self.show_changes()

        picker = Picker(
            "Search: words, from:NAME in:NAME since:DATE before:DATE",
            lambda _: message_choices(self.chat.found, self.now()),
            on_type=self._search_soon,
            typed=typed,
        )
        self.push_screen(picker, visit)
        if typed:
            self.chat.search(typed)

    def open_reactions(self, row: Row) -> None:
        """Let a reaction to a message be chosen."""

        def react(symbol: str | None) -> None:
            if symbol is not None:
                self.chat.react(row, symbol)
            self.show_changes()

        self.push_screen(Picker("React with", reaction_choices), react)

    def _search_soon(self, typed: str) -> None:
        if self._search_pause is not None:
            self._search_pause.stop()
        if typed:
            self._search_pause = self.set_timer(SEARCH_PAUSE_S, lambda: self.chat.search(typed))
