"""The clients of the load: one TLS stream each, and a dialect for each server.

A dialect turns plaintext into a number of deliveries and makes messages; it never waits, once it
has logged in. Every message is a TLS record of its own, as from people who type one at a time.
"""

import hashlib
import os
import socket
import ssl
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from securechat.crypto.signing import SigningKey
from securechat.identity.device import NO_PREVIOUS_LIST, DeviceCertificate, DeviceList
from securechat.identity.login import LoginProof
from securechat.identity.names import parse_name
from securechat.identity.registration import Registration
from securechat.identity.types import DeviceId, EnvelopeId, OlmIdentityKey, SigningPublicKey
from securechat.protocol.client_side import ClientSide
from securechat.transport.pins import relay_id
from securechat.wire import frames as f

HOST = "127.0.0.1"
MESSAGE_BYTES = 256
READ_BYTES = 65_536
TIMEOUT_S = 10.0


class TlsStream:
    """A blocking TLS connection over memory BIOs: one recv brings all the records there are."""

    def __init__(self, context: ssl.SSLContext, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=HOST)
        self._shake_hands()

    @property
    def certificate(self) -> bytes:
        """What the server showed, DER."""
        return self._tls.getpeercert(binary_form=True) or b""

    def read(self) -> bytes:
        """Return the plaintext of one recv, perhaps nothing; waits for bytes to come."""
        self._receive()
        chunks: list[bytes] = []
        try:
            while self._incoming.pending or self._tls.pending():
                chunks.append(self._tls.read(READ_BYTES))
        except ssl.SSLWantReadError:
            pass
        return b"".join(chunks)

    def write(self, messages: Iterable[bytes]) -> None:
        """Send each message in a record of its own, all of them in one send."""
        for message in messages:
            self._tls.write(message)
        self.socket.sendall(self._outgoing.read())

    def _shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self.socket.sendall(self._outgoing.read())
                self._receive()
            else:
                self.socket.sendall(self._outgoing.read())
                return

    def _receive(self) -> None:
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise ConnectionError("The server closed the connection")
        self._incoming.write(data)


class Client(Protocol):
    """One side of a pair, connected and logged in."""

    stream: TlsStream

    def count_deliveries(self, plaintext: bytes) -> int:
        """Return how many messages of the other side this brings."""

    def message(self) -> bytes:
        """Return one more message for the other side."""

    def take_ack(self) -> bytes:
        """Return the acknowledgement that no message has carried yet, or nothing."""

    def check_answered(self) -> None:
        """Raise RuntimeError unless the server has answered for every message."""


class TutorialClient:
    """Speaks to `relaybench.tutorial_server`: a length and the bytes, first the room's name."""

    def __init__(
        self, context: ssl.SSLContext, port: int, room: int, size_bytes: int = MESSAGE_BYTES
    ) -> None:
        self.stream = TlsStream(context, port)
        self._message = _with_length(os.urandom(size_bytes))
        self._received_bytes = 0
        self._room = _with_length(b"room %d" % room)
        self.stream.write([self._room])

    def wait_until_joined(self) -> None:
        """Wait for the greeting; Nagle's algorithm lets it take 40 ms, so ask everybody first."""
        greeting = b""
        while len(greeting) < len(self._room):
            greeting += self.stream.read()

    def count_deliveries(self, plaintext: bytes) -> int:
        """Return how many messages are complete now."""
        before = self._received_bytes // len(self._message)
        self._received_bytes += len(plaintext)
        return self._received_bytes // len(self._message) - before

    def message(self) -> bytes:
        """Return the message."""
        return self._message

    def take_ack(self) -> bytes:
        """Return nothing: this server knows no acknowledgements."""
        return b""

    def check_answered(self) -> None:
        """Accept that this server answers for nothing."""


def _with_length(message: bytes) -> bytes:
    return len(message).to_bytes(4, "big") + message


