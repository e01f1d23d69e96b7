"""What a screen reads of the history page by page, and of what the relay has seen."""

from contextlib import suppress

from securechat.client import commands as c
from securechat.client.desk import Desk
from securechat.client.events import Page, RelayView, Sighting
from securechat.client.sightings import Sightings
from securechat.client.typed_names import is_room
from securechat.errors import UsageError


class ReadingBack:
    """Answers what changes nothing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def answer(self, question: c.Page | c.Sight) -> None:
        """Tell a `Page`, or a `RelayView`; UsageError for one of a room that is not here."""
        match question:
            case c.Page():
                self._desk.tell(self._page(question))
            case c.Sight(name):
                desk = self._desk
                seen = self._sightings(desk.sightings, name)
                desk.tell(RelayView(name, desk.endpoint.mailbox.hex(), seen))

    def _page(self, question: c.Page) -> Page:
        past, name = self._desk.past, question.name
        key = None
        if is_room(name):
            with suppress(UsageError):  # one that the user has left may be in the history
                key = self._desk.room(self._desk.rooms.find(name)).key
        return past.page(key or past.key(name), question)

    def _sightings(self, sightings: Sightings, name: str | None) -> tuple[Sighting, ...]:
        if name is None:
            return sightings.all
        if is_room(name):
            return sightings.of_room(self._desk.rooms.find(name))
        contact = self._desk.contacts.find(name)
        return sightings.of_person(contact.name if contact else name)
