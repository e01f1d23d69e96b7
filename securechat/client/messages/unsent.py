"""Own messages that wait for a later connection."""

from securechat.client.ports import StatePort
from securechat.client.state.drafts import DRAFTS, POSTS, stored_drafts
from securechat.client.state.outbox import stored_parcels
from securechat.e2e.seen import SEEN_TABLES


def is_unsent(state: StatePort, message_id: str) -> bool:
    """Return whether the message of this id waits, sealed or not: what is kept says that."""
    rows = state.load(without=SEEN_TABLES)
    drafts = [*stored_drafts(rows, DRAFTS), *stored_drafts(rows, POSTS)]
    return message_id in {
        *(draft.message_id.hex() for draft in drafts),
        *(parcel.message_id for parcel in stored_parcels(rows)),
    }
