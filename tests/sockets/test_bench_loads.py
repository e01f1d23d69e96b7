"""The load counts right: any cut of what a server sends, and whatever a server does not keep."""

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.identity.types import EnvelopeId
from securechat.wire import frames as f
from securechat.wire.codec import encode

sys.path.append(str(Path(__file__).parents[2] / "scripts"))

from relaybench import pairs, room
from relaybench.accounts import Account
from relaybench.client import MESSAGE_BYTES, LoadFailed, Speaker
from relaybench.manner import Manner
from relaybench.mqtt_client import MqttClient
from relaybench.nats_client import NatsClient
from relaybench.relay_client import RelayClient
from relaybench.tutorial_client import TutorialClient

Message = tuple[int, int]
SHORT_S = 0.02
PUBLISH, PUBACK = 0x32, 0x40
NO_STREAM: Any = SimpleNamespace(manner=Manner.APART)

messages = st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255)), max_size=40)
cuts = st.lists(st.integers(1, 3000), max_size=20)


def payload(message: Message) -> bytes:
    return bytes(message) + bytes(MESSAGE_BYTES - 2)


def received(client: Any, data: bytes, sizes: list[int]) -> list[Message]:
    """Return the marks that a client sees when what it reads is cut into these sizes."""
    marks: list[Message] = []
    for size in [*sizes, len(data)]:
        marks += zip(*client.receive(data[:size]), strict=True)
        data = data[size:]
    return marks


class PlainStream:
    """A stream without TLS whose writing goes to the sockets of others, through a faulty server."""

    manner = Manner.APART

    def __init__(self, serve: Callable[[bytes], list[bytes]]) -> None:
        self.socket, self.far_end = socket.socketpair()
        self.others: list[PlainStream] = []
        self.written: list[bytes] = []
        self._serve = serve

    def write(self, sent: list[bytes]) -> bool:
        self.written += sent
        for message in sent:
            for served in self._serve(message):
                for other in self.others:
                    other.far_end.sendall(served)
        return True

    def flush(self) -> bool:
        return True

    def read(self) -> bytes:
        return self.socket.recv(65536)

    def close(self) -> None:
        self.socket.close()
        self.far_end.close()


def everybody(serve: Callable[[bytes], list[bytes]], count: int) -> list[Any]:
    """Return clients who all hear each other, as in the tutorial server's room."""
    streams = [PlainStream(serve) for _ in range(count)]
    for stream in streams:
        stream.others = [other for other in streams if other is not stream]
    return [TutorialClient(stream, "room", place) for place, stream in enumerate(streams)]


class Fault:
    """A server that treats one message as no server should, and hands on all others."""

    def __init__(self, at: int, treat: Callable[[bytes], list[bytes]]) -> None:
        self._left = at
        self._treat = treat

    def __call__(self, message: bytes) -> list[bytes]:
        self._left -= 1
        return self._treat(message) if self._left == 0 else [message]


def drop(_message: bytes) -> list[bytes]:
    return []


def double(message: bytes) -> list[bytes]:
    return [message, message]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(pairs, "DRAIN_S", 5 * SHORT_S)
    monkeypatch.setattr(room, "DRAIN_S", 5 * SHORT_S)
    monkeypatch.setattr(pairs, "SETTLE_S", SHORT_S)
    monkeypatch.setattr(room, "SETTLE_S", SHORT_S)
    return iter(())


@given(messages, cuts)
def test_the_tutorial_servers_messages_are_counted(sent: list[Message], sizes: list[int]) -> None:
    data = b"".join(MESSAGE_BYTES.to_bytes(4, "big") + payload(message) for message in sent)
    assert received(TutorialClient(NO_STREAM, "room"), data, sizes) == sent


@given(messages, cuts, st.integers(0, 40))
def test_nats_messages_are_counted_and_pings_answered(
    sent: list[Message], sizes: list[int], ping_at: int
) -> None:
    told = [b"MSG p.0000.a 1 256\r\n" + payload(message) + b"\r\n" for message in sent]
    told.insert(ping_at, b"PING\r\n")
    client = NatsClient(NO_STREAM, "p.0000.b", "p.0000.a")
    assert received(client, b"".join(told), sizes) == sent
    assert client.owes()
    assert client.take_owed() == [b"PONG\r\n"]


@given(messages, cuts, st.integers(0, 40))
def test_mqtt_messages_are_counted_and_acknowledged(
    sent: list[Message], sizes: list[int], answer_at: int
) -> None:
    head = b"\x32\x8c\x02\x00\x08p/0000/a"
    ids = [number.to_bytes(2, "big") for number in range(1000, 1000 + len(sent))]
    told = [head + each + payload(message) for each, message in zip(ids, sent, strict=True)]
    client = MqttClient(NO_STREAM, 1, "p/0000/b", ["p/0000/a"])
    client.messages(1)
    assert client.unanswered() == 1
    told.insert(answer_at, b"\x40\x02\x00\x01")
    assert received(client, b"".join(told), sizes) == sent
    assert client.unanswered() == 0
    assert client.take_owed() == [b"".join(b"\x40\x02" + each for each in ids)]


