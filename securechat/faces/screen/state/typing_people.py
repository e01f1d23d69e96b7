"""Who is typing, in which conversation."""

from securechat.client import events as e
from securechat.client.names.typed_names import conversation_key

_NAMED = 2


class TypingPeople:
    """The people of whom the engine has told that they type, and not yet that they stopped."""

    def __init__(self) -> None:
        self._typing: dict[str, dict[str, str]] = {}

    def hear(self, event: e.Typing) -> None:
        """Take note that somebody types, or does no more."""
        where = conversation_key(event.name if event.room is None else event.room)
        people = self._typing.setdefault(where, {})
        if event.active:
            people[conversation_key(event.name)] = event.name
        else:
            people.pop(conversation_key(event.name), None)
            if not people:
                del self._typing[where]

    def words(self, where: str) -> str:
        """Return a sentence about those who type in a conversation, or ""."""
        names = sorted(self._typing.get(conversation_key(where), {}).values(), key=str.casefold)
        match names:
            case []:
                return ""
            case [name]:
                return f"{name} is typing"
            case [one, other]:
                return f"{one} and {other} are typing"
            case _:
                more = len(names) - _NAMED
                return f"{', '.join(names[:_NAMED])} and {more} more are typing"
