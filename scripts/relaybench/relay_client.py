"""The dialect of our relay: the frames of PROTOCOL.md, read without an object for each envelope.

Acknowledgements ride on the next Send or travel alone, and cover all that has come, as those of
our client cover a batch of its store. Our client also joins the envelopes that are ready at once in
one Send, and that in one TLS record.
"""

import os
from collections.abc import Generator, Iterator, Sequence
from typing import cast

import msgspec

from relaybench.accounts import Account
from relaybench.client import MESSAGE_BYTES, NO_MARKS, LoadFailed, LogIn, Marks, Speaker, split
from relaybench.manner import Manner
from relaybench.tls_stream import Dialling, TlsStream
from securechat.wire import frames as f
from securechat.wire.codec import encode

_LENGTH_BYTES = 4
_ENVELOPE_AT = 22
"""In an Incoming: an array's head, the head and 16 bytes of the id, the head of the envelope."""

_INCOMING_BYTES = _ENVELOPE_AT + MESSAGE_BYTES
_SEND, _PLAIN = b"\x95\x0b", b"\xc2"
"""How a Send begins, and that it is not ephemeral."""

_ID_HEAD, _ENVELOPE_HEAD = b"\xc4\x10", b"\xc5" + MESSAGE_BYTES.to_bytes(2, "big")


class _Deliver(msgspec.Struct, array_like=True, frozen=True, gc=False, tag=12):
    first: int
    accepted: int
    envelopes: msgspec.Raw


_Frame = _Deliver | f.Accepted | f.Refused | f.Ping | f.Bye | f.Fault
_greeting = cast("msgspec.msgpack.Decoder[f.RelayFrame]", msgspec.msgpack.Decoder(f.RelayFrame))
_frame = cast("msgspec.msgpack.Decoder[_Frame]", msgspec.msgpack.Decoder(_Frame))
_number = msgspec.msgpack.Encoder().encode


