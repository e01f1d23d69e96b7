"""``securechat demo`` in a process of its own, with a fault built in.

Usage: python -m tests.sockets.demo_child FAULT [--interactive]
"""

import sys
from collections.abc import Callable
from itertools import chain, repeat
from unittest.mock import patch

from securechat.__main__ import main as run_command_line
from securechat.cli.demonstration import scenes
from securechat.cli.demonstration.witness import Witness
from securechat.errors import SecureChatError
from securechat.relay.relay import Relay
from securechat.relay.server import RelayServer
from securechat.relay.session import Session
from securechat.transport.endpoint import Endpoint

LEAKED = "noon: the cake!!"
"""Sixteen bytes, as many as an envelope id has."""


def main() -> None:
    fault, *arguments = sys.argv[1:]
    FAULTS[fault]()
    sys.argv = ["securechat", "demo", *arguments]
    run_command_line()


def nowhere() -> None:
    """The relay does not listen where it says."""
    start = RelayServer.start

    def start_elsewhere(relay: RelayServer) -> list[Endpoint]:
        start(relay)
        return [Endpoint("127.0.0.1", 1)]

    patch.object(RelayServer, "start", start_elsewhere).start()


def mute() -> None:
    """The relay keeps envelopes for itself."""
    _meddle(lambda data, envelope: None)


def hangs_up() -> None:
    """The relay drops whoever hands in an envelope."""

    def drop(data: bytes, envelope: bytes) -> bytes:
        raise SecureChatError("The relay has had enough")

    _meddle(drop)


def tampers() -> None:
    """The relay changes a bit of each envelope."""

    def tamper(data: bytes, envelope: bytes) -> bytes:
        middle = len(envelope) // 2
        changed = envelope[:middle] + bytes([envelope[middle] ^ 1]) + envelope[middle + 1 :]
        return data.replace(envelope, changed)

    _meddle(tamper)


def leaks() -> None:
    """The sender's client writes the text on the envelope."""
    ids = chain([LEAKED.encode()], repeat(None))
    patch("securechat.client.messages.sending.EnvelopeId", lambda drawn: next(ids) or drawn).start()
    patch.object(scenes, "SCRIPT", ((scenes.ALICE, LEAKED),)).start()


def looks_around() -> None:
    """No fault: print to stderr each address that a socket is used with, and each name asked."""
    watched = {
        "socket.bind": 1,
        "socket.connect": 1,
        "socket.sendto": 1,
        "socket.getaddrinfo": 0,
        "socket.gethostbyname": 0,
        "socket.gethostbyaddr": 0,
        "socket.getnameinfo": 0,
    }

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event in watched:
            print(event, arguments[watched[event]], file=sys.stderr)

    sys.addaudithook(note)


def _meddle(change: Callable[[bytes, bytes], bytes | None]) -> None:
    """Have what holds an envelope changed, or withheld, before the relay handles it."""

    class Meddler(Session):
        def __init__(self, relay: Relay, witness: Witness) -> None:
            super().__init__(relay)
            self._witness = witness
            self._take = witness.open_stream()

        def received(self, data: bytes) -> None:
            self._take(data)
            for sighting in self._witness.sightings:
                if sighting.envelope in data:
                    changed = change(data, sighting.envelope)
                    if changed is None:
                        return
                    data = changed
            super().received(data)

    patch.object(
        Witness,
        "make_session",
        lambda witness, relay: Meddler(relay, witness),
    ).start()


FAULTS = {each.__name__: each for each in (nowhere, mute, hangs_up, tampers, leaks, looks_around)}

if __name__ == "__main__":
    main()
