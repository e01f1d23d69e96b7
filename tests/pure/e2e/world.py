"""People with endpoints and stores in memory, and the tools of those who attack them."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from securechat.crypto.sealing import seal_box
from securechat.e2e import endpoint as endpoint_module
from securechat.e2e.content import Content, Recovery, Text
from securechat.e2e.endpoint import Endpoint
from securechat.e2e.results import Invalid, Opened, Outcome
from securechat.e2e.rows import Rows
from securechat.identity.chain import PeerDevice, PublishedDevice, PublishedUser, verify_published
from securechat.identity.names import parse_name
from securechat.identity.prekeys import OneTimeKey, PrekeyBundle
from securechat.identity.types import DeviceAddress, MessageId, RelayId

RELAY = RelayId(b"r" * 32)
DAY_MS = 24 * 3600 * 1000
NOW_MS = 1_700_000_000_000
ONE_TIME_KEYS = 8
"""So many are in a batch here: to make and to store 50 takes longer than most tests."""


def carry_out(
    changes: Mapping[tuple[str, bytes], bytes | None], rows: dict[tuple[str, bytes], bytes]
) -> None:
    """Change rows as a store does."""
    for row, value in changes.items():
        if value is None:
            rows.pop(row, None)
        else:
            rows[row] = value


@dataclass
class Seat:
    """A person at a device, with everything that the device has committed and published."""

    name: str
    endpoint: Endpoint
    rows: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    bundle: PrekeyBundle | None = None
    one_time_keys: list[OneTimeKey] = field(default_factory=list)
    _shown: PeerDevice | None = None

    @property
    def address(self) -> DeviceAddress:
        return self.endpoint.certificate.address

    def commit(self) -> Rows:
        changes = self.endpoint.take_changes()
        carry_out(changes, self.rows)
        return changes

    def reload(self) -> None:
        self.commit()
        self.endpoint = Endpoint.load(self.rows)

    def publish(self, now_ms: int = NOW_MS) -> None:
        published = self.bundle.epoch if self.bundle else 0
        with small_batches():
            publication = self.endpoint.publication(
                now_ms, published_epoch=published, one_time_keys_left=len(self.one_time_keys)
            )
        self.bundle = publication.bundle or self.bundle
        self.one_time_keys += publication.one_time_keys
        self.commit()

    def shown(self, *, claim: bool = True) -> PeerDevice:
        """Return this device as others verify it, with a one-time key unless not claimed."""
        assert self.bundle is not None
        key = self.one_time_keys.pop() if claim and self.one_time_keys else None
        if key is None and self._shown is not None and self._shown.bundle is self.bundle:
            return self._shown  # verified before
        device = PublishedDevice(self.endpoint.certificate, self.bundle, key)
        registration = self.endpoint.registration(RELAY, parse_name(self.name), NOW_MS)
        published = PublishedUser(registration, self.endpoint.device_list, (device,))
        peer, _ = verify_published(
            published, pin=self.endpoint.user_key, relay_id=RELAY, highest=None
        )
        if key is None:
            self._shown = peer.devices[0]
        return peer.devices[0]

    def send(
        self,
        to: "Seat",
        content: Content | str = "hello",
        now_ms: int = NOW_MS,
        message_id: MessageId | None = None,
    ) -> bytes:
        """Seal and commit as the engine does, starting a session when one is needed."""
        if self.endpoint.needs_session(to.address, now_ms):
            self.endpoint.start_session(to.shown(), now_ms)
        content = Text(content) if isinstance(content, str) else content
        sealed = self.endpoint.seal(
            to.shown(claim=False), content, now_ms, message_id, written_ms=now_ms
        )
        assert sealed.mailbox == to.endpoint.mailbox
        self.commit()
        return sealed.envelope

    def receive(self, envelope: bytes, now_ms: int = NOW_MS) -> Outcome:
        outcome = self.endpoint.open(envelope, now_ms)
        self.commit()
        return outcome

    def opened(self, mail: Iterable[bytes], now_ms: int = NOW_MS) -> list[Opened]:
        """Receive envelopes; return what was opened for the first time."""
        outcomes = [self.receive(envelope, now_ms) for envelope in mail]
        return [outcome for outcome in outcomes if isinstance(outcome, Opened)]

    def read(self, envelope: bytes, now_ms: int = NOW_MS) -> str:
        """Receive a text and return it; fails on anything else, gaps and alarms included."""
        outcome = self.receive(envelope, now_ms)
        assert isinstance(outcome, Opened), outcome
        assert (outcome.missing, outcome.late, outcome.forked) == (0, False, False)
        assert isinstance(outcome.content, Text)
        return outcome.content.text

    def ask(self, peer: "Seat", now_ms: int = NOW_MS) -> bytes | None:
        """Ask for what is missing, on a session made for it, unless that was done lately."""
        recovery = self.endpoint.ask_recovery(peer.address, now_ms)
        if recovery is None:
            return None
        self.endpoint.start_session(peer.shown(), now_ms, recovery=True)
        return self.send(peer, recovery, now_ms)

    def answer(self, peer: "Seat", request: bytes, now_ms: int = NOW_MS) -> list[bytes]:
        """Open a recovery and send again what it asks for."""
        outcome = self.receive(request, now_ms)
        assert isinstance(outcome, Opened)
        assert isinstance(outcome.content, Recovery)
        sealed = self.endpoint.resend(peer.shown(claim=False), outcome.content, now_ms)
        assert {each.mailbox for each in sealed} <= {peer.endpoint.mailbox}
        self.commit()
        return [each.envelope for each in sealed]

    def state(self) -> dict[str, object]:
        """Return everything that must not change when an envelope does not open."""
        endpoint = self.endpoint
        return {
            "account": endpoint._device._account.pickle(),
            "sessions": {
                session.key: (session.encode(), session.start)
                for sessions in endpoint._sessions._by_peer.values()
                for session in sessions.values()
            },
            "chains": dict(endpoint._chains._chains),
            "nonces": dict(endpoint._nonces._seen),
            "message ids": dict(endpoint._message_ids._seen),
            "copies": {peer: dict(each) for peer, each in endpoint._copies._by_peer.items()},
            "recoveries": dict(endpoint._recoveries._by_peer),
            "unsaved": endpoint.take_changes(),
        }

    def unseal(self, envelope: bytes) -> bytes:
        """Return the frame in an envelope for this device."""
        return self.endpoint._epochs.unseal(envelope)

    def reseal(self, frame: bytes) -> bytes:
        """Return a frame in an envelope for this device, as anybody can make one."""
        assert self.bundle is not None
        return seal_box(frame, self.bundle.envelope_key)


@contextmanager
def small_batches() -> Iterator[None]:
    """Let whoever publishes one-time keys within the block make few of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(endpoint_module, "_ONE_TIME_KEYS_BATCH", ONE_TIME_KEYS)
        yield


