"""The page of help: every key and every command, as they are."""

import pytest

from securechat.client.command_help import HELP
from securechat.faces.screen.actions import ACTIONS, read_keys
from securechat.faces.screen.drawing.help_page import key_label, lay_out_help
from securechat.faces.screen.drawing.spans import Line, width_of


def rows(lines: list[Line]) -> list[str]:
    return ["".join(part.text for part in line).rstrip() for line in lines]


@pytest.mark.parametrize("columns", [20, 40, 80, 132])
def test_every_action_and_every_command_is_there(columns: int) -> None:
    lines = lay_out_help(columns, {})
    assert max(map(width_of, lines)) <= max(columns, 32)
    shown = " ".join(" ".join(rows(lines)).split())
    for action in ACTIONS:
        assert f"{key_label(action.keys)} {action.label}" in shown
    for usage, meaning in HELP:
        assert f"{usage} {meaning}" in shown


def test_keys_are_shown_as_they_are_bound() -> None:
    shown = rows(lay_out_help(80, read_keys({"switch": "f9,ctrl+t"})))
    assert "  F9, Ctrl-T          Go to another conversation" in shown
    assert not any("Ctrl-K" in line for line in shown)


@pytest.mark.parametrize(
    ("keys", "label"),
    [
        ("ctrl+k", "Ctrl-K"),
        ("up,k", "Up, k"),
        ("plus", "+"),
        ("ctrl+j,shift+enter", "Ctrl-J, Shift-Enter"),
        ("alt+pageup", "Alt-PgUp"),
        ("K", "K"),
    ],
)
def test_a_key_is_called_what_its_cap_says(keys: str, label: str) -> None:
    assert key_label(keys) == label
