"""What can be asked of messages that are there already, and of the one that is being typed.

`securechat.client.commands` has the rest. A ``target`` is a person or a ``#room``.
"""

from msgspec import Struct


class Amend(Struct, frozen=True):
    """``/edit [ID] TEXT`` and ``/delete [ID]``: another text for an own message, or none at all.

    Without a ``message``, an id of 32 hexadecimal digits, the newest own one there is meant.
    """

    target: str | None
    message: str | None
    text: str


class React(Struct, frozen=True):
    """``/react TO [SYMBOL]``: react to a message; without a symbol, take that back.

    ``to`` is a message's id (32 hexadecimal digits), or whose newest message is meant.
    """

    target: str | None
    to: str
    symbol: str


class Composing(Struct, frozen=True):
    """A text for a conversation is being typed, or is not any more."""

    target: str
    active: bool


class ShowTyping(Struct, frozen=True):
    """``/typing [on|off]``: whether others see that the user types, and the user that they do."""

    on: bool | None


class Page(Struct, frozen=True):
    """Up to ``count`` messages of a conversation: the newest, or those next to a position.

    At most one of ``before``, ``after`` and ``around`` is given; they are a
    `past_message.PastMessage.position`, which is itself in what is ``around`` it only.
    """

    name: str
    count: int = 200
    before: int | None = None
    after: int | None = None
    around: int | None = None


class StoreText(Struct, frozen=True):
    """Keep what is being typed in a conversation over the end of the run; an empty text: nothing.

    Nothing is told in answer.
    """

    target: str
    text: str


class StoredTexts(Struct, frozen=True):
    """What `StoreText` keeps."""


class Sight(Struct, frozen=True):
    """``/relay [NAME]``: what the relay sees of a person, a room, or of everything."""

    name: str | None


AmendQuestion = Amend | React | ShowTyping | Sight
"""What users ask for."""

ScreenQuestion = Composing | Page | StoreText | StoredTexts
"""What a screen asks for by itself: nobody types it."""
