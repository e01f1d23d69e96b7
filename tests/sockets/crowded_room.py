"""Many clients in one room, in processes that are killed and come back; what they see is compared.

Everybody's clients live in `room_host` processes, a few in each. A killed process takes its clients
with it; they come back from what they have on the disk.
"""

import json
import os
import queue
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from tests.forked import FORKING
from tests.processes import FAILURE_S, Relay
from tests.sockets.room_host import LOBBY, Where, run_host

LOOK_AGAIN_S = 0.5
COMING_AT_ONCE = 5
"""Processes that start together: a first login that takes too long for the relay is an error."""


class Seen(NamedTuple):
    """A message that a client was told, in which life of its process."""

    life: int
    sender: str
    message_id: str
    text: str
    mark: str


@dataclass
class Findings:
    """What a run has shown."""

    texts: int = 0
    kills: int = 0
    deliveries: int = 0
    repeated: int = 0
    """How many came once more, the same in all, after a kill before they counted as shown."""
    untaken: int = 0
    """How many had not been taken when their writer was killed, and came to nobody."""
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    """Problems that were told, and messages that came with a mark."""

    @property
    def summary(self) -> str:
        """Some lines for a note."""
        return (
            f"{self.texts} texts, {self.deliveries} deliveries, {self.kills} clients killed:"
            f" {len(self.lost)} lost, {len(self.twice)} shown twice, {len(self.disordered)} out of"
            f" order, {len(self.troubles)} troubles; {self.repeated} repeated with their id,"
            f" {self.untaken} not taken"
        )

    def check(self) -> None:
        """Fail unless nothing was lost, shown twice, out of order or worth a word."""
        assert (self.lost, self.twice, self.disordered, self.troubles) == ([], [], [], [])


News = tuple[Any, ...]
"""A process, in which life, and what it says of one of its clients."""


class HostProcess:
    """A process with some clients, in its present life."""

    def __init__(self, names: Sequence[str], where: Where, news: queue.SimpleQueue[News]) -> None:
        self.names = names
        self.life = 0
        self.is_alive = False
        self._where, self._news = where, news
        self._stderr = where.homes / f"{names[0]}.stderr"

    @property
    def pid(self) -> int:
        """The process of this life."""
        pid = self._process.pid
        assert pid is not None
        return pid

    def start(self) -> None:
        """Begin a life."""
        self.life += 1
        stdin, self._stdin = FORKING.Pipe(duplex=False)
        stdout, child_stdout = FORKING.Pipe(duplex=False)
        self._process = FORKING.Process(
            target=run_host, args=(self.names, self._where, (stdin, child_stdout), self._stderr)
        )
        self._process.start()
        stdin.close()
        child_stdout.close()
        self._pump = threading.Thread(target=self._read, args=(stdout, self.life), daemon=True)
        self._pump.start()
        self.is_alive = True

    def tell(self, *words: str) -> None:
        """Ask something of one of its clients."""
        os.write(self._stdin.fileno(), json.dumps(words).encode() + b"\n")

    def kill(self) -> None:
        """End this life at once; all that it has said has been read then."""
        self._process.kill()
        self._end()

    def finish(self) -> None:
        """Let its clients end in order."""
        self._stdin.close()
        status = self._end()
        assert status == 0, (status, self._stderr.read_text())

    def close(self) -> None:
        """Free what it has; end it if it has not ended."""
        if self.is_alive:
            self.kill()

    def _end(self) -> int | None:
        self._process.join(FAILURE_S)
        self._pump.join(FAILURE_S)
        self.is_alive = False
        if not self._stdin.closed:
            self._stdin.close()
        return self._process.exitcode

    def _read(self, stdout: Connection, life: int) -> None:
        with stdout, open(stdout.fileno(), closefd=False, encoding="utf-8") as lines:
            for line in lines:
                if line.endswith("\n"):  # else it was killed in the middle
                    self._news.put((self, life, *json.loads(line)))


