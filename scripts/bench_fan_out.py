"""What a post for a full room costs its writer: sealed for each member, and in the whole engine."""

import statistics
import time
from typing import NamedTuple
from unittest.mock import patch

from nacl import bindings

from securechat.e2e.content import Text
from securechat.e2e.room_content import RoomNotice, RoomPlace
from securechat.identity.roster import MAX_MEMBERS, RosterMember
from securechat.identity.types import Name
from tests.pure.client.crowd import ROOM, Crowd, crowd
from tests.pure.client.engine_world import MemoryState
from tests.pure.e2e.world import NOW_MS, Seat, make_seat

OTHERS = MAX_MEMBERS - 1
POSTS = 40
POST = "x" * 100


class FanOut(NamedTuple):
    """Medians of CPU milliseconds for one post, and the size of each of its envelopes."""

    raw_ms: float
    """One sealed box of the text for each member."""
    seal_ms: float
    """All three layers for each, and the rows for the store."""
    engine_ms: float
    """From the face's call to the frame, without the commit."""
    envelope_bytes: int


def measure_fan_out() -> FanOut:
    """Measure posts in a room with as many people as a room takes."""
    raw_ms, seal_ms = _measure_sealing(make_seat("alice"))
    with crowd(OTHERS) as room:
        engine_ms = _measure_engine(room)
        sizes = {len(each.envelope) for each in room.world.link.envelopes[-OTHERS:]}
    (size_bytes,) = sizes
    return FanOut(raw_ms, seal_ms, engine_ms, size_bytes)


def _measure_sealing(writer: Seat) -> tuple[float, float]:
    """Return what raw boxes take, and what a post takes, in alternation."""
    seats = [make_seat(f"member{number}") for number in range(OTHERS)]
    place = _make_room(writer, seats)
    for seat in seats:
        seat.receive(writer.send(seat, RoomNotice(place, joined=True)))
        writer.receive(seat.send(writer))
    endpoint, content = writer.endpoint, Text(POST, room=place)
    peers = [seat.shown(claim=False) for seat in seats]
    public, _ = bindings.crypto_box_keypair()
    raw_ms, seal_ms = [], []
    for _ in range(POSTS):
        begin_ms = _cpu_ms()
        for _ in peers:
            bindings.crypto_box_seal(POST.encode(), public)
        between_ms = _cpu_ms()
        for peer in peers:
            endpoint.seal(peer, content, NOW_MS, written_ms=NOW_MS)
        endpoint.take_changes()
        seal_ms.append(_cpu_ms() - between_ms)
        raw_ms.append(between_ms - begin_ms)
    return statistics.median(raw_ms), statistics.median(seal_ms)


def _make_room(writer: Seat, others: list[Seat]) -> RoomPlace:
    rooms = writer.endpoint.rooms
    created = rooms.create("ops", NOW_MS)
    members = [
        RosterMember(seat.endpoint.user_key, seat is writer, Name(seat.name))
        for seat in (writer, *others)
    ]
    by_key = {member.user_key: member for member in members}
    head = rooms.change(created.room_id, NOW_MS, members=by_key)
    return RoomPlace(head.room_id, head.version)


def _measure_engine(room: Crowd) -> float:
    """Return what the engine does for a post before it is handed over."""
    commits = _Commits(room.world.state)
    taken_ms = []
    with patch.object(room.world.state, "commit", commits):
        for _ in range(POSTS):
            begin_ms, commits.taken_ms = _cpu_ms(), 0.0
            room.world.engine.send(ROOM, POST)
            room.world.settle()
            taken_ms.append(_cpu_ms() - begin_ms - commits.taken_ms)
            room.accept()
    return statistics.median(taken_ms)


class _Commits:
    """Commits of a state, with what they take."""

    def __init__(self, state: MemoryState) -> None:
        self._commit = state.commit
        self.taken_ms = 0.0

    def __call__(self, *arguments: object) -> None:
        begin_ms = _cpu_ms()
        self._commit(*arguments)  # type: ignore[arg-type]
        self.taken_ms += _cpu_ms() - begin_ms


def _cpu_ms() -> float:
    return time.process_time_ns() / 1e6
