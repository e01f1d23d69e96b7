"""What the relay's faults mean to the person at the client: why, what to do, which exit status."""

import pytest

from securechat.client.connection.faults import fault_error, pairing_error
from securechat.errors import (
    CodeRefused,
    InviteRefused,
    LimitExceeded,
    LoginRefused,
    NameInvalid,
    NameTaken,
    RemoteProtocolError,
    SecureChatError,
)
from securechat.wire.frames import Fault


@pytest.mark.parametrize(
    ("code", "message", "kind", "exit_status", "next_command"),
    [
        ("limit", "There are too many of you", LimitExceeded, 5, "wait a minute"),
        ("login-refused", "This device is not registered here", LoginRefused, 6, "start it again"),
        ("name-taken", "bob is taken", NameTaken, 6, "the same command with --name ANOTHER-NAME"),
        ("name-invalid", "No name", NameInvalid, 6, "the same command with --name ANOTHER-NAME"),
        ("invite", "This is by invitation only", InviteRefused, 6, "securechat join LINK"),
        ("of-later", "Not known", RemoteProtocolError, 1, "securechat --version here and on"),
    ],
)
def test_a_refused_connection_says_why_and_what_to_do(
    code: str, message: str, kind: type[SecureChatError], exit_status: int, next_command: str
) -> None:
    error = fault_error(Fault(code, message))
    assert (type(error), error.exit_status) == (kind, exit_status)
    assert message in error.what
    assert next_command in error.try_next


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("no-slot", "The relay at lab-pc:5555 has no code with the number 7"),
        ("used", "if not by you, a stranger has tried it"),
        ("expired", "has expired"),
    ],
)
def test_a_code_that_is_refused_says_why_and_what_to_do(code: str, what: str) -> None:
    error = pairing_error(code, 7, "bob", "lab-pc:5555")
    assert (type(error), error.exit_status) == (CodeRefused, 6)
    assert what in error.what
    assert "ask for a new one" in error.try_next


@pytest.mark.parametrize("code", ["name-taken", "name-invalid"])
def test_another_name_is_tried_with_the_same_code_at_the_same_relay(code: str) -> None:
    error = pairing_error(code, 7, "bob", "lab-pc:5555")
    assert error.try_next.startswith("securechat join lab-pc:5555 --name ANOTHER-NAME")


@pytest.mark.parametrize("code", ["wrong-code", "another-relay", "invalid"])
def test_a_pairing_that_has_failed_says_how_to_begin_again(code: str) -> None:
    assert pairing_error(code, 7, "bob", "lab-pc:5555").try_next.endswith(": securechat join")


def test_what_a_relay_says_cannot_draw_on_the_terminal() -> None:
    error = fault_error(Fault("limit", "no\x1b[2J\nsecurechat: all is well"))
    assert "\x1b" not in error.what
    assert "\n" not in error.what
