"""The full screen without a terminal: an engine that does nothing, and a test at the keyboard."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from rich.segment import Segment
from textual import _wait
from textual.pilot import Pilot
from textual.strip import Strip

from securechat.client import commands as c
from securechat.client import events as e
from securechat.faces.screen.actions import ACTIONS, read_keys
from securechat.faces.screen.settings import ScreenSettings, Theme
from securechat.faces.screen.widgets.app import ChatApp
from securechat.faces.session.inbox import Inbox
from tests.pure.faces.fake_engine import FakeEngine

_TO_COLUMN = re.compile(r"\x1b\[(\d+)G")

NOW = datetime(2026, 11, 21, 14, 10, tzinfo=UTC)
PATIENCE_S = 10.0
SCENE_S = 30.0
"""Bounds for what must happen; nothing takes that long unless it is broken."""

# A pilot waits after each key until the process has been idle for 20 ms, in case there are threads
# and timers; here are none that a test does not wait for by itself (`Game.wait_until`).
_wait.SLEEP_GRANULARITY, _wait.SLEEP_IDLE = 0.002, 0.001

READY = e.Ready("alice", "127.0.0.1:5555", "9f2c-41aa-0000-0000", again=False)


class Game:
    """An app that runs: what is pressed, what its engine tells, and what is on its screen."""

    def __init__(self, app: ChatApp, engine: FakeEngine, pilot: Pilot[None]) -> None:
        self.app = app
        self.engine = engine
        self.pilot = pilot
        self._bound = {action.id: action.keys for action in ACTIONS} | dict(app.bound)

    @property
    def chat(self) -> Any:
        return self.app.chat

    @property
    def lines(self) -> list[str]:
        """The rows of the screen, without blanks at their ends."""
        return ["".join(segment.text for segment in strip).rstrip() for strip in self.strips]

    @property
    def strips(self) -> list[Strip]:
        """The rows of the screen as a terminal shows them."""
        return [_shown(strip) for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def chosen(self) -> str | None:
        """The text of the message that is chosen."""
        row = self.app.messages.chosen
        return None if row is None else row.text

    @property
    def typed(self) -> str:
        return self.app.composer.text

    @property
    def asked(self) -> list[object]:
        """What the engine was asked."""
        return [call[1] for call in self.engine.calls if call[0] == "ask"]

    async def press(self, *keys: str) -> None:
        """Press keys, as Textual names them."""
        await self.pilot.press(*keys)
        await self.settle()

    async def write(self, text: str) -> None:
        """Type a text of letters."""
        await self.press(*("space" if letter == " " else letter for letter in text))

    async def do(self, action_id: str, key: int = 0) -> None:
        """Press a key that is bound to an action."""
        await self.press(self._bound[action_id].split(",")[key])

    async def tell(self, *events: e.Event) -> None:
        """Let the engine tell something, and wait until it is drawn."""
        self.engine.emit(*events)
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is under way in the app; raise what has failed in it."""
        for _ in range(3):  # the inbox, what it changes, and what follows from its being drawn
            await self.pilot.pause()
        if self.app.failure is not None:
            raise self.app.failure

    async def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, self.text
            await self.settle()

    async def see(self, text: str) -> None:
        """Wait until a text is on the screen."""
        await self.wait_until(lambda: text in self.text)


def _shown(strip: Strip) -> Strip:
    """Return a row with blanks where the terminal is told to go on further right."""
    shown: list[Segment] = []
    for segment in strip:
        if (column := _TO_COLUMN.fullmatch(segment.text)) is None:
            shown.append(Segment(segment.text, segment.style))
            continue
        end = int(column[1]) - 1
        while (excess := sum(each.cell_length for each in shown) - end) > 0:
            assert shown[-1].cell_length <= excess, "no piece is overwritten in part"
            shown.pop()
        if excess < 0:
            shown.append(Segment(" " * -excess, shown[-1].style))
    return Strip(shown)


@asynccontextmanager
async def playing(
    *events: e.Event,
    size: tuple[int, int] = (80, 24),
    theme: Theme = "terminal",
    keys: Mapping[str, str] | None = None,
    peer: str | None = "bob",
    lobby: bool = False,
    unicode: bool = True,
    never_ends: bool = False,
) -> AsyncIterator[Game]:
    """Run the app of alice, to whom the engine has told ``events`` after she was logged in."""
    engine = FakeEngine(never_ends=never_ends)
    inbox = Inbox(256)
    engine.subscribe(inbox.put)
    app = ChatApp(
        engine,
        inbox,
        peer=peer,
        lobby=lobby,
        settings=ScreenSettings(keys=read_keys(keys or {}), theme=theme),
        unicode=unicode,
        flush_s=5.0,
        now=lambda: NOW,
    )
    async with app.run_test(size=size) as pilot:
        game = Game(app, engine, pilot)
        await game.tell(READY)
        if peer is not None:
            await game.tell(e.Page(c.Page(peer), (), older=False, newer=False))
        await game.tell(*events)
        yield game
        await game.settle()


def play(scene: Coroutine[Any, Any, None]) -> None:
    """Run a scene to its end."""
    asyncio.run(asyncio.wait_for(scene, SCENE_S))


def message(
    text: str, *, sender: str = "bob", number: int = 1, room: str | None = None
) -> e.Message:
    """Return a message to alice of this minute."""
    return e.Message(
        message_id=f"{sender}-{number}",
        sender=sender,
        recipient=room or "alice",
        text=text,
        time_ms=int(NOW.timestamp() * 1000),
        e2e=True,
        trust=e.Trust.NEW,
        request=False,
        missing=0,
        room=room,
    )


def messages(count: int, *, sender: str = "bob") -> list[e.Message]:
    """Return messages that are numbered from 1."""
    return [message(f"message {n}", sender=sender, number=n) for n in range(1, count + 1)]


def own_message(text: str, *, number: int = 1) -> e.PastMessage:
    """Return a message of alice to bob, as the history has it."""
    return e.PastMessage(
        message_id=f"own-{number}",
        sender="alice",
        recipient="bob",
        text=text,
        time_ms=int(NOW.timestamp() * 1000),
        kept_ms=int(NOW.timestamp() * 1000),
        e2e=True,
        trust="",
        state=e.DeliveryState.DELIVERED,
        missing=0,
        late=False,
        position=number,
    )
