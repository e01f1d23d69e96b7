"""What is wrong between here and a relay: one check after the other, each with what to do next."""

from collections.abc import Iterator
from contextlib import ExitStack

from securechat.client import doctor_checks as checks
from securechat.client.doctor_checks import Case, Examination
from securechat.findings import Checks, Finding, carry_out

_CHECKS: Checks[Examination] = (
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
_NEEDED = {name for name, _ in _CHECKS} - {"profile"}


def examine(case: Case) -> Iterator[Finding]:
    """Give the findings as they are made; after a failure only what still means something.

    Nothing is registered, published or taken from a mailbox, and no file is made. A relay that
    nobody vouches for is sent no byte after TLS.
    """
    with ExitStack() as resources:
        yield from carry_out(_CHECKS, Examination(case, resources), _NEEDED)
