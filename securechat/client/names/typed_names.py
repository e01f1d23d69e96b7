"""Names of people and rooms as they are typed after a command; both may have a key id."""

from securechat.client.command_help import usage_of
from securechat.client.names.contacts import split_key_id
from securechat.errors import NameInvalid, UsageError
from securechat.identity.names import name_key, parse_name
from securechat.identity.types import Name
from securechat.text import clip, safe_text

ROOM_SIGN = "#"
"""What every room's name begins with, and no person's."""

LOBBY = "#lobby"
"""The room that is open to all whom the relay admits."""

_SHOWN_COLUMNS = 24


def is_room(name: str) -> bool:
    """Tell whether a name is that of a room, and not of a person."""
    return name.startswith(ROOM_SIGN)


def conversation_key(name: str) -> str:
    """Return what tells people and rooms apart by their names; case does not matter."""
    return name_key(Name(name))


def parse_other(typed: str, own: Name) -> Name:
    """Return the name of somebody else, in its normal form, without a key id.

    Raises NameInvalid, or UsageError for the ``own`` name.
    """
    name = parse_name(split_key_id(typed)[0])
    if name_key(name) == name_key(own):
        raise UsageError("That is your own name", "/who shows who else is here")
    return name


def parse_room(typed: str) -> tuple[Name, str]:
    """Return the name of a room, without its sign, and the short key id behind it, or an empty one.

    Raises NameInvalid for a name that no room can have.
    """
    name, key_id = split_key_id(typed.removeprefix(ROOM_SIGN))
    try:
        return parse_name(name), key_id
    except NameInvalid as error:
        raise NameInvalid(error.what, "/rooms") from None


def check_person(command: str, typed: str) -> str:
    """Return a person's name as it was typed, if somebody can have it.

    Raises UsageError for a room and NameInvalid for what is no name, with how the ``command`` goes.
    """
    if is_room(typed):
        raise UsageError(
            f"/{command} is about a person, and {shorten(typed)} is a room",
            f"{usage_of(command)}; /who {shorten(typed)} says who is there",
        )
    return _check_name(command, typed, typed)


def check_room(command: str, typed: str) -> str:
    """Return a room's name as it was typed, if a room can have it; raises as `check_person`."""
    if not is_room(typed):
        raise UsageError(
            f"/{command} is about a room, and those begin with {ROOM_SIGN}",
            f"/{command} {ROOM_SIGN}{shorten(typed)}",
        )
    return _check_name(command, typed, typed.removeprefix(ROOM_SIGN))


def check_target(command: str, typed: str) -> str:
    """Return the name of a person or a room as it was typed; raises as `check_person`."""
    return _check_name(command, typed, typed.removeprefix(ROOM_SIGN))


def too_much(command: str) -> UsageError:
    """Return the error for words after a command that it does not take."""
    return UsageError(f"There is too much after /{command}", f"{usage_of(command)}, or //{command}")


def shorten(typed: str) -> str:
    """Return a word that was typed as it fits into a sentence."""
    return clip(safe_text(typed), _SHOWN_COLUMNS)


def _check_name(command: str, typed: str, name: str) -> str:
    try:
        parse_name(split_key_id(name)[0])
    except NameInvalid as error:
        raise NameInvalid(error.what, usage_of(command)) from None
    return typed
