"""The loads of messages: pairs, and a room, saturated and paced."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relaybench.arrivals import meet
from relaybench.contenders import Running
from relaybench.pairs import measure_pairs
from relaybench.room import measure_room
from relaybench.sample import Sample

SPEAKERS = 5


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything a run has."""

    seconds: float
    pairs: int = 50
    members: int = 100
    paced_per_s: float = 1000.0
    """Messages a second in the paced room, each delivered to all other members."""
    flat_users: Sequence[int] = (10, 100, 500, 2000)
    """How many are connected in the runs that show whether a message costs always the same."""
    slow_readers: int = 50
    backlog: int = 2000
    """Messages that wait for each slow reader when the pairs begin."""
    connections: int = 10_000
    """How many say nothing while the memory is read."""


@dataclass(frozen=True, slots=True)
class MessageLoad:
    """A load, and how a row of the table calls it."""

    name: str
    title: Callable[[Size], str]
    run: Callable[[Running, Size], Sample]


def _pairs(under_way: int) -> Callable[[Running, Size], Sample]:
    def run(running: Running, size: Size) -> Sample:
        clients = meet(running.dialect.pairs(running.dialling, size.pairs))
        return measure_pairs(running.server, clients, under_way, size.seconds)

    return run


def _room(under_way: int) -> Callable[[Running, Size], Sample]:
    """Return the load of a room, paced when nothing is to be kept under way."""

    def run(running: Running, size: Size) -> Sample:
        clients = meet(running.dialect.room(running.dialling, size.members, SPEAKERS))
        return measure_room(
            running.server,
            clients,
            SPEAKERS,
            size.seconds,
            under_way=under_way,
            messages_per_s=size.paced_per_s,
        )

    return run


MESSAGE_LOADS = (
    MessageLoad("W1", lambda size: f"W1: {size.pairs} pairs, 1 under way", _pairs(1)),
    MessageLoad("W2", lambda size: f"W2: {size.pairs} pairs, 64 under way", _pairs(64)),
    MessageLoad("W3", lambda size: f"W3: room of {size.members}, 16 under way", _room(16)),
    MessageLoad(
        "W3q",
        lambda size: f"W3q: the room, {size.paced_per_s * (size.members - 1):,.0f}/s by the clock",
        _room(0),
    ),
)
