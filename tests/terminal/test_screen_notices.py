"""What leaves the chat when somebody writes to who looks away: to the terminal, and the desktop."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.processes import Relay, chatting, relaying
from tests.terminal.full_screen import on_full_screen
from tests.terminal.seat import ENTER

LOOKS_AWAY = "\x1b[O"
TEXT = "meet me at five"

NOTIFY_SEND = """#!/bin/sh
for argument; do echo "$argument"; done > "$SHOWN.part"
mv "$SHOWN.part" "$SHOWN"
"""


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@pytest.mark.parametrize(
    ("name", "more", "expected"),
    [
        ("ann", "", "Message from bea-of-ann"),
        ("amy", "show_text = true", "bea-of-amy: meet me at five"),
    ],
)
def test_a_notice_names_who_writes_and_only_if_told_to_what(
    relay: Relay, tmp_path: Path, name: str, more: str, expected: str
) -> None:
    home, shown, bea_name = tmp_path / name, tmp_path / "shown", f"bea-of-{name}"
    home.mkdir()
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "notify-send").write_text(NOTIFY_SEND)
    (programs / "notify-send").chmod(0o700)
    settings = f'[client.notify]\nterminal = "osc9"\ndesktop = true\n{more}\n'
    (home / "config.toml").write_text(settings)
    env = {"PATH": f"{programs}:{os.environ['PATH']}", "SHOWN": str(shown)}
    with ExitStack() as stack:
        flags = ("--name", name, "--peer", bea_name, *relay.flags)
        seat = stack.enter_context(on_full_screen(*flags, home=home, environ=env))
        bea = stack.enter_context(
            chatting(tmp_path / "bea", "--name", bea_name, "--peer", name, *relay.flags)
        )
        seat.see(f"{bea_name} (new)")
        seat.press(f"hello{ENTER}")
        bea.expect("message", text="hello")
        bea.send("seen at once")
        seat.see("seen at once")
        assert b"\x1b]9;" not in seat.raw
        seat.press(LOOKS_AWAY)
        bea.send(TEXT)
        seat.wait_for_bytes(f"\x1b]9;{expected}\x07".encode())
        seat.wait_until("the notice of the desktop", shown.exists)
        assert shown.read_text().splitlines() == ["--", "securechat", expected]
        outside = [part.partition(b"\x07")[0] for part in seat.raw.split(b"\x1b]")[1:]]
        assert any(TEXT.encode() in each for each in outside) is (TEXT in expected)
