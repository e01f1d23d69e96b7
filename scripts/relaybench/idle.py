"""What a connection costs that says nothing: resident memory of the server."""

import selectors
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relaybench.arrivals import arrivals, meet, serve_idle
from relaybench.client import Client
from relaybench.contenders import Contender, running
from relaybench.tls_stream import DiallingAt

SETTLE_S = 0.5
KIB = 1024


@dataclass(frozen=True, slots=True)
class Idle:
    """What one run shows."""

    connections: int
    kib_each: float
    account_kib: float | None
    """What a registered account takes that is not connected, where there are accounts."""
    lost: int
    """How many of the connections had ended when the memory was read."""


def measure_idle(contender: Contender, home: Path, dialling: DiallingAt, connections: int) -> Idle:
    """Start a fresh server and connect so many.

    Where there are accounts they are registered in an earlier run on the same store, so that only
    the connection is counted.
    """
    dialect = contender.dialect()
    account_kib = None
    if dialect.has_accounts:
        with running(contender, home, dialling, dialect) as first:
            empty_bytes = first.server.resident_bytes()
            for client in arrivals(dialect.pairs(first.dialling, connections // 2)):
                client.stream.close()
    with running(contender, home, dialling, dialect) as again:
        base_bytes = again.server.resident_bytes()
        if dialect.has_accounts:
            account_kib = (base_bytes - empty_bytes) / connections / KIB
        clients = meet(dialect.pairs(again.dialling, connections // 2))
        lost = _stay(clients, SETTLE_S)
        used_bytes = again.server.resident_bytes() - base_bytes
        for client in clients:
            client.stream.close()
    return Idle(len(clients), used_bytes / len(clients) / KIB, account_kib, lost)


def _stay(clients: Sequence[Client], seconds: float) -> int:
    """Be connected for so long; return how many were not let."""
    lost = 0
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.stream.socket, selectors.EVENT_READ, client)
        while (left_s := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(left_s):
                try:
                    serve_idle(key.data)
                except ConnectionError:
                    selector.unregister(key.fileobj)
                    lost += 1
    return lost
