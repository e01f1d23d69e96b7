"""The names of people and rooms that a face has heard of, for completing what is typed."""

from collections.abc import Iterator
from itertools import islice

from securechat.client import events as e
from securechat.client.names.typed_names import is_room
from securechat.text import safe_text

NAMES_MAX = 2048
"""People of whom the names are known; more than the relay tells at once."""

ROOMS_MAX = 256

_LENGTH_MAX = 64
"""The longest name, with the key id that a face shows behind it."""


class Known:
    """Collects names from events; those heard of longest ago give way to new ones.

    Only names that are safe to show, and are one word, are taken: nothing else is ever completed.
    """

    def __init__(self) -> None:
        self._me = ""
        self._names: dict[str, str] = {}
        self._rooms: dict[str, str] = {}

    def hear(self, event: e.Event) -> None:
        """Take the names out of an event."""
        if isinstance(event, e.Ready | e.BegunOffline):
            self._me = event.name.casefold()
        elif isinstance(event, e.Renamed):
            self._names.pop(event.before.casefold(), None)
        for name in _names_in(event):
            if is_room(name):
                _keep(self._rooms, name, ROOMS_MAX)
            else:
                _keep(self._names, name, NAMES_MAX)

    @property
    def names(self) -> list[str]:
        """The people, without the user, in the order of the alphabet."""
        return [name for key, name in sorted(self._names.items()) if key != self._me]

    @property
    def rooms(self) -> list[str]:
        """The rooms, with their ``#``, in the order of the alphabet."""
        return sorted(self._rooms.values(), key=str.casefold)


def _names_in(event: e.Event) -> Iterator[str]:
    match event:
        case (
            e.PeerReady(name)
            | e.Waiting(name)
            | e.TrustChanged(name)
            | e.PeerKeyChanged(name)
            | e.Paired(name)
            | e.Renamed(_, name)
            | e.Typing(name)
        ):
            yield name
        case e.Message():
            yield from _present(event.sender, event.room)
        case e.PresenceChanged() | e.Reacted():
            yield from _present(event.name, event.room)
        case e.People():
            yield from islice(event.names, NAMES_MAX)
        case e.Contacts():
            yield from (known.name for known in event.people[-NAMES_MAX:])
        case e.History() | e.SearchResult() | e.Page():
            for past in event.messages:
                yield past.sender if past.state is None else past.recipient
        case _:
            yield from _names_of_rooms(event)


def _names_of_rooms(event: e.Event) -> Iterator[str]:
    match event:
        case e.RoomNews():
            yield from _present(event.room, event.actor, event.subject)
        case e.Invitation():
            yield from (event.room, event.inviter, event.creator)
        case e.RoomList():
            yield from (room.name for room in event.rooms[-ROOMS_MAX:])
        case e.RoomPeople():
            yield event.room
            yield from (person.name for person in event.people[-NAMES_MAX:])


def _present(*names: str | None) -> Iterator[str]:
    return (name for name in names if name is not None)


def _keep(kept: dict[str, str], name: str, most: int) -> None:
    """Put a name last, if it may be completed, and let go of the first ones beyond ``most``."""
    if not 0 < len(name) <= _LENGTH_MAX or safe_text(name) != name or len(name.split()) != 1:
        return
    kept.pop(name.casefold(), None)
    kept[name.casefold()] = name
    while len(kept) > most:
        del kept[next(iter(kept))]
