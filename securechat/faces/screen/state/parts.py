"""What the brain of the full screen consists of; each part knows one thing."""

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct

from securechat.client import events as e
from securechat.faces.chat.line_chat import LineChat
from securechat.faces.screen.actions import keys_of
from securechat.faces.screen.drawing.help_page import key_label
from securechat.faces.screen.state.alarms import Alarms
from securechat.faces.screen.state.connection import Connection
from securechat.faces.screen.state.notices import Notices
from securechat.faces.screen.state.places import Places
from securechat.faces.screen.state.room_facts import RoomFacts
from securechat.faces.screen.state.timelines import Timelines
from securechat.faces.screen.state.typing_people import TypingPeople
from securechat.faces.screen.state.unsent_texts import UnsentTexts
from securechat.faces.screen.state.unshown import Unshown
from securechat.faces.screen.state.verification import Verification
from securechat.faces.session.engine import ChatEngine
from securechat.faces.session.own_message import OwnMessage


class Parts(Struct, frozen=True):
    """The parts of one `securechat.faces.screen.state.chat.ScreenChat`.

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


def make_parts(
    engine: ChatEngine,
    *,
    peer: str | None,
    lobby: bool,
    now: Callable[[], datetime],
    ring: Callable[[e.Message], None],
    unicode: bool,
    keys: Mapping[str, str],
    written: Callable[[OwnMessage], None],
) -> Parts:
    """Return the parts of a session; ``written`` gets each message that the engine has taken."""
    timelines = Timelines(engine.ask)
    notices = Notices(timelines, lambda: lines.conversations.current, now)
    lines = LineChat(
        engine, peer=peer, lobby=lobby, show=notices.note, now=now, unicode=unicode, written=written
    )
    unshown, rooms = Unshown(), RoomFacts()
    return Parts(
        lines=lines,
        notices=notices,
        timelines=timelines,
        unshown=unshown,
        places=Places(lines, unshown, rooms, lambda: engine.queued),
        rooms=rooms,
        connection=Connection(now),
        alarms=Alarms(key_label(keys_of("alarm", keys))),
        typing=TypingPeople(),
        texts=UnsentTexts(engine.ask, now),
        verification=Verification(engine.ask),
        ring=ring,
    )
