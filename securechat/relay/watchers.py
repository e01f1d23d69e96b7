"""Who wants to hear of whose coming and going."""

from collections.abc import Collection, Iterable
from typing import Generic, TypeVar

from securechat.identity.names import name_key
from securechat.identity.types import Name

S = TypeVar("S")


class Watchers(Generic[S]):
    """The watchers of names; ``S`` is whatever a watcher is told through. Case does not count."""

    def __init__(self) -> None:
        self._watchers: dict[str, set[S]] = {}
        self._watched: dict[S, tuple[str, ...]] = {}

    def of(self, name: str) -> Collection[S]:
        """Return who watches this name."""
        return tuple(self._watchers.get(name_key(Name(name)), ()))

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
