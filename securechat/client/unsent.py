"""Own messages that wait for a later connection."""

from collections.abc import Iterable

from securechat.client.drafts import DRAFTS, POSTS, stored_drafts
from securechat.client.outbox import stored_parcels
from securechat.client.ports import StatePort
from securechat.client.typed_names import conversation_key, is_room
from securechat.e2e.seen import SEEN_TABLES
from securechat.errors import StillQueued


def is_unsent(state: StatePort, message_id: str) -> bool:
    """Return whether the message of this id waits, sealed or not: what is kept says that."""
    rows = state.load(without=SEEN_TABLES)
    drafts = [*stored_drafts(rows, DRAFTS), *stored_drafts(rows, POSTS)]
    return message_id in {
        *(draft.message_id.hex() for draft in drafts),
        *(parcel.message_id for parcel in stored_parcels(rows)),
    }


def still_queued(queued: int, recipients: Iterable[str]) -> StillQueued:
    """Return the error for leaving with ``queued`` messages not handed over to ``recipients``.

    Those may be only the ones that are known, and come more than once.
    """
    names = sorted({conversation_key(name): name for name in recipients}.values())
    messages = "1 message is" if queued == 1 else f"{queued} messages are"
    whom = f" for {', '.join(names)}" if names else ""
    people = [name for name in names if not is_room(name)]
    peer = "" if names and not people else f" --peer {people[0] if people else 'NAME'}"
    return StillQueued(
        f"{messages} still queued{whom}",
        f"securechat client{peer}, and stay a while longer; or give it up there with /unsend",
    )
