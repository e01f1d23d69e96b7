"""What a conversation consists of on the screen: messages, and notices of ours between them."""

from msgspec import Struct

from securechat.client import events as e
from securechat.faces.entries import Entry
from securechat.faces.session.own_message import OwnMessage


class Row(Struct, frozen=True):
    """A message as it is drawn now; its texts are as they came.

    ``position`` is its place in the history, if it is there. An ``own`` one has a ``state`` and no
    ``trust``. One that is ``edited`` and has no text was deleted. ``reactions`` are who and what.
    """

    message_id: str
    sender: str
    text: str
    time_ms: int
    own: bool
    trust: str
    e2e: bool
    position: int | None = None
    state: e.DeliveryState | None = None
    action: bool = False
    edited: bool = False
    late: bool = False
    mention: bool = False
    request: bool = False
    missing: int = 0
    reply: e.Quote | None = None
    reactions: tuple[tuple[str, str], ...] = ()

    @property
    def deleted(self) -> bool:
        """Whether its writer has taken its text back."""
        return self.edited and not self.text


class Notice(Struct, frozen=True):
    """Something that we say, and when; ``who`` has come or gone, if that is what it says."""

    entry: Entry
    time_ms: int
    who: str = ""


def of_message(message: e.Message) -> Row:
    """Return the row of a message that has just come."""
    return Row(
        message.message_id,
        message.sender,
        message.text,
        message.time_ms,
        own=False,
        trust=message.trust.value,
        e2e=message.e2e,
        action=message.action,
        late=message.late,
        mention=message.mention,
        request=message.request,
        missing=message.missing,
        reply=message.reply,
    )


def of_past(past: e.PastMessage) -> Row:
    """Return the row of a message of the history."""
    own = past.state is not None
    return Row(
        past.message_id,
        past.sender,
        past.text,
        past.time_ms,
        own=own,
        trust="" if own else past.trust,
        e2e=past.e2e,
        position=past.position,
        state=past.state,
        action=past.action,
        edited=past.edited,
        late=past.late,
        mention=past.mention,
        missing=past.missing,
        reply=past.reply,
        reactions=past.reactions,
    )


def of_own(written: OwnMessage, sender: str, now_ms: int) -> Row:
    """Return the row of an own message that the engine has just taken."""
    return Row(
        written.message_id,
        sender,
        written.text,
        now_ms,
        own=True,
        trust="",
        e2e=True,
        state=e.DeliveryState.QUEUED,
        action=written.action,
        reply=None if written.reply_to is None else e.Quote(written.reply_to),
    )
