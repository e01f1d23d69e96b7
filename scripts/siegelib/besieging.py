"""One attack on a relay while ordinary people go on, and what these met."""

import time
from dataclasses import dataclass

from siegelib.attacks import Attack
from siegelib.bystanders import Bystanders
from siegelib.canaries import Sample, percentile
from siegelib.company import company
from siegelib.watched_relay import WatchedRelay

ENOUGH_ANSWERED = 0.99
QUICK_S = 0.5
SLACK_S = 0.6
"""What a connection may live beyond its deadline: it may have waited in the kernel's queue."""


def broken_promises(sample: Sample) -> dict[str, bool]:
    """Return what ordinary people must not meet, and whether they did."""
    return {
        "canaries lost": sample.answered < ENOUGH_ANSWERED,
        "canaries late": percentile(sample.answers_s, 0.95) > QUICK_S,
        "pairs cut off": sample.broken > 0,
    }


@dataclass(frozen=True)
class Outcome:
    """What an attack did, and did not, do."""

    attack: Attack
    canaries: Sample
    closed: int
    longest_s: float
    left: int
    cpu: float
    """The share of one processor that the relay used."""
    rss_before_bytes: int
    rss_peak_bytes: int

    @property
    def failures(self) -> list[str]:
        """What must not be so."""
        allowed_s = self.attack.longest_s
        checks = {
            **broken_promises(self.canaries),
            "newcomers kept out": self.canaries.let_in < self.attack.newcomers_in,
            "connections left": self.left > 0 and allowed_s is not None,
            "lived too long": allowed_s is not None and self.longest_s > allowed_s + SLACK_S,
        }
        return [name for name, failed in checks.items() if failed]


def endure(relay: WatchedRelay, bystanders: Bystanders, attack: Attack, seconds: float) -> Outcome:
    """Let an attack come for so long; return what it did."""
    relay.forget_peak()
    rss_before_bytes = relay.rss_bytes
    arguments = (attack.kind, seconds, attack.count, attack.sources)
    with company("attack", relay, *arguments) as attackers:
        attackers.hear()
        with bystanders.watch() as sample:
            cpu_s, began_at = relay.cpu_s, time.monotonic()
            attackers.hear()
            cpu = (relay.cpu_s - cpu_s) / (time.monotonic() - began_at)
        report = attackers.hear()
    return Outcome(
        attack,
        sample,
        report["closed"],
        report["longest_s"],
        report["left"],
        cpu,
        rss_before_bytes,
        relay.peak_rss_bytes,
    )
