"""Clients that are killed at a point, as often as one likes, and what must hold afterwards."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.processes import Client, Event, Relay, chatting
from tests.sockets.dying_client import READING, SENDING, UNANSWERED, UNTAKEN, Point, Trap
from tests.sockets.forked_client import Life, living

TEXTS = 3
"""How many are on their way to a reader who is killed."""


@dataclass
class Findings:
    """What a run has shown."""

    kills: Counter[Point] = field(default_factory=Counter)
    texts: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    troubles: list[Event] = field(default_factory=list)
    """Errors that were told, and messages that came with a mark."""
    repeated: int = 0
    """How many came once more, the same in all, after a kill before their output was noted."""

    @property
    def summary(self) -> str:
        """Some lines for a note."""
        kills = "".join(f"\n  {number} kills: {point}" for point, number in self.kills.items())
        return (
            f"{self.texts} texts: {len(self.lost)} lost, {len(self.twice)} shown twice,"
            f" {len(self.disordered)} out of order, {len(self.troubles)} troubles;"
            f" {self.repeated} repeated with their id{kills}"
        )

    def compare(self, written: Sequence[str], events: Sequence[Event], *, repeats: bool) -> None:
        """Compare what was shown, by all lives together, with what was written."""
        first: dict[str, Event] = {}
        for event in events:
            if event["event"] == "error" or {"missing", "late"} & event.keys():
                self.troubles.append(event)
            if event["event"] != "message":
                continue
            if event["id"] not in first:
                first[event["id"]] = event
            elif repeats and event == first[event["id"]]:
                self.repeated += 1
            else:
                self.twice.append(event["text"])
        texts = [message["text"] for message in first.values()]
        due = [text for text in written if text in texts]
        self.texts += len(written)
        self.lost += [text for text in written if text not in texts]
        self.twice += [text for text, times in Counter(texts).items() if times > 1]
        self.disordered += [text for text, other in zip(texts, due, strict=False) if text != other]

    def check(self) -> None:
        """Fail unless nothing was lost, shown twice, out of order or worth a word."""
        assert (self.lost, self.twice, self.disordered, self.troubles) == ([], [], [], [])


def kill_readers(directory: Path, relay: Relay, rounds: int, deaths: int) -> Findings:
    """Kill Bob so often in each of some rounds for each point, while he reads Alice's texts."""
    flags = ("--name", "alice", "--peer", "bob", *relay.flags)
    with chatting(directory / "alice", *flags) as alice:
        reader = _Reader(relay, directory / "bob", alice)
        for number in range(rounds):
            for point in READING:
                reader.live_round(point, 1 + number % TEXTS, deaths)
        return reader.found


def kill_senders(directory: Path, relay: Relay, kills: int) -> Findings:
    """Kill Carol so often at each point, while she writes to Dave."""
    found = Findings()
    flags = ("--name", "carol", "--peer", "dave", *relay.flags)
    texts = (f"text {number}" for number in count())
    written: list[str] = []
    untaken: list[str] = []
    with chatting(directory / "dave", "--name", "dave", "--peer", "carol", *relay.flags) as dave:
        for number in range(kills * len(SENDING)):
            point = SENDING[number % len(SENDING)]
            taken, last = [*untaken, next(texts)], next(texts)
            with living(directory / "carol", *flags, trap=Trap(point)) as carol:
                carol.expect("peer")
                _write(carol, taken, accepted=point not in UNANSWERED)
                _spring(carol)
                carol.types(last)
                carol.die()
            untaken = [last] if point in UNTAKEN else []
            written += [*taken, *([] if untaken else [last])]
            found.kills[point] += 1
        with living(directory / "carol", *flags) as carol:
            carol.expect("peer")
            written += [*untaken, next(texts)]
            _write(carol, written[-1 - len(untaken) :], accepted=True)
            carol.finish()
        end = dave.expect("message", text=written[-1])
        dave.ends_typing()
        found.compare(written, [*dave.read_rest(), end], repeats=False)
    return found


class _Reader:
    """Bob, and what he has to read."""

    def __init__(self, relay: Relay, home: Path, alice: Client) -> None:
        self.found = Findings()
        self._home, self._alice = home, alice
        self._flags = ("--name", "bob", "--peer", "alice", *relay.flags)
        self._texts = (f"text {number}" for number in count())
        self._written: list[str] = []
        with living(home, *self._flags) as bob:
            alice.expect("peer")
            bob.finish()

    def live_round(self, point: Point, chance: int, deaths: int) -> None:
        """Die so often, first of texts that come, then of texts that wait; then live."""
        events: list[Event] = []
        with living(self._home, *self._flags, trap=Trap(point, chance)) as bob:
            bob.expect("peer")
            _spring(bob)
            self._let_write(TEXTS)
            events += bob.die()
        for _ in range(deaths - 1):
            self._let_write(TEXTS)
            with living(self._home, *self._flags, trap=Trap(point, chance, is_set=True)) as bob:
                events += bob.die()
        self._let_write(1)
        with living(self._home, *self._flags) as bob:
            bob.expect("message", text=self._written[-1])
            events += bob.finish()
        self.found.kills[point] += deaths
        self.found.compare(self._written, events, repeats=point is Point.WRITTEN_OUT)
        self._written.clear()

    def _let_write(self, number: int) -> None:
        """Let Alice write some texts, and the relay answer for them."""
        texts = [next(self._texts) for _ in range(number)]
        self._written += texts
        self._alice.types(*texts)
        for _ in texts:
            self._alice.expect("accepted")
        self._alice.unread.clear()


def _spring(client: Life) -> None:
    """Set the trap of a client that is logged in."""
    client.types("/who")
    client.expect("people")


def _write(client: Life, texts: Sequence[str], *, accepted: bool) -> None:
    """Type texts, each of which is kept from then on, and accepted if that is asked for."""
    for text in texts:
        client.types(text)
        sent = client.expect("sent")
        if accepted:
            client.expect("accepted", id=sent["id"])
