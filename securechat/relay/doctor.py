"""What is wrong with a relay on this machine, running or not: one check after the other."""

from collections.abc import Iterator

from securechat.findings import Checks, Finding, Outcome, carry_out
from securechat.relay import doctor_files as files
from securechat.relay import doctor_network as network
from securechat.relay.doctor_case import Case, Examination


def _read_settings(examination: Examination) -> Outcome:
    """Read the configuration file."""
    examination.setup = examination.case.read_setup()
    return Outcome("the configuration is in order, or there is none")


_CHECKS: Checks[Examination] = (
    ("settings", _read_settings),
    ("certificate", files.check_certificate),
    ("names", files.check_names),
    ("data", files.check_data),
    ("disk", files.check_disk),
    ("port", network.check_port),
    ("addresses", network.find_reachable),
    ("firewall", network.look_for_firewall),
    ("files", network.check_open_files),
    ("registration", network.say_registration),
)
_NEEDED = {"settings"}


def examine(case: Case) -> Iterator[Finding]:
    """Give the findings as they are made; only broken settings leave nothing more to say.

    No program is run, and no file is made or changed. For a moment the store is locked and the
    port is listened on, where no relay does; of one that listens, its certificate is looked at.
    """
    yield from carry_out(_CHECKS, Examination(case), _NEEDED)
