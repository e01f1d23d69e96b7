"""Clients of the benchmark write in the manner that it says, also when a socket is full."""

import socket
import ssl
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.transport.issuing import issue

sys.path.append(str(Path(__file__).parents[2] / "scripts"))

from relaybench.accounts import Account
from relaybench.client import MESSAGE_BYTES, Client
from relaybench.command import client_context
from relaybench.manner import Manner
from relaybench.mqtt_client import MqttClient
from relaybench.nats_client import NatsClient
from relaybench.relay_client import RelayClient
from relaybench.tls_stream import HOST, Dialling, TlsStream
from relaybench.tutorial_client import TutorialClient

ANN = Account.create("ann")
MANY_BYTES = 1 << 20
RECORD_HEAD_BYTES = 5
APPLICATION_DATA = 0x17
FILLER = bytes(MESSAGE_BYTES - 2)
"""How every message ends."""

PACKETS = {0x32: ("P", 2 + 1 + 2 + 1 + 2 + MESSAGE_BYTES), 0x40: ("A", 4)}
"""By their first byte: a PUBLISH under a topic of one letter, and a PUBACK, with their sizes."""

Open = Callable[[Manner], tuple[TlsStream, "FarEnd"]]


class FarEnd:
    """A socket that takes so much with each send (0: nothing now), and the TLS server behind it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.takes = repeat(MANY_BYTES)
        self.sends: list[bytes] = []

    def send(self, data: bytes) -> int:
        taken = data[: next(self.takes)]
        if not taken:
            raise BlockingIOError
        self.sends.append(taken)
        return self._incoming.write(taken)

    def recv_into(self, buffer: memoryview) -> int:
        data = self._outgoing.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def shake_hands(self, stream: TlsStream) -> None:
        while not stream.shake_hands():
            with pytest.raises(ssl.SSLWantReadError):
                self._tls.do_handshake()
            stream.receive()
        self._tls.do_handshake()
        self.sends.clear()

    def read(self) -> list[bytes]:
        """Return what each of the records has that came."""
        said: list[bytes] = []
        while self._incoming.pending:
            said.append(self._tls.read(MANY_BYTES))
        return said


@pytest.fixture(scope="module")
def open_stream(tmp_path_factory: pytest.TempPathFactory) -> Open:
    certs = tmp_path_factory.mktemp("certs")
    issue(certs, datetime.now(UTC))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certs / "server.pem", certs / "server-key.pem")
    client = client_context(certs / "ca.pem")

    def open_(manner: Manner) -> tuple[TlsStream, FarEnd]:
        with socket.create_server((HOST, 0)) as listener:
            stream = TlsStream(Dialling(client, listener.getsockname()[1], set(), manner))
        stream.close()
        far_end = FarEnd(server)
        stream.socket = far_end
        far_end.shake_hands(stream)
        return stream, far_end

    return open_


def records(sent: bytes) -> int:
    """Return how many whole TLS records these are."""
    count = at = 0
    while at < len(sent):
        assert sent[at] == APPLICATION_DATA
        at += RECORD_HEAD_BYTES + int.from_bytes(sent[at + 3 : at + RECORD_HEAD_BYTES], "big")
        count += 1
    assert at == len(sent)
    return count


def mosquitto(stream: TlsStream) -> MqttClient:
    return MqttClient(stream, 1, "a", ["b"])


def nats(stream: TlsStream) -> NatsClient:
    return NatsClient(stream, "a", "b")


def relay(stream: TlsStream) -> RelayClient:
    return RelayClient(stream, ANN, [ANN])


def tutorial(stream: TlsStream) -> TutorialClient:
    return TutorialClient(stream, "room")


def packets(data: bytes) -> str:
    """Return a letter for each MQTT packet."""
    letters = ""
    while data:
        letter, size_bytes = PACKETS[data[0]]
        letters += letter
        data = data[size_bytes:]
    return letters


@pytest.mark.parametrize("make", [mosquitto, nats, relay, tutorial])
@pytest.mark.parametrize(
    ("manner", "records_of_sends"),
    [(Manner.JOINED, [1]), (Manner.APART, [3]), (Manner.UNBUFFERED, [1, 1, 1])],
)
def test_three_messages_are_written_in_the_manner_that_is_wanted(
    open_stream: Open,
    make: Callable[[TlsStream], Client],
    manner: Manner,
    records_of_sends: list[int],
) -> None:
    stream, far_end = open_stream(manner)
    assert stream.write(make(stream).messages(3))
    assert [records(sent) for sent in far_end.sends] == records_of_sends
    assert b"".join(far_end.read()).count(FILLER) == 3


@pytest.mark.parametrize(
    ("manner", "records_of_sends", "packets_of_records"),
    [
        (Manner.JOINED, [1], ["AAPP"]),
        (Manner.APART, [2], ["AAP", "P"]),
        (Manner.UNBUFFERED, [1, 1, 1, 1], ["A", "A", "P", "P"]),
    ],
)
def test_a_mosquitto_client_acknowledges_two_messages_and_answers_them(
    open_stream: Open, manner: Manner, records_of_sends: list[int], packets_of_records: list[str]
) -> None:
    stream, far_end = open_stream(manner)
    client = mosquitto(stream)
    client.receive(b"".join(mosquitto(stream).messages(2)))
    if manner is Manner.UNBUFFERED:
        stream.write(client.take_owed())
    stream.write(client.messages(2))
    assert [records(sent) for sent in far_end.sends] == records_of_sends
    assert [packets(record) for record in far_end.read()] == packets_of_records


@given(
    st.sampled_from(Manner),
    st.lists(st.integers(0, 400), max_size=12),
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
)
def test_a_full_socket_neither_loses_nor_turns_round_what_is_written(
    open_stream: Open, manner: Manner, takes: list[int], counts: list[int]
) -> None:
    stream, far_end = open_stream(manner)
    far_end.takes = chain(takes, repeat(MANY_BYTES))
    client, again = (TutorialClient(stream, "room") for _ in range(2))
    for count in counts:
        stream.write(client.messages(count))
    for _ in range(len(takes) + 1):
        is_taken = stream.flush()
    assert is_taken
    said = far_end.read()
    if manner is not Manner.JOINED:
        assert {len(each) for each in said} == {4 + MESSAGE_BYTES}
    assert b"".join(said) == b"".join(again.messages(sum(counts)))
