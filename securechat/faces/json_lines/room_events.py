"""The fields of JSON objects about rooms, attention and the user's own presence."""

from collections.abc import Callable
from typing import Any

from securechat.client import events as e

Fields = dict[str, Any]

RoomAnswer = e.RoomNews | e.Invitation | e.RoomList | e.RoomPeople | e.Notifications | e.OwnPresence


def room_fields(event: RoomAnswer, unread: Callable[[str], int]) -> tuple[str, Fields]:
    """Return the kind of an event and its fields; ``unread`` counts the messages in a room."""
    match event:
        case e.RoomNews():
            return "room", _news_fields(event)
        case e.Invitation():
            return "invitation", _invitation_fields(event)
        case e.RoomList():
            return "rooms", {"rooms": [_info_fields(r, unread(r.name)) for r in event.rooms]}
        case e.RoomPeople():
            people = [_person_fields(person) for person in event.people]
            return "room-people", {"room": event.room, "people": people}
        case e.Notifications():
            return "notifications", {"level": event.level, "muted": list(event.muted)}
        case e.OwnPresence():
            return "own-presence", {"visible": event.visible, "away": event.away}


def _news_fields(event: e.RoomNews) -> Fields:
    fields: Fields = {"room": event.room, "change": event.change.value}
    if event.actor is not None:
        fields["actor"] = event.actor
    if event.subject is not None:
        fields["subject"] = event.subject
    if event.change in (e.RoomChange.ENTERED, e.RoomChange.TOPIC):
        fields["topic"] = event.text
    return fields


def _invitation_fields(event: e.Invitation) -> Fields:
    fields: Fields = {
        "room": event.room,
        "from": event.inviter,
        "creator": event.creator,
        "members": event.members,
        "topic": event.topic,
        "trust": event.trust.value,
    }
    if event.request:
        fields["request"] = True
    return fields


def _info_fields(room: e.RoomInfo, unread: int) -> Fields:
    return {
        "name": room.name,
        "topic": room.topic,
        "creator": room.creator,
        "members": room.members,
        "joined": room.joined,
        "admin": room.admin,
        "paused": room.paused,
        "muted": room.muted,
        "unread": unread,
    }


def _person_fields(person: e.RoomPerson) -> Fields:
    trust = None if person.trust is None else person.trust.value
    return {"name": person.name, "trust": trust, "admin": person.admin, "away": person.away}
