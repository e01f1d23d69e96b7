"""What a logged-in device can do: hear of others, come again, and how it is slowed down."""

import pytest

from securechat.errors import LimitExceeded
from securechat.identity.types import EnvelopeId, MailboxId
from securechat.relay.events import Joined, Left, Replaced
from securechat.relay.intake import DROP_BACKLOG_BYTES, MAX_BACKLOG_BYTES
from securechat.store.mailboxes import MIN_CHARGE_BYTES
from securechat.wire import frames as f
from securechat.wire.codec import MAX_FRAME_BYTES, encode
from tests.pure.relay.world import Client, RelayWorld, Unheard, person


def presence(client: Client) -> list[tuple[str, bool]]:
    return [(frame.name, frame.online) for frame in client.told(f.Presence)]


# Mail ---------------------------------------------------------------------------------------------


def test_the_welcome_says_how_much_mail_waits() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.acks = False
    alice.send(bob, b"1", b"2")
    bob.cut()
    alice.send(bob, b"3")
    bob.connect()
    assert [welcome.waiting for welcome in bob.told(f.Welcome)] == [0, 3]
    assert bob.bodies[2:] == [b"1", b"2", b"3"]


# Presence -----------------------------------------------------------------------------------------


def test_watched_people_come_and_go() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    alice.write(f.Watch(("bob", "Carol")))
    world.settle()
    assert presence(alice) == [("bob", False), ("Carol", False)]
    bob = world.client("Bob")
    bob.connect()
    bob.cut()
    bob.connect()
    assert presence(alice)[2:] == [("Bob", True), ("Bob", False), ("Bob", True)]
    alice.write(f.Watch(("BOB",)))
    world.settle()
    assert presence(alice)[-1] == ("BOB", True)
    alice.write(f.Watch(()))
    world.settle()
    bob.cut()
    world.settle()
    assert presence(alice)[-1] == ("BOB", True)


def test_a_device_is_announced_only_once_others_can_write_to_it() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    alice.write(f.Watch(("Bob",)))
    bob = world.client("Bob", publishes=False)
    bob.connect()
    assert presence(alice) == [("Bob", False)]
    assert Joined("Bob") not in world.events
    bad = bob.ask(lambda request: f.Publish(request, alice.person.bundle, ()))
    assert isinstance(bad, f.Failed)
    assert presence(alice) == [("Bob", False)]
    bob.publish()
    assert presence(alice) == [("Bob", False), ("Bob", True)]
    assert isinstance(alice.look_up("Bob"), f.Found)
    bob.publish(b"1")
    assert world.events.count(Joined("Bob")) == 1
    bob.cut()
    world.settle()
    assert presence(alice)[2:] == [("Bob", False)]


def test_a_device_that_was_never_announced_leaves_without_a_word() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    alice.write(f.Watch(("Bob",)))
    bob = world.client("Bob", publishes=False)
    bob.connect()
    bob.cut()
    world.settle()
    assert presence(alice) == [("Bob", False)]
    assert world.comings() == [Joined("Alice")]


def test_who_lists_everybody_who_is_there() -> None:
    world = RelayWorld()
    alice, _, carol = world.online("Alice", "Bob", "Carol")
    world.client("Dave", publishes=False).connect()
    carol.cut()
    assert alice.ask(f.Who) == f.People(1, ("Alice", "Bob"), 2)


def test_who_lists_a_bounded_number_of_names_and_says_how_many_there_are() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    for number in range(2_000):
        device = MailboxId(number.to_bytes(16, "big"))
        world.relay.presence.arrive(device, f"{number:04}" + "\U0001d5ba" * 31)
        world.relay.presence.show(device, Unheard(), f.Status(True, False, True))
    people = alice.ask(f.Who)
    assert isinstance(people, f.People)
    assert (people.total, len(people.names)) == (2_001, f.MAX_PEOPLE)
    assert people.away == people.names


# Login of the same device -------------------------------------------------------------------------


def test_a_second_login_of_a_device_replaces_the_first() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    bob.write(f.Watch(("Alice",)))
    bob.send(alice, b"1", b"2")
    again = world.client("Alice")
    again.connect()
    assert alice.told(f.Bye) == [f.Bye("replaced", 0)]
    assert alice.connection is None
    assert again.bodies == [b"1", b"2"]
    bob.send(alice, b"3")
    assert again.bodies == [b"1", b"2", b"3"]
    assert presence(bob) == [("Alice", True)]
    assert world.comings() == [Joined("Alice"), Joined("Bob")]
    assert world.events.count(Replaced("Alice", again.host)) == 1
    again.cut()
    assert presence(bob) == [("Alice", True)]
    world.settle()
    assert presence(bob) == [("Alice", True), ("Alice", False)]


