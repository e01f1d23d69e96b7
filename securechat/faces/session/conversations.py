"""The conversations of a session: which one text goes to, and what is unread in the others."""

from collections.abc import Iterator

from securechat.client.events import Amended, Message, Reacted, RoomChange, RoomNews
from securechat.client.names.contacts import split_key_id
from securechat.client.names.typed_names import LOBBY, conversation_key


def conversation_of(message: Message) -> str:
    """Return the name of the conversation that a message belongs to."""
    return message.sender if message.room is None else message.room


def changed_in(event: Amended | Reacted) -> str:
    """Return the name of the conversation that a message, which is changed, belongs to."""
    if event.room is not None or event.own:
        return event.room or event.recipient
    return event.sender if isinstance(event, Amended) else event.name


class UnreadCounts:
    """How many messages have come in each conversation since it was the current one."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[str, int]] = {}

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self._counts.values())

    def of(self, name: str) -> int:
        """Return the count of one conversation."""
        return self._counts.get(conversation_key(name), (name, 0))[1]

    def add(self, name: str) -> None:
        """Count a message."""
        self._counts[conversation_key(name)] = name, self.of(name) + 1

    def clear(self, name: str) -> None:
        """Count from zero again."""
        self._counts.pop(conversation_key(name), None)

    def rename(self, before: str, name: str) -> None:
        """Take note of another name for a conversation."""
        _, count = self._counts.pop(conversation_key(before), (before, 0))
        if count:
            self._counts[conversation_key(name)] = name, count


class Conversations:
    """The ``current`` conversation, and the room that it is about to be.

    A room that was asked for is where text goes from then on: what is typed ahead must not land in
    the conversation before.
    """

    def __init__(self, peer: str | None, *, lobby: bool) -> None:
        """Begin with the ``peer``, else in the ``lobby``, or with nobody."""
        self.current = LOBBY if peer is None and lobby else peer
        self.awaited: str | None = None
        self.unread = UnreadCounts()

    @property
    def target(self) -> str | None:
        """Whom or where text goes to; None when nobody is chosen."""
        return self.awaited or self.current

    def is_current(self, name: str) -> bool:
        """Tell whether this is the current conversation."""
        return self.current is not None and conversation_key(self.current) == conversation_key(name)

    def is_target(self, name: str) -> bool:
        """Tell whether text goes to this conversation."""
        return self.target is not None and conversation_key(self.target) == conversation_key(name)

    def choose(self, name: str | None) -> None:
        """Make this the current conversation, with nothing unread in it; None is none."""
        self.current, self.awaited = name, None
        if name is not None:
            self.unread.clear(name)

    def rename(self, before: str, name: str) -> None:
        """Take note of another name for somebody."""
        self.unread.rename(before, name)
        if self.is_current(before):
            self.current = name

    def note_entered(self, news: RoomNews) -> bool:
        """Make an awaited room the current one if that is the news; tell whether it was."""
        entered = news.change in (RoomChange.CREATED, RoomChange.ENTERED)
        if not entered or self.awaited is None or _plain(self.awaited) != _plain(news.room):
            return False
        self.choose(news.room)
        return True


def _plain(room: str) -> str:
    """Return a room's name without the key id that one of two with this name has."""
    return conversation_key(split_key_id(room)[0])
