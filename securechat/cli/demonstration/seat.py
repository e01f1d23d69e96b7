"""One person's client in the demo: a real profile, connection and engine, steered by the script."""

import queue
import time
from pathlib import Path
from typing import TypeVar

from securechat.client.api import Client
from securechat.client.events import Ended, Event, Message, Offline, Problem, Sent
from securechat.client.profiles.access import Access, TrustFlags
from securechat.client.state.outbox import Outbox
from securechat.errors import SecureChatError, Unreachable
from securechat.identity.names import parse_name
from securechat.identity.types import EnvelopeId, RelayId
from securechat.transport.endpoint import Endpoint

PATIENCE_S = 10.0
"""How long anything may take that takes milliseconds."""

FLUSH_S = 1.0

AGAIN = "securechat demo, once more"

E = TypeVar("E", bound=Event)


class Seat:
    """A client of the demo's relay; close it when the scene is over."""

    def __init__(
        self, name: str, peer: str, home: Path, address: Endpoint, ca_file: Path, relay_id: RelayId
    ) -> None:
        self.name = name
        self.peer = peer
        self.heard: list[Message] = []
        self.carriers: dict[str, EnvelopeId] = {}
        """For each sent message, by its id: which envelope carries it, as the outbox says."""
        self._relay_id = relay_id
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._running = False
        trust = TrustFlags(ca_file=ca_file)
        access = Access(me=parse_name(name), home=home, address=address, trust=trust)
        self.client = Client.of(access, peer=peer).open()
        """Who starts it other than by `start` calls `lend` first."""
        self.client.subscribe(self._hear)

    def start(self) -> None:
        """Connect to the relay."""
        self.lend().start()

    def lend(self) -> Client:
        """Return the client to somebody who starts it."""
        self._running = True
        return self.client

    def expect(self, kind: type[E]) -> E:
        """Return the next event of this kind, passing over harmless others.

        Raises what went wrong when that comes first, or SecureChatError after `PATIENCE_S`.
        """
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                event = self._events.get(timeout=max(deadline - time.monotonic(), 0.0))
            except queue.Empty:
                raise SecureChatError(
                    f"{self.name}'s client waited {PATIENCE_S:.0f} s in vain ({kind.__name__})",
                    AGAIN,
                ) from None
            if isinstance(event, kind):
                return event
            _raise_if_wrong(event)

    def close(self) -> None:
        """Hand over what is queued, and leave the relay."""
        if self._running:
            self.client.finish(FLUSH_S)
        self.client.close()

    def _hear(self, event: Event) -> None:
        """Take an event in the engine's thread, which commits nothing meanwhile."""
        match event:
            case Message():
                self.heard.append(event)
            case Sent(message_id):
                self.carriers[message_id] = self._carrier(message_id)
        self._events.put(event)

    def _carrier(self, message_id: str) -> EnvelopeId:
        outbox = Outbox(self._relay_id, self.client.profile.state.load())
        return next(each.envelope_id for each in outbox if each.message_id == message_id)


def _raise_if_wrong(event: Event) -> None:
    match event:
        case Problem(error):
            raise error
        case Ended(error):
            raise error or SecureChatError("A client of the demo ended too early", AGAIN)
        case Offline(why):
            raise Unreachable(f"The demo's relay is gone: {why}", AGAIN)
