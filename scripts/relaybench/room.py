"""The load of a room: one writes, everybody else gets it, and acknowledges; one under way."""

import selectors
import time
from array import array
from collections.abc import Sequence
from typing import NamedTuple

from relaybench.clients import Client
from relaybench.load import DRAIN_S, SETTLE_S, WARM_UP_S, Sample
from relaybench.servers import Server

ROOM_MESSAGE_BYTES = 512
"""As long as an envelope with a short text."""


class Room(NamedTuple):
    """Who writes, and who gets it; all of them connected and logged in."""

    writer: Client
    others: Sequence[Client]


class RoomLoad:
    """Drives a room; one thread, one selector."""

    def __init__(self, room: Room) -> None:
        self._writer = room.writer
        self._clients = (room.writer, *room.others)
        self._selector = selectors.DefaultSelector()
        for client in self._clients:
            self._selector.register(client.stream.socket, selectors.EVENT_READ, client)
        self.latencies_s = array("d")

    def run(self, seconds: float) -> None:
        """Write the next message as soon as all have the last one."""
        deadline = time.perf_counter() + seconds
        while (written := time.perf_counter()) < deadline:
            self._writer.stream.write([self._writer.message()])
            self._wait_for_all(written)

    def settle(self) -> None:
        """Read the answers that are still to come."""
        deadline = time.perf_counter() + SETTLE_S
        while (left_s := deadline - time.perf_counter()) > 0:
            for key, _ in self._selector.select(left_s):
                self._serve(key.data)

    def close(self) -> None:
        """Check that everything was answered for, and hang up."""
        for client in self._clients:
            client.check_answered()
            client.stream.socket.close()
        self._selector.close()

    def _wait_for_all(self, written: float) -> None:
        missing = len(self._clients) - 1
        while missing:
            ready = self._selector.select(DRAIN_S)
            if not ready:
                raise RuntimeError(f"Messages were lost: not delivered within {DRAIN_S:.0f} s")
            for key, _ in ready:
                count = self._serve(key.data)
                missing -= count
                self.latencies_s.extend([time.perf_counter() - written] * count)

    def _serve(self, client: Client) -> int:
        count = client.count_deliveries(client.stream.read())
        if ack := client.take_ack():
            client.stream.write([ack])
        return count


def measure_room(server: Server, room: Room, seconds: float) -> Sample:
    """Load a server from idle to idle and return what that cost it."""
    load = RoomLoad(room)
    load.run(WARM_UP_S)
    load.settle()
    load.latencies_s = array("d")
    cpu_before_s, started = server.cpu_s(), time.perf_counter()
    load.run(seconds)
    wall_s = time.perf_counter() - started
    load.settle()
    cpu_s = server.cpu_s() - cpu_before_s
    load.close()
    latencies_s = sorted(load.latencies_s)
    return Sample(len(latencies_s), cpu_s, wall_s, latencies_s, broken_pairs=0)
