"""Code of ours fails in the middle of a chat: where that was is noted, and no text of anybody."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Relay, relaying, run
from tests.terminal.full_screen import LEFT, on_full_screen
from tests.terminal.seat import CTRL_Q, sitting_at

SECRET = "what-alice-wrote"

BREAKING = """
import importlib, sys
from securechat.__main__ import main

module, name, method = {place!r}
where = getattr(importlib.import_module(module), name)
kept = getattr(where, method)

def fail(self, *arguments):
    if any({sign!r} in repr(argument) for argument in arguments):
        try:
            raise KeyError("{secret} (before)")
        except KeyError:
            raise ValueError("{secret}\\x1b]0;title\\x07")
    return kept(self, *arguments)

setattr(where, method, fail)
sys.argv = sys.argv[3:]
main()
"""
"""Runs the command with a method that fails when it is given something of a kind."""

SCREEN = ("securechat.faces.screen.state.chat", "ScreenChat", "typed")
ENGINE = ("securechat.client.engine.questions", "Questions", "answer")


def breaking(place: tuple[str, str, str], sign: str) -> tuple[str, ...]:
    script = BREAKING.format(place=place, sign=sign, secret=SECRET)
    return (sys.executable, "-c", script)


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


def noted(home: Path) -> str:
    log = home / "failures.log"
    assert log.stat().st_mode & 0o777 == 0o600
    text = log.read_text()
    for secret in (SECRET, "bea", "alice", str(home), "/"):
        assert secret not in text
    assert "builtins.ValueError" in text
    assert "builtins.KeyError" in text
    return text


def test_a_failure_of_the_screen_is_noted(relay: Relay, tmp_path: Path) -> None:
    prefix = breaking(SCREEN, SECRET)
    command = ("--name", "abe", "--peer", "bea", *relay.flags)
    with on_full_screen(*command, home=tmp_path, prefix=prefix) as abe:
        abe.see("Waiting for bea")
        abe.press(f"{SECRET}")
        assert abe.finish() == 1
        assert abe.echoes
        after = abe.raw.rpartition(LEFT.encode())[2].decode().replace("\r", "")
        assert "Internal error (ValueError)" in after
        assert str(tmp_path / "failures.log") in after
        assert "try: the same with --plain" in after
        assert "Traceback" not in after
        assert SECRET not in after
    text = noted(tmp_path)
    assert "ERROR securechat.faces" in text
    assert "securechat.faces.screen.widgets.app:" in text
    status, output, _ = run("paths", home=tmp_path)
    assert (status, f"{tmp_path / 'failures.log'}  (there)" in output) == (0, True)


@pytest.mark.parametrize("face", ["screen", "lines"])
def test_a_failure_of_the_engine_is_noted(relay: Relay, tmp_path: Path, face: str) -> None:
    prefix, is_screen = breaking(ENGINE, "Who("), face == "screen"
    name = f"abe{os.getpid()}{face}"
    command = ("client", "--name", name, "--peer", "bea", *relay.flags)
    options = {"home": tmp_path, "prefix": prefix, "term": "xterm-256color"}
    with sitting_at(*command, **options, full_screen=is_screen) as abe:
        abe.see("Type a message to bea")
        abe.enter("/who")
        if is_screen:
            abe.see("The chat has ended: Internal error (ValueError)")
            abe.press(CTRL_Q)
        assert abe.finish() == 1
        assert "failures.log" in abe.text.replace(" ", "")  # where the path is long, it is broken
        assert "Traceback" not in abe.text
        assert SECRET not in abe.text
    assert "ERROR securechat.client" in noted(tmp_path)
