"""What each key of the screen does; see `securechat.faces.screen.actions`."""

from textual.app import App

from securechat.faces.entries import Entry
from securechat.faces.screen.chat import ScreenChat
from securechat.faces.screen.composer import Composer
from securechat.faces.screen.messages_pane import MessagesPane
from securechat.faces.screen.spans import Line


class KeyActions(App[None], inherit_bindings=False):
    """The app's methods for keys: Textual calls them by the names of the actions."""

    chat: ScreenChat
    _composer: Composer
    _messages: MessagesPane
    _hint: Line

    def show_changes(self) -> None:
        """Draw again what has changed, and leave if that is what the user has said."""
        raise NotImplementedError

    def load(self, text: str) -> None:
        """Put another text into the input."""
        raise NotImplementedError

    def leave(self) -> None:
        """Hand over what is queued, for a time; then it is over."""
        raise NotImplementedError

    def hint(self, entry: Entry | None) -> None:
        """Say something above the input, until the next key; None: nothing."""
        raise NotImplementedError

    # Conversations --------------------------------------------------------------------------------

    def action_next(self) -> None:
        """Go to the conversation below."""
        self.chat.step(1)
        self.show_changes()

    def action_previous(self) -> None:
        """Go to the conversation above."""
        self.chat.step(-1)
        self.show_changes()

    def action_unread(self) -> None:
        """Go to a conversation with something unread."""
        self.chat.next_unread()
        self.show_changes()

    # The input ------------------------------------------------------------------------------------

    def action_send(self) -> None:
        """Send the text, or do what it asks for."""
        if self.chat.enter(self._composer.text):
            self.load("")
            self._messages.to_end()
        self.show_changes()

    def action_newline(self) -> None:
        """Begin another line."""
        self._composer.insert("\n")

    def action_complete(self) -> None:
        """Complete the word before the cursor, or say what it could become."""
        self.hint(self._composer.complete())

    def action_clear(self) -> None:
        """Clear the line; twice in a row: leave."""
        self.load("")
        self.screen.set_focus(self._composer)
        self.chat.interrupt()
        self.show_changes()

    async def action_quit(self) -> None:
        """Leave."""
        self.leave()

    # The messages ---------------------------------------------------------------------------------

    def action_page_up(self) -> None:
        """Scroll up."""
        self._messages.page(-1)
        self.show_changes()

    def action_page_down(self) -> None:
        """Scroll down."""
        self._messages.page(1)
        self.show_changes()

    def action_oldest(self) -> None:
        """Go to the first message."""
        self._messages.to_start()
        self.show_changes()

    def action_newest(self) -> None:
        """Go to the last message."""
        self._messages.to_end()
        self.show_changes()

    def action_mark(self) -> None:
        """Go to the first new message."""
        self._messages.to_new()
        self.show_changes()

    def action_select(self) -> None:
        """Go to the messages, or back to the input."""
        if self.focused is self._messages:
            self.screen.set_focus(self._composer)
            self._messages.choose_none()
        else:
            self.screen.set_focus(self._messages)
            self._messages.choose_nearest()

    def action_up(self) -> None:
        """Choose the message above."""
        self._messages.step(-1)
        self.show_changes()

    def action_down(self) -> None:
        """Choose the message below."""
        self._messages.step(1)
        self.show_changes()

    def action_alarm(self) -> None:
        """Take note of the alarm."""
        self.chat.note_alarm()
        self.show_changes()
