"""Connecting many clients, several at a time: dial, shake hands, log in."""

import selectors
from collections.abc import Iterator

from relaybench.client import Client, LoadFailed

AT_ONCE = 32
"""Fewer than a relay lets one address have that have not logged in."""

PATIENCE_S = 20.0


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


def arrivals(clients: Iterator[Client], at_once: int = AT_ONCE) -> Iterator[Client]:
    """Give each client when it is logged in, not in their order; it makes them as it goes on."""
    with selectors.DefaultSelector() as selector:
        while True:
            while len(selector.get_map()) < at_once and (client := next(clients, None)):
                steps = come_in(client)
                next(steps)
                selector.register(client.stream.socket, selectors.EVENT_READ, (client, steps))
            if not selector.get_map():
                return
            ready = selector.select(PATIENCE_S)
            if not ready:
                raise LoadFailed(f"A log-in was not answered within {PATIENCE_S:.0f} s")
            for key, _ in ready:
                client, steps = key.data
                if _is_in(steps):
                    selector.unregister(client.stream.socket)
                    yield client


def _is_in(steps: Iterator[None]) -> bool:
    """Go on with a log-in; return whether that was all of it."""
    try:
        return next(steps, steps) is steps
    except OSError as error:
        raise ConnectionError(f"{error}, before a client was logged in") from error


def meet(clients: Iterator[Client]) -> list[Client]:
    """Return the clients, in their order, when all are logged in.

    Whoever is in is served meanwhile, for a server may ask whether its clients live.
    """
    made: list[Client] = []
    with selectors.DefaultSelector() as inside:
        for client in arrivals(_noting(clients, made)):
            inside.register(client.stream.socket, selectors.EVENT_READ, client)
            for key, _ in inside.select(0.0):
                serve_idle(key.data)
    return made


def serve_idle(client: Client) -> None:
    """Answer what a server asks of a client to whom nobody writes; call it when bytes came."""
    client.receive(client.stream.read())
    if client.owes():
        client.stream.write(client.take_owed())


def _noting(clients: Iterator[Client], made: list[Client]) -> Iterator[Client]:
    for client in clients:
        made.append(client)
        yield client
