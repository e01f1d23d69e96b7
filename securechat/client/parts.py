"""What an engine is made of at one relay: who takes which of its work."""

from typing import NamedTuple, Protocol

from securechat.client.agreement import Agreement
from securechat.client.answers import Answers
from securechat.client.desk import Desk
from securechat.client.devices import Devices
from securechat.client.errands import Errands
from securechat.client.expiry import Expiry
from securechat.client.lookups import Lookups
from securechat.client.pinning import Pinning
from securechat.client.publishing import Publishing
from securechat.client.questions import Questions
from securechat.client.receiving import Receiving
from securechat.client.sending import Sending
from securechat.client.trust import Decisions
from securechat.client.unplaced import Unplaced
from securechat.identity.types import Name
from securechat.wire.frames import Welcome


class Timed(Protocol):
    """Work that comes up at times."""

    @property
    def due_at(self) -> float | None:
        """When `do_what_is_due` wants to be called, if at all."""

    def do_what_is_due(self) -> None:
        """Do what was planned for this time, or before it."""


class Parts(NamedTuple):
    """Each works on the same desk."""

    desk: Desk
    pinning: Pinning
    lookups: Lookups
    devices: Devices
    publishing: Publishing
    sending: Sending
    errands: Errands
    receiving: Receiving
    answers: Answers
    questions: Questions
    expiry: Expiry

    def begin(self, welcome: Welcome) -> None:
        """After a login: publish keys, look people up, and let out what has waited."""
        self.desk.online = True
        self.publishing.begin(welcome.bundle_epoch, welcome.one_time_keys)
        self.lookups.ask_again()
        self.devices.ask_about_unconfirmed()
        self.receiving.begin(welcome.waiting)
        self.sending.resume()

    def end(self) -> None:
        """The connection is gone: what it alone has told is not known any more."""
        self.desk.online = False
        self.publishing.due_at = None
        for person in self.desk.people:
            person.online = None

    @property
    def due_at(self) -> float | None:
        """When `do_what_is_due` wants to be called, if at all."""
        times = (timed.due_at for timed in self._timed)
        return min((time for time in times if time is not None), default=None)

    def do_what_is_due(self) -> None:
        """Let each part do what was planned for this time, or before it."""
        now_s = self.desk.now_s()
        for timed in self._timed:
            if timed.due_at is not None and timed.due_at <= now_s:
                timed.do_what_is_due()

    @property
    def _timed(self) -> tuple[Timed, ...]:
        return self.receiving, self.sending, self.publishing, self.expiry


def make_parts(desk: Desk, own_name: Name) -> Parts:
    """Return the parts for a desk."""
    pinning, agreement, expiry = Pinning(desk), Agreement(desk), Expiry(desk)
    lookups = Lookups(desk, pinning, agreement)
    unplaced = Unplaced(desk, lookups)
    sending = Sending(desk, lookups, agreement, unplaced)
    devices = Devices(desk, lookups)
    receiving = Receiving(desk, own_name, lookups, devices, sending, agreement)
    return Parts(
        desk=desk,
        pinning=pinning,
        lookups=lookups,
        devices=devices,
        publishing=Publishing(desk, lookups),
        sending=sending,
        errands=Errands(desk, lookups, sending),
        receiving=receiving,
        answers=Answers(desk, lookups, devices, unplaced, sending, receiving),
        questions=Questions(desk, lookups, Decisions(desk, pinning, lookups, receiving), expiry),
        expiry=expiry,
    )
