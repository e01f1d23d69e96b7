"""The process of those who never read: ``python -m siegelib.idlers PORT CA READERS WRITERS EACH``.

So many readers log in and stop reading; the writers write EACH envelopes to each reader, as fast
as the relay takes them. One JSON line says when all are accepted. At a line on stdin the readers
read, and a second line says what they got, see `Harvest`.
"""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from json import dumps
from pathlib import Path

from securechat.identity.types import EnvelopeId
from securechat.transport.loop import Loop
from securechat.wire import frames as f
from siegelib.door import Door, crowd_address
from siegelib.guest import Guest
from siegelib.people import Person

ENVELOPE_BYTES = 4096
UNANSWERED = 200
"""How many envelopes a writer has unanswered: fewer than make the relay stop reading."""

AT_ONCE = 20
LOOK_S = 0.005
TICK_S = 0.05


@dataclass(frozen=True)
class Harvest:
    """What readers had who read at last."""

    seconds: float
    expected: int
    lost: int
    disordered: int
    """How many came in another place than the one in which they were written."""


class Reader:
    """Logs in and stops reading, until it is told to."""

    def __init__(self, door: Door, place: int) -> None:
        self.person = Person.named(f"idler{place}")
        self.numbers: list[int] = []
        self._guest = Guest(door, self.person, crowd_address(place))
        self._guest.on_in = self._stop_reading
        self._guest.on_envelope = self._note

    @property
    def is_in(self) -> bool:
        """Whether it is logged in."""
        return self._guest.is_in

    def come(self) -> None:
        """Log in."""
        self._guest.come()

    def read(self) -> None:
        """Read what there is, and what comes."""
        if self._guest.connection is not None:
            self._guest.connection.resume_reading()

    def _stop_reading(self) -> None:
        if self._guest.connection is not None:
            self._guest.connection.pause_reading()

    def _note(self, incoming: f.Incoming) -> None:
        self.numbers.append(int.from_bytes(incoming.envelope[:8], "big"))


class Writer:
    """Writes numbered envelopes to some readers in turn; everything in the loop's thread."""

    def __init__(self, door: Door, place: int, readers: list[Reader], each: int) -> None:
        self._loop = door.loop
        self._readers = readers
        self._total = each * len(readers)
        self._guest = Guest(door, Person.named(f"writer{place}"), crowd_address(place))
        self._guest.on_in = self._write_more

    @property
    def is_done(self) -> bool:
        """Whether all that it writes is accepted."""
        return self._guest.accepted == self._total

    @property
    def refused(self) -> int:
        """How many envelopes the relay did not take."""
        return self._guest.refused

    def come(self) -> None:
        """Log in, and write."""
        self._guest.come()

    def _write_more(self) -> None:
        guest = self._guest
        sent = guest.machine.sent
        while sent < self._total and sent - guest.accepted + AT_ONCE <= UNANSWERED:
            until = min(self._total, sent + AT_ONCE)
            guest.send(*(self._envelope(number) for number in range(sent, until)))
            sent = until
        if not self.is_done:
            self._loop.call_later(LOOK_S, self._write_more)

    def _envelope(self, number: int) -> f.Outgoing:
        turn, place = divmod(number, len(self._readers))
        envelope_id = EnvelopeId(number.to_bytes(16, "big"))
        body = turn.to_bytes(8, "big").ljust(ENVELOPE_BYTES, b".")
        return f.Outgoing(self._readers[place].person.mailbox, envelope_id, body)


def main() -> None:
    """Write, wait to be told, read."""
    port, ca, readers_count, writers_count, each = sys.argv[1:]
    loop = Loop()
    loop.start()
    door = Door.of(loop, int(port), Path(ca))
    readers = [Reader(door, place) for place in range(int(readers_count))]
    count = int(writers_count)
    writers = [Writer(door, place, readers[place::count], int(each)) for place in range(count)]
    _bring_in(loop, readers)
    began_at = time.monotonic()
    for writer in writers:
        loop.call_soon(writer.come)
    _wait_until(lambda: all(writer.is_done for writer in writers))
    refused = sum(writer.refused for writer in writers)
    _say(seconds=time.monotonic() - began_at, refused=refused)
    sys.stdin.readline()
    _say(**asdict(_harvest(loop, readers, int(each))))
    loop.stop(0.0)


def _bring_in(loop: Loop, readers: list[Reader]) -> None:
    for reader in readers:
        loop.call_soon(reader.come)
    _wait_until(lambda: all(reader.is_in for reader in readers))


def _harvest(loop: Loop, readers: list[Reader], each: int) -> Harvest:
    began_at = time.monotonic()
    for reader in readers:
        loop.call_soon(reader.read)
    _wait_until(lambda: all(len(reader.numbers) >= each for reader in readers))
    lost = sum(each - len(set(reader.numbers)) for reader in readers)
    disordered = sum(
        number != place for reader in readers for place, number in enumerate(reader.numbers)
    )
    return Harvest(time.monotonic() - began_at, each * len(readers), lost, disordered)


def _wait_until(is_done: Callable[[], bool]) -> None:
    """Wait for what has to come; whoever started this process gives it up in the end."""
    while not is_done():
        threading.Event().wait(TICK_S)


def _say(**fields: object) -> None:
    sys.stdout.write(dumps(fields) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
