"""What a client engine tells its faces.

Names are safe to show: they passed the rules for names. `Message.text` is whatever the sender
typed: a face that shows it on a terminal makes it safe first (securechat.text).
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from securechat.client.commands import Question
from securechat.client.event_types.amend_events import Amended as Amended
from securechat.client.event_types.amend_events import AmendEvent as AmendEvent
from securechat.client.event_types.amend_events import OwnTyping as OwnTyping
from securechat.client.event_types.amend_events import Page as Page
from securechat.client.event_types.amend_events import Reacted as Reacted
from securechat.client.event_types.amend_events import RelayView as RelayView
from securechat.client.event_types.amend_events import Sighting as Sighting
from securechat.client.event_types.amend_events import StoredTexts as StoredTexts
from securechat.client.event_types.amend_events import Typing as Typing
from securechat.client.event_types.invite_events import InviteInfo as InviteInfo
from securechat.client.event_types.invite_events import InviteList as InviteList
from securechat.client.event_types.invite_events import InviteMade as InviteMade
from securechat.client.event_types.own_events import Notifications as Notifications
from securechat.client.event_types.own_events import OwnPresence as OwnPresence
from securechat.client.event_types.pairing_events import CodeEnd as CodeEnd
from securechat.client.event_types.pairing_events import CodeEnded as CodeEnded
from securechat.client.event_types.pairing_events import CodeReady as CodeReady
from securechat.client.event_types.pairing_events import Paired as Paired
from securechat.client.event_types.past_message import DeliveryState as DeliveryState
from securechat.client.event_types.past_message import Origin as Origin
from securechat.client.event_types.past_message import PastMessage as PastMessage
from securechat.client.event_types.past_message import Quote as Quote
from securechat.client.event_types.room_events import Invitation as Invitation
from securechat.client.event_types.room_events import RoomChange as RoomChange
from securechat.client.event_types.room_events import RoomInfo as RoomInfo
from securechat.client.event_types.room_events import RoomList as RoomList
from securechat.client.event_types.room_events import RoomNews as RoomNews
from securechat.client.event_types.room_events import RoomPeople as RoomPeople
from securechat.client.event_types.room_events import RoomPerson as RoomPerson
from securechat.client.event_types.sas_events import ComparingAgreed as ComparingAgreed
from securechat.client.event_types.sas_events import ComparingAsked as ComparingAsked
from securechat.client.event_types.sas_events import ComparingEnd as ComparingEnd
from securechat.client.event_types.sas_events import ComparingEnded as ComparingEnded
from securechat.client.event_types.sas_events import ComparingShown as ComparingShown
from securechat.client.event_types.trust_word import Trust as Trust
from securechat.errors import SecureChatError


class Ready(Struct, frozen=True):
    """Logged in: now, and again after each reconnect (``again``)."""

    name: str
    relay: str
    fingerprint: str
    again: bool
    e2e: bool = True
    """Whether all messages are encrypted end to end; else the peer's may not be."""
    clock_off_s: int = 0
    """By how many seconds this computer's clock is ahead of the relay's; behind it, negative."""


class BegunOffline(Struct, frozen=True):
    """The session begins without the relay, which has let this profile in before.

    Offline says why, and Ready follows when it is there. Told once, and only when the client was
    allowed to begin so.
    """

    name: str
    relay: str
    fingerprint: str


class Offline(Struct, frozen=True):
    """There is no connection any more, or none yet; the engine tries again by itself."""

    why: str
    retry_in_s: float


class Waiting(Struct, frozen=True):
    """Nobody has this name yet, or their device has left no keys; what is typed waits.

    ``known``: their key is pinned, so they have been here before (the relay may have forgotten it).
    """

    name: str
    known: bool = False


class PeerReady(Struct, frozen=True):
    """The peer's key is known and pinned (``first_use``: just now); messages can be sealed.

    Told once, and again after each Waiting.
    """

    name: str
    trust: Trust
    fingerprint: str
    first_use: bool


class Message(Struct, frozen=True):
    """A message of another person. A ``request`` comes from a stranger.

    One in a room has the room's name, with ``#``, as ``room`` and as ``recipient``. An ``action``
    says what its writer does (``/me``). ``mention``: it names the reader. ``alert``: it calls for
    attention, as the user wants that (`Notifications`).
    """

    message_id: str
    sender: str
    recipient: str
    text: str
    time_ms: int
    e2e: bool
    trust: Trust
    request: bool
    missing: int
    """How many messages of this sender before this one have not arrived."""
    late: bool = False
    """Whether it belongs before one that was shown already."""
    origin: Origin | None = None
    """For the engine's own use: faces say by sender and id what was shown."""
    room: str | None = None
    action: bool = False
    reply: Quote | None = None
    mention: bool = False
    alert: bool = False


class Sent(Struct, frozen=True):
    """An own message has been sealed and handed to the connection."""

    message_id: str
    recipient: str


class Accepted(Struct, frozen=True):
    """The relay answers for an own message."""

    message_id: str
    recipient: str


class Delivered(Struct, frozen=True):
    """The recipient's device has opened an own message."""

    message_id: str
    recipient: str


class Read(Struct, frozen=True):
    """An own message was shown to its recipient, who lets people know; Delivered comes before."""

    message_id: str
    recipient: str


class PresenceChanged(Struct, frozen=True):
    """A person of a conversation has come or gone, or was not there when their keys came.

    With a ``room``, which is the lobby, they have come to it or left it. ``away``: connected, but
    nobody sits there. ``last_seen_ms`` is when somebody who is not there was, if the relay says so.
    """

    name: str
    online: bool
    away: bool = False
    last_seen_ms: int | None = None
    room: str | None = None


