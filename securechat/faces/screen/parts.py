"""What the brain of the full screen consists of; each part knows one thing."""

from collections.abc import Callable
from dataclasses import dataclass

from securechat.client import events as e
from securechat.faces.line_chat import LineChat
from securechat.faces.screen.alarms import Alarms
from securechat.faces.screen.connection import Connection
from securechat.faces.screen.notices import Notices
from securechat.faces.screen.places import Places
from securechat.faces.screen.room_facts import RoomFacts
from securechat.faces.screen.timelines import Timelines
from securechat.faces.screen.typing_people import TypingPeople
from securechat.faces.screen.unsent_texts import UnsentTexts
from securechat.faces.screen.unshown import Unshown
from securechat.faces.screen.verification import Verification


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one `securechat.faces.screen.chat.ScreenChat`.

    ``lines`` is the chat in lines that it leads. ``ring`` gets each message that calls for
    attention.
    """

    lines: LineChat
    notices: Notices
    timelines: Timelines
    unshown: Unshown
    places: Places
    rooms: RoomFacts
    connection: Connection
    alarms: Alarms
    typing: TypingPeople
    texts: UnsentTexts
    verification: Verification
    ring: Callable[[e.Message], None]
