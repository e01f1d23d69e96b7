"""What a diagnosis finds: one check after the other, each with what to type next."""

from collections.abc import Callable, Collection, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeVar

from msgspec import Struct

from securechat.errors import SecureChatError


class Level(StrEnum):
    """How bad it is; the text is what the command line prints."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


class Outcome(NamedTuple):
    """What a check that did not fail has to say."""

    what: str
    level: Level = Level.OK
    try_next: str = ""


class Finding(Struct, frozen=True):
    """The outcome of a check; ``exit_status`` is 0 unless it failed."""

    check: str
    level: Level
    what: str
    try_next: str = ""
    exit_status: int = 0


Subject = TypeVar("Subject")

Checks = Sequence[tuple[str, Callable[[Subject], Outcome]]]
"""Checks by name, in their order; each returns an outcome or raises a SecureChatError."""


def carry_out(
    checks: Checks[Subject], subject: Subject, needed: Collection[str]
) -> Iterator[Finding]:
    """Give the findings as they are made; the first of the ``needed`` checks to fail is the last.

    Each check may leave what it has found out in the ``subject``, for those after it.
    """
    for name, check in checks:
        try:
            outcome = check(subject)
        except SecureChatError as error:
            yield Finding(name, Level.FAIL, error.what, error.try_next, error.exit_status)
            if name in needed:
                return
        else:
            yield Finding(name, outcome.level, outcome.what, outcome.try_next)
