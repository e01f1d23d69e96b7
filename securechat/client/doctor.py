"""What is wrong between here and a relay: one check after the other, each with what to do next."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from securechat.client import doctor_checks as checks
from securechat.client.doctor_checks import Case, Examination, Level, Outcome
from securechat.errors import SecureChatError


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of a check; ``exit_status`` is 0 unless it failed."""

    check: str
    level: Level
    what: str
    try_next: str = ""
    exit_status: int = 0


_CHECKS: tuple[tuple[str, Callable[[Examination], Outcome]], ...] = (
    ("settings", checks.read_settings),
    ("profile", checks.open_profile),
    ("address", checks.resolve),
    ("route", checks.find_route),
    ("port", checks.try_port),
    ("tls", checks.look_at_certificate),
    ("certificate", checks.check_certificate),
    ("trust", checks.decide_trust),
    ("version", checks.say_hello),
    ("clock", checks.compare_clocks),
    ("login", checks.log_in),
)
_CAN_GO_ON_WITHOUT = {"profile"}


def examine(case: Case) -> Iterator[Finding]:
    """Give the findings as they are made; after a failure only what still means something.

    Nothing is registered, published or taken from a mailbox, and no file is made. A relay that
    nobody vouches for is sent no byte after TLS.
    """
    with ExitStack() as resources:
        examination = Examination(case, resources)
        for name, check in _CHECKS:
            try:
                outcome = check(examination)
            except SecureChatError as error:
                yield Finding(name, Level.FAIL, error.what, error.try_next, error.exit_status)
                if name not in _CAN_GO_ON_WITHOUT:
                    return
            else:
                yield Finding(name, outcome.level, outcome.what, outcome.try_next)
