"""Many people at once on one relay: a quiet crowd, a storm at the door, readers who never read."""

import time
from dataclasses import dataclass
from pathlib import Path

from siegelib.besieging import broken_promises
from siegelib.bystanders import bystanding
from siegelib.canaries import Sample
from siegelib.company import company
from siegelib.crowd import Arrival
from siegelib.idlers import ENVELOPE_BYTES, Harvest
from siegelib.watched_relay import WatchedRelay, watched

KIB = 1024
MAX_KIB_PER_PERSON = 22
MAX_KIB_PER_READER = 1024
"""What is in flight, what waits in memory and what waits for the socket: a window each, at most."""

WRITERS, ENVELOPES_EACH = 20, 256
REGISTERING_AT_ONCE = 60
MACHINES = 4000
"""From how many addresses people come, but for a storm from one."""


@dataclass(frozen=True)
class CrowdOutcome:
    """A crowd that is there, and says nothing."""

    people: int
    arrival: Arrival
    rss_before_bytes: int
    rss_bytes: int
    quiet: Sample
    """What the pairs met before the crowd came."""
    crowded: Sample
    """And while it was there."""

    @property
    def kib_per_person(self) -> float:
        """The memory that one of them costs."""
        return (self.rss_bytes - self.rss_before_bytes) / self.people / KIB

    @property
    def failures(self) -> list[str]:
        """What must not be so."""
        dear = self.kib_per_person > MAX_KIB_PER_PERSON
        return _failed({**broken_promises(self.crowded), "too dear": dear})


@dataclass(frozen=True)
class StormOutcome:
    """A crowd that came all at once."""

    people: int
    addresses: int
    arrival: Arrival
    quiet: Sample
    during: Sample

    @property
    def failures(self) -> list[str]:
        """What must not be so."""
        return _failed(broken_promises(self.during))


@dataclass(frozen=True)
class IdlersOutcome:
    """Readers who did not read, and then did."""

    readers: int
    each_bytes: int
    """What was written to each of them."""
    written_s: float
    refused: int
    rss_before_bytes: int
    rss_peak_bytes: int
    quiet: Sample
    during: Sample
    harvest: Harvest

    @property
    def kib_per_reader(self) -> float:
        """The memory that one of them cost at the most."""
        return (self.rss_peak_bytes - self.rss_before_bytes) / self.readers / KIB

    @property
    def failures(self) -> list[str]:
        """What must not be so."""
        return _failed(
            {
                **broken_promises(self.during),
                "too dear": self.kib_per_reader > MAX_KIB_PER_READER,
                "refused": self.refused > 0,
                "lost": self.harvest.lost > 0,
                "out of order": self.harvest.disordered > 0,
            }
        )


def _failed(checks: dict[str, bool]) -> list[str]:
    return [name for name, failed in checks.items() if failed]


def register(directory: Path, people: int) -> None:
    """Have so many people register at the relay of this directory, in a run of its own."""
    with (
        watched(directory) as relay,
        company("crowd", relay, people, REGISTERING_AT_ONCE, MACHINES) as comers,
    ):
        comers.hear()


def crowd(relay: WatchedRelay, people: int, pairs: int, seconds: float) -> CrowdOutcome:
    """Let registered people come, a few at a time; watch so many pairs before and beside them."""
    with bystanding(relay, pairs) as bystanders:
        with bystanders.watch() as quiet:
            time.sleep(seconds)
        rss_before_bytes = relay.rss_bytes
        with company("crowd", relay, people, REGISTERING_AT_ONCE, MACHINES) as comers:
            arrival = Arrival(**comers.hear())
            with bystanders.watch() as crowded:
                time.sleep(seconds)
            rss_bytes = relay.rss_bytes
    return CrowdOutcome(people, arrival, rss_before_bytes, rss_bytes, quiet, crowded)


def storm(
    relay: WatchedRelay, people: int, pairs: int, seconds: float, addresses: int
) -> StormOutcome:
    """Let registered people come all at once; watch so many pairs before and meanwhile."""
    with bystanding(relay, pairs) as bystanders:
        with bystanders.watch() as quiet:
            time.sleep(seconds)
        with (
            company("crowd", relay, people, people, addresses) as comers,
            bystanders.watch() as during,
        ):
            arrival = Arrival(**comers.hear())
    return StormOutcome(people, addresses, arrival, quiet, during)


def idlers(relay: WatchedRelay, readers: int, pairs: int, seconds: float) -> IdlersOutcome:
    """Write to so many who do not read, four windows to each; then let them read."""
    with bystanding(relay, pairs) as bystanders:
        with bystanders.watch() as quiet:
            time.sleep(seconds)
        relay.forget_peak()
        rss_before_bytes = relay.rss_bytes
        with company("idlers", relay, readers, WRITERS, ENVELOPES_EACH) as process:
            with bystanders.watch() as during:
                written = process.hear()
            rss_peak_bytes = relay.peak_rss_bytes
            process.nudge()
            harvest = Harvest(**process.hear())
    return IdlersOutcome(
        readers,
        ENVELOPES_EACH * ENVELOPE_BYTES,
        written["seconds"],
        written["refused"],
        rss_before_bytes,
        rss_peak_bytes,
        quiet,
        during,
        harvest,
    )
