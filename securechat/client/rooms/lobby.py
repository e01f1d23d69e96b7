"""The lobby, and how this person is seen: what the relay is told, and what it says of others."""

from collections.abc import Callable, Iterable

from securechat.client.events import OwnPresence, PresenceChanged, RoomChange, RoomNews
from securechat.client.messages.posting import Posting
from securechat.client.names.typed_names import LOBBY
from securechat.client.state.desk import Desk
from securechat.client.state.people import proper_names
from securechat.errors import UsageError
from securechat.identity.names import name_key
from securechat.identity.types import Name
from securechat.wire import frames as f

COME_BACK_S = 15.0
"""How long somebody may take to come back after the own connection was lost."""


class Lobby:
    """Whether the user is in the open room of the relay, and who else is, as the relay says."""

    def __init__(self, desk: Desk, own_name: Name, posting: Posting) -> None:
        self._desk = desk
        self._own_name = own_name
        self._own_key = name_key(own_name)
        self._posting = posting
        self._has_entered = False
        self._once_there: list[Callable[[], None]] = []
        self._missed: dict[str, tuple[Name, bool]] = {}
        self.due_at: float | None = None
        """When those who did not come back after an outage are said to have left."""

    @property
    def is_awaited(self) -> bool:
        """Whether something waits until the relay says who is there."""
        waits = self._posting.waiting or self._once_there
        return self._desk.so_far.in_lobby and bool(waits)

    def once_there(self, call: Callable[[], None]) -> None:
        """Call when it is known who is there; UsageError when the user is not going there."""
        if self._desk.rooms.in_lobby:
            call()
        elif self._desk.so_far.in_lobby:
            self._once_there.append(call)
        else:
            raise UsageError(f"You are not in {LOBBY}", f"/join {LOBBY}")

    def begin(self) -> None:
        """After a login, before all else: say how this person is to be seen."""
        self._tell_relay()

    def end(self) -> None:
        """The connection is gone: nobody is known to be there."""
        self._desk.rooms.in_lobby = False

    def join(self) -> None:
        """Come to the lobby; UsageError for somebody whom others are not to see."""
        if not self._desk.so_far.visible:
            raise UsageError(
                f"{LOBBY} shows who is there, and you are not to be seen", "/presence on"
            )
        if self._desk.rooms.in_lobby:
            self._desk.tell(RoomNews(LOBBY, RoomChange.ENTERED))
        self._desk.so_far.in_lobby = True
        self._tell_relay()

    def leave(self) -> None:
        """Go out of the lobby; UsageError for somebody who is not there."""
        here, rooms = self._desk.so_far, self._desk.rooms
        self._once_there.clear()
        self._missed.clear()
        if not here.in_lobby:
            raise UsageError(f"You are not in {LOBBY}", f"/join {LOBBY}")
        here.in_lobby = rooms.in_lobby = self._has_entered = False
        rooms.lobby_people.clear()
        self._tell_relay()
        self._desk.tell(RoomNews(LOBBY, RoomChange.LEFT, self._own_name))

    def be_away(self, *, away: bool) -> None:
        """Let others see whether somebody sits here."""
        self._desk.so_far.away = away
        self._tell_relay()
        self._tell_own()

    def be_visible(self, visible: bool | None) -> None:
        """Let others see that this person is here, or not; None changes nothing."""
        here = self._desk.so_far
        if visible is not None:
            if not visible and here.in_lobby:
                self.leave()
            here.visible = visible
            self._tell_relay()
        self._tell_own()

    def hear(self, news: f.Lobby) -> None:
        """Take what the relay says of the lobby."""
        if not self._desk.so_far.in_lobby:
            return
        if news.full:
            self._desk.so_far.in_lobby = self._desk.rooms.in_lobby = False
            self._desk.tell(RoomNews(LOBBY, RoomChange.FULL))
            return
        if news.begins:
            self._begin_anew()
        else:
            self._take_gone(news.gone)
        for name, away in self._proper(news.here):
            self._note_here(name, away=away)
        if news.begins:
            self._enter()

    def do_what_is_due(self) -> None:
        """Tell who has not come back after an outage of the relay or of the connection."""
        self.due_at, missed = None, self._missed
        self._missed = {}
        for name, _ in missed.values():
            self._tell_presence(name, online=False)

    def _enter(self) -> None:
        rooms = self._desk.rooms
        rooms.in_lobby = True
        if not self._has_entered:
            self._has_entered = True
            self._desk.tell(RoomNews(LOBBY, RoomChange.ENTERED))
        self._posting.release(rooms.lobby_id)
        waiting, self._once_there = self._once_there, []
        for call in waiting:
            call()

    def _begin_anew(self) -> None:
        """Forget who was there; who comes back soon has not left, when all come back one by one."""
        people = self._desk.rooms.lobby_people
        self._missed |= people
        people.clear()
        self.due_at = self._desk.now_s() + COME_BACK_S if self._missed else None

    def _take_gone(self, names: Iterable[str]) -> None:
        people = self._desk.rooms.lobby_people
        for key in [name_key(Name(name)) for name in proper_names(names)]:
            if key in people:
                self._tell_presence(people.pop(key)[0], online=False)

    def _note_here(self, name: Name, *, away: bool) -> None:
        people, key = self._desk.rooms.lobby_people, name_key(name)
        before = people.get(key) or self._missed.pop(key, None)
        if before is None and len(people) >= f.MAX_LOBBY:
            return  # no honest relay shows so many
        people[key] = (name, away)
        if self._has_entered and before != (name, away):
            self._tell_presence(name, online=True, away=away)

    def _proper(self, here: tuple[tuple[str, bool], ...]) -> list[tuple[Name, bool]]:
        """Return what is a name among what the relay says; the user's own is not."""
        proper = frozenset(proper_names(name for name, _ in here))
        return [
            (Name(name), away)
            for name, away in here
            if name in proper and name_key(Name(name)) != self._own_key
        ]

    def _tell_presence(self, name: Name, *, online: bool, away: bool = False) -> None:
        contact = self._desk.contacts.by_name(name)
        if contact is None or not contact.blocked:
            called = self._desk.called(name)
            self._desk.tell(PresenceChanged(called, online, away=away, room=LOBBY))

    def _tell_relay(self) -> None:
        here = self._desk.so_far
        if self._desk.online:
            self._desk.batch.frames.append(f.Status(here.visible, here.in_lobby, here.away))

    def _tell_own(self) -> None:
        here = self._desk.so_far
        self._desk.tell(OwnPresence(here.visible, here.away))
