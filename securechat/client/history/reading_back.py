"""What a screen reads of the history page by page, and of what the relay has seen."""

from securechat.client import commands as c
from securechat.client.events import RelayView, Sighting
from securechat.client.names.typed_names import is_room
from securechat.client.state.desk import Desk
from securechat.client.state.sightings import Sightings


class ReadingBack:
    """Answers what changes nothing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def answer(self, question: c.Page | c.Sight) -> None:
        """Tell a `Page`, or a `RelayView`; UsageError for one of a room that is not here."""
        desk = self._desk
        match question:
            case c.Page():
                desk.tell(desk.past.page(desk.key_of(question.name), question))
            case c.Sight(name):
                seen = self._sightings(desk.sightings, name)
                desk.tell(RelayView(name, desk.endpoint.mailbox.hex(), seen))

    def _sightings(self, sightings: Sightings, name: str | None) -> tuple[Sighting, ...]:
        if name is None:
            return sightings.all
        if is_room(name):
            return sightings.of_room(self._desk.rooms.find(name))
        contact = self._desk.contacts.find(name)
        return sightings.of_person(contact.name if contact else name)
