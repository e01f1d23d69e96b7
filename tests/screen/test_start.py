"""What the start of the full screen does, and what it leaves for later."""

import asyncio
import subprocess
import sys

from securechat.faces.screen.actions import read_keys
from securechat.faces.screen.settings import ScreenSettings
from securechat.faces.screen.widgets.app import ChatApp
from securechat.faces.session.inbox import Inbox
from tests.pure.faces.fake_engine import FakeEngine

LATER = (
    *("securechat.client.engine.engine", "securechat.e2e.endpoint", "cryptography", "ifaddr"),
    *("wcwidth", "zeroconf", "spake2", "segno", "emoji", "markdown_it"),
    *("prompt_toolkit", "keyring", "textual.widgets._markdown", "textual.widgets._data_table"),
)
"""Modules that the first frame does not need."""


def test_the_first_frame_waits_for_no_module_that_is_needed_later() -> None:
    program = (
        "import sys, securechat.cli.client, securechat.client.api\n"
        "import securechat.faces.screen.widgets.app\n"
        f"print(*(name for name in {LATER} if name in sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert found.stdout.decode().split() == []


def test_the_session_is_told_once_that_its_first_frame_is_there() -> None:
    shown: list[str] = []

    async def scene() -> None:
        app = ChatApp(
            FakeEngine(),
            Inbox(1),
            peer="bob",
            lobby=False,
            settings=ScreenSettings(keys=read_keys({})),
            unicode=True,
            flush_s=0.0,
            shown=lambda: shown.append(_text_of(app)),
        )
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await pilot.pause()

    asyncio.run(scene())
    assert len(shown) == 1
    assert "bob" in shown[0]
    assert "F1 help" in shown[0]


def _text_of(app: ChatApp) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join(segment.text for strip in strips for segment in strip)
