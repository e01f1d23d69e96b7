"""What the parts of the engine work on together, and what they want done once it is committed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from securechat.client.contacts import Contact, ContactBook
from securechat.client.events import Event, Problem, Trust
from securechat.client.outbox import Outbox
from securechat.client.people import People
from securechat.e2e.endpoint import Endpoint
from securechat.errors import SecureChatError
from securechat.identity.types import RelayId
from securechat.wire.frames import ClientFrame, Outgoing


@dataclass(slots=True)
class Batch:
    """The effects of one wake-up, carried out in this order: commit, send, tell, acknowledge."""

    changes: dict[tuple[str, bytes], bytes | None] = field(default_factory=dict)
    frames: list[ClientFrame] = field(default_factory=list)
    envelopes: list[Outgoing] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    ack: int = 0


@dataclass(slots=True)
class Desk:
    """One profile at one relay. ``relay_id`` is what TLS proved, before any frame came."""

    relay_id: RelayId
    endpoint: Endpoint
    contacts: ContactBook
    outbox: Outbox
    people: People
    now_ms: Callable[[], int]
    now_s: Callable[[], float]
    batch: Batch = field(default_factory=Batch)
    online: bool = False

    def tell(self, event: Event) -> None:
        """Give the faces an event once the batch is committed."""
        self.batch.events.append(event)

    def report(self, error: SecureChatError, message_id: str | None = None) -> None:
        """Tell the faces that something did not work."""
        self.tell(Problem(error, message_id))

    def change(self, changes: Mapping[tuple[str, bytes], bytes | None]) -> None:
        """Add rows to the batch's transaction."""
        self.batch.changes.update(changes)

    def keep_contact(self, contact: Contact) -> None:
        """Add or change a contact, durably."""
        row, value = self.contacts.put(contact)
        self.batch.changes[row] = value


def trust_of(contact: Contact) -> Trust:
    """Return the one word for a pinned person."""
    return Trust.VERIFIED if contact.verified else Trust.NEW