@dataclass(frozen=True)
class Account:
    """A person with one device."""

    name: str
    user_key: SigningKey
    device_key: SigningKey
    certificate: DeviceCertificate

    @classmethod
    def create(cls, name: str) -> "Account":
        """Make the keys and the certificate."""
        user_key, device_key = SigningKey.generate(), SigningKey.generate()
        certificate = DeviceCertificate.sign(
            user_key,
            device_id=DeviceId(os.urandom(16)),
            signing_key=SigningPublicKey(device_key.public),
            olm_key=OlmIdentityKey(os.urandom(32)),
            created_ms=_now_ms(),
            sequence=1,
        )
        return cls(name, user_key, device_key, certificate)

    def register(self, challenge: f.Challenge) -> f.Register:
        """Return the frame that puts the name on the user key."""
        registration = Registration.sign(
            self.user_key,
            relay_id=challenge.relay_id,
            name=parse_name(self.name),
            time_ms=_now_ms(),
        )
        device_list = DeviceList.sign(
            self.user_key,
            sequence=1,
            previous_hash=NO_PREVIOUS_LIST,
            certificates=(self.certificate,),
        )
        return f.Register(registration, device_list, (self.certificate,))

    def log_in(self, challenge: f.Challenge, relay_certificate: bytes) -> f.Login:
        """Return the frame that proves the device on this connection."""
        proof = LoginProof.sign(
            self.device_key,
            self.certificate,
            relay_id=relay_id(relay_certificate),
            certificate_hash=hashlib.sha256(relay_certificate).digest(),
            server_nonce=challenge.nonce,
            client_nonce=os.urandom(32),
            protocol_version=challenge.version,
        )
        return f.Login(proof)


class RelayClient:
    """Speaks the wire protocol with the machine that real clients use; acknowledges at once.

    The acknowledgement rides on the next message, or travels alone when `take_ack` is asked.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        port: int,
        account: Account,
        peers: Sequence[Account],
        size_bytes: int = MESSAGE_BYTES,
    ) -> None:
        self.stream = TlsStream(context, port)
        self._machine = ClientSide(_NO_TIME)
        self._mailboxes = [peer.certificate.mailbox for peer in peers]
        self._envelope = os.urandom(size_bytes)
        self._id_prefix = os.urandom(8)
        self._answered = 0
        self._log_in(account)

    def count_deliveries(self, plaintext: bytes) -> int:
        """Return how many envelopes came; note up to where the relay has answered."""
        machine = self._machine
        before = machine.delivered
        for frame in machine.receive(plaintext, _NO_TIME):
            if not isinstance(frame, f.Deliver | f.Accepted):
                raise RuntimeError(f"The relay said {frame}")
            self._answered = frame.accepted
        machine.ack(machine.delivered)
        return machine.delivered - before

    def message(self) -> bytes:
        """Return one Send frame with an envelope for each peer, under ids of their own."""
        first = self._machine.sent
        return self._machine.send_envelopes(
            tuple(
                f.Outgoing(mailbox, self._envelope_id(number), self._envelope)
                for number, mailbox in enumerate(self._mailboxes, first)
            )
        )

    def take_ack(self) -> bytes:
        """Return an Ack frame if no Send has carried the last number."""
        return self._machine.take_ack()

    def check_answered(self) -> None:
        """Raise RuntimeError unless every envelope was accepted."""
        if self._answered != self._machine.sent:
            raise RuntimeError(f"Of {self._machine.sent} envelopes {self._answered} were accepted")

    def _envelope_id(self, number: int) -> EnvelopeId:
        return EnvelopeId(self._id_prefix + number.to_bytes(8, "big"))

    def _log_in(self, account: Account) -> None:
        certificate = account.certificate
        hello = f.Hello((f.PROTOCOL_VERSION,), certificate.user_key, certificate.device_id, "bench")
        self._write(hello)
        challenge = self._next_frame()
        assert isinstance(challenge, f.Challenge)
        if not challenge.registered:
            self._write(account.register(challenge))
        self._write(account.log_in(challenge, self.stream.certificate))
        welcome = self._next_frame()
        assert isinstance(welcome, f.Welcome)

    def _write(self, frame: f.ClientFrame) -> None:
        self.stream.write([self._machine.send(frame)])

    def _next_frame(self) -> f.RelayFrame:
        while not (frames := self._machine.receive(self.stream.read(), _NO_TIME)):
            pass
        return frames[0]


_NO_TIME = 0.0
"""The machine's deadlines are for connections that may be idle."""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