class RelayClient:
    """A logged-in device that writes to the devices of some others, each message to all of them.

    A message for several is one Send with an envelope for each; with a stream that joins, so are
    several messages for one.
    """

    greeted_in_plain = False

    def __init__(
        self, stream: TlsStream, account: Account, peers: Sequence[Account], number: int = 0
    ) -> None:
        self.stream = stream
        self._account = account
        self._peers = [_outgoing_head(peer) for peer in peers]
        self._speaker = Speaker(number)
        self._session = os.urandom(4)
        self._rest = b""
        self._sent = self._accepted = 0
        self._delivered = self._acked = 0
        self._pongs = b""

    def log_in(self) -> LogIn:
        """Say hello, register if the relay does not know the device, and prove it."""
        challenge = yield from self._ask(encode(self._account.hello()))
        assert isinstance(challenge, f.Challenge), challenge
        said = b"" if challenge.registered else encode(self._account.register(challenge))
        proof = self._account.log_in(challenge, self.stream.certificate)
        welcome = yield from self._ask(said + encode(proof))
        assert isinstance(welcome, f.Welcome), welcome

    def messages(self, count: int) -> list[bytes]:
        """Return this client's next messages, each as a Send that acknowledges what came."""
        if self.stream.manner is Manner.JOINED and len(self._peers) == 1:
            envelopes = [b"".join((*self._peers, self._tail())) for _ in range(count)]
            return [
                self._send(envelopes[at : at + f.MAX_ENVELOPES])
                for at in range(0, count, f.MAX_ENVELOPES)
            ]
        return [self._message() for _ in range(count)]

    def receive(self, plaintext: bytes) -> Marks:
        """Return the marks of the messages that this completes."""
        data = self._rest + plaintext if self._rest else plaintext
        speakers, numbers = NO_MARKS
        at, end = 0, len(data)
        while end - at >= _LENGTH_BYTES:
            start = at + _LENGTH_BYTES
            stop = start + int.from_bytes(data[at:start], "big")
            if stop > end:
                break
            frame = _frame.decode(data[start:stop])
            at = stop
            if type(frame) is _Deliver:
                marks = self._take(frame)
                speakers, numbers = speakers + marks[0], numbers + marks[1]
            else:
                self._note(frame)
        self._rest = data[at:]
        return speakers, numbers

    def owes(self) -> bool:
        """Return whether something is not acknowledged yet."""
        return self._acked != self._delivered or bool(self._pongs)

    def take_owed(self) -> list[bytes]:
        """Return an Ack of all that came."""
        pongs, self._pongs = self._pongs, b""
        if self._acked == self._delivered:
            return [pongs]
        self._acked = self._delivered
        return [pongs + encode(f.Ack(self._acked))]

    def unanswered(self) -> int:
        """Return how many envelopes are not accepted yet."""
        return self._sent - self._accepted

    def _ask(self, data: bytes) -> Generator[bytes, bytes, f.RelayFrame]:
        """Send this and return the frame that answers it; what follows that is kept."""
        self._rest += yield data
        while True:
            size_bytes = int.from_bytes(self._rest[:_LENGTH_BYTES], "big")
            end = _LENGTH_BYTES + size_bytes
            if size_bytes and len(self._rest) >= end:
                frame = _greeting.decode(self._rest[_LENGTH_BYTES:end])
                self._rest = self._rest[end:]
                return frame
            self._rest += yield b""

    def _message(self) -> bytes:
        """Return one message for all peers: what is the same for each goes between their heads."""
        envelopes = self._tail().join((*self._peers, b""))
        return self._send([envelopes], len(self._peers))

    def _tail(self) -> bytes:
        """Return the next message with the end of its id, which is never used again."""
        number = self._speaker.written.to_bytes(4, "big")
        return b"".join((self._session, number, _ENVELOPE_HEAD, self._speaker.next()))

    def _send(self, envelopes: Sequence[bytes], count: int = 0) -> bytes:
        count = count or len(envelopes)
        self._acked = self._delivered
        body = b"".join(
            (
                _SEND,
                _number(self._sent + 1),
                _number(self._acked),
                _array_head(count),
                *envelopes,
                _PLAIN,
            )
        )
        self._sent += count
        return len(body).to_bytes(_LENGTH_BYTES, "big") + body

    def _take(self, frame: _Deliver) -> Marks:
        """Return the marks in the envelopes of a Deliver, which follow each other."""
        if frame.first != self._delivered + 1:
            raise LoadFailed(f"Delivery {frame.first} came after {self._delivered}")
        self._accepted = frame.accepted
        envelopes = bytes(frame.envelopes)
        count, head_bytes = divmod(len(envelopes), _INCOMING_BYTES)
        if head_bytes != len(_array_head(count)):
            raise LoadFailed("The relay delivered an envelope of another size than any sent")
        self._delivered += count
        return split(envelopes, head_bytes, _INCOMING_BYTES, count, _ENVELOPE_AT)

    def _note(self, frame: _Frame) -> None:
        if isinstance(frame, f.Accepted):
            self._accepted = frame.accepted
        elif isinstance(frame, f.Ping):
            self._pongs += encode(f.Pong(frame.nonce))
        else:
            raise LoadFailed(f"The relay said {frame}")


def _array_head(count: int) -> bytes:
    return bytes((0x90 | count,)) if count < 16 else b"\xdc" + count.to_bytes(2, "big")


def _outgoing_head(peer: Account) -> bytes:
    """Return how an Outgoing for this device begins, up to the middle of the id."""
    return b"\x93" + _ID_HEAD + peer.certificate.mailbox + _ID_HEAD + os.urandom(8)


class RelayDialect:
    """Who writes to whom; everybody keeps the account of the first time."""

    has_accounts = True
    own_manner = Manner.JOINED

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}

    def pairs(self, dialling: Dialling, count: int) -> Iterator[RelayClient]:
        """Log in so many pairs, one after the other."""
        for pair in range(count):
            ann, bob = self._account(f"ann{pair}"), self._account(f"bob{pair}")
            yield RelayClient(TlsStream(dialling), ann, [bob])
            yield RelayClient(TlsStream(dialling), bob, [ann])

    def room(self, dialling: Dialling, members: int, speakers: int) -> Iterator[RelayClient]:
        """Log in a room; those who speak come first."""
        accounts = [self._account(f"member{number}") for number in range(members)]
        for place, account in enumerate(accounts):
            others = [other for other in accounts if other is not account]
            peers = others if place < speakers else []
            yield RelayClient(TlsStream(dialling), account, peers, place % 256)

    def _account(self, name: str) -> Account:
        if name not in self._accounts:
            self._accounts[name] = Account.create(name)
        return self._accounts[name]
