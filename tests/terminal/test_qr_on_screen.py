"""A QR code on a real terminal."""

import fcntl
import re
import struct
import termios

from securechat.client import events as e
from securechat.faces.qr import draw_qr
from tests.pure.faces.sample_events import FINGERPRINT, peer_ready, ready
from tests.terminal.terminal import Terminal

DIGITS = "0123456789" * 6
NUMBER = e.SafetyNumber("bob", DIGITS, e.Trust.NEW, FINGERPRINT, as_qr=True)
ROWS = (" ".join(["01234", "56789"] * 3),) * 2


def entered(terminal: Terminal) -> Terminal:
    """Return the terminal after the log-in."""
    assert terminal.next_call() == ("start",)
    terminal.tell(ready(), peer_ready())
    terminal.see_text("bob (new) >")
    return terminal


def test_the_whole_code_is_on_the_screen_in_colours_of_its_own() -> None:
    code = draw_qr(DIGITS, has_blocks=True)
    modules = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in code]
    with Terminal({"NO_COLOR": "1"}) as terminal:
        entered(terminal).tell(NUMBER)
        terminal.see(
            "Safety number with bob (new):",
            *(f"    {row}" for row in ROWS),
            *filter(None, modules),
            "Photograph it with a phone: it must show the 60 digits that bob sees. Then:",
            "    /trust bob",
            "bob (new) >",
        )
        assert "\n".join(code) in terminal.raw.decode().replace("\r", "")


def test_on_a_terminal_that_is_too_narrow_there_are_the_digits() -> None:
    with Terminal() as terminal:
        entered(terminal)
        fcntl.ioctl(terminal.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 32, 0, 0))
        terminal.tell(NUMBER)
        terminal.wait_until(lambda: terminal.lines[-2:-1] == ["    emoji"])
        shown = " ".join(" ".join(terminal.history).split())
        assert "The QR code needs a terminal of 33 columns and 20 rows, this one has 32" in shown
        assert " ".join(ROWS) in shown
        assert "\x1b[48" not in terminal.raw.decode()