class People(Struct, frozen=True):
    """Who is connected, in answer to `commands.Who`; ``trust`` holds those who are known here."""

    names: tuple[str, ...]
    trust: Mapping[str, Trust] = field(default_factory=dict)
    blocked: frozenset[str] = frozenset()
    away: frozenset[str] = frozenset()


class SafetyNumber(Struct, frozen=True):
    """The 60 digits to compare with a person, in answer to `commands.Verify`.

    Of somebody CHANGED they are those with the new key, which ``fingerprint`` is of then.
    ``as_qr``: the user wants to see them as a QR code too.
    """

    name: str
    digits: str
    trust: Trust
    fingerprint: str
    as_qr: bool = False


class EncryptionChanged(Struct, frozen=True):
    """Whether a conversation is encrypted end to end, when its user wants to do without.

    It still is if the other side does not want to do without too, or if it was ``once``.
    """

    name: str
    encrypted: bool
    once: bool


class PeerKeyChanged(Struct, frozen=True):
    """The relay shows another key of a person than the pinned one: nothing is sent to them.

    Told once in a run. ``verified``: the pinned key was; then only comparing numbers helps.
    ``accepted``: the shown one is taken by itself, as the user has set it; TrustChanged follows.
    """

    name: str
    pinned: str
    shown: str
    verified: bool = False
    accepted: bool = False


class Reason(StrEnum):
    """Why somebody's trust word has changed."""

    COMPARED = "compared"
    ACCEPTED = "accepted"
    RESTORED = "restored"
    PAIRED = "paired"


class TrustChanged(Struct, frozen=True):
    """A person has another trust word than before.

    The user has COMPARED safety numbers or ACCEPTED a changed key, or PAIRED with a code, or the
    relay has RESTORED the pinned one. ``by_itself``: nobody was asked before.
    """

    name: str
    trust: Trust
    fingerprint: str
    reason: Reason
    by_itself: bool = False


class DevicesChanged(Struct, frozen=True):
    """A known person has a device that was not known; their key, and so the trust, is the same."""

    name: str
    trust: Trust


class DeviceRenewed(Struct, frozen=True):
    """This profile is an older copy of itself, and goes on as a new device of its owner.

    ``device`` is its id, 32 hexadecimal digits.
    """

    device: str


class Blocked(Struct, frozen=True):
    """Nothing of a person is shown, and nothing sent to them, while they are ``blocked``."""

    name: str
    blocked: bool


class Renamed(Struct, frozen=True):
    """A person who was called ``before``, or was typed so, is called ``name`` from now on."""

    before: str
    name: str


class KnownPerson(Struct, frozen=True):
    """A person in the list of those known here; ``relay_name`` is theirs, ``name`` is shown."""

    name: str
    relay_name: str
    trust: Trust
    fingerprint: str
    request: bool
    blocked: bool


class Contacts(Struct, frozen=True):
    """The people known here, in answer to `commands.Contacts`."""

    people: tuple[KnownPerson, ...]


class History(Struct, frozen=True):
    """The newest messages with a person or in a room, or of all; the oldest first."""

    name: str | None
    messages: tuple[PastMessage, ...]


class SearchResult(Struct, frozen=True):
    """The newest messages that were searched for, the oldest first; ``more``: there are others."""

    messages: tuple[PastMessage, ...]
    more: bool


class Retention(Struct, frozen=True):
    """For how many ``days`` a conversation is kept; None: for ever, 0: not at all."""

    name: str
    days: int | None


class Withdrawn(Struct, frozen=True):
    """Own messages to a person or a room that will not be sent, as the user has decided."""

    name: str
    message_ids: tuple[str, ...]


class Problem(Struct, frozen=True):
    """Something has not worked; the engine goes on.

    ``message_id`` is the own message whose end it is, ``asked`` the question that it answers.
    """

    error: SecureChatError
    message_id: str | None = None
    asked: Question | None = None


class Resumed(Struct, frozen=True):
    """There is room on the disk again after the Problem that it was full; all that waited goes on.

    In between the engine keeps, sends and acknowledges nothing, and answers no question.
    """


class Ended(Struct, frozen=True):
    """The last event: the engine has stopped, because of this error or because it was asked to."""

    error: SecureChatError | None


Event = (
    Ready | BegunOffline | Offline
    | Waiting | PeerReady | Message | Sent | Accepted | Delivered | Read
    | PresenceChanged | People | SafetyNumber | EncryptionChanged | PeerKeyChanged | TrustChanged
    | DevicesChanged | DeviceRenewed | Blocked | Renamed | Contacts | History | SearchResult
    | Retention | Withdrawn | RoomNews | Invitation | RoomList | RoomPeople | Notifications
    | OwnPresence | CodeReady | CodeEnded | Paired | InviteMade | InviteList
    | ComparingAsked | ComparingShown | ComparingAgreed | ComparingEnded | AmendEvent | Problem
    | Resumed | Ended
)  # fmt: skip

STATE_TOLD: dict[type[Event], DeliveryState] = {
    Sent: DeliveryState.SENT,
    Accepted: DeliveryState.ACCEPTED,
    Delivered: DeliveryState.DELIVERED,
    Read: DeliveryState.READ,
}
"""How far an own message has come when such an event tells of it; see `DeliveryState.then`."""
