"""A chat in lines with its engine, and all that it has shown."""

from datetime import UTC, datetime

from securechat.client import events as e
from securechat.faces.chat.line_chat import LineChat
from securechat.faces.entries import Entry
from tests.pure.faces.fake_engine import FakeEngine
from tests.pure.faces.sample_events import NOON_MS

NOW = datetime.fromtimestamp(NOON_MS / 1000, UTC)


class Desk:
    """The chat of alice, with bob unless it is said with whom."""

    def __init__(
        self, peer: str | None = "bob", *, lobby: bool = False, unicode: bool = True
    ) -> None:
        self.entries: list[Entry] = []
        self.rings = 0
        self.engine = FakeEngine()
        self.chat = LineChat(
            self.engine,
            peer=peer,
            lobby=lobby,
            show=self.entries.append,
            ring=self._ring,
            now=lambda: NOW,
            unicode=unicode,
        )

    @property
    def shown(self) -> list[str]:
        return [entry.text for entry in self.entries]

    def hear(self, *events: e.Event) -> list[str]:
        """Return what these events made it show."""
        self.entries.clear()
        for event in events:
            self.chat.hear(event)
        return self.shown

    def enter(self, *lines: str) -> list[str]:
        """Return what these lines made it show."""
        self.entries.clear()
        for line in lines:
            self.chat.enter(line)
        return self.shown

    def _ring(self) -> None:
        self.rings += 1
