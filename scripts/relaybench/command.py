"""The relay beside other servers, as Markdown tables: server CPU for each delivered message.

Each server is a process of its own on one processor; all clients are in this process, on another.
The relay has everything switched on that it promises: registered accounts, signed logins, ids,
acknowledgements, answers, limits. The rounds of all servers alternate, so that all meet the same
machine; figures are medians.
"""

import argparse
import os
import ssl
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from relaybench.contenders import ALL_SERVERS, DEFAULT_SERVERS, RELAY, Running, contenders, running
from relaybench.messages import MESSAGE_LOADS, Size
from relaybench.metered import pin
from relaybench.report import message_table
from relaybench.sample import Sample
from relaybench.tls_stream import Dialling
from securechat.transport.issuing import issue

LOADS = tuple(load.name for load in MESSAGE_LOADS)


def main() -> int:
    """Run the benchmark; 1 when a server lost, doubled or did not accept a message."""
    options = parse_options()
    server_core, load_core = choose_cores()
    pin(load_core)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-relay-")))
        certs = home / "certs"
        issue(certs, datetime.now(UTC))
        context = client_context(certs / "ca.pem")

        def dialling(port: int) -> Dialling:
            return Dialling(context, port, joins=options.join)

        found, missing = contenders(
            options.servers, options.beside, server_core, certs, options.connections + 1000
        )
        everybody = [
            stack.enter_context(running(each, home / each.name, dialling)) for each in found
        ]
        samples = run(everybody, options)
    servers = {each.name: each.title for each in found}
    loads = {load.name: load.title(options.size) for load in MESSAGE_LOADS}
    print("\n".join([*message_table(samples, loads, servers, RELAY), "", *missing]))
    return 0


def parse_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench relay", description=__doc__)
    parser.add_argument("--loads", type=_names(LOADS), default=LOADS, help=f"[{','.join(LOADS)}]")
    parser.add_argument("--servers", type=_names(ALL_SERVERS), default=DEFAULT_SERVERS)
    parser.add_argument("--rounds", type=int, default=3, help="of each load and server [3]")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each run [3]")
    parser.add_argument("--join", action="store_true", help="messages share TLS records")
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--beside", type=_beside, action="append", default=[], metavar="NAME=DIR")
    options = parser.parse_args()
    options.size = Size(options.seconds)
    options.beside = dict(options.beside)
    return options


def _names(known: tuple[str, ...]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := set(names) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))} is none of {known}")
        return names

    return parse


def _beside(text: str) -> tuple[str, Path]:
    name, _, folder = text.partition("=")
    return name, Path(folder).resolve()


def choose_cores() -> tuple[int, int]:
    """Return a processor for the servers and one for the load, or -1 and -1."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return (allowed[0], allowed[-1]) if len(allowed) > 1 else (-1, -1)


def client_context(ca_file: Path) -> ssl.SSLContext:
    """Return the TLS settings of all clients."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(ca_file)
    return context


def run(
    everybody: list[Running], options: argparse.Namespace
) -> dict[tuple[str, str], list[Sample]]:
    """Run every round of every load on every server, alternating."""
    samples: dict[tuple[str, str], list[Sample]] = {}
    for _ in range(options.rounds):
        for load in MESSAGE_LOADS:
            if load.name in options.loads:
                for each in everybody:
                    print(load.name, each.contender.name, file=sys.stderr)
                    sample = load.run(each, options.size)
                    samples.setdefault((load.name, each.contender.name), []).append(sample)
    return samples
