"""What the relay has seen of this profile in one run: sizes and mailboxes, kept in memory only."""

from collections import deque
from typing import NamedTuple

from securechat.client.event_types.amend_events import Sighting
from securechat.client.state.drafts import NO_ROOM
from securechat.identity.types import MailboxId, RoomId

MAX_SIGHTINGS = 1000


class _Known(NamedTuple):
    """A sighting, and what the relay is not told: whom it is about, and in which room."""

    sighting: Sighting
    name: str
    room: RoomId


class Sightings:
    """The newest `MAX_SIGHTINGS` envelopes that the relay of a desk was given, or has delivered."""

    def __init__(self) -> None:
        self._known: deque[_Known] = deque(maxlen=MAX_SIGHTINGS)

    def note(
        self,
        mailbox: MailboxId,
        envelope: bytes,
        now_ms: int,
        name: str,
        room: RoomId = NO_ROOM,
        *,
        outgoing: bool = True,
        ephemeral: bool = False,
    ) -> None:
        """Note an envelope for a mailbox; ``name`` is the relay's of the other person, or empty."""
        sighting = Sighting(now_ms, outgoing, mailbox.hex(), len(envelope), ephemeral)
        self._known.append(_Known(sighting, name, room))

    @property
    def all(self) -> tuple[Sighting, ...]:
        """Everything, the oldest first."""
        return tuple(known.sighting for known in self._known)

    def of_person(self, name: str) -> tuple[Sighting, ...]:
        """What the relay has seen of a person, whether they were written to alone or in rooms."""
        return tuple(known.sighting for known in self._known if known.name == name)

    def of_room(self, room: RoomId) -> tuple[Sighting, ...]:
        """What the relay has seen of what was said in a room."""
        return tuple(known.sighting for known in self._known if known.room == room)
