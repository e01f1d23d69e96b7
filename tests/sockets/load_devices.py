"""Devices that write to each other as fast as they may, and note what they were told.

They speak the wire protocol over real connections and connect again whenever these break. Their
envelopes carry a number instead of a text: what arrives of each sender can be compared with what
it was told is accepted.
"""

import hashlib
import os
import struct
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from securechat.errors import SecureChatError
from securechat.identity.login import LoginProof
from securechat.identity.registration import Registration
from securechat.identity.types import EnvelopeId, MailboxId
from securechat.protocol.client_side import ClientSide
from securechat.protocol.states import State
from securechat.transport.connection import Connection
from securechat.transport.loop import Loop
from securechat.transport.pins import relay_id
from securechat.transport.tls import ClientTls
from securechat.wire import frames as f
from tests.pure.identity.objects import make_person

AGAIN_S = 0.05
RETRY_REFUSED_S = 0.2
NUMBER_BYTES = 8


class Device:
    """One device; everything happens in its loop's thread, `note` fields may be read after it."""

    def __init__(self, loop: Loop, port: int, ca: Path, name: str, seed: int) -> None:
        self.person = make_person(name, seed)
        self.mailbox: MailboxId = self.person.certificate.mailbox
        self.wants_online = True
        self.acknowledges = True
        self.recipients: list[Device] = []
        self.at_once = 16
        """How many envelopes it has unanswered at once."""
        self.limit = 0
        """How many it sends to each recipient, at most."""
        self.size_bytes = 16
        """How long an envelope is: a number, the time, and padding."""
        self.sent: dict[MailboxId, list[EnvelopeId]] = defaultdict(list)
        self.accepted: set[EnvelopeId] = set()
        self.refused: list[str] = []
        self.arrived: dict[bytes, list[int]] = defaultdict(list)
        """The numbers that came first of each sender (the first 8 bytes of an id)."""
        self.deliveries = 0
        self.latencies_s: list[float] = []
        """From writing to arrival, of what arrived since this list was emptied."""
        self.is_in = False
        self._seen: set[EnvelopeId] = set()
        self._outbox: dict[EnvelopeId, f.Outgoing] = {}
        self._numbers: dict[int, EnvelopeId] = {}
        self._held = False
        self._loop, self._port = loop, port
        self._tls = ClientTls(ca_file=ca)
        self._connection: Connection | None = None

    @property
    def tag(self) -> bytes:
        """What the ids of its envelopes begin with."""
        return self.person.user_key[:8]

    @property
    def unanswered(self) -> int:
        return len(self._outbox)

    def come(self) -> None:
        """Connect, and stay connected."""
        self.wants_online = True
        self._dial()

    def go(self) -> None:
        """Break the connection off, and stay away."""
        self.wants_online = False
        if self._connection is not None:
            self._connection.abort()

    def forget(self) -> None:
        """Take what comes again for new."""
        self._seen.clear()

    def write_more(self) -> None:
        """Send until enough is unanswered."""
        if not self.is_in or self._held:
            return
        fresh: list[f.Outgoing] = []
        while len(self._outbox) < self.at_once:
            open_to = [
                each for each in self.recipients if len(self.sent[each.mailbox]) < self.limit
            ]
            if not open_to:
                break
            to = min(open_to, key=lambda each: len(self.sent[each.mailbox]))
            number = len(self.sent[to.mailbox]) + 1
            envelope_id = EnvelopeId(self.tag + os.urandom(8))
            body = number.to_bytes(NUMBER_BYTES, "big") + struct.pack(">d", time.monotonic())
            fresh.append(f.Outgoing(to.mailbox, envelope_id, body.ljust(self.size_bytes, b".")))
            self.sent[to.mailbox].append(envelope_id)
            self._outbox[envelope_id] = fresh[-1]
        self._hand_over(fresh)

    # The transport's handler ----------------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        self._connection = connection
        self._machine = ClientSide(0.0)
        self._numbers = {}
        self._held = False
        who = self.person
        connection.write(
            self._machine.send(f.Hello((1,), who.user_key, who.certificate.device_id, "load"))
        )

    def received(self, data: bytes) -> None:
        for frame in self._machine.receive(data, 0.0):
            self._handle(frame)
        if self._machine.state is State.READY:
            self.write_more()
            if self.acknowledges:
                self._machine.ack(self._machine.delivered)
                if ack := self._machine.take_ack():
                    self._write(ack)

    def timer(self, now: float) -> None:
        raise AssertionError("no timer was set")

    def closed(self, error: SecureChatError | None) -> None:
        self._connection = None
        self.is_in = False
        if self.wants_online:
            self._loop.call_later(AGAIN_S, self._dial)

    def _dial(self) -> None:
        if self._connection is None and self.wants_online:
            self._loop.dial("127.0.0.1", self._port, self._tls, self)

    def _write(self, data: bytes) -> None:
        assert self._connection is not None
        self._connection.write(data)

    def _handle(self, frame: f.RelayFrame) -> None:
        match frame:
            case f.Challenge():
                self._log_in(frame)
            case f.Welcome():
                self.is_in = True
                self._hand_over(list(self._outbox.values()))
            case f.Deliver():
                self._note_answered(range(1, frame.accepted + 1))
                for incoming in frame.envelopes:
                    self._note_arrival(incoming)
            case f.Accepted():
                self._note_answered(range(1, frame.accepted + 1))
                for first, last in frame.also:
                    self._note_answered(range(first, last + 1))
            case f.Refused():
                self.refused.append(frame.code)
                self._numbers.pop(frame.number)
                if not self._held:
                    self._held = True
                    self._loop.call_later(RETRY_REFUSED_S, self._retry)
            case f.Ping():
                self._write(self._machine.send(f.Pong(frame.nonce)))

    def _retry(self) -> None:
        if self.is_in and self._held:
            self._held = False
            under_way = set(self._numbers.values())
            self._hand_over(
                [each for each in self._outbox.values() if each.envelope_id not in under_way]
            )

    def _note_arrival(self, incoming: f.Incoming) -> None:
        self.deliveries += 1
        if incoming.envelope_id not in self._seen:
            self._seen.add(incoming.envelope_id)
            number = int.from_bytes(incoming.envelope[:NUMBER_BYTES], "big")
            [written] = struct.unpack_from(">d", incoming.envelope, NUMBER_BYTES)
            self.latencies_s.append(time.monotonic() - written)
            self.arrived[incoming.envelope_id[:8]].append(number)

    def _note_answered(self, numbers: range) -> None:
        for number in numbers if len(numbers) < len(self._numbers) else list(self._numbers):
            if number in numbers and (envelope_id := self._numbers.pop(number, None)):
                self.accepted.add(envelope_id)
                del self._outbox[envelope_id]

    def _hand_over(self, envelopes: list[f.Outgoing]) -> None:
        for start in range(0, len(envelopes), 64):
            part = tuple(envelopes[start : start + 64])
            first = self._machine.sent + 1
            self._numbers.update(enumerate((each.envelope_id for each in part), first))
            self._write(self._machine.send_envelopes(part))

    def _log_in(self, challenge: f.Challenge) -> None:
        who, connection = self.person, self._connection
        assert connection is not None
        shown = connection.remote_certificate
        assert shown is not None
        relay = relay_id(shown)
        if not challenge.registered:
            name = who.registration.name
            registration = Registration.sign(who.user, relay_id=relay, name=name, time_ms=1)
            self._write(
                self._machine.send(f.Register(registration, who.device_list, (who.certificate,)))
            )
        proof = LoginProof.sign(
            who.signer,
            who.certificate,
            relay_id=relay,
            certificate_hash=hashlib.sha256(shown).digest(),
            server_nonce=challenge.nonce,
            client_nonce=os.urandom(32),
            protocol_version=challenge.version,
        )
        self._write(self._machine.send(f.Login(proof)))


@contextmanager
def running_loop() -> Iterator[Loop]:
    """Run a loop until the block ends; connections are cut."""
    loop = Loop()
    loop.start()
    try:
        yield loop
    finally:
        loop.stop(0.5)


def check_order(devices: list[Device]) -> dict[str, int]:
    """Return how many envelopes were lost, or came out of order, of all that were accepted."""
    lost = disordered = accepted = 0
    for sender in devices:
        accepted += len(sender.accepted)
        for recipient in sender.recipients:
            arrived = recipient.arrived[sender.tag]
            disordered += sum(
                later != earlier + 1 for earlier, later in zip([0, *arrived], arrived, strict=False)
            )
            numbers = set(arrived)
            lost += sum(
                number not in numbers
                for number, envelope_id in enumerate(sender.sent[recipient.mailbox], 1)
                if envelope_id in sender.accepted
            )
    return {"accepted": accepted, "lost": lost, "disordered": disordered}
