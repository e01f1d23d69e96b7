import random

import pytest

from securechat.e2e.content import Text
from securechat.e2e.endpoint import Endpoint
from securechat.e2e.epochs import BUNDLE_LIFE_MS, ROTATED_GRACE_MS
from securechat.e2e.results import Duplicate, Opened
from securechat.e2e.session import RENEW_AFTER_MS, State
from securechat.errors import CannotOpen, FileProblem
from securechat.identity.chain import ROTATE_AFTER_MS
from securechat.identity.login import LoginProof
from securechat.identity.names import parse_name
from tests.pure.e2e.profiles import is_long
from tests.pure.e2e.world import (
    DAY_MS,
    NOW_MS,
    ONE_TIME_KEYS,
    RELAY,
    Seat,
    copy_seat,
    make_pair,
    make_seat,
)


def test_a_new_device_publishes_what_others_can_verify() -> None:
    bob = make_seat("Bob")
    peer = bob.shown()
    assert peer.address == bob.address
    assert peer.mailbox == bob.endpoint.mailbox
    assert peer.one_time_key is not None
    assert len(bob.one_time_keys) == ONE_TIME_KEYS - 1


def test_it_survives_a_reload_at_every_step() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    for number in range(6):
        sender, recipient = (alice, bob) if number % 2 else (bob, alice)
        envelope = sender.send(recipient, f"message {number}")
        sender.reload()
        recipient.reload()
        assert recipient.read(envelope) == f"message {number}"
        recipient.reload()
    assert alice.endpoint.user_key == alice.address.user_key


def test_one_registration_serves_as_long_as_relay_and_name_are_the_same() -> None:
    endpoint = Endpoint.create(NOW_MS)
    first = endpoint.registration(RELAY, parse_name("Alice"), NOW_MS)
    first.verify(RELAY)
    endpoint.take_changes()
    assert endpoint.registration(RELAY, parse_name("Alice"), NOW_MS + 1) is first
    assert endpoint.take_changes() == {}
    other = endpoint.registration(RELAY, parse_name("Alicia"), NOW_MS + 1)
    assert (other.name, other.time_ms) == ("Alicia", NOW_MS + 1)


def test_a_login_proof_is_signed_by_the_device() -> None:
    endpoint = Endpoint.create(NOW_MS)
    proof = endpoint.prove_login(
        relay_id=RELAY,
        certificate_hash=b"c" * 32,
        server_nonce=b"s" * 32,
        client_nonce=b"n" * 32,
        protocol_version=1,
    )
    assert isinstance(proof, LoginProof)
    proof.verify(
        endpoint.certificate,
        relay_id=RELAY,
        certificate_hash=b"c" * 32,
        server_nonce=b"s" * 32,
        protocol_version=1,
    )


def test_publication_tells_what_the_relay_lacks() -> None:
    bob = make_seat("Bob")
    endpoint = bob.endpoint
    current = endpoint.publication(NOW_MS, published_epoch=1, one_time_keys_left=20)
    assert (current.bundle, current.one_time_keys) == (None, ())
    low = endpoint.publication(NOW_MS, published_epoch=1, one_time_keys_left=19)
    assert (low.bundle, len(low.one_time_keys)) == (None, 50)
    lost = endpoint.publication(NOW_MS, published_epoch=0, one_time_keys_left=50)
    assert lost.bundle == bob.bundle
    due = endpoint.publication(NOW_MS + ROTATE_AFTER_MS, published_epoch=1, one_time_keys_left=50)
    assert due.bundle is not None
    assert due.bundle.epoch == 2
    assert endpoint.receipt(()).envelope_epoch == 2


def test_rotated_keys_open_until_a_drain_after_the_grace() -> None:
    alice, bob = make_pair()
    waiting, later = alice.send(bob, "waiting"), alice.send(bob, "later")
    rotated_ms = NOW_MS + ROTATE_AFTER_MS
    bob.publish(rotated_ms)
    bob.endpoint.drained(rotated_ms + ROTATED_GRACE_MS - 1)
    bob.reload()
    assert bob.read(waiting, rotated_ms) == "waiting"
    bob.endpoint.drained(rotated_ms + ROTATED_GRACE_MS)
    bob.reload()
    with pytest.raises(CannotOpen):
        bob.endpoint.open(later, rotated_ms)
    assert len([row for row in bob.rows if row[0] == "epoch"]) == 1


