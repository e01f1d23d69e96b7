"""Typed lines that change messages, and about typing and the relay."""

import pytest

from securechat.client import commands as c
from securechat.client.input.command_line import TEXT_MAX_BYTES, parse_line
from securechat.e2e.amend_content import MAX_SYMBOL_BYTES
from tests.pure.client.refused_lines import assert_asks, assert_names_usage

ID = "0a" * 16
FAMILY = "\N{ZERO WIDTH JOINER}".join("\N{MAN}\N{WOMAN}\N{GIRL}\N{BOY}")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/edit so it is", c.Amend(None, None, "so it is")),
        ("/EDIT  two\nlines ", c.Amend(None, None, "two\nlines")),
        (f"/edit {ID} so it is", c.Amend(None, ID, "so it is")),
        (f"/edit {ID.upper()}\tx", c.Amend(None, ID, "x")),
        (f"/edit {ID}0 is no id", c.Amend(None, None, f"{ID}0 is no id")),
        ("/edit /delete", c.Amend(None, None, "/delete")),
        ("/delete", c.Amend(None, None, "")),
        (f"/delete {ID.upper()}", c.Amend(None, ID, "")),
        ("/react bob +", c.React(None, "bob", "+")),
        ("/react bob", c.React(None, "bob", "")),
        (f"/react {ID} \N{HEAVY BLACK HEART}", c.React(None, ID, "\N{HEAVY BLACK HEART}")),
        (f"/react bob {FAMILY}", c.React(None, "bob", FAMILY)),
        (f"/react bob {'x' * MAX_SYMBOL_BYTES}", c.React(None, "bob", "x" * MAX_SYMBOL_BYTES)),
        ("/relay", c.Sight(None)),
        ("/relay bob", c.Sight("bob")),
        ("/relay #ops", c.Sight("#ops")),
        ("/typing", c.ShowTyping(None)),
        ("/typing OFF", c.ShowTyping(False)),
        ("/typing on", c.ShowTyping(True)),
    ],
)
def test_a_line_is_what_it_looks_like(line: str, command: c.Command) -> None:
    assert parse_line(line) == command


@pytest.mark.parametrize(
    ("line", "what", "try_next"),
    [
        ("/edit", "/edit needs the new text", "/edit what I meant"),
        (f"/edit {ID}", "/edit needs the new text", "/edit what I meant"),
        (f"/edit {'x' * (TEXT_MAX_BYTES + 1)}", "8,193 bytes", "in parts"),
        ("/delete it", "the id of a message, which it is not", "/delete [ID]"),
        (f"/delete {ID} now", "the id of a message", "/delete [ID]"),
        ("/react", "/react needs a name", "/react bob :heart:"),
        (f"/react bob {'x' * (MAX_SYMBOL_BYTES + 1)}", "one emoji", "/react bob :heart:"),
        ("/react bob so do I", "too much after /react", "/react NAME [SYMBOL]"),
        ("/react #ops +", "#ops is a room", "/react NAME [SYMBOL]"),
        ("/relay bob now", "too much after /relay", "/relay [TARGET]"),
        ("/typing loudly", "/typing takes on or off", "/typing off"),
    ],
)
def test_an_unusable_command_asks(line: str, what: str, try_next: str) -> None:
    assert_asks(line, what, try_next)


@pytest.mark.parametrize(
    ("line", "usage"),
    [("/react b@b +", "/react NAME [SYMBOL]"), ("/relay b@b", "/relay [TARGET]")],
)
def test_a_name_that_nobody_can_have_is_answered_with_the_command(line: str, usage: str) -> None:
    assert_names_usage(line, usage)
