"""People who share rooms: what a client does with rosters and posts, without a client."""

from collections.abc import Mapping
from functools import cache

from securechat.e2e.content import Content, Text
from securechat.e2e.results import Opened, Outcome
from securechat.e2e.room import Room
from securechat.e2e.room_content import RoomPlace, Roster
from securechat.e2e.rooms import Rooms, Taken
from securechat.identity.names import parse_name
from securechat.identity.roster import RosterEntry, RosterMember, lobby_id_of
from securechat.identity.types import RoomId, UserKey
from tests.pure.e2e.world import NOW_MS, RELAY, Seat, copy_seat, make_seat

LOBBY_ID = lobby_id_of(RELAY)

PEOPLE = ("Alice", "Bob", "Carol", "Dave")


@cache
def _acquainted() -> tuple[Seat, ...]:
    seats = tuple(make_seat(name) for name in PEOPLE)
    for one in seats:
        for other in seats:
            if one is not other:
                other.receive(one.send(other))
    return seats


def people() -> tuple[Seat, ...]:
    """Return Alice, Bob, Carol and Dave, who have all written to one another."""
    return tuple(copy_seat(seat) for seat in _acquainted())


def rooms_of(seat: Seat) -> Rooms:
    return seat.endpoint.rooms


def key_of(seat: Seat) -> UserKey:
    return seat.endpoint.user_key


def view(seat: Seat, room_id: RoomId) -> Room:
    room = rooms_of(seat).get(room_id)
    assert room is not None
    return room


def listed(admins: tuple[Seat, ...], others: tuple[Seat, ...] = ()) -> dict[UserKey, RosterMember]:
    """Return members as `Rooms.change` takes them."""
    members = [(each, True) for each in admins] + [(each, False) for each in others]
    return {
        key_of(each): RosterMember(key_of(each), admin, parse_name(each.name))
        for each, admin in members
    }


def take(seat: Seat, entry: RosterEntry, sender: Seat) -> Taken:
    """Bring an entry by an envelope, and take it as a client does."""
    outcome = seat.receive(sender.send(seat, Roster(entry)))
    assert isinstance(outcome, Opened)
    assert isinstance(outcome.content, Roster)
    taken = rooms_of(seat).take(outcome.content.entry, outcome.sender.user_key, NOW_MS)
    seat.commit()
    return taken


def change(
    admin: Seat,
    room_id: RoomId,
    members: Mapping[UserKey, RosterMember] | None = None,
    *,
    topic: str | None = None,
    now_ms: int = NOW_MS,
) -> RosterEntry:
    entry = rooms_of(admin).change(room_id, now_ms, members=members, topic=topic)
    admin.commit()
    return entry


def make_room(admins: tuple[Seat, ...], others: tuple[Seat, ...] = ()) -> RoomId:
    """Return a room that the first admin has begun and all the others have joined: version 1."""
    creator, *rest = (*admins, *others)
    room_id = rooms_of(creator).create("ops", NOW_MS).room_id
    change(creator, room_id, listed(admins, others))
    for seat in rest:
        introduce(seat, room_id, creator)
        rooms_of(seat).join(room_id)
        seat.commit()
    return room_id


def introduce(seat: Seat, room_id: RoomId, inviter: Seat) -> None:
    for entry in rooms_of(inviter).introduction(room_id):
        take(seat, entry, inviter)


def post(sender: Seat, room_id: RoomId, text: str = "post") -> Text:
    """Return what a client would seal now for a room."""
    return Text(text, room=RoomPlace(room_id, view(sender, room_id).version))


def shown(outcome: Outcome) -> Content | object:
    """Return what an outcome has for a reader."""
    assert isinstance(outcome, Opened), outcome
    return outcome.content


def reloaded(seat: Seat) -> Seat:
    """Return the same person after a restart."""
    seat.commit()
    return copy_seat(seat)
