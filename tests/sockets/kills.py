"""A relay that is killed under load, as often as one likes, and what must hold afterwards."""

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from securechat.transport.loop import Loop
from tests.processes import Relay, relaying
from tests.sockets.load_devices import Device, check_order, running_loop

SETTLE_S = 30.0
TICK_S = 0.02


@dataclass
class Findings:
    """What a run has shown."""

    kills: int = 0
    restart_s: list[float] = field(default_factory=list)
    accepted: int = 0
    lost: int = 0
    disordered: int = 0
    deliveries: int = 0

    @property
    def summary(self) -> str:
        """One line for a note."""
        return (
            f"{self.kills} kills: {self.accepted} accepted, {self.lost} lost,"
            f" {self.disordered} out of order; ready again within {max(self.restart_s):.2f} s"
        )


def run_kills(directory: Path, kills: int, load_s: float, per_pair: int) -> Findings:
    """Kill a relay so often, each time after some load; then let everybody read everything.

    Two devices write to three: one is always there, one comes and goes, one is away to the end.
    """
    found = Findings(kills)
    with ExitStack() as stack:
        loop = stack.enter_context(running_loop())
        relay = _start(stack, directory, 0)
        port = relay.port
        devices = [
            Device(loop, port, relay.ca, name, seed)
            for seed, name in enumerate(("alice", "bob", "there", "flighty", "away"), 1)
        ]
        senders, (there, flighty, away) = devices[:2], devices[2:]
        for sender in senders:
            sender.recipients = [
                there,
                flighty,
                away,
                *(each for each in senders if each is not sender),
            ]
            sender.limit = per_pair
        for device in devices:
            loop.call_soon(device.come)
        wait(lambda: all(device.is_in for device in devices))
        loop.call_soon(away.go)
        for number in range(kills):
            loop.call_soon(flighty.go if number % 2 else flighty.come)
            _load(loop, senders, load_s)
            relay.process.signal(signal.SIGKILL)
            relay.process.finish()
            began = time.monotonic()
            relay = _start(stack, directory, port)
            found.restart_s.append(time.monotonic() - began)
            wait(lambda: all(sender.is_in for sender in senders))
        for device in (away, flighty):
            loop.call_soon(device.come)
        for sender in senders:
            sender.limit = 0
        wait(lambda: _is_all_read(devices))
        found.deliveries = sum(device.deliveries for device in devices)
    order = check_order(senders)
    found.accepted, found.lost, found.disordered = (
        order["accepted"],
        order["lost"],
        order["disordered"],
    )
    return found


def _is_all_read(devices: list[Device]) -> bool:
    if any(device.unanswered for device in devices):
        return False
    return all(
        len(recipient.arrived[sender.tag]) == len(sender.sent[recipient.mailbox])
        for sender in devices
        for recipient in sender.recipients
    )


def _start(stack: ExitStack, directory: Path, port: int) -> Relay:
    return stack.enter_context(relaying(directory, port=port))


def _load(loop: Loop, senders: list[Device], load_s: float) -> None:
    until = time.monotonic() + load_s
    while time.monotonic() < until:
        for sender in senders:
            loop.call_soon(sender.write_more)
        time.sleep(TICK_S)


def wait(is_done: Callable[[], bool], within_s: float = SETTLE_S) -> None:
    """Wait until something is the case, which must come."""
    deadline = time.monotonic() + within_s
    while not is_done():
        assert time.monotonic() < deadline, "it does not come to rest"
        time.sleep(TICK_S)