class CrowdedRoom:
    """A room, everybody in it, what they write and what they see."""

    def __init__(
        self, relay: Relay, homes: Path, names: Sequence[str], each: int, room: str
    ) -> None:
        homes.mkdir()
        self._news: queue.SimpleQueue[News] = queue.SimpleQueue()
        where = Where(relay.address, relay.ca, homes, room)
        self.room, self.names = room, names
        self.hosts = [
            HostProcess(names[start : start + each], where, self._news)
            for start in range(0, len(names), each)
        ]
        self._host_of = {name: host for host in self.hosts for name in host.names}
        self.seen: dict[str, list[Seen]] = {name: [] for name in names}
        self.typed: dict[str, dict[str, str]] = defaultdict(dict)
        """The texts of each writer, in order, by their ids."""
        self.sent: set[str] = set()
        self.found = Findings()
        self._in: set[str] = set()
        self._found = 0
        self._knows: Counter[str] = Counter()
        self._said: Counter[str] = Counter()

    def gather(self, timeout_s: float) -> None:
        """Let everybody come, and into the room; return when all have seen all come.

        Who has just come may have no keys on the relay yet, and cannot be invited without.
        """
        for start in range(0, len(self.hosts), COMING_AT_ONCE):
            coming = self.hosts[start : start + COMING_AT_ONCE]
            for host in coming:
                host.start()
            self.wait(partial(self._are_there, coming), timeout_s, "logins")
        if self.room != LOBBY:
            first, *others = self.names
            self._host_of[first].tell(first, "find", *others)
            self.wait(lambda: self._found == len(others), timeout_s, "finding everybody")
            self._host_of[first].tell(first, "create")
            self._host_of[first].tell(first, "invite", *others)
        self.wait(lambda: self._have_all_come, timeout_s, "coming")

    def is_there(self, host: HostProcess) -> bool:
        """Tell whether all clients of a process are logged in."""
        return host.is_alive and self._in.issuperset(host.names)

    def _are_there(self, hosts: Sequence[HostProcess]) -> bool:
        return all(map(self.is_there, hosts))

    def say(self, name: str) -> bool:
        """Let somebody write their next text; return whether they are there to do so."""
        host = self._host_of[name]
        if not self.is_there(host):
            return False
        self._said[name] += 1
        host.tell(name, "say", f"{name} {self._said[name]}")
        return True

    def wait_until_typed(self, timeout_s: float) -> None:
        """Wait until all that was to be written is, by people none of whom was killed before."""
        self.wait(
            lambda: all(len(self.typed[name]) == said for name, said in self._said.items()),
            timeout_s,
            "typing",
        )

    def kill(self, host: HostProcess) -> None:
        """Kill a process with all of its clients."""
        host.kill()
        self.take_news()
        self._in -= set(host.names)
        self.found.kills += len(host.names)

    def revive(self, timeout_s: float) -> None:
        """Let everybody who was killed come back, and wait until they are logged in."""
        for host in self.hosts:
            if not host.is_alive:
                host.start()
        self.wait(partial(self._are_there, self.hosts), timeout_s, "logins")

    def settle(self, talkers: Sequence[str], timeout_s: float) -> None:
        """Revive everybody, let each talker write a last text, and wait until all have all."""
        self.revive(timeout_s)
        for name in talkers:
            assert self.say(name)
        self.wait(lambda: self._have_all(talkers), timeout_s, "the last texts")

    def finish(self) -> Findings:
        """Let everybody end; compare what they saw with what was written."""
        for host in self.hosts:
            host.finish()
        self.take_news()
        for writer, texts in self.typed.items():
            self._compare(writer, texts)
        return self.found

    def take_news(self, timeout_s: float = 0.0) -> None:
        """Note what the clients have said; wait for the first of it for so long."""
        with suppress(queue.Empty):
            self._note(*self._news.get(timeout=timeout_s))
            while True:
                self._note(*self._news.get_nowait())

    def wait(self, is_done: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Take news until this is so, which must come."""
        deadline = time.monotonic() + timeout_s
        while not is_done():
            assert time.monotonic() < deadline, f"no end of {what}: {self.found.troubles[:5]}"
            self.take_news(LOOK_AGAIN_S)

    @property
    def _have_all_come(self) -> bool:
        """Whether everybody knows of everybody.

        Of the closed room all are told who joins it but its creator, who was there before.
        """
        number = len(self.names)
        known = number * (number - 1) if self.room == LOBBY else (number - 1) ** 2
        return self._knows.total() == known

    def _compare(self, writer: str, typed: dict[str, str]) -> None:
        """Compare what everybody saw of somebody's texts with what they wrote."""
        found = self.found
        firsts = {name: self._firsts(name, writer) for name in self.names if name != writer}
        came = {message_id for first in firsts.values() for message_id in first}
        due = [message_id for message_id in typed if message_id in self.sent | came]
        found.texts += len(due)
        found.untaken += len(typed) - len(due)
        for name, first in firsts.items():
            texts = [each.text for each in first.values()]
            in_order = [typed[message_id] for message_id in due if message_id in first]
            found.deliveries += len(texts)
            if self._sees_all(name):
                found.lost += [typed[each] for each in due if each not in first]
            found.disordered += [a for a, b in zip(texts, in_order, strict=True) if a != b]

    def _firsts(self, reader: str, writer: str) -> dict[str, Seen]:
        """Return what somebody saw of somebody's texts, each as it came first."""
        first: dict[str, Seen] = {}
        for seen in self.seen[reader]:
            if seen.sender != writer:
                continue
            before = first.setdefault(seen.message_id, seen)
            if before.life < seen.life and before.text == seen.text:
                self.found.repeated += 1
            elif before is not seen or seen.message_id not in self.typed[writer]:
                self.found.twice.append(f"{reader}: {seen}")
            elif seen.mark:
                self.found.troubles.append(f"{reader}: {seen}")
        return first

    def _sees_all(self, name: str) -> bool:
        """Tell whether everything is for somebody: in the lobby for those who were always there."""
        return self.room != LOBBY or self._host_of[name].life == 1

    def _have_all(self, talkers: Sequence[str]) -> bool:
        ends = {f"{name} {self._said[name]}" for name in talkers}
        return all(
            {end for end in ends if not end.startswith(f"{name} ")}
            <= {each.text for each in self.seen[name][-4 * len(talkers) :]}
            for name in self.names
            if self._sees_all(name)
        )

    def _note(self, host: HostProcess, life: int, kind: str, name: str, *words: str) -> None:
        match kind:
            case "in" if life == host.life:
                self._in.add(name)
            case "found":
                self._found += 1
            case "joined":
                self._knows[name] += 1
            case "others":
                self._knows[name] = int(words[0])
            case "typed":
                self.typed[name][words[0]] = words[1]
            case "sent":
                self.sent.add(words[0])
            case "message":
                self.seen[name].append(Seen(life, *words))
            case "failed":
                raise AssertionError(f"{name}: {words[0]}")
            case "problem":
                self.found.troubles.append(f"{name}: {words[0]}")


@contextmanager
def crowded_room(
    relay: Relay, homes: Path, people: int, each: int, room: str = "#ops"
) -> Iterator[CrowdedRoom]:
    """Run so many clients, some in each process, until the block ends."""
    crowded = CrowdedRoom(relay, homes, [f"member{number}" for number in range(people)], each, room)
    try:
        yield crowded
    finally:
        for host in crowded.hosts:
            host.close()
