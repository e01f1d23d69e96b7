"""Who is connected, and what others may know of it: nothing that a hidden device does."""

from typing import Generic, NamedTuple, TypeVar

from msgspec import Struct, field

from securechat.identity.names import name_key
from securechat.identity.types import Name
from securechat.wire.frames import Status

D = TypeVar("D")

HIDDEN = Status(visible=False, lobby=False, away=False)


class Seen(NamedTuple):
    """What others may know of a person."""

    online: bool = False
    away: bool = False
    in_lobby: bool = False
    last_seen_ms: int | None = None
    """When their last visible device went or hid, milliseconds since 1970; None while one is."""


class _Person(Struct, Generic[D]):
    name: str
    devices: dict[D, Status] = field(default_factory=dict)
    """Those that are connected."""


class PresenceBoard(Generic[D]):
    """People by their connected devices ``D``; look-ups ignore case.

    A person is online while one of their visible devices is connected, away while all of these are,
    and in the lobby while one is there. A device is hidden until it is shown.
    """

    def __init__(self) -> None:
        self._people: dict[str, _Person[D]] = {}
        self._keys: dict[D, str] = {}
        self._online: dict[str, str] = {}
        self._last_seen_ms: dict[str, int] = {}

    def arrive(self, device: D, name: str) -> bool:
        """Note a connected device of this person; return whether it is their first."""
        key = self._keys[device] = name_key(Name(name))
        person = self._people.setdefault(key, _Person(name))
        is_first = not person.devices
        person.devices.setdefault(device, HIDDEN)
        return is_first

    def show(self, device: D, status: Status, now_ms: int) -> None:
        """Note how a connected device is to be seen. In the lobby nobody is hidden."""
        key = self._keys[device]
        self._people[key].devices[device] = status
        self._note(key, now_ms)

    def leave(self, device: D, now_ms: int) -> bool:
        """Note that a connected device has gone; return whether it was the person's last."""
        key = self._keys.pop(device)
        person = self._people[key]
        del person.devices[device]
        self._note(key, now_ms)
        if not person.devices:
            del self._people[key]
        return not person.devices

    def name(self, device: D) -> str | None:
        """Return whose device it is, as they write it, or None if it is not connected."""
        key = self._keys.get(device)
        return None if key is None else self._people[key].name

    def seen(self, name: str) -> Seen:
        """Return what others may know of a person."""
        key = name_key(Name(name))
        visible = self._visible(key)
        if not visible:
            return Seen(last_seen_ms=self._last_seen_ms.get(key))
        return Seen(
            online=True,
            away=all(status.away for status in visible),
            in_lobby=any(status.lobby for status in visible),
        )

    def online(self) -> tuple[str, ...]:
        """Return the names of those who are online, sorted without regard to case."""
        return tuple(self._online[key] for key in sorted(self._online))

    def _visible(self, key: str) -> list[Status]:
        person = self._people.get(key)
        statuses = person.devices.values() if person else ()
        return [status for status in statuses if status.visible or status.lobby]

    def _note(self, key: str, now_ms: int) -> None:
        """Keep in step who is online and when others went."""
        if self._visible(key):
            self._online[key] = self._people[key].name
        elif self._online.pop(key, None) is not None:
            self._last_seen_ms[key] = now_ms
