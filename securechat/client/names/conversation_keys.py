"""The keys of conversations, which stay the same whatever these are called."""

from securechat.client.names.typed_names import ROOM_SIGN
from securechat.identity.names import name_key
from securechat.identity.types import Name, RelayId, RoomId

_ROOM = ROOM_SIGN.encode()


def person_key(relay_id: RelayId, name: str) -> bytes:
    """Return the key of the conversation with whoever has this name on a relay.

    It stays the same when the user accepts another key for the name.
    """
    return relay_id + name_key(Name(name)).encode()


def room_key(relay_id: RelayId, room_id: RoomId) -> bytes:
    """Return the key of the conversation in a room."""
    return relay_id + _ROOM + room_id


def is_room_key(relay_id: RelayId, key: bytes) -> bool:
    """Tell whether this is the key of a room's conversation on a relay."""
    return key.startswith(relay_id + _ROOM)
