"""What users type for others: to whom it goes, and what it answers."""

from securechat.client.engine.errands import Errands
from securechat.client.input.typed import Typed, parse_message_id
from securechat.client.messages.posting import Posting
from securechat.client.messages.sending import Sending
from securechat.client.names.typed_names import is_room
from securechat.client.state.desk import Desk
from securechat.e2e.content import Text
from securechat.errors import SecureChatError, UsageError
from securechat.identity.types import MessageId


class Writing:
    """Hands texts to the part that sees them through; what is wrong with one is told."""

    def __init__(self, desk: Desk, sending: Sending, errands: Errands, posting: Posting) -> None:
        self._desk = desk
        self._sending = sending
        self._errands = errands
        self._posting = posting

    def write(self, typed: Typed, *, errand: bool) -> None:
        """Take a text, which may be the ``errand`` of another command."""
        try:
            content = Text(typed.text, typed.action, self._answered(typed))
            if is_room(typed.target):
                room_id = self._desk.rooms.find(typed.target)
                self._posting.write(room_id, typed.message_id, content)
                return
        except SecureChatError as error:
            self._desk.report(error, typed.message_id.hex())
            return
        part = self._errands if errand else self._sending
        part.write(typed.target, typed.message_id, content)

    def _answered(self, typed: Typed) -> MessageId | None:
        """Return the message that a text answers; UsageError when there is no such message."""
        if typed.reply_to is None:
            return None
        message_id = parse_message_id(typed.reply_to)
        if message_id is None:
            where = self._desk.where(typed.target)
            message_id = self._desk.past.newest(where, typed.reply_to)
        if message_id is None:
            raise UsageError(
                f"Nothing of {typed.reply_to} is kept here to be answered, nothing was sent",
                f"/history {typed.target}",
            )
        return message_id
