"""All rounds of all loads on all servers, in turn."""

import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from relaybench.client import LoadFailed
from relaybench.contenders import RELAY, Contender, Running, running
from relaybench.flat import measure_flat
from relaybench.idle import Idle, measure_idle
from relaybench.logins import Logins, measure_logins
from relaybench.messages import MESSAGE_LOADS, Size
from relaybench.sample import Sample
from relaybench.slow import Slow, measure_slow
from relaybench.tls_stream import DiallingAt

LOGINS, FLAT, SLOW, IDLE = "logins", "flat", "slow", "idle"
LOADS = (*(load.name for load in MESSAGE_LOADS), LOGINS, FLAT, SLOW, IDLE)

T = TypeVar("T")


@dataclass
class Results:
    """The rounds of everything, by load (or number of users) and server."""

    messages: dict[tuple[str, str], list[Sample]] = field(default_factory=lambda: defaultdict(list))
    logins: dict[str, list[Logins]] = field(default_factory=lambda: defaultdict(list))
    flat: dict[tuple[int, str], list[Sample]] = field(default_factory=lambda: defaultdict(list))
    slow: dict[str, list[Slow]] = field(default_factory=lambda: defaultdict(list))
    idle: dict[str, list[Idle]] = field(default_factory=lambda: defaultdict(list))
    failures: list[str] = field(default_factory=list)
    """A sentence for each run that a server broke."""
    is_broken: bool = False
    """Whether one of them lost what it must not lose."""


class Runner:
    """Runs what is asked for; ``home`` is a folder for what the servers keep."""

    def __init__(
        self, contenders: Sequence[Contender], home: Path, dialling: DiallingAt, size: Size
    ) -> None:
        self._contenders = contenders
        self._home = home
        self._dialling = dialling
        self._size = size
        self.results = Results()

    def run(self, loads: Sequence[str], rounds: int) -> None:
        """Run every round of every load on every server; idle connections once.

        Slow readers and idle connections get servers of their own.
        """
        with ExitStack() as stack:
            servers = [
                stack.enter_context(running(each, self._home / each.name, self._dialling))
                for each in self._contenders
            ]
            for _ in range(rounds):
                self._run_round(servers, loads)
        for number in range(rounds if SLOW in loads else 0):
            for each in self._contenders:
                measure_it = partial(self._slow, each, self._home / f"{each.name}-slow-{number}")
                self._note(self.results.slow[each.name], SLOW, each, measure_it)
        for each in self._contenders if IDLE in loads else ():
            self._note(self.results.idle[each.name], IDLE, each, partial(self._idle, each))

    def _run_round(self, servers: Sequence[Running], loads: Sequence[str]) -> None:
        size, results = self._size, self.results
        for load in MESSAGE_LOADS:
            for each in servers if load.name in loads else ():
                samples = results.messages[load.name, each.contender.name]
                self._note(samples, load.name, each.contender, partial(load.run, each, size))
        for each in servers if LOGINS in loads else ():
            count_them = partial(measure_logins, each, size.pairs, size.seconds)
            self._note(results.logins[each.contender.name], LOGINS, each.contender, count_them)
        for users in size.flat_users if FLAT in loads else ():
            for each in servers:
                if each.dialect.has_accounts:  # the others have promised nothing
                    samples = results.flat[users, each.contender.name]
                    measure_it = partial(measure_flat, each, users, size.seconds)
                    self._note(samples, f"{FLAT} {users}", each.contender, measure_it)

    def _slow(self, contender: Contender, home: Path) -> Slow:
        size = self._size
        with running(contender, home, self._dialling) as each:
            return measure_slow(each, size.pairs, size.slow_readers, size.backlog, size.seconds)

    def _idle(self, contender: Contender) -> Idle:
        home = self._home / f"{contender.name}-idle"
        return measure_idle(contender, home, self._dialling, self._size.connections)

    def _note(
        self, samples: list[T], load: str, contender: Contender, measure: Callable[[], T]
    ) -> None:
        """Keep what a run shows, or why it shows nothing."""
        print(f"{load}: {contender.title} ...", file=sys.stderr, flush=True)
        try:
            samples.append(measure())
        except (LoadFailed, OSError) as error:
            self.results.failures.append(f"{contender.title} failed in {load}: {error}.")
            if isinstance(error, LoadFailed) or contender.name == RELAY:
                self.results.is_broken = True  # others may hang up, as nats-server on who is slow