def test_rotated_keys_go_in_time_even_without_a_drain() -> None:
    bob = make_seat("Bob")
    rotated_ms = NOW_MS + ROTATE_AFTER_MS
    bob.publish(rotated_ms)
    bob.publish(rotated_ms + BUNDLE_LIFE_MS)
    assert [key[-1] for table, key in bob.rows if table == "epoch"] == [2, 3]


def test_someone_away_for_longer_than_a_bundle_still_reads_the_mailbox() -> None:
    alice, bob = make_pair()
    envelope = alice.send(bob, "before the end", NOW_MS + BUNDLE_LIFE_MS)
    back_ms = NOW_MS + BUNDLE_LIFE_MS + 20 * DAY_MS
    bob.publish(back_ms)
    assert bob.read(envelope, back_ms) == "before the end"


def test_replays_are_known_for_as_long_as_their_keys_are_kept() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    bob.one_time_keys.clear()
    start = alice.send(bob, "genuine")
    assert bob.read(start) == "genuine"
    back_ms = NOW_MS + 200 * DAY_MS
    bob.publish(back_ms)
    bob.endpoint.drained(back_ms)
    bob.reload()
    assert bob.receive(start, back_ms) == Duplicate()
    bob.endpoint.drained(back_ms + ROTATED_GRACE_MS)
    bob.reload()
    with pytest.raises(CannotOpen):
        bob.endpoint.open(start, back_ms)
    assert not [row for row in bob.rows if row[0] in {"nonce", "message_id"}]


def test_fallback_keys_rotate_only_after_a_drain() -> None:
    bob = make_seat("Bob")
    keys = []
    for drained in (False, True, False):
        assert bob.bundle is not None
        keys.append(bob.bundle.fallback_key)
        if drained:
            bob.endpoint.drained(bob.bundle.not_before_ms + ROTATED_GRACE_MS)
        bob.publish(bob.bundle.not_before_ms + ROTATE_AFTER_MS)
    assert bob.bundle is not None
    keys.append(bob.bundle.fallback_key)
    assert keys[0] == keys[1] != keys[2] == keys[3]


def test_a_fallback_key_is_not_replaced_twice_before_its_senders_can_have_heard() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    bob.one_time_keys.clear()
    bob.endpoint.drained(NOW_MS + ROTATED_GRACE_MS)
    rotated_ms = NOW_MS + ROTATE_AFTER_MS
    start = alice.send(bob, "written just before", rotated_ms)
    bob.publish(rotated_ms)
    bob.endpoint.drained(rotated_ms + ROTATED_GRACE_MS - 1)
    bob.publish(rotated_ms + ROTATE_AFTER_MS)
    assert bob.read(start, rotated_ms + ROTATE_AFTER_MS) == "written just before"


def test_keys_that_are_replaced_early_serve_until_their_senders_ask_again() -> None:
    alice, bob = make_pair()
    shown = bob.shown(claim=False)
    bob.endpoint.publication(NOW_MS, published_epoch=1, one_time_keys_left=50, plain=True)
    late_ms = NOW_MS + ROTATE_AFTER_MS - 1
    bob.endpoint.drained(late_ms)
    assert not shown.is_refresh_due(late_ms)
    sealed = alice.endpoint.seal(shown, Text("to the old keys"), late_ms, written_ms=late_ms)
    bob.endpoint.drained(late_ms + ROTATED_GRACE_MS)
    assert bob.read(sealed.envelope, late_ms) == "to the old keys"
    bob.endpoint.drained(late_ms + ROTATED_GRACE_MS + 1)
    bob.commit()
    assert len([row for row in bob.rows if row[0] == "epoch"]) == 1