def test_what_a_replaced_connection_still_says_counts_for_nothing() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    bob.send(alice, b"1")
    again = world.client("Alice", acks=False)
    again.connect(settle=False)
    connection = alice.connection
    assert connection is not None
    while not again.is_ready:
        assert again.connection is not None
        again.connection.pump()
    outgoing = f.Outgoing(bob.mailbox, EnvelopeId(b"i" * 16), b"x")
    connection.put(encode(f.Ack(1)) + encode(f.Send(1, 1, (outgoing,))))
    world.settle()
    assert again.bodies == [b"1"]
    assert bob.accepted == set()
    assert bob.bodies == []


# Ping, goodbye ------------------------------------------------------------------------------------


class Listening(Client):
    """A client that keeps the bytes it got."""

    data = b""

    def receive(self, data: bytes) -> None:
        self.data += data
        super().receive(data)


def test_the_relay_answers_a_ping() -> None:
    world = RelayWorld()
    alice = Listening(world, person("Alice", 1))
    alice.connect()
    alice.write(f.Ping(77))
    world.settle()
    assert alice.data.endswith(encode(f.Pong(77)))


def test_a_client_that_answers_pings_stays_and_one_that_does_not_goes() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.pongs = False
    world.advance(59.9)
    assert bob.lost_by == []
    world.advance(0.2)
    assert len(bob.lost_by) == 1
    world.advance(600.0)
    assert alice.lost_by == []


def test_a_goodbye_is_heard_by_the_watchers() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    alice.write(f.Watch(("Bob",)))
    bob.write(f.Bye("quit"))
    world.settle()
    assert bob.lost_by == [None]
    assert presence(alice)[-1] == ("Bob", False)
    assert world.events[-1] == Left("Bob")


def test_nothing_is_planned_for_a_client_that_has_gone() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, b"1")
    alice.cut()
    bob.ack()
    world.settle()
    assert not world.relay.dispatch._answers


# Slowing down -------------------------------------------------------------------------------------


def is_paused(client: Client) -> bool:
    assert client.connection is not None
    return client.connection.is_paused


def test_many_unanswered_envelopes_stop_the_reading_until_half_are_safe() -> None:
    world = RelayWorld(unanswered_bytes=256 * MIN_CHARGE_BYTES)
    alice, bob = world.online("Alice", "Bob", acks=False)
    for count in (127, 128):
        alice.send(bob, *[b"x"] * count)
        assert not is_paused(alice)
    alice.send(bob, b"x")
    assert is_paused(alice)
    alice.write(f.Who(1))
    bob.ack(126)
    world.settle()
    assert not alice.told(f.People)
    bob.ack(256)
    world.settle()
    assert not is_paused(alice)
    assert alice.told(f.People)


def test_one_mebibyte_unanswered_stops_the_reading_until_half_is_safe() -> None:
    world = RelayWorld(unanswered_bytes=2**20)
    alice, bob, carol = world.online("Alice", "Bob", "Carol", acks=False)
    for number in range(4):
        alice.send((bob, carol)[number % 2], bytes(2**18 - 100))
    assert not is_paused(alice)
    alice.send(bob, bytes(400))
    assert is_paused(alice)
    bob.ack(1)
    world.settle()
    assert is_paused(alice)
    carol.ack(1)
    world.settle()
    assert is_paused(alice)
    bob.ack(2)
    world.settle()
    assert not is_paused(alice)


def test_what_the_store_has_taken_over_no_longer_slows_the_sender_down() -> None:
    world = RelayWorld(unanswered_bytes=4 * MIN_CHARGE_BYTES)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *(b"%d" % number for number in range(10)))
    assert is_paused(alice)
    world.advance(0.08)
    assert not is_paused(alice)
    assert len(alice.accepted) == 10
    assert bob.machine.acked == 0


def test_retrying_what_the_store_has_does_not_use_up_the_budget() -> None:
    world = RelayWorld(unanswered_bytes=4 * MIN_CHARGE_BYTES)
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, *(b"%d" % number for number in range(10)))
    for _ in range(3):
        alice.cut()
        alice.connect()
        assert not is_paused(alice)
    bob.connect()
    world.advance(1.0)
    assert len(alice.accepted) == 10