def make_seat(name: str, now_ms: int = NOW_MS) -> Seat:
    seat = Seat(name, Endpoint.create(now_ms))
    seat.endpoint.registration(RELAY, parse_name(name), now_ms)
    seat.publish(now_ms)
    return seat


def next_device(seat: Seat) -> Seat:
    """Return the person at their next device, which takes the place of the seat's."""
    seat.commit()
    following = Seat(seat.name, seat.endpoint, dict(seat.rows))
    following.endpoint = Endpoint.create_next(seat.endpoint.user_identity, NOW_MS, following.rows)
    following.endpoint.registration(RELAY, parse_name(seat.name), NOW_MS)
    following.reload()
    following.publish()
    return following


def public_keys(seat: Seat) -> set[bytes]:
    """Return every key and id that a device has published."""
    assert seat.bundle is not None
    certificate = seat.endpoint.certificate
    bundle = seat.bundle
    return {
        certificate.device_id,
        certificate.signing_key,
        certificate.olm_key,
        bundle.envelope_key,
        bundle.hybrid_key,
        bundle.fallback_key,
        *(key.key for key in seat.one_time_keys),
    }


def copy_seat(seat: Seat) -> Seat:
    rows = dict(seat.rows)
    return Seat(seat.name, Endpoint.load(rows), rows, seat.bundle, list(seat.one_time_keys))


def make_pair() -> tuple[Seat, Seat]:
    """Return Alice and Bob, who have answered one another."""
    alice, bob = make_seat("Alice"), make_seat("Bob")
    assert bob.read(alice.send(bob)) == "hello"
    assert alice.read(bob.send(alice)) == "hello"
    return alice, bob


def is_invalid(outcome: Outcome, sender: Seat) -> bool:
    return isinstance(outcome, Invalid) and outcome.sender == sender.address
