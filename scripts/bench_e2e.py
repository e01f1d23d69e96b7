"""Sealing and opening beside raw libsodium: CPU time, interleaved in one run, as Markdown tables.

Every figure is a median; the raw operation and ours alternate, so that both meet the same machine.
Ours include the rows for the store. The durable commit of the client comes on top and is not ours.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from bench_fan_out import OTHERS, FanOut, measure_fan_out
from nacl import bindings

from securechat.e2e.content import Text
from securechat.e2e.endpoint import Endpoint
from securechat.identity.chain import PeerDevice, PublishedDevice, PublishedUser, verify_published
from securechat.identity.names import parse_name
from securechat.identity.types import RelayId

Result = TypeVar("Result")

RELAY = RelayId(bytes(32))
NOW_MS = 1_700_000_000_000
BODY = Text("x" * 200)
RAW_BODY = BODY.text.encode()
ROUNDS = 60
CALLS_PER_ROUND = 20
TURNS = 300
STARTS = 40


class Device:
    """An endpoint with what it has published."""

    def __init__(self, name: str) -> None:
        self.endpoint = Endpoint.create(NOW_MS)
        registration = self.endpoint.registration(RELAY, parse_name(name), NOW_MS)
        publication = self.endpoint.publication(NOW_MS, published_epoch=0, one_time_keys_left=0)
        assert publication.bundle is not None
        self._published = [
            PublishedUser(
                registration,
                self.endpoint.device_list,
                (PublishedDevice(self.endpoint.certificate, publication.bundle, key),),
            )
            for key in publication.one_time_keys
        ]
        self.endpoint.take_changes()

    def show(self) -> PeerDevice:
        """Return the device, with a one-time key, as another person verifies it."""
        peer, _ = verify_published(
            self._published.pop(), pin=self.endpoint.user_key, relay_id=RELAY, highest=None
        )
        return peer.devices[0]


class Stopwatch:
    """CPU microseconds a call, collected by name."""

    def __init__(self) -> None:
        self._samples: dict[str, list[float]] = {}

    def measure(self, name: str, operation: Callable[[], Result], calls: int = 1) -> list[Result]:
        """Call, note the time a call under ``name``, return what came back."""
        begin = time.process_time_ns()
        results = [operation() for _ in range(calls)]
        elapsed_us = (time.process_time_ns() - begin) / 1000
        self._samples.setdefault(name, []).append(elapsed_us / calls)
        return results

    def median_us(self, name: str) -> float:
        """Return the median time of a call."""
        return statistics.median(self._samples[name])


def send(sender: Device, to: PeerDevice) -> bytes:
    """Seal and take the rows to commit."""
    envelope = sender.endpoint.seal(to, BODY, NOW_MS, written_ms=NOW_MS).envelope
    sender.endpoint.take_changes()
    return envelope


def receive(recipient: Device, envelope: bytes) -> None:
    """Open and take the rows to commit."""
    recipient.endpoint.open(envelope, NOW_MS)
    recipient.endpoint.take_changes()


def receive_next(recipient: Device, waiting: Iterator[bytes]) -> None:
    """Receive one of several envelopes."""
    receive(recipient, next(waiting))


def start(sender: Device, recipient: Device) -> bytes:
    """Verify keys, start a session and seal its first message."""
    to = recipient.show()
    sender.endpoint.start_session(to, NOW_MS)
    return send(sender, to)


def run(watch: Stopwatch) -> int:
    """Measure everything; return the envelope size of a body of 190 bytes."""
    alice, bob = Device("Alice"), Device("Bob")
    for _ in range(STARTS):
        (envelope,) = watch.measure("start", lambda: start(alice, bob))
        watch.measure("accept", partial(receive, bob, envelope))
    to_alice, to_bob = alice.show(), bob.show()
    receive(alice, send(bob, to_alice))
    measure_chain(watch, alice, bob, to_bob)
    measure_turns(watch, alice, bob, to_alice, to_bob)
    return len(alice.endpoint.seal(to_bob, Text("x" * 190), NOW_MS, written_ms=NOW_MS).envelope)


def measure_chain(watch: Stopwatch, alice: Device, bob: Device, to_bob: PeerDevice) -> None:
    """Measure messages of one chain, beside sealed boxes of the same body."""
    public, secret = bindings.crypto_box_keypair()
    for _ in range(ROUNDS):
        boxes = watch.measure(
            "raw seal", lambda: bindings.crypto_box_seal(RAW_BODY, public), CALLS_PER_ROUND
        )
        envelopes = watch.measure("seal", lambda: send(alice, to_bob), CALLS_PER_ROUND)
        open_raw = partial(bindings.crypto_box_seal_open, boxes[0], public, secret)
        watch.measure("raw open", open_raw, CALLS_PER_ROUND)
        waiting = iter(envelopes)
        watch.measure("open", partial(receive_next, bob, waiting), CALLS_PER_ROUND)


def measure_turns(
    watch: Stopwatch, alice: Device, bob: Device, to_alice: PeerDevice, to_bob: PeerDevice
) -> None:
    """Measure messages that each turn the ratchet."""
    for _ in range(TURNS):
        receive(alice, send(bob, to_alice))
        (envelope,) = watch.measure("seal turn", lambda: send(alice, to_bob))
        watch.measure("open turn", partial(receive, bob, envelope))


def main() -> None:
    """Print the table."""
    watch = Stopwatch()
    size_bytes = run(watch)
    raw_seal, raw_open = watch.median_us("raw seal"), watch.median_us("raw open")
    print("| 200-byte message | raw libsodium, us | here, us | ratio | goal |")
    print("|---|---|---|---|---|")
    for label, name, raw, goal in (
        ("seal, same chain", "seal", raw_seal, "<= 2.0"),
        ("open, same chain", "open", raw_open, "<= 2.0"),
        ("seal, ratchet turns", "seal turn", raw_seal, "<= 3.5"),
        ("open, ratchet turns", "open turn", raw_open, "<= 3.5"),
    ):
        ours = watch.median_us(name)
        print(f"| {label} | {raw:.1f} | {ours:.1f} | {ours / raw:.2f} | {goal} |")
    send_us = max(watch.median_us("seal"), watch.median_us("seal turn"))
    print()
    print("| other goals | measured | goal |")
    print("|---|---|---|")
    print(f"| send path, CPU besides the commit | {send_us:.0f} us | <= 300 us |")
    for label, name in (("start", "start"), ("acceptance", "accept")):
        milliseconds = watch.median_us(name) / 1000
        print(f"| session {label}, with all signatures | {milliseconds:.2f} ms | <= 2 ms |")
    print(f"| envelope of a 190-byte body | {size_bytes} B | <= 512 B |")
    print_fan_out(measure_fan_out())


def print_fan_out(post: FanOut) -> None:
    """Print the table of a post for a full room."""
    print()
    print(f"| a post of 100 B for {OTHERS} others | CPU | goal |")
    print("|---|---|---|")
    print(f"| as many raw sealed boxes | {post.raw_ms:.1f} ms | |")
    ratio = post.seal_ms / post.raw_ms
    print(f"| sealed for each | {post.seal_ms:.1f} ms, {ratio:.2f} of that | <= 15 ms |")
    print(f"| in the whole engine, besides the commit | {post.engine_ms:.1f} ms | |")
    print(f"| each envelope | {post.envelope_bytes} B | 512 B |")


if __name__ == "__main__":
    main()
