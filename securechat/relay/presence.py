"""Who is connected, and who wants to know."""

from collections.abc import Iterable
from typing import Generic, TypeVar

from securechat.identity.names import name_key
from securechat.identity.types import Name

S = TypeVar("S")


class PresenceBoard(Generic[S]):
    """Connected names and the watchers of names; ``S`` is whatever a watcher is told through.

    Look-ups ignore case. A person with several devices is there while one of them is.
    """

    def __init__(self) -> None:
        self._devices: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._watchers: dict[str, set[S]] = {}
        self._watched: dict[S, tuple[str, ...]] = {}

    def arrive(self, name: str) -> set[S]:
        """Note a device of this person; return whom to tell: nobody if one was there already."""
        key = name_key(Name(name))
        self._devices[key] = self._devices.get(key, 0) + 1
        self._names[key] = name
        return set(self._watchers.get(key, ())) if self._devices[key] == 1 else set()

    def leave(self, name: str) -> set[S]:
        """Note that a device has gone; return whom to tell: nobody while another is there."""
        key = name_key(Name(name))
        self._devices[key] -= 1
        if self._devices[key]:
            return set()
        del self._devices[key], self._names[key]
        return set(self._watchers.get(key, ()))

    def is_online(self, name: str) -> bool:
        """Return whether a device of this person is connected."""
        return name_key(Name(name)) in self._devices

    def online(self) -> tuple[str, ...]:
        """Return the connected names, sorted without regard to case."""
        return tuple(self._names[key] for key in sorted(self._names))

    def watch(self, watcher: S, names: Iterable[str]) -> None:
        """Replace what this watcher wants to hear of."""
        self.unwatch(watcher)
        keys = tuple({name_key(Name(name)) for name in names})
        if keys:
            self._watched[watcher] = keys
        for key in keys:
            self._watchers.setdefault(key, set()).add(watcher)

    def unwatch(self, watcher: S) -> None:
        """Forget a watcher."""
        for key in self._watched.pop(watcher, ()):
            self._watchers[key].discard(watcher)
            if not self._watchers[key]:
                del self._watchers[key]
