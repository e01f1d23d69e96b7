"""What people can type, in every face; `securechat.client.input.command_line` reads it."""

from enum import StrEnum

from msgspec import Struct

from securechat.client.amend_commands import Amend as Amend
from securechat.client.amend_commands import AmendQuestion as AmendQuestion
from securechat.client.amend_commands import Composing as Composing
from securechat.client.amend_commands import Page as Page
from securechat.client.amend_commands import React as React
from securechat.client.amend_commands import ScreenQuestion as ScreenQuestion
from securechat.client.amend_commands import ShowTyping as ShowTyping
from securechat.client.amend_commands import Sight as Sight
from securechat.client.amend_commands import StoredTexts as StoredTexts
from securechat.client.amend_commands import StoreText as StoreText
from securechat.client.searching import SearchWords


class Say(Struct, frozen=True):
    """Text for the current conversation; ``/me text`` is an ``action`` of its writer."""

    text: str
    action: bool = False


class Msg(Struct, frozen=True):
    """``/msg TARGET text``: a message to a person or a ``#room``, from anywhere."""

    target: str
    text: str


class Reply(Struct, frozen=True):
    """``/reply TO text``: an answer, in the current conversation, to one of its messages.

    ``to`` is a message's id (32 hexadecimal digits), or whose newest message is meant.
    """

    to: str
    text: str


class Who(Struct, frozen=True):
    """``/who [ROOM]``: who is in a room; without one, of the current one, or who is connected."""

    room: str | None = None


class Rooms(Struct, frozen=True):
    """``/rooms``: the rooms that this profile is in, or invited to."""


class Create(Struct, frozen=True):
    """``/create ROOM``: a closed room, which begins with its creator."""

    room: str


class Join(Struct, frozen=True):
    """``/join ROOM``: accept an invitation, or come to the lobby."""

    room: str


class Leave(Struct, frozen=True):
    """``/leave [ROOM]``: be in a room no more, or refuse an invitation."""

    room: str | None


class Invite(Struct, frozen=True):
    """``/invite [ROOM] NAME…``: take people into a closed room."""

    room: str | None
    names: tuple[str, ...]


class Kick(Struct, frozen=True):
    """``/kick [ROOM] NAME``: take somebody out of a closed room."""

    room: str | None
    name: str


class Admin(Struct, frozen=True):
    """``/admin [ROOM] NAME``: let somebody of a closed room change who is in it, too."""

    room: str | None
    name: str


class Topic(Struct, frozen=True):
    """``/topic [ROOM] [TEXT]``: what a closed room is about; without TEXT it is only shown."""

    room: str | None
    text: str | None


class Merge(Struct, frozen=True):
    """``/merge [ROOM]``: put two rosters together that two admins have made at once."""

    room: str | None


class Mute(Struct, frozen=True):
    """``/mute [TARGET]``, ``/unmute [TARGET]``: whether a conversation may call for attention."""

    target: str | None
    muted: bool


class Level(StrEnum):
    """Which messages call for attention, as it is typed after ``/notify``."""

    OFF = "off"
    DM = "dm"
    MENTIONS = "mentions"
    ALL = "all"


class Notify(Struct, frozen=True):
    """``/notify [LEVEL]``: which messages call for attention; without LEVEL it is only shown."""

    level: Level | None


class Away(Struct, frozen=True):
    """``/away``, ``/back``: whether others see that nobody sits here."""

    away: bool


class Presence(Struct, frozen=True):
    """``/presence [on|off]``: whether others see that this person is here at all."""

    visible: bool | None


class How(StrEnum):
    """How two people compare their keys, as it is typed after ``/verify NAME``."""

    DIGITS = "digits"
    EMOJI = "emoji"
    QR = "qr"


class Verify(Struct, frozen=True):
    """``/verify [NAME [emoji|qr]]``: the safety number; without a name, of the current one.

    ``qr`` is the same number as a QR code, ``emoji`` what both see at the same time.
    """

    name: str | None
    how: How = How.DIGITS


class Match(Struct, frozen=True):
    """``/match [NAME]``: the emoji are the same on both sides."""

    name: str | None


class Differ(Struct, frozen=True):
    """``/differ [NAME]``: they are not, or the user wants to compare no more."""

    name: str | None


class MakeCode(Struct, frozen=True):
    """``/code``: a code with which somebody can pair from another computer."""


class MakeInvite(Struct, frozen=True):
    """An invitation to the relay, for so many ``uses``, as a link.

    ``address`` is what the link says of where the relay is; None: as it is known here.
    """

    uses: int
    lifetime_s: int
    address: str | None = None
    errand: str | None = None
    """What tells the answer apart for another command, which alone hears it."""


class Invites(Struct, frozen=True):
    """The own invitations that somebody can still use."""

    errand: str | None = None


class RevokeInvite(Struct, frozen=True):
    """Take an own invitation back; ``id`` is the one that was told with it."""

    id: str
    errand: str | None = None


class Decision(StrEnum):
    """What a user can decide about a person, as it is typed after the slash."""

    TRUST = "trust"
    ACCEPT_KEY = "accept-key"
    BLOCK = "block"
    UNBLOCK = "unblock"


class Decide(Struct, frozen=True):
    """``/trust [NAME]`` and the other decisions; without a name, of the current conversation."""

    decision: Decision
    name: str | None


class Call(Struct, frozen=True):
    """``/petname NAME [PETNAME]``: a name of one's own for a person; none takes it away."""

    name: str
    petname: str | None


class Contacts(Struct, frozen=True):
    """``/contacts``: the people who are known here."""


class History(Struct, frozen=True):
    """``/history [NAME] [COUNT]``: the newest messages of a conversation; without one, of all."""

    name: str | None
    count: int | None


class Search(Struct, frozen=True):
    """``/search WORDS``: messages that hold these words."""

    words: SearchWords


class Keep(Struct, frozen=True):
    """``/keep [NAME] [DAYS]``: for how long a conversation is kept; without DAYS only shown."""

    name: str | None
    days: int | None


class Unsend(Struct, frozen=True):
    """``/unsend [NAME]``: give up what waits here to be sent to a person or a room."""

    name: str | None


class Help(Struct, frozen=True):
    """``/help``: what can be typed."""


class Quit(Struct, frozen=True):
    """``/quit``: leave."""


RoomQuestion = Rooms | Create | Join | Leave | Invite | Kick | Admin | Topic | Merge
"""What is asked of rooms."""

InviteQuestion = MakeInvite | Invites | RevokeInvite
"""What is asked of invitations to the relay."""

Question = (
    Who | Verify | Match | Differ | Decide | Call | Contacts | History | Search | Keep | Unsend
    | RoomQuestion | Mute | Notify | Away | Presence | MakeCode | InviteQuestion
    | AmendQuestion | ScreenQuestion
)  # fmt: skip
"""What the engine answers with events."""

Command = Say | Msg | Reply | Question | Help | Quit
