"""The relay's CPU for each delivered message, beside a tutorial server's, as a Markdown table.

Both servers run in processes of their own, on one processor; the clients are in this process, on
another. The relay has everything switched on that it promises: registered accounts, signed logins,
ids, acknowledgements, answers, limits. The rounds of both servers alternate, so that both meet the
same machine; figures are medians.
"""

import argparse
import os
import platform
import ssl
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from relaybench.clients import MESSAGE_BYTES, Account, RelayClient, TutorialClient
from relaybench.load import Pair, Sample, measure
from relaybench.metered import pin
from relaybench.room import ROOM_MESSAGE_BYTES, Room, measure_room
from relaybench.servers import Server, running

UNDER_WAY = {"W1": 1, "W2": 64}
ROOM = "W3"
RELAY, TUTORIAL = "securechat", "tutorial"

Results = dict[tuple[str, str], list[Sample]]
"""The samples of each load and server."""


@dataclass(frozen=True)
class Contender:
    """A server under test, and how its clients are connected."""

    name: str
    server: Server
    connect: Callable[[], list[Pair]]
    connect_room: Callable[[], Room]


def main() -> int:
    """Run the benchmark; 1 when the relay broke a connection."""
    options = parse_options()
    server_core, load_core = choose_cores()
    pin(load_core)
    with ExitStack() as running_servers:
        contenders = start(running_servers, server_core, options)
        results = run(contenders, options)
    print(report(results, options, pinned=server_core >= 0))
    return int(broken_pairs(results, RELAY) > 0)


def parse_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench relay", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each run [3]")
    parser.add_argument("--pairs", type=int, default=50, help="people who write to another [50]")
    parser.add_argument("--rounds", type=int, default=3, help="of each load and server [3]")
    parser.add_argument("--members", type=int, default=128, help="others in a room [128]")
    parser.add_argument("--only", choices=(*UNDER_WAY, ROOM), help="one load instead of all")
    options = parser.parse_args()
    options.loads = [options.only] if options.only else [*UNDER_WAY, ROOM]
    return options


def choose_cores() -> tuple[int, int]:
    """Return a processor for the servers and one for the load, or -1 and -1."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return (allowed[0], allowed[-1]) if len(allowed) > 1 else (-1, -1)


def start(stack: ExitStack, core: int, options: argparse.Namespace) -> list[Contender]:
    """Start both servers, with one certificate; they end with the stack."""
    home = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-relay-"))
    certs = Path(home) / "certs"
    flags = ("--json", "--port", "0", "--home", home, "--certs", str(certs))
    relay = stack.enter_context(running(core, "securechat", "server", *flags))
    files = (str(certs / "server.pem"), str(certs / "server-key.pem"))
    tutorial = stack.enter_context(running(core, "relaybench.tutorial_server", *files))
    context = client_context(certs / "ca.pem")
    pairs, others = options.pairs, options.members
    people = [(Account.create(f"ann{i}"), Account.create(f"bob{i}")) for i in range(pairs)]
    members = [Account.create(f"member{i}") for i in range(others + 1)]
    return [
        Contender(
            RELAY,
            relay,
            lambda: relay_pairs(context, relay.port, people),
            lambda: relay_room(context, relay.port, members),
        ),
        Contender(
            TUTORIAL,
            tutorial,
            lambda: tutorial_pairs(context, tutorial.port, pairs),
            lambda: tutorial_room(context, tutorial.port, others),
        ),
    ]


def client_context(ca_file: Path) -> ssl.SSLContext:
    """Return the TLS settings of all clients."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(ca_file)
    return context


def relay_pairs(
    context: ssl.SSLContext, port: int, people: Sequence[tuple[Account, Account]]
) -> list[Pair]:
    """Log everybody in at the relay."""
    return [
        (RelayClient(context, port, ann, [bob]), RelayClient(context, port, bob, [ann]))
        for ann, bob in people
    ]


def relay_room(context: ssl.SSLContext, port: int, members: Sequence[Account]) -> Room:
    """Log everybody in at the relay, the first of whom writes."""
    writer, *others = members
    return Room(
        RelayClient(context, port, writer, others, ROOM_MESSAGE_BYTES),
        [RelayClient(context, port, other, (), ROOM_MESSAGE_BYTES) for other in others],
    )


