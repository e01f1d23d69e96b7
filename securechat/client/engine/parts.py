"""What an engine is made of at one relay: who takes which of its work."""

from typing import NamedTuple, Protocol

from securechat.client.engine.answers import Answers
from securechat.client.engine.errands import Errands
from securechat.client.engine.questions import Questions
from securechat.client.engine.stored_texts import StoredTexts
from securechat.client.engine.trust import Decisions
from securechat.client.engine.writing import Writing
from securechat.client.history.expiry import Expiry
from securechat.client.history.indexing import Indexing
from securechat.client.history.reading_back import ReadingBack
from securechat.client.keys.agreement import Agreement
from securechat.client.keys.devices import Devices
from securechat.client.keys.expected import ExpectedKeys
from securechat.client.keys.lookups import Lookups
from securechat.client.keys.pinning import Pinning
from securechat.client.keys.publishing import Publishing
from securechat.client.messages.amending import Amending
from securechat.client.messages.comparing import Comparisons
from securechat.client.messages.composing import Composing
from securechat.client.messages.confirmations import Confirmations
from securechat.client.messages.posting import Posting
from securechat.client.messages.receiving import Receiving
from securechat.client.messages.rosters import Rosters
from securechat.client.messages.sending import Sending
from securechat.client.messages.unplaced import Unplaced
from securechat.client.pairing.inviting import Inviting
from securechat.client.pairing.pairing import Pairing
from securechat.client.pairing.pairing_code import draw_words
from securechat.client.ports import StatePort
from securechat.client.rooms.invitations import Invitations
from securechat.client.rooms.lobby import Lobby
from securechat.client.rooms.room_lists import RoomLists
from securechat.client.rooms.rooms import Rooms
from securechat.client.state.desk import Desk
from securechat.client.state.member_names import MemberNames
from securechat.client.state.run import Run
from securechat.e2e.seen import SEEN_TABLES
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
    posting: Posting
    writing: Writing
    receiving: Receiving
    lobby: Lobby
    invitations: Invitations
    inviting: Inviting
    pairing: Pairing
    comparisons: Comparisons
    composing: Composing
    answers: Answers
    questions: Questions
    expiry: Expiry
    indexing: Indexing

    def begin(self, welcome: Welcome) -> None:
        """After a login: say how one is seen, publish keys, look people up, let out what waited."""
        self.desk.online = True
        self.lobby.begin()
        self.publishing.begin(welcome.bundle_epoch, welcome.one_time_keys)
        self.lookups.ask_again()
        self.devices.ask_about_unconfirmed()
        self.receiving.begin(welcome.waiting)
        self.sending.resume()
        self.posting.begin()
        self.pairing.begin()

    def end(self) -> None:
        """The connection is gone: what it alone has told is not known any more."""
        self.desk.online = False
        self.lobby.end()
        self.invitations.forget()
        self.inviting.forget()
        self.publishing.due_at = None
        self.composing.end()
        for person in self.desk.people:
            person.online = None

    @property
    def is_awaiting(self) -> bool:
        """Whether the relay is still to say something that the user has asked for."""
        parts = self.lobby, self.inviting, self.pairing
        return any(part.is_awaited for part in parts) or self.invitations.are_under_way

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
        return (
            self.receiving,
            self.sending,
            self.publishing,
            self.expiry,
            self.indexing,
            self.lobby,
            self.pairing,
            self.comparisons,
            self.composing,
        )


def make_parts(desk: Desk, run: Run, state: StatePort) -> Parts:
    """Return the parts for a desk."""
    own_name = run.name
    rows = state.load(without=SEEN_TABLES)
    pinning = Pinning(desk, ExpectedKeys(desk.relay_id, rows))
    agreement, expiry, indexing = Agreement(desk), Expiry(desk), Indexing(desk)
    lookups = Lookups(desk, pinning, agreement)
    unplaced, confirmations = Unplaced(desk, lookups), Confirmations(desk, lookups)
    sending = Sending(desk, lookups, agreement, unplaced, confirmations)
    devices = Devices(desk, lookups)
    posting = Posting(desk, sending, confirmations, rows)
    names = MemberNames(desk, own_name)
    rosters = Rosters(desk, names, posting, sending)
    comparisons = Comparisons(desk, sending)
    amending = Amending(desk, own_name, agreement, sending, posting, indexing)
    composing = Composing(desk)
    receiving = Receiving(
        desk,
        own_name,
        lookups,
        devices,
        sending,
        confirmations,
        agreement,
        rosters,
        comparisons,
        amending,
        composing,
    )
    errands = Errands(desk, lookups, sending)
    lobby = Lobby(desk, own_name, posting)
    invitations = Invitations(desk, lookups)
    inviting = Inviting(desk, lookups, own_name, run.relay)
    pairing = Pairing(desk, lookups, own_name, draw_words)
    rooms = Rooms(desk, own_name, names, rosters, invitations, posting, receiving, lobby)
    room_lists = RoomLists(desk, own_name, names, lobby)
    decisions = Decisions(desk, pinning, lookups, receiving)
    if desk.takes_new_keys:
        pinning.take_shown = decisions.take_shown
    return Parts(
        desk=desk,
        pinning=pinning,
        lookups=lookups,
        devices=devices,
        publishing=Publishing(desk, lookups),
        sending=sending,
        errands=errands,
        posting=posting,
        writing=Writing(desk, sending, errands, posting),
        receiving=receiving,
        lobby=lobby,
        invitations=invitations,
        inviting=inviting,
        pairing=pairing,
        comparisons=comparisons,
        composing=composing,
        answers=Answers(desk, lookups, devices, unplaced, sending, receiving, invitations),
        questions=Questions(
            desk,
            lookups,
            decisions,
            expiry,
            rooms,
            room_lists,
            lobby,
            posting,
            inviting,
            pairing,
            comparisons,
            amending,
            ReadingBack(desk),
            StoredTexts(desk, rows),
            composing,
        ),
        expiry=expiry,
        indexing=indexing,
    )