@given(st.lists(messages.filter(bool), max_size=5), cuts)
def test_a_relays_deliveries_are_counted_and_acknowledged(
    batches: list[list[Message]], sizes: list[int]
) -> None:
    account = Account.create("ann")
    client = RelayClient(NO_STREAM, account, [account])
    client.messages(1)
    told, first = [encode(f.Ping(7)), encode(f.Accepted(1))], 1
    for batch in batches:
        envelopes = tuple(f.Incoming(EnvelopeId(bytes(16)), payload(each)) for each in batch)
        told.append(encode(f.Deliver(first, 1, envelopes)))
        first += len(batch)
    assert received(client, b"".join(told), sizes) == [each for batch in batches for each in batch]
    assert client.unanswered() == 0
    ack = encode(f.Ack(first - 1)) if batches else b""
    assert client.take_owed() == [encode(f.Pong(7)) + ack]


def test_pairs_are_counted_to_the_last_message() -> None:
    load = pairs.PairsLoad(everybody(lambda message: [message], 2))
    load.run(4, SHORT_S)
    assert len(load.latencies_s) > 4
    load.settle()
    load.close()


@pytest.mark.parametrize("fault", [drop, double])
@pytest.mark.parametrize("under_way", [1, 4])
def test_what_a_server_loses_or_doubles_in_a_pair_is_noticed(
    fault: Callable[[bytes], list[bytes]], under_way: int
) -> None:
    load = pairs.PairsLoad(everybody(Fault(20, fault), 2))
    with pytest.raises(LoadFailed):
        load.run(under_way, SHORT_S)
    load.close()


def test_a_room_is_counted_to_the_last_message() -> None:
    load = room.RoomLoad(everybody(lambda message: [message], 4), speakers=2)
    load.saturate(3, SHORT_S)
    load.pace(500.0, SHORT_S)
    assert load.delivered > 3 * 10
    assert load.delivered % 3 == 0
    load.close()


@pytest.mark.parametrize("fault", [drop, double])
def test_what_a_server_loses_or_doubles_in_a_room_is_noticed(
    fault: Callable[[bytes], list[bytes]],
) -> None:
    load = room.RoomLoad(everybody(Fault(20, fault), 4), speakers=2)
    with pytest.raises(LoadFailed):
        load.saturate(3, SHORT_S)
    load.close()


def unbuffered(count: int) -> list[Any]:
    """Return clients of mosquitto, who all hear each other and write in their own manner."""
    clients = []
    streams = [PlainStream(lambda packet: [packet] * (packet[0] == PUBLISH)) for _ in range(count)]
    for place, stream in enumerate(streams):
        stream.manner = Manner.UNBUFFERED
        stream.others = [other for other in streams if other is not stream]
        clients.append(MqttClient(stream, 1, str(place), ["any"], place))
    return clients


def check_acknowledged(written: list[bytes], first: int) -> int:
    """Check that messages but the first wait for as many acknowledgements; return those."""
    published = acknowledged = 0
    for packet in written:
        if packet[0] == PUBACK:
            assert len(packet) == 4
            acknowledged += 1
        else:
            published += 1
            assert published <= first + acknowledged
    return acknowledged


def test_mosquittos_clients_acknowledge_each_message_at_once_in_a_pair() -> None:
    clients = unbuffered(2)
    load = pairs.PairsLoad(clients)
    load.run(5, SHORT_S)
    streams = [client.stream for client in clients]
    acknowledged = [check_acknowledged(stream.written, 3) for stream in streams]
    assert sum(acknowledged) == load.delivered > 5
    load.close()


def test_mosquittos_clients_acknowledge_each_message_at_once_in_a_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "ACK_AFTER_S", 60.0)
    clients = unbuffered(4)
    load = room.RoomLoad(clients, speakers=2)
    load.saturate(3, SHORT_S)
    packets = [packet for client in clients for packet in client.stream.written]
    assert load.delivered == sum(packet[0] == PUBACK for packet in packets) > 3 * 10
    assert {len(packet) for packet in packets if packet[0] == PUBACK} == {4}
    load.close()


@pytest.mark.parametrize("kind", [pairs.PairsLoad, lambda clients: room.RoomLoad(clients, 2)])
def test_what_a_server_does_not_answer_for_is_noticed(kind: Callable[[Any], Any]) -> None:
    clients = everybody(lambda message: [message], 2)
    for client in clients:
        client.unanswered = lambda: 1
    load = kind(clients)
    with pytest.raises(LoadFailed, match="2 messages were not accepted"):
        load.settle()
    load.close()


def test_a_speakers_messages_are_numbered_round() -> None:
    speaker = Speaker(7)
    numbers = [speaker.next()[:2] for _ in range(257)]
    assert numbers[0] == numbers[256] == bytes((7, 0))
    assert numbers[255] == bytes((7, 255))
