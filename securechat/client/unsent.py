"""Whether an own message is kept for later: what a profile's rows say, whatever was told."""

import msgspec

from securechat.client.outbox import Parcel
from securechat.client.people import Draft
from securechat.client.ports import StatePort

_DRAFTS, _OUTBOX = "draft", "outbox"


def is_unsent(state: StatePort, message_id: str) -> bool:
    """Return whether the message of this id waits, sealed or not, for the next connection."""
    for (table, _), value in state.load().items():
        if table == _DRAFTS:
            if msgspec.msgpack.decode(value, type=Draft).message_id.hex() == message_id:
                return True
        elif table == _OUTBOX and msgspec.msgpack.decode(value, type=Parcel).message_id == (
            message_id
        ):
            return True
    return False
