"""Two clients at one relay: what sending and receiving takes, and what is left of it in memory."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import msgspec

from clientbench.peer import RECEIVER, SENDER, Report
from clientbench.places import Place, environment

STOP_S = 60.0
_NAMES = (SENDER, RECEIVER)


class PeerProcess:
    """A process of `clientbench.peer`."""

    def __init__(self, place: Place, name: str, peer: str) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "clientbench.peer", name, peer),
                *(place.address, str(place.ca), str(place.home(name))),
            ],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(self, command: str) -> None:
        """Let it carry out a command."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()

    def report(self) -> Report:
        """Wait for what the command that was begun first has taken."""
        assert self._process.stdout is not None
        return msgspec.json.decode(self._process.stdout.readline(), type=Report)

    def stop(self) -> None:
        """End the client and wait for it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_S)
        finally:
            self._process.kill()


@dataclass(frozen=True, slots=True)
class Exchange:
    """What both sides say after a number of messages."""

    messages: int
    sent: Report
    received: Report


class Pair:
    """A client that sends and one that receives, who know each other."""

    def __init__(self, sender: PeerProcess, receiver: PeerProcess) -> None:
        self._sender = sender
        self._receiver = receiver

    def exchange(self, messages: int, window: int) -> Exchange:
        """Send so many messages, with so many not accepted at any time; return when all are."""
        self._receiver.begin(f"receive {messages}")
        self._sender.begin(f"send {messages} {window}")
        return Exchange(messages, self._sender.report(), self._receiver.report())

    def rest(self) -> Report:
        """Return what the receiver has done since it had all: it has acknowledged that by now."""
        self._receiver.begin("rest")
        return self._receiver.report()


@contextmanager
def pairing(place: Place) -> Iterator[Pair]:
    """Run two clients until the block ends; they have exchanged a message."""
    with ExitStack() as stack:
        pair = Pair(*(_begin(stack, place, *names) for names in (_NAMES, _NAMES[::-1])))
        pair.exchange(1, 1)
        yield pair


def _begin(stack: ExitStack, place: Place, name: str, peer: str) -> PeerProcess:
    process = PeerProcess(place, name, peer)
    stack.callback(process.stop)
    return process
