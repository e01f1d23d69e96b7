"""The relay beside other servers, as Markdown tables: server CPU for each delivered message.

Each server is a process of its own on one processor; all clients are in this process, on another.
The relay has everything switched on that it promises: registered accounts, signed logins, ids,
acknowledgements, answers, limits. Exit status 1 when a server lost, doubled or did not accept a
message.
"""

import argparse
import os
import ssl
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from relaybench.contenders import ALL_SERVERS, DEFAULT_SERVERS, contenders
from relaybench.machine import Bystanders
from relaybench.manner import Manner
from relaybench.messages import Size
from relaybench.metered import pin
from relaybench.promises import promises
from relaybench.report import head, report
from relaybench.runner import IDLE, LOADS, Runner
from relaybench.servers import HAS_PROC
from relaybench.tls_stream import Dialling
from securechat.transport.issuing import issue
from securechat.transport.open_files import raise_open_file_limit

MAX_SECONDS = 20.0
"""Clients to whom nobody writes are not served meanwhile, and a relay pings after 30 s."""

SPARE_FILES = 200
"""Descriptors for everything that is no connection."""

OWN = "own"
MANNERS = {OWN: None, "apart": Manner.APART, "joined": Manner.JOINED}
"""How clients write: those of each server as its own do, or all alike."""

QUICK = Size(0.3, pairs=10, members=20, flat_users=(10, 20), connections=100, backlog=10)


def main() -> int:
    """Run the benchmark and print its tables."""
    options = parse_options()
    notes: list[str] = []
    negotiated: set[str] = set()
    options.size = _possible(options.size, notes)
    server_core, load_core = choose_cores()
    where = "servers on one processor, clients on another" if server_core >= 0 else "nobody pinned"
    notes.append(
        f"{where[0].upper()}{where[1:]}; the relay has its default limits, except on connections."
    )
    pin(load_core)
    bystanders = Bystanders()
    with tempfile.TemporaryDirectory(prefix="bench-relay-") as folder:
        certs = Path(folder, "certs")
        issue(certs, datetime.now(UTC))
        found, missing = contenders(
            options.servers,
            options.beside,
            server_core,
            certs,
            max((options.size.connections, *options.size.flat_users)) + SPARE_FILES,
        )
        if manner := MANNERS[options.manner]:
            found = [replace(each, manner=manner) for each in found]
        context = client_context(certs / "ca.pem")
        runner = Runner(
            found,
            Path(folder),
            lambda port, manner: Dialling(context, port, negotiated, manner),
            options.size,
        )
        runner.run(options.loads, options.rounds)
    if share := bystanders.share():
        notes.append(f"Other processes had {share:.0%} of the processors meanwhile.")
    results = runner.results
    servers = {each.name: each.title for each in found}
    manners = {each.title: each.manner for each in found}
    for line in (
        *head(options.size, options.rounds, sorted(negotiated), manners),
        *report(results, servers, options.size),
        *promises(results),
        "",
        *notes,
        *missing,
        *results.failures,
    ):
        print(line)
    return int(results.is_broken)


def parse_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench relay",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--loads", type=_names(LOADS), default=LOADS, help=f"some of {','.join(LOADS)} [all]")
    add(
        "--servers",
        type=_names(ALL_SERVERS),
        default=DEFAULT_SERVERS,
        help=f"some of {','.join(ALL_SERVERS)} [all but the last]",
    )
    add("--rounds", type=_count, help="of each load and server; idle has one [3]")
    add("--seconds", type=_seconds, help=f"of each run, at most {MAX_SECONDS:g} [3]")
    add("--connections", type=_count, help="that are idle [10000]")
    add(
        "--manner",
        choices=MANNERS,
        default=OWN,
        help="how clients write: as those that come with each server (own), each message in a TLS"
        " record of its own (apart), or messages written together in shared ones (joined) [own]",
    )
    add("--quick", action="store_true", help="one short round of everything, and small")
    add(
        "--beside",
        type=_beside,
        action="append",
        default=[],
        metavar="NAME=DIR",
        help="run the relay of another checkout too, under this name; may be given several times",
    )
    options = parser.parse_args()
    options.beside = dict(options.beside)
    options.rounds = options.rounds or (1 if options.quick else 3)
    size = QUICK if options.quick else Size(3.0)
    options.size = replace(
        size,
        seconds=options.seconds or size.seconds,
        connections=options.connections or size.connections,
    )
    if not HAS_PROC:
        options.loads = [load for load in options.loads if load != IDLE]
    return options


def choose_cores() -> tuple[int, int]:
    """Return a processor for the servers and one for the load, or -1 and -1."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return (allowed[0], allowed[-1]) if len(allowed) > 1 else (-1, -1)


def client_context(ca_file: Path) -> ssl.SSLContext:
    """Return the TLS settings of all clients; openssl.cnf has the rest of them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(ca_file)
    return context


def _possible(size: Size, notes: list[str]) -> Size:
    """Return what the limit on open files allows here; note when that is less."""
    raise_open_file_limit()
    if sys.platform == "win32":
        return size
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES
    users = tuple(users for users in size.flat_users if users <= most)
    possible = replace(size, connections=min(size.connections, most), flat_users=users)
    if possible != size:
        notes.append(f"No more than {most:,} connections: a process may open no more files here.")
    return possible


def _names(known: tuple[str, ...]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := set(names) - set(known):
            raise argparse.ArgumentTypeError(
                f"{', '.join(sorted(unknown))}: there are {', '.join(known)}"
            )
        return names

    return parse


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return count


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most {MAX_SECONDS:g}")
    return seconds


def _beside(text: str) -> tuple[str, Path]:
    name, _, folder = text.partition("=")
    if not name.isidentifier() or not Path(folder, "securechat").is_dir():
        raise argparse.ArgumentTypeError(f"{text}: it takes a NAME and a checkout, as old=../old")
    return name, Path(folder).resolve()


if __name__ == "__main__":
    sys.exit(main())
