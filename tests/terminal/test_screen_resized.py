"""A terminal that changes its size without a rest, while somebody types and messages come."""

import random
from pathlib import Path

import pytest

from securechat.faces.screen.widgets.app import TICK_S
from tests.processes import chatting, relaying
from tests.terminal.full_screen import on_full_screen
from tests.terminal.seat import ENTER

CTRL_L = "\x0c"
RESIZES = 50
PAUSE_S = 0.04
LEAST, MOST = (10, 3), (200, 60)
QUIET_S = TICK_S + 0.2
"""Within a tick a size that got lost on the way is seen."""


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (33, 9)])
def test_the_screen_ends_as_if_it_had_never_had_another_size(
    tmp_path: Path, columns: int, rows: int
) -> None:
    sizes, typed = random.Random(columns), ""
    with (
        relaying(tmp_path / "relay") as relay,
        chatting(tmp_path / "bea", "--name", "bea", "--peer", "abe", *relay.flags) as bea,
        on_full_screen(
            "--name", "abe", "--peer", "bea", *relay.flags, home=tmp_path / "abe"
        ) as abe,
    ):  # fmt: skip
        abe.see("bea (new)")
        for number in range(RESIZES):
            abe.resize(sizes.randint(LEAST[0], MOST[0]), sizes.randint(LEAST[1], MOST[1]))
            abe.press(f"{number} ")
            typed += f"{number} "
            bea.types(f"message {number}")
            abe.rest(PAUSE_S)
        abe.resize(columns, rows)
        abe.see(f"message {RESIZES - 1}")
        abe.rest_until_quiet(QUIET_S)
        shown = abe.lines
        assert shown[0].startswith("bea · E2E")
        assert shown[-2].endswith("47 48 49")
        assert shown[-1].endswith("F1 help")
        abe.resize(columns - 1, rows)
        abe.wait_until("the other size", lambda: len(abe.rows[-1].rstrip()) == columns - 1)
        abe.wipe()
        abe.resize(columns, rows)
        abe.wait_until("the same:\n" + "\n".join(shown), lambda: abe.lines == shown)
        abe.press(ENTER)
        assert bea.expect("message")["text"] == typed


def test_a_terminal_that_others_have_written_to_is_drawn_again(tmp_path: Path) -> None:
    with (
        relaying(tmp_path / "relay") as relay,
        on_full_screen("--name", "abe", *relay.flags, home=tmp_path / "abe") as abe,
    ):
        abe.see("You are in #lobby")
        abe.press("half of a")
        abe.see_input("half of a")
        shown = abe.lines
        abe.wipe()
        abe.press(CTRL_L)
        abe.wait_until("the same:\n" + "\n".join(shown), lambda: abe.lines == shown)
