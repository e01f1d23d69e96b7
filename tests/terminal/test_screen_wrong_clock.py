"""A computer whose clock is off: the status says by how much, and nothing is lost or disordered."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Relay, chatting, relaying
from tests.terminal.full_screen import LEFT, FullScreen, on_full_screen
from tests.terminal.seat import CTRL_Q, ENTER

DAY_S = 86_400


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    with relaying(tmp_path / "relay") as relay:
        yield relay


def clock(ahead_s: int) -> tuple[str, ...]:
    """Return what to put before a command so that its clock is so much ahead."""
    return (sys.executable, "-m", "tests.skewed", str(ahead_s))


def from_bea(abe: FullScreen) -> list[str]:
    """Return what is shown of bea's texts, in order."""
    return re.findall(r"\d bea(?: \(\w+\))?: (\w+)", abe.text)


@pytest.mark.parametrize(
    ("ahead_s", "told"),
    [
        (DAY_S, "this clock is 24 h ahead of the relay's (date -u)"),
        (-DAY_S, "this clock is 24 h behind the relay's (date -u)"),
        (3652 * DAY_S, "this clock is 3,652 days ahead of the relay's (date -u)"),
        (-3652 * DAY_S, "this clock is 3,652 days behind the relay's (date -u)"),
    ],
)
def test_what_is_written_with_a_wrong_clock_arrives_at_the_latest_when_it_is_right(
    relay: Relay, tmp_path: Path, ahead_s: int, told: str
) -> None:
    """By years it is off by more than keys are valid: then messages wait, on either side."""
    flags = ("--name", "abe", "--peer", "bea", *relay.flags)
    with chatting(tmp_path / "bea", "--name", "bea", "--peer", "abe", *relay.flags) as bea:
        with on_full_screen(*flags, home=tmp_path / "abe", prefix=clock(ahead_s)) as abe:
            abe.see("bea (new)")
            assert abe.rows[-1].startswith(told)
            abe.press(f"hello{ENTER}")
            abe.see("): hello")
            bea.types("one", "two")
            if abs(ahead_s) == DAY_S:
                abe.wait_until("both", lambda: from_bea(abe) == ["one", "two"])
                abe.see("(delivered): hello")
            abe.press(CTRL_Q)
            abe.finish()
        with on_full_screen(*flags, home=tmp_path / "abe") as abe:
            abe.see("bea (new)")
            abe.press(f"again{ENTER}")
            bea.types("three")
            abe.wait_until("all", lambda: from_bea(abe) == ["one", "two", "three"])
            abe.see("(delivered): hello")
            abe.see("(delivered): again")
            assert abe.rows[-1].startswith("abe on ")
        assert [bea.expect("message")["text"] for _ in range(2)] == ["hello", "again"]


@pytest.mark.parametrize(
    ("ahead_s", "what"), [(3652 * DAY_S, "ended on"), (-3652 * DAY_S, "is not valid before")]
)
def test_a_certificate_that_seems_to_be_out_of_its_dates_is_no_reason_to_make_another(
    relay: Relay, tmp_path: Path, ahead_s: int, what: str
) -> None:
    pin = ("--server", relay.address, "--pin", relay.ready["pin"])
    with on_full_screen("--name", "abe", *pin, home=tmp_path, prefix=clock(ahead_s)) as abe:
        assert abe.finish() == 4
        after = abe.raw.rpartition(LEFT.encode())[2].decode()
        assert f"securechat: The relay's certificate {what} 20" in after
        assert "date -u" in after
