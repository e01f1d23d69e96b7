"""What the chat in lines does on a real terminal beyond plain lines: Tab, pastes, colour, bell."""

import re
import subprocess
import sys
import time

import pytest
from msgspec.structs import replace

from securechat.client import events as e
from securechat.client.input.command_line import TEXT_MAX_BYTES
from tests.pure.faces.sample_events import message, peer_ready, ready
from tests.terminal.terminal import CTRL_C, ENTER, Terminal

TAB = "\t"
LEFT = "\x1b[D"
BACKSPACE = "\x7f"
NO_COLOR = {"NO_COLOR": "1"}
HOSTILE = (
    "\x1b]52;c;aGk=\x07", "\x1b]0;title\x07", "\x1b[2J", "\x9b2J", "\x9d52;c;aGk=\x9c", "\u202e",
    "\u2066", "\x07", "\x1b[31m", "\x1bc", "\x1b[6n", "\b\b", "\x0e",
)  # fmt: skip


def said(text: str) -> e.Message:
    return message(text, trust=e.Trust.NEW, time_ms=round(time.time() * 1000))


def entered(terminal: Terminal) -> Terminal:
    """Return the terminal after the log-in, alone with bob and a room."""
    assert terminal.next_call() == ("start",)
    terminal.tell(ready(), peer_ready(), e.PresenceChanged("bob", True))
    terminal.see("[SERVER] bob joined the chat!", "bob (new) >")
    return terminal


def test_tab_types_commands_names_and_emoji_to_their_end() -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.tell(said("hello"), e.People(("bob", "Bobby", "carol")))
        terminal.see("Connected now: bob, Bobby, carol.", "bob (new) >")
        terminal.press("/ms" + TAB)
        terminal.see("Connected now: bob, Bobby, carol.", "bob (new) > /msg")
        terminal.press("b" + TAB + TAB)
        terminal.see("bob, Bobby", "bob (new) > /msg bob")
        terminal.press("b" + TAB + "see @ca" + TAB)
        terminal.see("bob, Bobby", "bob (new) > /msg Bobby see @carol")
        terminal.press(":thumbs_u" + TAB + "!")
        terminal.see("bob, Bobby", "bob (new) > /msg Bobby see @carol :thumbs_up:!")
        terminal.press(ENTER)
        assert terminal.next_call() == ("send", "Bobby", "see @carol 👍!")


def test_tab_in_the_middle_of_a_line_leaves_the_rest() -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.press("@bo for you" + LEFT * 8 + TAB + ENTER)
        assert terminal.next_call() == ("send", "bob", "@bob  for you")


def test_tab_without_anything_to_say_does_nothing() -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.press("hello" + TAB + TAB + "!" + ENTER)
        assert terminal.next_call() == ("send", "bob", "hello!")


def test_a_name_that_a_terminal_would_obey_is_never_typed() -> None:
    with Terminal() as terminal:
        entered(terminal)
        names = tuple(f"z{number}{what}" for number, what in enumerate(HOSTILE))
        terminal.tell(e.People((*names, "zoe")))
        terminal.see_text("zoe.")
        terminal.press("/msg z" + TAB + "hi" + ENTER)
        assert terminal.next_call() == ("send", "zoe", "hi")
        assert not_ours(terminal.raw) == b""


def test_a_long_paste_says_so_and_is_one_message() -> None:
    text = "\n".join(f"line {number}" for number in range(30))
    with Terminal() as terminal:
        entered(terminal)
        terminal.paste(text)
        terminal.see_text("line 29")
        note = "This is long (30 lines, 229 bytes): Enter sends it as one message,"
        assert any(line.startswith(note) for line in terminal.lines)
        terminal.press(ENTER)
        assert terminal.next_call() == ("send", "bob", text)


def test_a_long_paste_can_be_cleared() -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.paste("x\n" * 25)
        terminal.see_text("as one message")
        terminal.press(CTRL_C + "no" + ENTER)
        assert terminal.next_call() == ("send", "bob", "no")


def test_too_long_a_text_stays_in_the_line_to_be_shortened() -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.paste("x" * (TEXT_MAX_BYTES + 1))
        terminal.see_text("x" * 80)
        terminal.press(ENTER)
        terminal.see_text("[Problem] The text has 8,193 bytes, a message holds 8,192;")
        terminal.press(BACKSPACE + ENTER)
        assert terminal.next_call() == ("send", "bob", "x" * TEXT_MAX_BYTES)


def test_markdown_is_styled_where_there_is_colour() -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.tell(said("**very** `good`\n```\nif *x*:\n```"))
        terminal.see("bob: **very** `good`", "    ```", "    if *x*:", "    ```", "bob (new) >")
        for piece in (
            b"\x1b[1mvery\x1b[0m",
            b"\x1b[33m`good`\x1b[0m",
            b"    \x1b[33mif *x*:\x1b[0m",
        ):
            assert piece in terminal.raw
    with Terminal(NO_COLOR) as terminal:
        entered(terminal)
        terminal.tell(said("**very** `good`"))
        terminal.see("bob: **very** `good`", "bob (new) >")
        assert b"bob: **very** `good`\r" in terminal.raw


@pytest.mark.parametrize("environ", [{}, NO_COLOR])
def test_nothing_of_a_peer_that_a_terminal_obeys_arrives(environ: dict[str, str]) -> None:
    marked = [
        text
        for what in HOSTILE
        for text in (
            f"a{what}b", f"**a{what}b**", f"*{what}*", f"`{what}`", f"```\n{what}\n```",
            f"> {what}", f"~~{what}~~ \\{what}",
        )
    ]  # fmt: skip
    with Terminal(environ) as terminal:
        entered(terminal)
        terminal.tell(*map(said, marked), said("that is all"))
        terminal.see("bob: that is all", "bob (new) >")
        assert not_ours(terminal.raw) == b""
        starts = {line.split(" ")[0] for line in terminal.history}
        assert starts <= {"You", "Messages", "Type", "bob", "[SERVER]", "bob:", ""}


def not_ours(raw: bytes) -> bytes:
    """Return the control characters that are neither layout nor one of the sequences we write."""
    rest = re.sub(
        rb"\x1b\[\??[0-9;]*[ABCDHJKhlm]|\x1b[=>]|\x1b\[0 q|\r|\n|\x1b\[\?12l", b"", raw
    ).decode()
    assert b"\x1b[2J" not in raw
    assert b"\x1b[31m" not in raw
    return "".join(re.findall(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", rest)).encode()


def test_what_calls_for_attention_rings_at_most_once_a_second() -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.tell(said("calm"))
        terminal.see("bob: calm", "bob (new) >")
        assert b"\x07" not in terminal.raw
        alert = replace(said("look"), alert=True)
        terminal.tell(*[alert] * 5, said("end"))
        terminal.see("bob: end", "bob (new) >")
        assert terminal.raw.count(b"\x07") == 1


def test_a_start_reads_neither_the_tables_of_emoji_nor_a_parser() -> None:
    program = (
        "import sys; from securechat.faces import emoji_codes\n"
        "from securechat.faces.line import painting, terminal\n"
        "emoji_codes.with_emoji('see you at 10:20:30')\n"
        "print([name for name in ('emoji', 'markdown_it') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert shown.stdout == b"[]\n"
