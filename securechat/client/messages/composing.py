"""That somebody is typing: the user, for those who may know it, and others, for the user.

Nothing of it is kept, and nobody waits for it: what does not arrive at once is of no use.
"""

import secrets
from contextlib import suppress
from typing import NamedTuple

from msgspec import Struct

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.messages.sending import ENVELOPE_ID_BYTES
from securechat.client.names.contacts import Contact
from securechat.client.names.typed_names import is_room
from securechat.client.state.desk import Desk
from securechat.client.state.drafts import NO_ROOM
from securechat.e2e.amend_content import Typing
from securechat.e2e.room_content import RoomPlace
from securechat.errors import SecureChatError
from securechat.identity.chain import PeerDevice
from securechat.identity.types import DeviceAddress, EnvelopeId, Name, RoomId, UserKey
from securechat.wire.frames import Outgoing

AGAIN_AFTER_S = 5.0
"""Who goes on typing lets others know so often."""

SHOWN_FOR_S = 8.0
"""Who was not heard of for so long types no more."""

MAX_ROOM_PEOPLE = 16
"""In a room of more people nobody is told who types."""

MAX_TYPISTS = 256

_Where = UserKey | RoomId
"""The person with whom the user talks, or the room."""


class _Audience(NamedTuple):
    """Who may know that the user types in one conversation."""

    where: _Where
    place: RoomPlace | None
    devices: list[tuple[Name, PeerDevice]]


class _Typist(NamedTuple):
    user_key: UserKey
    room: RoomId | None


class _Shown(Struct):
    event: ev.Typing
    until_s: float


class _Announced(Struct):
    at_s: float
    active: bool


class Composing:
    """Lets people know that the user types, and tells that they do, unless the user wants neither.

    `SoFar.typing` says that, over a change of the relay too.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._announced: dict[_Where, _Announced] = {}
        self._shown: dict[_Typist, _Shown] = {}

    @property
    def due_at(self) -> float | None:
        """When `do_what_is_due` wants to be called, if at all."""
        return min((shown.until_s for shown in self._shown.values()), default=None)

    def do_what_is_due(self) -> None:
        """Tell who types no more, of whom nothing was heard for a while."""
        now_s = self._desk.now_s()
        for typist in [each for each, shown in self._shown.items() if shown.until_s <= now_s]:
            self._stop_showing(typist)

    def end(self) -> None:
        """The connection is gone: nobody is heard, or hears of the user, until the next one."""
        self._announced.clear()
        for typist in tuple(self._shown):
            self._stop_showing(typist)

    def answer(self, question: c.Composing | c.ShowTyping) -> None:
        """Let others know of it; or say whether that is done, after changing it if asked to."""
        match question:
            case c.Composing(target, active):
                self._announce(target, active=active)
            case c.ShowTyping(on):
                if on is not None:
                    self._desk.so_far.typing = on
                    if not on:
                        self.end()
                self._desk.tell(ev.OwnTyping(self._desk.so_far.typing))

    def hear(self, sender: DeviceAddress, content: Typing) -> None:
        """Take a signal of a device; only those of contacts and roommates are told."""
        desk, room = self._desk, content.room.room_id if content.room else None
        contact = desk.contacts.pinned(sender.user_key)
        if contact is None or contact.blocked or not desk.so_far.typing:
            return
        if not (room or contact.accepted):  # in a room the sender was found to be a member
            return
        typist = _Typist(contact.user_key, room)
        if not content.active:
            self._stop_showing(typist)
        elif typist in self._shown:
            self._shown[typist].until_s = desk.now_s() + SHOWN_FOR_S
        elif len(self._shown) < MAX_TYPISTS:
            called = desk.rooms.called(room) if room else None
            event = ev.Typing(desk.contacts.shown_name(contact), active=True, room=called)
            self._shown[typist] = _Shown(event, desk.now_s() + SHOWN_FOR_S)
            desk.tell(event)

    def note_text(self, contact: Contact, room: RoomId | None) -> None:
        """A text of somebody has come: they type no more in that conversation."""
        self._stop_showing(_Typist(contact.user_key, room))

    def _stop_showing(self, typist: _Typist) -> None:
        if shown := self._shown.pop(typist, None):
            self._desk.tell(ev.Typing(shown.event.name, active=False, room=shown.event.room))

    def _announce(self, target: str, *, active: bool) -> None:
        """Let others know what has changed, or goes on; nobody who cannot know it is told why."""
        desk, audience = self._desk, None
        if desk.online and desk.so_far.typing and desk.so_far.visible:
            with suppress(SecureChatError):  # nobody, and no room, is called so
                audience = self._in_room(target) if is_room(target) else self._of_person(target)
        if audience is None:
            return
        now_s, last = desk.now_s(), self._announced.get(audience.where)
        if active and last is not None and now_s - last.at_s < AGAIN_AFTER_S:
            return
        if not active and (last is None or not last.active):
            return
        if self._send(audience, Typing(active, audience.place)):
            self._announced[audience.where] = _Announced(now_s, active)

    def _of_person(self, target: str) -> _Audience | None:
        contact = self._desk.contacts.find(target)
        if contact is None or not contact.accepted:
            return None
        return _Audience(contact.user_key, None, self._devices(contact.name, contact.user_key))

    def _in_room(self, target: str) -> _Audience | None:
        """Return the devices of those in a small closed room."""
        rooms = self._desk.rooms
        room = rooms.get(rooms.find(target))
        if room is None or len(room.members) > MAX_ROOM_PEOPLE:
            return None
        recipients = rooms.recipients(room.room_id)
        devices = [device for name, key in recipients for device in self._devices(name, key)]
        place = rooms.place(room.room_id)
        return _Audience(room.room_id, place, devices) if place else None

    def _devices(self, name: Name, user_key: UserKey) -> list[tuple[Name, PeerDevice]]:
        """Return the devices of a person who is not known to be away, if their keys are here."""
        person = self._desk.people.find(name)
        if person is None or person.user is None or person.online is False:
            return []
        if person.user.user_key != user_key or self._desk.is_barred(name):
            return []
        return [(name, device) for device in person.user.devices]

    def _send(self, audience: _Audience, content: Typing) -> bool:
        """Hand out a signal for each device that can take one; tell whether any can."""
        desk, now_ms = self._desk, self._desk.now_ms()
        room = audience.place.room_id if audience.place else NO_ROOM
        is_sent = False
        for name, device in audience.devices:
            sealed = desk.endpoint.signals.seal(device, content, now_ms)
            if sealed is not None:
                is_sent = True
                envelope_id = EnvelopeId(secrets.token_bytes(ENVELOPE_ID_BYTES))
                desk.batch.signals.append(Outgoing(sealed.mailbox, envelope_id, sealed.envelope))
                desk.sightings.note(
                    sealed.mailbox, sealed.envelope, now_ms, name, room, ephemeral=True
                )
        return is_sent
