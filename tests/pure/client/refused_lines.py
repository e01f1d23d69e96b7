"""What a line that cannot be carried out is answered with."""

import pytest

from securechat.client.input.command_line import parse_line
from securechat.errors import NameInvalid, UsageError


def assert_asks(line: str, what: str, try_next: str) -> None:
    """A command that is incomplete, or has too much, says what is wrong and what to type."""
    with pytest.raises(UsageError) as caught:
        parse_line(line)
    assert what in caught.value.what
    assert try_next in caught.value.try_next


def assert_names_usage(line: str, usage: str) -> None:
    """A name that nobody can have is answered with how the command goes."""
    with pytest.raises(NameInvalid) as caught:
        parse_line(line)
    assert caught.value.try_next == usage