def tutorial_pairs(context: ssl.SSLContext, port: int, pairs: int) -> list[Pair]:
    """Connect everybody to the tutorial server, a room for each pair."""
    clients = [TutorialClient(context, port, place // 2) for place in range(2 * pairs)]
    for client in clients:
        client.wait_until_joined()
    return list(zip(clients[::2], clients[1::2], strict=True))


def tutorial_room(context: ssl.SSLContext, port: int, others: int) -> Room:
    """Connect a writer and so many others to the tutorial server, all in one room."""
    clients = [
        TutorialClient(context, port, room=0, size_bytes=ROOM_MESSAGE_BYTES)
        for _ in range(others + 1)
    ]
    for client in clients:
        client.wait_until_joined()
    return Room(clients[0], clients[1:])


def run(contenders: Sequence[Contender], options: argparse.Namespace) -> Results:
    """Run every round of every load on every server, alternating."""
    results: Results = {}
    for _ in range(options.rounds):
        for load in options.loads:
            for contender in contenders:
                sample = run_once(contender, load, options.seconds)
                results.setdefault((load, contender.name), []).append(sample)
    return results


def run_once(contender: Contender, load: str, seconds: float) -> Sample:
    """Run one load on one server, with clients of its own."""
    if load == ROOM:
        return measure_room(contender.server, contender.connect_room(), seconds)
    return measure(contender.server, contender.connect(), UNDER_WAY[load], seconds)


def report(results: Results, options: argparse.Namespace, *, pinned: bool) -> str:
    """Return the table and what has to be known to read it."""
    lines = [
        f"CPU of the server, user and system, for each delivered message of {MESSAGE_BYTES} B;"
        f" {options.pairs} pairs who answer each",
        "message with one, each in a TLS 1.3 record of its own; latency from send to delivery."
        " In a room one",
        f"writes {ROOM_MESSAGE_BYTES} B to {options.members}, handed in as one frame; each"
        " acknowledges alone.",
        f"Medians of {options.rounds} rounds of {options.seconds:g} s (lowest–highest); the"
        " servers alternate, the ratio is taken in each round.",
        "",
        "| load | server | CPU, µs | ratio | messages/s | p50, ms | p99, ms |",
        "|---|---|---|---|---|---|---|",
    ]
    for load in options.loads:
        for server in (RELAY, TUTORIAL):
            label = (
                f"{load}, {UNDER_WAY[load]} under way" if load in UNDER_WAY else f"{load}, a room"
            )
            lines.append(row(label, server, results[load, server], results[load, TUTORIAL]))
    return "\n".join([*lines, "", *notes(results, pinned=pinned)])


def row(label: str, server: str, samples: Sequence[Sample], base: Sequence[Sample]) -> str:
    """Return one row of the table; each round's ratio is to the same round of ``base``."""
    cpu_us = median(samples, lambda sample: sample.cpu_us)
    ratio = statistics.median(s.cpu_us / b.cpu_us for s, b in zip(samples, base, strict=True))
    lowest, highest = min(s.cpu_us for s in samples), max(s.cpu_us for s in samples)
    cells = (
        label,
        server,
        f"{cpu_us:.1f} ({lowest:.1f}–{highest:.1f})",
        f"{ratio:.2f}",
        f"{median(samples, lambda sample: sample.messages_per_s):,.0f}",
        f"{median(samples, lambda sample: sample.latency_ms(0.5)):.2f}",
        f"{median(samples, lambda sample: sample.latency_ms(0.99)):.2f}",
    )
    return f"| {' | '.join(cells)} |"


def notes(results: Results, *, pinned: bool) -> list[str]:
    """Return the sentences under the table."""
    where = "servers on one processor, clients on another" if pinned else "no processor pinned"
    machine = f"CPython {platform.python_version()}, {ssl.OPENSSL_VERSION}, {platform.machine()}"
    told = [f"{machine}; {where}.", "The relay has its default limits; none of them bites here."]
    for name in (RELAY, TUTORIAL):
        if broken := broken_pairs(results, name):
            told.append(f"{broken} pairs lost a connection to {name}; they count up to then.")
    return told


def broken_pairs(results: Results, name: str) -> int:
    """Return how many pairs lost a connection to this server."""
    return sum(
        sample.broken_pairs
        for (_, server), samples in results.items()
        for sample in samples
        if server == name
    )


def median(samples: Sequence[Sample], figure: Callable[[Sample], float]) -> float:
    """Return the median of a figure."""
    return statistics.median(figure(sample) for sample in samples)


if __name__ == "__main__":
    sys.exit(main())
