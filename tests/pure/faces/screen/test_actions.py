"""Keys, and binding others."""

import pytest

from securechat.errors import UsageError
from securechat.faces.screen.actions import ACTIONS, read_keys


def test_no_two_actions_are_called_the_same_and_the_table_itself_is_in_order() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    defaults = {action.id: action.keys for action in ACTIONS}
    assert read_keys(defaults) == defaults


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("f9", "f9"),
        ("Ctrl+T", "ctrl+t"),
        ("shift+ctrl+left", "ctrl+shift+left"),
        ("alt++", "alt+plus"),
        ("ctrl+t, f2,f2", "ctrl+t,f2"),
    ],
)
def test_a_key_is_read_as_it_is_called_while_the_chat_runs(typed: str, key: str) -> None:
    assert read_keys({"switch": typed}) == {"switch": key}


@pytest.mark.parametrize(
    ("typed", "key"), [("+", "plus"), ("shift+a", "A"), ("A", "A"), ("?", "question_mark")]
)
def test_a_letter_can_be_bound_in_the_messages(typed: str, key: str) -> None:
    assert read_keys({"react": typed}) == {"react": key}


def test_two_actions_can_change_keys() -> None:
    swapped = {"switch": "ctrl+f", "search": "ctrl+k"}
    assert read_keys(swapped) == swapped


@pytest.mark.parametrize(
    "typed",
    ["", "ctrl", "hyper+a", "f25", "f0", "a,", "ctrl+ä", "<any>", "shift+1", "\x1b"],
)
def test_a_key_that_there_is_not_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match="there is no such key"):
        read_keys({"copy": typed})


def test_an_action_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError) as raised:
        read_keys({"swich": "f9"})
    assert raised.value.what == "config.toml binds swich, and there is no such action"
    assert "switch" in raised.value.try_next


@pytest.mark.parametrize("typed", ["a", "space", "plus", "A"])
def test_what_is_typed_stays_to_be_typed(typed: str) -> None:
    with pytest.raises(UsageError, match="could not be typed any more"):
        read_keys({"switch": typed})


@pytest.mark.parametrize(
    ("bound", "both"),
    [
        ({"switch": "f1"}, "f1 to both help and switch"),
        ({"switch": "ctrl+i"}, "tab to both switch and complete"),
        ({"copy": "ctrl+k"}, "ctrl\\+k to both switch and copy"),
        ({"copy": "r"}, "r to both copy and reply"),
    ],
)
def test_one_key_does_one_thing(bound: dict[str, str], both: str) -> None:
    with pytest.raises(UsageError, match=both):
        read_keys(bound)


def test_input_and_messages_have_keys_of_their_own() -> None:
    assert read_keys({"copy": "enter"}) == {"copy": "enter"}