def test_a_start_for_the_last_bundle_opens_after_rotation() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    bob.one_time_keys.clear()
    start = alice.send(bob, "first")
    bob.endpoint.drained(NOW_MS + ROTATED_GRACE_MS)
    bob.publish(NOW_MS + ROTATE_AFTER_MS)
    assert bob.read(start, NOW_MS + ROTATE_AFTER_MS) == "first"
    assert bob.read(alice.send(bob, "second", NOW_MS + ROTATE_AFTER_MS)) == "second"


@pytest.mark.parametrize("one_time_keys", [True, False])
def test_someone_away_for_three_weeks_reads_everything(one_time_keys: bool) -> None:
    """Friends write daily, two newcomers begin on the first day and on the last."""
    alice, bob = make_pair()
    newcomer, latecomer = make_seat("Newcomer"), make_seat("Latecomer")
    bob.endpoint.drained(NOW_MS)
    if not one_time_keys:
        bob.one_time_keys.clear()
    mailbox = []
    for day in range(22):
        now_ms = NOW_MS + day * DAY_MS
        for sender in (alice, newcomer):
            mailbox.append((f"{sender.name} {day}", sender, now_ms))
        if day == 21:
            mailbox.append(("Latecomer", latecomer, now_ms))
    envelopes = [sender.send(bob, text, now_ms) for text, sender, now_ms in mailbox]

    back_ms = NOW_MS + 21 * DAY_MS
    bob.publish(back_ms)
    bob.reload()
    for envelope, (text, _, _) in zip(envelopes, mailbox, strict=True):
        assert bob.read(envelope, back_ms) == text
    bob.endpoint.drained(back_ms)
    for friend in (alice, newcomer, latecomer):
        answer = bob.send(friend, "I was away", back_ms)
        assert friend.read(answer, back_ms) == "I was away"
        assert bob.read(friend.send(bob, "welcome back", back_ms), back_ms) == "welcome back"


def sending_session(seat: Seat, peer: Seat) -> bytes:
    session = seat.endpoint._sessions.choose_sending(peer.address, NOW_MS)
    assert session is not None
    assert session.state is State.OPEN
    return session.session_id


@pytest.mark.parametrize("seed", range(4))
def test_crossing_starts_settle_on_the_smaller_session(seed: int) -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    to_bob, to_alice = alice.send(bob, "to bob"), bob.send(alice, "to alice")
    ids = [
        session.session_id
        for seat, peer in ((alice, bob), (bob, alice))
        for session in seat.endpoint._sessions._of(peer.address)
    ]
    if seed % 2:
        assert bob.read(to_bob) == "to bob"
        assert alice.read(to_alice) == "to alice"
    else:
        assert alice.read(to_alice) == "to alice"
        assert bob.read(to_bob) == "to bob"
    for number in range(4):
        assert bob.read(alice.send(bob, f"{number}")) == f"{number}"
        assert alice.read(bob.send(alice, f"{number}")) == f"{number}"
    assert sending_session(alice, bob) == sending_session(bob, alice) == min(ids)


class Conversation:
    """Two people, messages under way in both directions, and what has been read.

    Messages are shuffled within blocks, since the ratchet keeps the keys of five turns only.
    """

    BLOCK = 4

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seats = (make_seat("Alice"), make_seat("Bob"))
        self.under_way: tuple[list[tuple[str, bytes]], ...] = ([], [])
        self.block: tuple[list[tuple[str, bytes]], ...] = ([], [])
        self.read: tuple[set[str], set[str]] = (set(), set())
        self.sent = 0

    def send(self) -> None:
        side = self.random.randrange(2)
        text = f"{self.sent} " + "x" * self.random.choice((0, 10, 180, 400))
        envelope = self.seats[side].send(self.seats[1 - side], text)
        self.under_way[1 - side].append((text, envelope))
        self.sent += 1

    def deliver(self, side: int) -> bool:
        queue, block = self.under_way[side], self.block[side]
        if not block:
            block += queue[: self.BLOCK]
            del queue[: self.BLOCK]
            self.random.shuffle(block)
        if not block:
            return False
        text, envelope = block.pop()
        outcome = self.seats[side].receive(envelope)
        assert isinstance(outcome, Opened)
        assert (outcome.content, outcome.forked) == (Text(text), False)
        self.read[side].add(text)
        if self.random.random() < 0.05:
            assert self.seats[side].receive(envelope) == Duplicate()
        if self.random.random() < 0.01:
            self.seats[side].reload()
        return True

    def run(self, messages: int) -> None:
        while self.sent < messages:
            if self.random.random() < 0.5 or not self.deliver(self.random.randrange(2)):
                self.send()
        for side in (0, 1):
            while self.deliver(side):
                pass


