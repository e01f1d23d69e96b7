"""The process that attacks: ``python -m siegelib.attack PORT CA ATTACK SECONDS COUNT SOURCES``.

SOURCES is ``one`` or ``many`` addresses. It prints one JSON line when the attack has begun, one
when nobody comes again, and one when all are gone; see `Report`.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from json import dumps
from pathlib import Path

from securechat.transport.loop import Loop
from siegelib import members, strangers
from siegelib.campaign import Attacker, Campaign
from siegelib.door import Door

ALL_GONE_S = 15.0
"""How long to wait for the relay to close what is left."""

TICK_S = 0.02

Kind = Callable[[Campaign, int], Attacker]

KINDS: dict[str, Kind] = {
    "silent": strangers.Silent,
    "dripping": strangers.Dripping,
    "garbage": strangers.Garbling,
    "half-handshake": strangers.HalfDone,
    "silent-in-tls": strangers.SilentInside,
    "garbage-in-tls": strangers.GarblingInside,
    "long-greeting": strangers.TooLongForAStranger,
    "early-key-updates": strangers.UpdatingKeys,
    "long-frame": members.TooLong,
    "too-many-envelopes": members.TooMany,
    "key-updates": members.UpdatingKeys,
    "flood": members.Flooding,
    "pings": members.Pinging,
    "never-reading": members.NeverReading,
}

STAYING = {"flood", "pings", "never-reading"}
"""Attacks by those who are logged in and may stay so: they leave by themselves."""


@dataclass(frozen=True)
class Report:
    """What became of the attackers' connections."""

    closed: int
    """How many the relay has closed."""
    longest_s: float
    """How long the longest of these lived."""
    left: int
    """How many it had not closed at the end."""


def main() -> None:
    """Attack, and say how it went."""
    port, ca, kind, seconds, count, sources = sys.argv[1:]
    loop = Loop()
    loop.start()
    campaign = Campaign(Door.of(loop, int(port), Path(ca)), from_one_address=sources == "one")
    attackers = [KINDS[kind](campaign, place) for place in range(int(count))]
    loop.call_soon(lambda: campaign.begin(attackers))
    say(event="begun")
    time.sleep(float(seconds))
    loop.call_soon(campaign.stop_coming)
    say(event="ending")
    deadline = time.monotonic() + (0 if kind in STAYING else ALL_GONE_S)
    while campaign.open and time.monotonic() < deadline:
        time.sleep(TICK_S)
    report = Report(len(campaign.lives_s), max(campaign.lives_s, default=0.0), campaign.open)
    say(event="over", **asdict(report))
    loop.call_soon(campaign.leave)
    loop.stop(0.0)


def say(**fields: object) -> None:
    """Print one event."""
    sys.stdout.write(dumps(fields) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
