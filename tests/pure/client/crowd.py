"""One engine whose user shares a closed room with many, who are end devices without an engine."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from securechat.client import commands as c
from securechat.client.connection.link import Answered, Arrived
from securechat.e2e.room_content import RoomNotice, RoomPlace, Roster
from securechat.identity.types import RoomId
from securechat.wire import frames as f
from tests.pure.client.engine_world import World, alice, published
from tests.pure.e2e.world import NOW_MS, Seat, make_seat

ROOM = "#ops"


class Crowd:
    """Alice, who has made the room, and everybody else in it, each on a session that stands."""

    def __init__(self, world: World, seats: Sequence[Seat]) -> None:
        self.world, self.seats = world, seats
        self._taken = 0
        world.engine.ask(c.Create(ROOM))
        world.engine.ask(c.Invite(ROOM, tuple(seat.name for seat in seats)))
        world.settle()
        self._show_keys()  # whose they are
        self._show_keys()  # to start sessions with
        alice_device = world.device
        for seat in seats:
            room_id = self._join(seat)
            notice = RoomNotice(RoomPlace(room_id, 1), joined=True)
            answer = seat.endpoint.seal(alice_device, notice, NOW_MS, written_ms=NOW_MS)
            seat.commit()
            world.deliver(answer.envelope)
        world.pass_time(2.0)  # receipts
        self.accept()

    def accept(self) -> list[f.Outgoing]:
        """Answer for all that was handed over since the last time; return it."""
        fresh = self.world.link.envelopes[self._taken :]
        self._taken += len(fresh)
        self.world.news(Answered(tuple(each.envelope_id for each in fresh)))
        return fresh

    def _show_keys(self) -> None:
        by_name = {seat.name: seat for seat in self.seats}
        with self.world.at_once():
            for look in self.world.all_sent(f.Lookup)[-len(self.seats) :]:
                user = published(by_name[look.name], claim=look.claim)
                self.world.link.inbox(Arrived(f.Found(look.request, user)))

    def _join(self, seat: Seat) -> RoomId:
        """Take the invitation that has come to a seat."""
        for outcome in seat.opened(self.world.mail_for(seat)):
            assert isinstance(outcome.content, Roster)
            entry = outcome.content.entry
            seat.endpoint.rooms.take(entry, outcome.sender.user_key, NOW_MS)
        seat.endpoint.rooms.join(entry.room_id)
        return entry.room_id


@contextmanager
def crowd(others: int) -> Iterator[Crowd]:
    """Run a room of Alice and so many others until the block ends."""
    with alice() as world:
        yield Crowd(world, [make_seat(f"member{number}") for number in range(others)])
