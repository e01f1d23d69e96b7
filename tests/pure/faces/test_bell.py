"""The bell."""

from msgspec.structs import replace

from securechat.faces.bell import PAUSE_S, Bell
from securechat.faces.chat.line_chat import LineChat
from tests.pure.faces.fake_engine import FakeEngine
from tests.pure.faces.sample_events import message


def test_a_flood_of_rings_sounds_once_a_second() -> None:
    sounded: list[float] = []
    now_s = 100.0
    bell = Bell(lambda: sounded.append(now_s), lambda: now_s)
    for tenth in range(25):
        now_s = 100.0 + tenth / 8
        bell.ring()
    assert sounded == [100.0, 101.0, 102.0, 103.0]
    assert PAUSE_S == 1.0


def test_a_chat_rings_for_what_calls_for_attention() -> None:
    rung: list[int] = []
    chat = LineChat(FakeEngine(), peer="bob", show=lambda entry: None, ring=lambda: rung.append(1))
    chat.hear(message())
    assert not rung
    chat.hear(replace(message(), alert=True))
    assert rung == [1]
