"""A witness inside the relay: it writes down what clients hand in, where TLS has ended.

Nothing is closer to the relay than this: `Witness.make_session` stands in for the relay's own
sessions, and each of them gets the bytes first as the relay gets them.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from securechat.identity.types import EnvelopeId, MailboxId, Name, mailbox_id
from securechat.relay.relay import Relay
from securechat.relay.session import Session
from securechat.wire import frames as f
from securechat.wire.codec import MAX_FRAME_BYTES, client_frame_decoder


def wall_clock_ms() -> int:
    """Return the time of day in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Sighting:
    """An envelope as the relay took it, and what the relay knows about it."""

    time_ms: int
    sender: Name
    recipient: Name
    mailbox: MailboxId
    envelope_id: EnvelopeId
    envelope: bytes = field(repr=False)


class Witness:
    """Everything that clients hand to one relay; written in the relay's thread, read in any."""

    def __init__(self, now_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._now_ms = now_ms
        self._streams: list[bytearray] = []
        self._names: dict[MailboxId, Name] = {}
        self._agents: set[str] = set()
        self._sightings: dict[EnvelopeId, Sighting] = {}

    @property
    def sightings(self) -> tuple[Sighting, ...]:
        """The envelopes, in the order in which the relay took them."""
        return tuple(self._sightings.values())

    @property
    def streams(self) -> tuple[bytes, ...]:
        """Every byte of every connection, envelopes and all else, after TLS was taken off."""
        return tuple(map(bytes, self._streams))

    @property
    def names(self) -> tuple[Name, ...]:
        """Who has registered."""
        return tuple(dict.fromkeys(self._names.values()))

    @property
    def public_words(self) -> tuple[str, ...]:
        """What clients tell a relay in the clear: names, and which program they are."""
        return (*self.names, *self._agents)

    def find(self, envelope_id: EnvelopeId) -> Sighting:
        """Return the envelope with this id; KeyError when the relay has not seen it."""
        return self._sightings[envelope_id]

    def make_session(self, relay: Relay) -> Session:
        """Return a session of the relay that lets the witness see what it gets."""
        return _WitnessedSession(relay, self.open_stream())

    def open_stream(self) -> Callable[[bytes], None]:
        """Return what takes the bytes of one more connection."""
        stream, frames = bytearray(), client_frame_decoder()
        frames.limit_bytes = MAX_FRAME_BYTES
        device = MailboxId(b"")
        self._streams.append(stream)

        def take(data: bytes) -> None:
            nonlocal device
            stream.extend(data)
            for frame in frames.decode(data):
                match frame:
                    case f.Hello():
                        device = mailbox_id(frame.user_key, frame.device_id)
                        self._agents.add(frame.agent)
                    case f.Register():
                        self._note_names(frame)
                    case f.Send():
                        self._note_envelopes(frame, device)

        return take

    def _note_names(self, frame: f.Register) -> None:
        for certificate in frame.certificates:
            self._names[certificate.mailbox] = frame.registration.name

    def _note_envelopes(self, frame: f.Send, device: MailboxId) -> None:
        now_ms = self._now_ms()
        for outgoing in frame.envelopes:
            sighting = Sighting(
                now_ms,
                self._names[device],
                self._names[outgoing.mailbox],
                outgoing.mailbox,
                outgoing.envelope_id,
                outgoing.envelope,
            )
            self._sightings.setdefault(outgoing.envelope_id, sighting)


class _WitnessedSession(Session):
    """A session of the relay; a copy of what comes goes to the witness."""

    def __init__(self, relay: Relay, take: Callable[[bytes], None]) -> None:
        super().__init__(relay)
        self._take = take

    def received(self, data: bytes) -> None:
        """Handle what came, as the relay does; see Session."""
        self._take(data)
        super().received(data)
