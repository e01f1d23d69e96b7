"""Who waits for a place of its address."""

import socket
from collections.abc import Iterator

import pytest

from securechat.transport.endpoint import Endpoint
from securechat.transport.waiting_room import Waiting, WaitingRoom


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    made = [socket.socket() for _ in range(4)]
    yield made
    for sock in made:
        sock.close()


def waiting(sock: socket.socket, host: str, since: float = 0.0) -> Waiting:
    return Waiting(sock, Endpoint(host, 1), since)


def test_each_address_has_a_queue_of_its_own(sockets: list[socket.socket]) -> None:
    room = WaitingRoom(3)
    first, second, other = (
        waiting(sock, host) for sock, host in zip(sockets, ("a", "a", "b"), strict=False)
    )
    for each in (first, second, other):
        assert room.put(each)
    assert not room.put(waiting(sockets[3], "c"))
    assert (room.hosts, len(room)) == (["a", "b"], 3)
    assert (room.first("a"), room.first("b"), room.first("c")) == (first, other, None)
    room.take("a")
    room.take("b")
    assert (room.hosts, room.first("a"), len(room)) == (["a"], second, 1)


def test_who_is_turned_away_came_last_where_most_wait(sockets: list[socket.socket]) -> None:
    room = WaitingRoom(9)
    for sock, host in zip(sockets, "aabb", strict=True):
        room.put(waiting(sock, host))
    room.take("b")
    assert room.turn_away()
    assert [sock.fileno() < 0 for sock in sockets] == [False, True, False, False]
    assert len(room) == 2
    room.close()
    assert not room.turn_away()
    assert sockets[0].fileno() == sockets[3].fileno() == -1
    assert room.hosts == []
