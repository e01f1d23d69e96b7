"""The brain of the full screen of alice, who talks to bob, with its engine."""

import pytest

from securechat.client import events as e
from securechat.faces.screen.state.chat import ScreenChat
from tests.pure.faces.fake_engine import FakeEngine
from tests.pure.faces.sample_events import peer_ready, ready
from tests.pure.faces.screen.state.chat_steps import NOW


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def rung() -> list[e.Message]:
    return []


@pytest.fixture
def chat(engine: FakeEngine, rung: list[e.Message]) -> ScreenChat:
    chat = ScreenChat(engine, peer="bob", now=lambda: NOW, ring=rung.append)
    chat.begin()
    for event in (ready(), peer_ready()):
        chat.hear(event)
    return chat
