"""The dialect of mosquitto: MQTT 3.1.1 with clean sessions, QoS 1 (acknowledged) or QoS 0.

libmosquitto, which mosquitto_sub and mosquitto_pub are made with, writes every packet with a write
of its own, and the PUBACK for a message as soon as it has read that, before its user sees it. (Here
the PUBACKs for all that one read brought go before the first answer.)
"""

from collections.abc import Iterator, Sequence

from relaybench.client import (
    MESSAGE_BYTES,
    NO_MARKS,
    LoadFailed,
    LogIn,
    Marks,
    Speaker,
    run_length,
    split,
)
from relaybench.manner import Manner
from relaybench.tls_stream import Dialling, TlsStream

_CONNACK = b"\x20\x02\x00\x00"
_SUBACK, _PUBACK, _PUBLISH = 0x90, 0x40, 0x30
_PUBACK_BYTES = 4
_ID_BYTES = 2
_MAX_ID = 65_535


def _text(text: str) -> bytes:
    return len(text).to_bytes(2, "big") + text.encode()


def _packet(kind: int, *parts: bytes) -> bytes:
    """Return a packet; its length takes one byte or two."""
    body = b"".join(parts)
    low, high = len(body) % 128, len(body) // 128
    length = bytes((low | 0x80, high)) if high else bytes((low,))
    return bytes((kind,)) + length + body


class MqttClient:
    """A client that publishes under one topic and has subscribed to some, all equally long."""

    greeted_in_plain = False

    def __init__(
        self,
        stream: TlsStream,
        qos: int,
        publishes: str,
        subscribes: Sequence[str],
        number: int = 0,
    ) -> None:
        self.stream = stream
        self._qos = qos
        self._subscribes = subscribes
        self._speaker = Speaker(number)
        empty = _packet(
            _PUBLISH | qos << 1, _text(publishes), bytes(_ID_BYTES * qos + MESSAGE_BYTES)
        )
        self._size_bytes = len(empty)
        self._payload_at = self._size_bytes - MESSAGE_BYTES
        self._head = empty[: self._payload_at - _ID_BYTES * qos]
        self._kind = empty[:1]
        self._rest = b""
        self._answered = 0
        self._acks = b""

    def log_in(self) -> LogIn:
        """Connect, subscribe, and wait until both is granted."""
        said = yield _packet(0x10, _text("MQTT"), b"\x04\x02\x00\x00", _text(""))
        while len(said) < len(_CONNACK):
            said += yield b""
        if said != _CONNACK:
            raise LoadFailed(f"mosquitto refused a client: {said!r}")
        if not self._subscribes:
            return
        topics = [_text(topic) + bytes((self._qos,)) for topic in self._subscribes]
        said = yield _packet(0x82, b"\x00\x01", *topics)
        while len(said) < len(topics) + 4:
            said += yield b""
        if said[0] != _SUBACK or 0x80 in said[4:]:
            raise LoadFailed(f"mosquitto refused a subscription: {said!r}")

    def messages(self, count: int) -> list[bytes]:
        """Return this client's next messages, the first behind the acknowledgements owed."""
        messages = [self._message() for _ in range(count)]
        if self._acks:
            messages[0] = b"".join((*self.take_owed(), messages[0]))
        return messages

    def receive(self, plaintext: bytes) -> Marks:
        """Return the marks of the messages that this completes."""
        data = self._rest + plaintext if self._rest else plaintext
        size_bytes = self._size_bytes
        speakers, numbers = NO_MARKS
        start = 0
        while True:
            if count := run_length(data, start, size_bytes, self._kind):
                marks = split(data, start, size_bytes, count, self._payload_at)
                speakers, numbers = speakers + marks[0], numbers + marks[1]
                if self._qos:
                    self._acknowledge(data, start, count)
                start += count * size_bytes
            answers = run_length(data, start, _PUBACK_BYTES, b"\x40")
            self._answered += answers
            start += answers * _PUBACK_BYTES
            if not answers:
                self._rest = data[start:]
                self._check_rest()
                return speakers, numbers

    def owes(self) -> bool:
        """Return whether messages came that are not acknowledged yet."""
        return bool(self._acks)

    def take_owed(self) -> list[bytes]:
        """Return a PUBACK for each of them, all in one where they need not be written at once."""
        acks, self._acks = self._acks, b""
        if self.stream.manner is not Manner.UNBUFFERED:
            return [acks]
        return [acks[at : at + _PUBACK_BYTES] for at in range(0, len(acks), _PUBACK_BYTES)]

    def unanswered(self) -> int:
        """Return how many PUBACKs are to come."""
        return self._speaker.written - self._answered if self._qos else 0

    def _message(self) -> bytes:
        packet_id = self._speaker.written % _MAX_ID + 1
        payload = self._speaker.next()
        if not self._qos:
            return self._head + payload
        return b"".join((self._head, packet_id.to_bytes(_ID_BYTES, "big"), payload))

    def _acknowledge(self, data: bytes, start: int, count: int) -> None:
        first, end = start + self._payload_at - _ID_BYTES, start + count * self._size_bytes
        acks = bytearray(b"\x40\x02\x00\x00" * count)
        acks[2::_PUBACK_BYTES] = data[first : end : self._size_bytes]
        acks[3::_PUBACK_BYTES] = data[first + 1 : end : self._size_bytes]
        self._acks += acks

    def _check_rest(self) -> None:
        """Raise LoadFailed unless what is left is the beginning of a packet that may come."""
        if self._rest and self._rest[0] not in (self._kind[0], _PUBACK):
            raise LoadFailed(f"mosquitto said {self._rest[:64]!r}")


class MqttDialect:
    """Who publishes what.

    MQTT 3.1.1 sends whoever subscribes his own messages too, so in a room each speaker has a
    topic, and subscribes to those of the others.
    """

    has_accounts = False
    own_manner = Manner.UNBUFFERED

    def __init__(self, qos: int) -> None:
        self._qos = qos

    def pairs(self, dialling: Dialling, count: int) -> Iterator[MqttClient]:
        """Connect so many pairs, one after the other."""
        for pair in range(count):
            for own, other in ("ab", "ba"):
                topic = f"p/{pair:04}/"
                yield MqttClient(TlsStream(dialling), self._qos, topic + other, [topic + own])

    def room(self, dialling: Dialling, members: int, speakers: int) -> Iterator[MqttClient]:
        """Connect a room; those who speak come first."""
        topics = [f"room/{number}" for number in range(speakers)]
        for place in range(members):
            own = topics[place] if place < speakers else topics[0]
            heard = [topic for number, topic in enumerate(topics) if number != place]
            yield MqttClient(TlsStream(dialling), self._qos, own, heard, place % 256)
