"""A relay under attack and in a crowd, as Markdown tables; 1 when something is not as it must be.

The relay is a real `securechat server`; attackers and crowds are processes of their own, and the
ordinary people whose messages are timed are in this one. Everything comes from addresses of this
machine (127.x.y.z).
"""

import argparse
import platform
import ssl
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from siegelib.attacks import all_attacks
from siegelib.besieging import endure
from siegelib.bystanders import bystanding
from siegelib.gatherings import crowd, idlers, register, storm
from siegelib.report import (
    ATTACKS_HEAD,
    attack_row,
    crowd_lines,
    idlers_lines,
    storm_lines,
)
from siegelib.watched_relay import WatchedRelay, watched

FEW_FILES = 40
"""How many descriptors more than it has a relay may open that is to run out of them."""


def main() -> int:
    """Run what is asked for; 1 when a check failed."""
    options = parse_options()
    machine = f"CPython {platform.python_version()}, {ssl.OPENSSL_VERSION}, {platform.machine()}"
    failures: list[str] = []
    for name in PARTS if options.part == "all" else [options.part]:
        PARTS[name](options, failures)
        print(flush=True)
    print(f"{machine}.")
    for failure in failures:
        print(f"not as it must be: {failure}")
    return int(bool(failures))


def parse_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="scripts/siege", description=__doc__)
    parser.add_argument("part", choices=(*PARTS, "all"), help="what to show")
    parser.add_argument("--connections", type=int, default=300, help="of each attack [300]")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each sample [4]")
    parser.add_argument("--pairs", type=int, default=50, help="who write to each other [50]")
    parser.add_argument(
        "--people",
        type=int,
        default=10_000,
        help="of the crowd; 12000 at most [10000]",
    )
    parser.add_argument("--storm", type=int, default=2000, help="who come at once [2000]")
    parser.add_argument("--readers", type=int, default=200, help="who never read [200]")
    parser.add_argument("--only", metavar="KIND,...", help="attacks of these kinds only")
    return parser.parse_args()


@contextmanager
def home() -> Iterator[Path]:
    """Make a directory for a relay, which goes away with what it kept."""
    with tempfile.TemporaryDirectory(prefix="siege-") as directory:
        yield Path(directory)


def attacks(options: argparse.Namespace, failures: list[str]) -> None:
    """Attack in every way, one after the other."""
    chosen = list(all_attacks(options.connections))
    print("\n".join(ATTACKS_HEAD), flush=True)
    for runs_out_of_files in (False, True):
        mine = [each for each in chosen if each.runs_out_of_files is runs_out_of_files]
        mine = [each for each in mine if not options.only or each.kind in options.only.split(",")]
        if not mine:
            continue
        with (
            home() as directory,
            watched(directory) as relay,
            bystanding(relay, options.pairs) as bystanders,
        ):
            if runs_out_of_files:
                relay.limit_files(relay.open_files + FEW_FILES)
            for attack in mine:
                outcome = endure(relay, bystanders, attack, options.seconds)
                print(attack_row(outcome), flush=True)
                failures += [f"{attack.title}: {each}" for each in outcome.failures]


def crowds(options: argparse.Namespace, failures: list[str]) -> None:
    """Show a quiet crowd."""
    with registered(options.people) as relay:
        outcome = crowd(relay, options.people, options.pairs, options.seconds)
    print("\n".join(crowd_lines(outcome)))
    failures += outcome.failures


def storms(options: argparse.Namespace, failures: list[str]) -> None:
    """Show storms, from many machines and from one."""
    with registered(options.storm) as relay:
        for addresses in (options.storm, 1):
            outcome = storm(relay, options.storm, options.pairs, options.seconds, addresses)
            print("\n".join(storm_lines(outcome)), flush=True)
            failures += outcome.failures


def readers(options: argparse.Namespace, failures: list[str]) -> None:
    """Show readers who never read."""
    with home() as directory, watched(directory) as relay:
        outcome = idlers(relay, options.readers, options.pairs, options.seconds)
    print("\n".join(idlers_lines(outcome)))
    failures += outcome.failures


@contextmanager
def registered(people: int) -> Iterator[WatchedRelay]:
    """Run a relay at which so many people have registered in an earlier run."""
    with home() as directory:
        register(directory, people)
        with watched(directory) as relay:
            yield relay


Part = Callable[[argparse.Namespace, list[str]], None]
PARTS: dict[str, Part] = {
    "attacks": attacks,
    "crowd": crowds,
    "storm": storms,
    "readers": readers,
}

if __name__ == "__main__":
    sys.exit(main())