def test_a_silent_client_that_is_not_read_is_not_given_up() -> None:
    world = RelayWorld(account_bytes_per_s=1000)
    [alice] = world.online("Alice")
    alice.pongs = False
    world.advance(10.0)
    for number in range(40):
        alice.write(f.Lookup(number, "n" * 128, False))
    assert alice.connection is not None
    alice.connection._to_relay *= 30
    world.settle()
    assert is_paused(alice)
    world.advance(100.0)
    assert is_paused(alice)
    assert alice.is_ready


def test_an_account_over_its_bytes_waits_and_loses_nothing() -> None:
    world = RelayWorld(account_bytes_per_s=100_000)
    alice, bob = world.online("Alice", "Bob")
    world.advance(1.0)
    alice.send(bob, bytes(250_000))
    assert is_paused(alice)
    alice.send(bob, b"next")
    assert bob.bodies == [bytes(250_000)]
    world.advance(1.3)
    assert is_paused(alice)
    world.advance(0.3)
    assert bob.bodies == [bytes(250_000), b"next"]


@pytest.mark.parametrize(("question", "enough"), [(f.Ping(1), 2000), (f.Who(1), 40)])
def test_short_questions_cost_what_their_answers_cost(question: f.ClientFrame, enough: int) -> None:
    world = RelayWorld(account_bytes_per_s=1024 * 1024)
    [alice] = world.online("Alice")
    alice.write(*(question for _ in range(10)))
    world.settle()
    assert not is_paused(alice)
    alice.write(*(question for _ in range(enough)))
    world.settle()
    assert is_paused(alice)


def test_a_new_connection_does_not_bring_a_new_budget() -> None:
    world = RelayWorld(account_bytes_per_s=10_000)
    alice, bob = world.online("Alice", "Bob")
    world.advance(1.0)
    alice.send(bob, bytes(30_000))
    alice.cut()
    alice.connect()
    alice.write(f.Who(1))
    world.settle()
    assert is_paused(alice)


def test_a_client_that_does_not_take_its_answers_is_read_no_more() -> None:
    world = RelayWorld()
    alice, _ = world.online("Alice", "Bob")
    assert alice.connection is not None
    alice.connection.peer_reads = False
    for _ in range(10):
        alice.write(*(f.Lookup(number, "Bob", False) for number in range(100)))
        world.settle()
    assert is_paused(alice)
    assert alice.connection.backlog_bytes < 2**21
    alice.connection.peer_reads = True
    world.advance(0.3)
    assert not is_paused(alice)
    assert len(alice.told(f.Found)) == 1000


def test_a_client_that_never_takes_its_answers_is_dropped() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    assert alice.connection is not None
    alice.connection.peer_reads = False
    alice.connection.write(bytes(DROP_BACKLOG_BYTES + 1))
    world.advance(31.0)
    assert len(alice.lost_by) == 1


def test_one_read_full_of_requests_ends_once_the_answers_are_too_many() -> None:
    world = RelayWorld()
    alice, _ = world.online("Alice", "Bob")
    connection = alice.connection
    assert connection is not None
    alice.write(*(f.Lookup(number, "Bob", False) for number in range(10_000)))
    with pytest.raises(LimitExceeded):
        connection._session.received(connection._to_relay)
    assert DROP_BACKLOG_BYTES < connection.backlog_bytes < DROP_BACKLOG_BYTES + MAX_FRAME_BYTES


def test_answers_are_paid_for_by_the_account_that_asked() -> None:
    world = RelayWorld(account_bytes_per_s=50_000)
    alice, _ = world.online("Alice", "Bob")
    world.advance(1.0)
    alice.write(*(f.Lookup(number, "Bob", False) for number in range(100)))
    world.settle()
    assert is_paused(alice)
    assert len(alice.told(f.Found)) == 100


def test_a_backlog_too_small_to_drop_does_not_keep_a_silent_client() -> None:
    world = RelayWorld()
    alice, _ = world.online("Alice", "Bob")
    assert alice.connection is not None
    alice.connection.peer_reads = False
    alice.write(*(f.Lookup(number, "Bob", False) for number in range(1000)))
    world.settle()
    assert MAX_BACKLOG_BYTES < alice.connection.backlog_bytes < DROP_BACKLOG_BYTES
    assert is_paused(alice)
    world.advance(61.0)
    assert len(alice.lost_by) == 1


def test_a_connection_with_too_many_refused_envelopes_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("securechat.relay.submission.MAX_REFUSED", 20)
    world = RelayWorld()
    [alice] = world.online("Alice")
    for number in range(21):
        alice.send(MailboxId(number.to_bytes(16, "big")), b"x")
    assert [frame.code for frame in alice.told(f.Fault)] == ["limit"]
    assert len(alice.refused) == 21
