"""What an engine begins with: this profile's device, and its desk at a relay."""

from securechat.client.connection.handed_over import HandedOver
from securechat.client.connection.relays import known_relays
from securechat.client.events import History
from securechat.client.names.contacts import ContactBook
from securechat.client.ports import StatePort
from securechat.client.state.attention import Attention
from securechat.client.state.desk import Desk
from securechat.client.state.history import HistoryBook, PastReader, Written
from securechat.client.state.kept import KeptMessages
from securechat.client.state.outbox import Outbox
from securechat.client.state.people import NO_RELAY, People
from securechat.client.state.receipts import Kind, hand_out, stored_receipts
from securechat.client.state.room_book import RoomBook
from securechat.client.state.run import Run, SoFar
from securechat.e2e.endpoint import Endpoint
from securechat.e2e.seen import SEEN_TABLES
from securechat.identity.types import RelayId


def open_endpoint(state: StatePort, now_ms: int) -> Endpoint:
    """Restore this profile's device, or make it and commit it."""
    rows = state.load()
    if rows:
        return Endpoint.load(rows)
    endpoint = Endpoint.create(now_ms)
    state.commit(endpoint.take_changes())
    return endpoint


def open_desk(
    run: Run,
    so_far: SoFar,
    relay_id: RelayId,
    state: StatePort,
    endpoint: Endpoint,
    people: People,
) -> Desk:
    """Lay out what this profile has to do with a relay; ``people`` get what is unsent there."""
    rows = state.load(without=SEEN_TABLES)
    if relay_id != NO_RELAY:
        people.meet(relay_id, rows)
    contacts = ContactBook(relay_id, rows)
    desk = Desk(
        relay_id=relay_id,
        endpoint=endpoint,
        contacts=contacts,
        outbox=Outbox(relay_id, rows),
        handed_over=HandedOver(relay_id, rows),
        kept=KeptMessages(relay_id, rows),
        history=HistoryBook(relay_id, state, run.history_days),
        past=PastReader(relay_id, run.name, contacts, state),
        people=people,
        rooms=RoomBook(relay_id, endpoint),
        attention=Attention(rows),
        so_far=so_far,
        now_ms=run.now_ms,
        now_s=run.now_s,
        unencrypted=run.unencrypted,
        takes_new_keys=run.takes_new_keys,
    )
    due = stored_receipts(Kind.DELIVERED, rows)
    hand_out(desk, Kind.DELIVERED, (each for each in due if each.origin.relay_id == relay_id))
    return desk


def recall(run: Run, state: StatePort, count: int, unread: frozenset[Written]) -> list[History]:
    """Return the end of the conversation with the peer, or of all, on the relay of this run.

    That is the one that was met at its address, before it is met again. Without the ``unread``
    messages; nothing if there are no others.
    """
    rows = state.load(without=SEEN_TABLES)
    here = [relay.relay_id for relay in known_relays(rows) if relay.address == run.relay]
    if not (count and here):
        return []
    reader = PastReader(here[0], run.name, ContactBook(here[0], rows), state)
    past = reader.last(run.peer, count, unread)
    return [past] if past.messages else []