@pytest.mark.parametrize("seed", range(3))
def test_messages_at_random_all_arrive(seed: int) -> None:
    conversation = Conversation(seed)
    conversation.run(1000 if is_long() else 80)
    assert sum(map(len, conversation.read)) == conversation.sent
    for seat, peer in (conversation.seats, conversation.seats[::-1]):
        for chain in seat.endpoint._chains._chains.values():
            assert chain.gaps == ()
        assert not seat.endpoint.needs_session(peer.address, NOW_MS)


@pytest.mark.parametrize("order", ["reversed", "first last", "shuffled"])
def test_forty_messages_of_a_chain_may_come_in_any_order(order: str) -> None:
    alice, bob = make_pair()
    envelopes = [alice.send(bob, str(number)) for number in range(41)]
    match order:
        case "reversed":
            envelopes.reverse()
        case "first last":
            envelopes.append(envelopes.pop(0))
        case _:
            random.Random(1).shuffle(envelopes)
    outcomes = [bob.receive(envelope) for envelope in envelopes]
    opened = [outcome for outcome in outcomes if isinstance(outcome, Opened)]
    assert len(opened) == len(envelopes)
    assert not any(outcome.forked for outcome in opened)
    assert sum(o.missing for o in opened) == sum(o.late for o in opened)
    assert bob.read(alice.send(bob, "next")) == "next"


def test_old_sessions_are_deleted_after_renewal_and_silence() -> None:
    alice, bob = make_pair()
    later_ms = NOW_MS + RENEW_AFTER_MS
    for seat in (alice, bob):
        seat.publish(later_ms)
    bob.read(alice.send(bob, "renewed", later_ms), later_ms)
    alice.read(bob.send(alice, "answer", later_ms), later_ms)
    for seat, peer in ((alice, bob), (bob, alice)):
        for days, sessions in ((0, 2), (20, 2), (21, 1)):
            seat.endpoint.drained(later_ms + days * DAY_MS)
            seat.reload()
            assert len(seat.endpoint._sessions._of(peer.address)) == sessions


def test_what_was_not_committed_is_as_if_it_never_happened() -> None:
    alice, bob = make_pair()
    envelope = alice.send(bob, "genuine")
    crashed = copy_seat(bob)
    crashed.endpoint.open(envelope, NOW_MS)
    restarted = copy_seat(crashed)
    assert restarted.read(envelope) == "genuine"


def test_replays_are_known_for_ninety_days_at_least() -> None:
    _, bob = make_pair()
    bob.publish(NOW_MS + ROTATE_AFTER_MS)
    for day, known in ((89, True), (90, True), (91, False)):
        bob.endpoint.drained(NOW_MS + day * DAY_MS)
        bob.commit()
        assert known == any(table == "nonce" for table, _ in bob.rows)


@pytest.mark.parametrize("table", ["self", "epoch", "session", "chain"])
def test_damaged_rows_are_a_file_problem(table: str) -> None:
    alice, _ = make_pair()
    for row in [row for row in alice.rows if row[0] == table]:
        for damaged in (b"", alice.rows[row][:-1], b"\xc1" + alice.rows[row]):
            with pytest.raises(FileProblem):
                Endpoint.load(alice.rows | {row: damaged})
    with pytest.raises(FileProblem):
        Endpoint.load({})


def test_the_secret_does_not_show() -> None:
    endpoint = Endpoint.create(NOW_MS)
    assert repr(endpoint) == "Endpoint(secret)"
    assert repr(endpoint._device) == "OwnDevice(secret)"
    assert repr(list(endpoint._epochs._epochs.values())).count("seed") == 0
