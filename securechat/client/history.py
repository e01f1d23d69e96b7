"""The history of a profile's conversations: under which key the store has them."""

from securechat.identity.names import name_key
from securechat.identity.types import Name, RelayId


def conversation_key(relay_id: RelayId, name: str) -> bytes:
    """Return the key of the conversation with whoever has this name on a relay.

    It stays the same when the user accepts another key for the name.
    """
    return relay_id + name_key(Name(name)).encode()
