"""What each key of the screen does; see `securechat.faces.screen.actions`."""

from securechat.errors import FileProblem
from securechat.faces.entries import Entry
from securechat.faces.screen.drawing.rows import Row
from securechat.faces.screen.widgets.composer import Composer
from securechat.faces.screen.widgets.editor import edit_text
from securechat.faces.screen.widgets.pages import Pages
from securechat.faces.screen.widgets.terminal_sharing import stop_here
from securechat.faces.screen.widgets.terminal_writes import TerminalWrites
from securechat.faces.wording import notices


class KeyActions(Pages, inherit_bindings=False):
    """The app's methods for keys: Textual calls them by the names of the actions.

    Each is done at once and in its turn: what is typed behind it comes after it.
    """

    composer: Composer
    terminal: TerminalWrites
    _delete_asked: Row | None = None

    def leave(self) -> None:
        """Hand over what is queued, for a time; then it is over."""
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

    def action_alarm(self) -> None:
        """Take note of the alarm."""
        self.chat.note_alarm()
        self.show_changes()

    # Pages ----------------------------------------------------------------------------------------

    def action_help(self) -> None:
        """Show the keys and commands."""
        self.open_help()

    def action_switch(self) -> None:
        """Choose a conversation."""
        self.open_switcher()

    def action_search(self) -> None:
        """Search in the messages."""
        self.open_search("")

    def action_palette(self) -> None:
        """Choose what to do."""
        self.open_palette()

    def action_verify(self) -> None:
        """Compare keys with the person of this conversation."""
        self.open_verification()

    def action_relay(self) -> None:
        """Look at what the relay sees."""
        self.chat.look_at_relay()

    # The input ------------------------------------------------------------------------------------

    def action_send(self) -> None:
        """Send the text, or do what it asks for; not what is typed for the shell that follows."""
        if self.chat.leaving:
            return
        self.chat.enter(self.composer.text)
        self.messages.to_end()
        self.show_changes()
        self.open(self.chat.take_request())

    def action_newline(self) -> None:
        """Begin another line."""
        self.composer.insert("\n")

    def action_complete(self) -> None:
        """Complete the word before the cursor, or say what it could become."""
        self.hint(self.composer.complete())

    def action_editor(self) -> None:
        """Go on writing in an editor."""
        with self.suspend():  # which would not take the terminal back after an error
            written = _edit(self.composer.text)
        if isinstance(written, FileProblem):
            self.hint(notices.problem(written))
        else:
            self.load(written)

    def action_edit_last(self) -> None:
        """Edit the own newest message."""
        rows = reversed(self.chat.timeline.rows)
        own = (row for row in rows if isinstance(row, Row) and row.own and not row.deleted)
        self._edit(next(own, None))

    def action_clear(self) -> None:
        """Clear the line; twice in a row: leave."""
        if self.chat.editing is None:
            self.load("")
        self.chat.cancel()
        self._write()
        self.chat.interrupt()
        self.show_changes()
        if not self.chat.leaving:
            self.hint(notices.interrupt_hint())

    def action_leave_or_delete(self) -> None:
        """Leave if nothing is typed, else delete what the cursor is on."""
        if self.composer.text:
            self.composer.action_delete_right()
        else:
            self.leave()

    def action_suspend(self) -> None:
        """Give the terminal to the shell, until that lets the chat go on."""
        with self.suspend():
            stop_here()

    async def action_quit(self) -> None:
        """Leave."""
        self.leave()

    # The messages ---------------------------------------------------------------------------------

    def action_page_up(self) -> None:
        """Scroll up."""
        self.messages.turn_page(-1)
        self.show_changes()

    def action_page_down(self) -> None:
        """Scroll down."""
        self.messages.turn_page(1)
        self.show_changes()

    def action_oldest(self) -> None:
        """Go to the first message."""
        self.messages.to_start()
        self.show_changes()

    def action_newest(self) -> None:
        """Go to the last message."""
        self.messages.to_end()
        self.show_changes()

    def action_mark(self) -> None:
        """Go to the first new message."""
        self.messages.to_new()
        self.show_changes()

    def action_select(self) -> None:
        """Drop what is answered or edited, else go to the messages, or back to the input."""
        if self.focused is self.messages:
            self._write()
        elif self.chat.replying or self.chat.editing:
            self.chat.cancel()
            self.show_changes()
        else:
            self.screen.set_focus(self.messages)
            self.messages.choose_last_seen()

    def action_up(self) -> None:
        """Choose the message above."""
        self.messages.step(-1)
        self.show_changes()

    def action_down(self) -> None:
        """Choose the message below."""
        self.messages.step(1)
        self.show_changes()

    def action_copy(self) -> None:
        """Copy the message."""
        if row := self._chosen():
            self.terminal.copy(self.chat.copy_text(row))
            self.hint(Entry("Copied, if this terminal lets a program do so."))

    def action_reply(self) -> None:
        """Answer the message."""
        if row := self._chosen():
            self.chat.reply_to(row)
            self._write()
            self.show_changes()

    def action_edit(self) -> None:
        """Edit the message, if it is the user's own."""
        if row := self._chosen():
            self._edit(row)

    def action_delete(self) -> None:
        """Delete the message, if it is the user's own and this is the second time."""
        row = self._chosen()
        if row is None:
            return
        if not row.own:
            self.hint(Entry("Only your own messages can be deleted."))
        elif self._delete_asked == row:
            self.chat.delete(row)
            self.show_changes()
        else:
            self._delete_asked = row
            self.hint(Entry("The same key again deletes this message for everybody."))

    def action_react(self) -> None:
        """React to the message."""
        if row := self._chosen():
            self.open_reactions(row)

    # ----------------------------------------------------------------------------------------------

    def _write(self) -> None:
        """Go to the input."""
        self.screen.set_focus(self.composer)
        self.messages.choose_none()

    def _chosen(self) -> Row | None:
        """Return the chosen message; a deleted one is none with which anything can be done."""
        row = self.messages.chosen
        if row is not None and row.deleted:
            self.hint(Entry("This message is deleted."))
            return None
        return row

    def _edit(self, row: Row | None) -> None:
        if row is None or not row.own:
            self.hint(Entry("Only your own messages can be edited."))
            return
        self.chat.edit(row)
        self._write()
        self.show_changes()


def _edit(text: str) -> str | FileProblem:
    """Return what a text has become in the editor, or what was wrong with that."""
    try:
        return edit_text(text)
    except FileProblem as error:
        return error
