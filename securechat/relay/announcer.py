"""What clients are told of each other's presence, and how often at most.

Changing how one is seen costs a client a few bytes, and telling it may cost the relay a frame for
each of thousands. So the watchers of a person are told at once `PRESENCE_TOLD_PER_S` times a
second, and those in the lobby `LOBBY_TOLD_PER_S` times, whoever changes; what comes faster is told
together, `HOLD_BACK_S` later.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from securechat.identity.names import name_key
from securechat.identity.types import MailboxId, Name
from securechat.relay.limits import RateLimit
from securechat.relay.lobby import FULL, Lobby
from securechat.relay.presence import PresenceBoard, Seen
from securechat.relay.watchers import Watchers
from securechat.wire import frames as f

PRESENCE_TOLD_PER_S = 4
LOBBY_TOLD_PER_S = 4
HOLD_BACK_S = 1.0


class Listener(Protocol):
    """A client that can be told of others."""

    def tell(self, news: f.Presence | f.Lobby) -> None:
        """Somebody has come, has gone, or is seen otherwise."""


class Announcer:
    """The people on a relay by their devices, and who hears of them.

    ``clock`` gives seconds that only go forward, ``now_ms`` the time of day in milliseconds, and
    ``call_later(delay_s, fn)`` calls back in the loop's thread.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        now_ms: Callable[[], int],
        call_later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._clock = clock
        self._now_ms = now_ms
        self._call_later = call_later
        self._board = PresenceBoard[MailboxId]()
        self._watchers = Watchers[Listener]()
        self._lobby = Lobby[MailboxId, Listener]()
        self._presence_rate = RateLimit(PRESENCE_TOLD_PER_S, HOLD_BACK_S)
        self._lobby_rate = RateLimit(LOBBY_TOLD_PER_S, HOLD_BACK_S)
        self._held_back: dict[str, str] = {}
        self._is_lobby_held_back = False

    # Devices --------------------------------------------------------------------------------------

    def arrive(self, device: MailboxId, name: str) -> bool:
        """Note a connected device, hidden as yet; return whether it is this person's first."""
        return self._board.arrive(device, name)

    def show(self, device: MailboxId, client: Listener, status: f.Status) -> None:
        """Let others see a device so from now on, if it has arrived.

        In the lobby its ``client`` is told who is there at once, and that it is full if it is.
        """
        name = self._board.name(device)
        if name is None:
            return
        if status.lobby and not self._lobby.has_room_for(name):
            client.tell(FULL)
            status = msgspec.structs.replace(status, lobby=False)
        before = self._board.seen(name)
        self._board.show(device, status, self._now_ms())
        self._listen(device, name, client, status)
        self._note(name, before)

    def hand_over(self, device: MailboxId) -> None:
        """Another connection of a device begins: it is seen as before until that one says how."""
        self._lobby.mute(device)

    def leave(self, device: MailboxId) -> bool:
        """Note that a device has gone, if it had arrived; return whether it was the last one."""
        name = self._board.name(device)
        if name is None:
            return False
        before = self._board.seen(name)
        self._lobby.mute(device)
        is_last = self._board.leave(device, self._now_ms())
        self._note(name, before)
        return is_last

    # Questions ------------------------------------------------------------------------------------

    def presence(self, name: str) -> f.Presence:
        """Return what a watcher of this name is told of its holder now."""
        seen = self._board.seen(name)
        return f.Presence(name, seen.online, seen.away, seen.last_seen_ms)

    def people(self, request: int) -> f.People:
        """Return who is online, as the answer to this request."""
        online = self._board.online()
        names = online[: f.MAX_PEOPLE]
        away = tuple(name for name in names if self._board.seen(name).away)
        return f.People(request, names, len(online), away)

    def watch(self, client: Listener, names: Iterable[str]) -> None:
        """Tell this client of these people from now on, and of no others."""
        self._watchers.watch(client, names)

    def unwatch(self, client: Listener) -> None:
        """Tell this client of nobody any more."""
        self._watchers.unwatch(client)

    # Telling --------------------------------------------------------------------------------------

    def _listen(self, device: MailboxId, name: str, client: Listener, status: f.Status) -> None:
        if not status.lobby:
            self._lobby.mute(device)
        elif beginning := self._lobby.listen(device, name, client):
            client.tell(beginning)

    def _note(self, name: str, before: Seen) -> None:
        """Tell what others see of this person, if it is not what they saw before."""
        after = self._board.seen(name)
        if after == before:
            return
        if after._replace(in_lobby=before.in_lobby) != before:
            self._tell_watchers(name)
        if after.in_lobby:
            self._lobby.put(name, away=after.away)
        elif before.in_lobby:
            self._lobby.remove(name)
        if before.in_lobby or after.in_lobby:
            self._tell_lobby()

    def _tell_watchers(self, name: str) -> None:
        key = name_key(Name(name))
        if self._presence_rate.admit(key, self._clock()):
            self._give_presence(name)
            return
        if not self._held_back:
            self._call_later(HOLD_BACK_S, self._give_held_back)
        self._held_back[key] = name

    def _give_held_back(self) -> None:
        held_back, self._held_back = self._held_back, {}
        for name in held_back.values():
            self._give_presence(name)

    def _give_presence(self, name: str) -> None:
        presence = self.presence(name)
        for client in self._watchers.of(name):
            client.tell(presence)

    def _tell_lobby(self) -> None:
        if self._is_lobby_held_back:
            return
        if self._lobby_rate.admit(None, self._clock()):
            self._give_lobby()
            return
        self._is_lobby_held_back = True
        self._call_later(HOLD_BACK_S, self._give_lobby)

    def _give_lobby(self) -> None:
        self._is_lobby_held_back = False
        for client, news in self._lobby.news():
            client.tell(news)
