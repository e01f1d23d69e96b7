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

    A device that begins to listen is told who is there now, whatever the others have not been told
    yet; `news` brings all of them up to date, which may repeat to that one what it knows. Nobody is
    told their own name.
    """

    def __init__(self) -> None:
        self._people: dict[str, Entry] = {}
        self._told: dict[str, Entry] = {}
        self._changed: dict[str, str] = {}
        self._listeners: dict[D, tuple[str, S]] = {}
        self._late: set[D] = set()

    def has_room_for(self, name: str) -> bool:
        """Return whether this person is there, or one more may come."""
        return name_key(Name(name)) in self._people or len(self._people) < MAX_LOBBY

    def put(self, name: str, *, away: bool) -> None:
        """Note that a person is there, whom there is room for."""
        key = name_key(Name(name))
        self._people[key] = (name, away)
        self._changed[key] = name

    def remove(self, name: str) -> None:
        """Note that a person is not there any more."""
        key = name_key(Name(name))
        self._changed[key], _ = self._people.pop(key)

    def listen(self, device: D, name: str, through: S) -> LobbyNews | None:
        """Let a person's device hear the news; return what to tell it first, if it did not yet."""
        if device in self._listeners:
            return None
        key = name_key(Name(name))
        self._listeners[device] = (key, through)
        if self._changed:
            self._late.add(device)
        return LobbyNews(_without(key, self._people), (), begins=True, full=False)

    def mute(self, device: D) -> None:
        """Tell this device nothing more until it listens again."""
        self._listeners.pop(device, None)
        self._late.discard(device)

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
        news = LobbyNews(tuple(here.values()), tuple(gone.values()), begins=False, full=False)
        told = []
        for device, (key, through) in self._listeners.items():
            mine = news
            if device in self._late:
                mine = self._all_that_changed(key)
            elif key in here:
                mine = LobbyNews(_without(key, here), news.gone, begins=False, full=False)
            if mine.here or mine.gone:
                told.append((through, mine))
        self._changed.clear()
        self._late.clear()
        return told

    def _all_that_changed(self, own_key: str) -> LobbyNews:
        """Return how everybody is who has changed, for a device that began while they did."""
        others = {key: name for key, name in self._changed.items() if key != own_key}
        here = tuple(self._people[key] for key in others if key in self._people)
        gone = tuple(name for key, name in others.items() if key not in self._people)
        return LobbyNews(here, gone, begins=False, full=False)


def _without(key: str, entries: Mapping[str, Entry]) -> tuple[Entry, ...]:
    return tuple(entry for each, entry in entries.items() if each != key)
