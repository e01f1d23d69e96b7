"""Who is in the lobby, and what those who are there have been told of it so far."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from securechat.identity.names import name_key
from securechat.identity.types import Name
from securechat.wire.frames import MAX_LOBBY
from securechat.wire.frames import Lobby as LobbyNews

D = TypeVar("D")
S = TypeVar("S")

FULL = LobbyNews(here=(), gone=(), begins=True, full=True)

Entry = tuple[str, bool]
"""A name as its holder writes it, and whether they are away."""


class Lobby(Generic[D, S]):
    """People in the lobby, and their devices ``D`` there, each told through an ``S``.

    All who listen have been told the same, but for their own names, which they never are: a device
    that begins to listen is told that, and `news` brings all of them up to date at once.
    """

    def __init__(self) -> None:
        self._people: dict[str, Entry] = {}
        self._told: dict[str, Entry] = {}
        self._changed: dict[str, None] = {}
        self._listeners: dict[D, tuple[str, S]] = {}

    def has_room_for(self, name: str) -> bool:
        """Return whether this person is there, or one more may come."""
        return name_key(Name(name)) in self._people or len(self._people) < MAX_LOBBY

    def put(self, name: str, *, away: bool) -> None:
        """Note that a person is there, whom there is room for."""
        key = name_key(Name(name))
        self._people[key] = (name, away)
        self._changed[key] = None

    def remove(self, name: str) -> None:
        """Note that a person is not there any more."""
        key = name_key(Name(name))
        del self._people[key]
        self._changed[key] = None

    def listen(self, device: D, name: str, through: S) -> LobbyNews | None:
        """Let a person's device hear the news; return what to tell it first, if it did not yet."""
        if device in self._listeners:
            return None
        key = name_key(Name(name))
        self._listeners[device] = (key, through)
        return LobbyNews(_without(key, self._told), (), begins=True, full=False)

    def mute(self, device: D) -> None:
        """Tell this device nothing more until it listens again."""
        self._listeners.pop(device, None)

    def news(self) -> list[tuple[S, LobbyNews]]:
        """Return what to tell whom of everything that has changed since the last news."""
        here: dict[str, Entry] = {}
        gone: dict[str, str] = {}
        for key in self._changed:
            before, after = self._told.pop(key, None), self._people.get(key)
            if after is not None:
                self._told[key] = after
                if before != after:
                    here[key] = after
            elif before is not None:
                gone[key] = before[0]
        self._changed.clear()
        news = LobbyNews(tuple(here.values()), tuple(gone.values()), begins=False, full=False)
        told = []
        for key, through in self._listeners.values():
            mine = news
            if key in here:
                mine = LobbyNews(_without(key, here), news.gone, begins=False, full=False)
            if mine.here or mine.gone:
                told.append((through, mine))
        return told


def _without(key: str, entries: Mapping[str, Entry]) -> tuple[Entry, ...]:
    return tuple(entry for each, entry in entries.items() if each != key)
