"""What tests of the brain of the screen look at."""

from datetime import UTC, datetime

from securechat.client import commands as c
from securechat.client import events as e
from securechat.faces.screen.drawing.rows import Notice, Row
from securechat.faces.screen.state.chat import ScreenChat
from securechat.faces.screen.state.timeline import Timeline
from tests.pure.faces.sample_events import NOON_MS

NOW = datetime.fromtimestamp(NOON_MS / 1000, UTC)


def said(timeline: Timeline) -> list[str]:
    return [row.text for row in timeline.rows if isinstance(row, Row)]


def own_rows(chat: ScreenChat) -> list[Row]:
    return [row for row in chat.timeline.rows if isinstance(row, Row) and row.own]


def notices(chat: ScreenChat) -> list[str]:
    return [row.entry.text for row in chat.timeline.rows if isinstance(row, Notice)]


def paged(*rows: e.PastMessage, older: bool = False, newer: bool = False) -> e.Page:
    return e.Page(c.Page("bob"), rows, older=older, newer=newer)
