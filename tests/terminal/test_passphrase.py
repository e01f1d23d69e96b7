"""A passphrase that is typed: twice when it is set, never shown, three tries to give it."""

import os
import pty
import select
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked import Forked
from tests.processes import environment

PATIENCE_S = 30.0
RIGHT, WRONG = "correct horse battery", "incorrect horse"
NEW, AGAIN = "New passphrase of alice: ", "Repeat for confirmation: "
ASKED, ONCE_MORE = "Passphrase of alice: ", "Wrong passphrase, once more: "


class Typist:
    """Runs a command on a terminal and types at its prompts."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.shown = ""

    def run(self, *arguments: str, answers: list[tuple[str, str]]) -> int:
        """Type each answer when its prompt has come; return the exit status."""
        master, slave = pty.openpty()
        process = Forked(
            ["passphrase", *arguments, "--name", "alice"],
            cwd=self._home,
            env={**environment(self._home), "TERM": "xterm"},
            terminal=slave,
        )
        os.close(slave)
        self.shown = ""
        try:
            for prompt, answer in answers:
                self._see(master, prompt)
                os.write(master, f"{answer}\n".encode(errors="surrogateescape"))
            self._see(master, None)
            return process.wait(PATIENCE_S)
        finally:
            process.kill()
            process.wait()
            os.close(master)

    def _see(self, master: int, prompt: str | None) -> None:
        """Read up to a prompt that was not there before, or to the end of the output."""
        seen, deadline = "", time.monotonic() + PATIENCE_S
        while prompt is None or not seen.endswith(prompt):
            ready, _, _ = select.select([master], [], [], max(deadline - time.monotonic(), 0.0))
            assert ready, f"no {prompt!r} after {self.shown!r}"
            try:
                data = os.read(master, 4096)
            except OSError:  # as Linux says that the other side is closed
                data = b""
            if not data:
                assert prompt is None, f"ended before {prompt!r}: {self.shown!r}"
                return
            seen += data.decode()
            self.shown += data.decode()


@pytest.fixture
def typist(tmp_path: Path) -> Iterator[Typist]:
    typist = Typist(tmp_path)
    yield typist
    assert "horse" not in typist.shown


def test_a_passphrase_is_typed(typist: Typist) -> None:
    mistyped = [(NEW, RIGHT), (AGAIN, WRONG)]
    assert typist.run("set", answers=[*mistyped, (NEW, RIGHT), (AGAIN, RIGHT)]) == 0
    assert "do not match" in typist.shown
    assert "horse" not in typist.shown

    assert typist.run("remove", answers=[(ASKED, WRONG), (ONCE_MORE, RIGHT)]) == 0
    assert typist.run("remove", answers=[]) == 0


def test_after_three_wrong_ones_it_ends(typist: Typist, tmp_path: Path) -> None:
    assert typist.run("set", answers=[(NEW, RIGHT), (AGAIN, RIGHT)]) == 0
    before = (tmp_path / "profiles" / "alice" / "vault-key").read_bytes()
    answers = [(ASKED, WRONG), (ONCE_MORE, WRONG), (ONCE_MORE, WRONG)]
    assert typist.run("remove", answers=answers) == 6
    assert "That is not the passphrase of alice" in typist.shown
    assert (tmp_path / "profiles" / "alice" / "vault-key").read_bytes() == before


def test_one_that_is_not_text_is_not_set(typist: Typist) -> None:
    assert typist.run("set", answers=[(NEW, "horse \udcff battery")]) == 2
    assert "not UTF-8" in typist.shown


def test_one_that_is_too_short_is_not_set(typist: Typist, tmp_path: Path) -> None:
    assert typist.run("set", answers=[(NEW, "horse"), (AGAIN, "horse")]) == 2
    assert "at least 8 characters" in typist.shown
    assert not (tmp_path / "profiles" / "alice" / "vault-key").exists()
