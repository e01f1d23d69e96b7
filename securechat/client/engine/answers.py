"""What the relay says of other people, and what that sets going."""

from securechat.client.keys.devices import Devices
from securechat.client.keys.lookups import Lookups
from securechat.client.messages.receiving import Receiving
from securechat.client.messages.sending import Sending
from securechat.client.messages.unplaced import Unplaced
from securechat.client.rooms.invitations import Invitations
from securechat.client.state.desk import Desk
from securechat.wire import frames as f


class Answers:
    """Takes answers to look-ups and news of who has come and gone."""

    def __init__(
        self,
        desk: Desk,
        lookups: Lookups,
        devices: Devices,
        unplaced: Unplaced,
        sending: Sending,
        receiving: Receiving,
        invitations: Invitations,
    ) -> None:
        self._desk = desk
        self._lookups = lookups
        self._devices = devices
        self._unplaced = unplaced
        self._sending = sending
        self._receiving = receiving
        self._invitations = invitations

    def found(self, found: f.Found) -> None:
        """Take the holder of a name; raises as `Lookups.found` does."""
        question = self._lookups.take(found.request)
        if question is None:
            return
        was_withheld = self._desk.is_withheld(question.name)
        try:
            user = self._lookups.found(question, found.user)
            if user is not None:
                self._devices.seal_anew(user)
                self._unplaced.looked_up(question.name, shows_all=user.has_all)
        finally:
            if was_withheld:
                self._sending.retry()  # first: what is sealed from now on comes after it
            self._receiving.settle(question.name)
            self._invitations.answered(question.name)
        if person := self._desk.people.find(question.name):
            self._sending.flush(person)

    def failed(self, failed: f.Failed) -> None:
        """Take the answer that there is nobody to show, if a look-up had asked."""
        question = self._lookups.take(failed.request)
        if question is not None:
            self._lookups.not_found(question)
            if question.person is not None:
                self._sending.pass_over(question.person)
            self._unplaced.looked_up(question.name, shows_all=False)
            self._receiving.settle(question.name)
            self._invitations.answered(question.name)

    def presence(self, presence: f.Presence) -> None:
        """Take the news that somebody has come or gone."""
        person = self._desk.people.find(presence.name)
        if person is None or (person.online, person.away) == (presence.online, presence.away):
            return
        has_come = presence.online and not person.online
        self._lookups.note_presence(person, presence)
        if has_come:
            self._lookups.ask(person, claim=person.wants_claim)
            self._sending.retry()
