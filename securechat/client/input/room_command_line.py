"""The typed lines about rooms, attention and presence, parsed."""

from collections.abc import Callable

from securechat.client.command_help import usage_of
from securechat.client.commands import (
    Admin,
    Away,
    Command,
    Create,
    Invite,
    Join,
    Kick,
    Leave,
    Level,
    Merge,
    Mute,
    Notify,
    Presence,
    Rooms,
    Topic,
    Who,
)
from securechat.client.names.typed_names import (
    check_person,
    check_room,
    check_target,
    is_room,
    too_much,
)
from securechat.errors import NameInvalid, UsageError
from securechat.identity.roster import MAX_MEMBERS

MAX_INVITED = MAX_MEMBERS - 1
"""The most people that one ``/invite`` names; a room takes no more beside its creator."""

_VISIBLE = {"on": True, "off": False}


def parse_room_command(command: str, rest: str) -> Command | None:
    """Return what ``/command rest`` asks for, or None when the command is none of these.

    Raises UsageError when it is incomplete, NameInvalid for a name that nobody can have.
    """
    parse = _PARSERS.get(command)
    return None if parse is None else parse(command, rest)


def _parse_rooms(command: str, rest: str) -> Rooms:
    _refuse_more(command, rest.split())
    return Rooms()


def _parse_who(command: str, rest: str) -> Who:
    return Who(_only_room(command, rest))


def _parse_leave(command: str, rest: str) -> Leave:
    return Leave(_only_room(command, rest))


def _parse_merge(command: str, rest: str) -> Merge:
    return Merge(_only_room(command, rest))


def _parse_join(command: str, rest: str) -> Join:
    return Join(_require_room(command, rest, "/join #lobby, or /rooms"))


def _parse_create(command: str, rest: str) -> Create:
    room = _require_room(command, rest, "/create #ops")
    if "[" in room:
        raise NameInvalid("A new room has no key id", usage_of(command))
    return Create(room)


def _parse_invite(command: str, rest: str) -> Invite:
    room, names = _room_and_people(command, rest)
    if len(names) > MAX_INVITED:
        raise UsageError(f"A room takes no more than {MAX_INVITED} others", usage_of(command))
    return Invite(room, tuple(names))


def _parse_kick(command: str, rest: str) -> Kick:
    return Kick(*_room_and_person(command, rest))


def _parse_admin(command: str, rest: str) -> Admin:
    return Admin(*_room_and_person(command, rest))


def _parse_topic(command: str, rest: str) -> Topic:
    if not is_room(rest):
        return Topic(None, rest or None)
    room, *text = rest.split(maxsplit=1)
    return Topic(check_room(command, room), text[0] if text else None)


def _parse_mute(command: str, rest: str) -> Mute:
    words = rest.split()
    _refuse_more(command, words[1:])
    return Mute(check_target(command, words[0]) if words else None, command == "mute")


def _parse_notify(_command: str, rest: str) -> Notify:
    if not rest:
        return Notify(None)
    if rest.lower() not in list(Level):
        raise UsageError("/notify takes off, dm, mentions or all", "/notify mentions")
    return Notify(Level(rest.lower()))


def _parse_away(command: str, rest: str) -> Away:
    _refuse_more(command, rest.split())
    return Away(command == "away")


def _parse_presence(_command: str, rest: str) -> Presence:
    if not rest:
        return Presence(None)
    if rest.lower() not in _VISIBLE:
        raise UsageError("/presence takes on or off", "/presence off")
    return Presence(_VISIBLE[rest.lower()])


def _only_room(command: str, rest: str) -> str | None:
    if not rest:
        return None
    room, *more = rest.split()
    _refuse_more(command, more)
    return check_room(command, room)


def _require_room(command: str, rest: str, example: str) -> str:
    room = _only_room(command, rest)
    if room is None:
        raise UsageError(f"/{command} needs the name of a room", example)
    return room


def _room_and_people(command: str, rest: str) -> tuple[str | None, list[str]]:
    words = rest.split()
    room = check_room(command, words.pop(0)) if words and is_room(words[0]) else None
    if not words:
        raise UsageError(f"/{command} needs a name", usage_of(command))
    return room, [check_person(command, name) for name in words[: MAX_INVITED + 1]]


def _room_and_person(command: str, rest: str) -> tuple[str | None, str]:
    room, [name, *more] = _room_and_people(command, rest)
    _refuse_more(command, more)
    return room, name


def _refuse_more(command: str, words: list[str]) -> None:
    if words:
        raise too_much(command)


_PARSERS: dict[str, Callable[[str, str], Command]] = {
    "rooms": _parse_rooms,
    "who": _parse_who,
    "join": _parse_join,
    "leave": _parse_leave,
    "create": _parse_create,
    "invite": _parse_invite,
    "kick": _parse_kick,
    "admin": _parse_admin,
    "topic": _parse_topic,
    "merge": _parse_merge,
    "mute": _parse_mute,
    "unmute": _parse_mute,
    "notify": _parse_notify,
    "away": _parse_away,
    "back": _parse_away,
    "presence": _parse_presence,
}
