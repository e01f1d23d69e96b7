"""Connecting many clients, several at a time: dial, shake hands, log in."""

import selectors
import time
from collections.abc import Iterator
from typing import TypeVar

from relaybench.client import Client

AT_ONCE = 32
"""Fewer than a relay lets one address have that have not logged in."""

PATIENCE_S = 20.0

C = TypeVar("C", bound=Client)


def come_in(client: Client) -> Iterator[None]:
    """Go through the handshake and the log-in; yields whenever bytes have to come first."""
    stream = client.stream
    greeted = not client.greeted_in_plain
    while not greeted:
        yield
        greeted = b"\n" in stream.read_plain()
    while not stream.shake_hands():
        yield
        stream.receive()
    steps = client.log_in()
    said = next(steps)
    while True:
        stream.write([said] if said else [])
        yield
        try:
            said = steps.send(stream.read())
        except StopIteration:
            return


def meet(clients: Iterator[C], at_once: int = AT_ONCE) -> list[C]:
    """Return the clients, in their order, when all are logged in.

    Whoever is in is served meanwhile: a server may ask whether its clients live.
    """
    met: list[C] = []
    for client, _ in arrivals(clients, at_once, met):
        del client
    return met


def arrivals(
    clients: Iterator[C], at_once: int, begun: list[C] | None = None
) -> Iterator[tuple[C, float]]:
    """Give each client when it is logged in, with when; not in their order.

    ``begun`` gets every client when it is made. The next one is made as the generator goes on.
    """
    with selectors.DefaultSelector() as selector:
        while True:
            while len(selector.get_map()) < at_once and (client := next(clients, None)):
                if begun is not None:
                    begun.append(client)
                steps = come_in(client)
                next(steps)
                selector.register(client.stream.socket, selectors.EVENT_READ, (client, steps))
            if not selector.get_map():
                return
            ready = selector.select(PATIENCE_S)
            if not ready:
                raise RuntimeError(f"A log-in was not answered within {PATIENCE_S:.0f} s")
            for key, _ in ready:
                client, steps = key.data
                if next(steps, steps) is steps:
                    selector.unregister(client.stream.socket)
                    yield client, time.perf_counter()
