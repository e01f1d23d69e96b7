from securechat.relay.dispatch import ANSWER_AFTER_S
from securechat.relay.events import Refusal
from securechat.relay.patience import COMMIT_AFTER_S
from securechat.relay.relay import REFUSALS_TOLD_PER_S
from securechat.store.mailboxes import MIN_CHARGE_BYTES
from securechat.wire import frames as f
from tests.pure.relay.world import RelayWorld, person
from tests.pure.store.delayed import DelayedStore


def test_everything_for_one_client_in_a_tick_is_one_delivery() -> None:
    world = RelayWorld()
    *senders, bob = world.online("Alice", "Carol", "Dave", "Bob")
    for sender in senders:
        sender.hand_over(f.Outgoing(bob.mailbox, b"i" * 16, b"x"))  # type: ignore[arg-type]
        sender.hand_over(f.Outgoing(bob.mailbox, b"j" * 16, b"y"))  # type: ignore[arg-type]
    world.settle()
    assert [len(frame.envelopes) for frame in bob.told(f.Deliver)] == [6]


def test_what_a_reader_has_not_acknowledged_in_time_goes_to_the_store_in_one_batch() -> None:
    store = DelayedStore()
    world = RelayWorld(store)
    alice, bob = world.online("Alice", "Bob", acks=False)
    for _ in range(5):
        alice.send(bob, b"x")
    world.advance(COMMIT_AFTER_S - 0.001)
    assert not store.work()
    alice.send(bob, b"late")
    world.advance(0.002)
    assert [store.work(), store.work()] == [True, False]
    assert len(store.kept._mailboxes[bob.mailbox]) == 5
    world.advance(COMMIT_AFTER_S)
    assert store.work()
    assert len(store.kept._mailboxes[bob.mailbox]) == 6


def test_answers_of_one_moment_are_one_timer() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    planned = len(world._planned)
    alice.send(bob, *[b"x"] * 50)
    bob.send(alice, *[b"x"] * 50)
    assert len(world._planned) - planned <= 4
    world.advance(ANSWER_AFTER_S)
    assert len(alice.accepted) == len(bob.accepted) == 50


def test_draining_says_goodbye_to_everybody_and_when_to_come_back() -> None:
    world = RelayWorld()
    clients = list(world.online("Alice", "Bob"))
    stranger = world.client("Carol")
    stranger.connection = world.dial(stranger, stranger.host)
    world.relay.drain(2000)
    world.settle()
    for client in clients:
        assert client.told(f.Bye) == [f.Bye("draining", 2000)]
        assert client.lost_by == [None]
    assert stranger.lost_by == [None]
    assert not world.relay.channels
    assert not world.relay.online


def test_draining_hands_what_is_not_acknowledged_to_the_store() -> None:
    store = DelayedStore()
    world = RelayWorld(store)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, b"x")
    world.relay.drain(0)
    world.settle()
    store.run()
    assert [entry.envelope for entry in store.kept._mailboxes[bob.mailbox].values()] == [b"x"]


def test_nothing_is_left_of_clients_who_have_gone() -> None:
    world = RelayWorld()
    for _ in range(3):
        alice, bob = world.online("Alice", "Bob", status=f.Status(True, True, False))
        alice.write(f.Watch(("Bob",)))
        alice.send(bob, b"x")
        alice.cut()
        bob.cut()
        world.advance(100.0)
    relay = world.relay
    assert not relay.channels
    assert not relay.online
    assert not relay.dispatch.urgent
    assert not relay.dispatch.bulky
    assert not relay.dispatch._answers
    assert not relay.dispatch._fresh
    assert not relay.presence._board._people
    assert not relay.presence._watchers._watched
    assert not relay.presence._lobby._listeners
    assert not relay.presence._lobby._told
    assert not relay.mailboxes
    assert relay.directory.account(person("Alice", 1).user_key) is not None


def test_new_accounts_of_one_address_are_limited_and_known_ones_still_come() -> None:
    world = RelayWorld(registrations_per_minute=2)
    alice, _ = world.online("Alice", "Bob")
    carol, elsewhere = world.client("Carol"), world.client("Dave", host="192.0.2.2")
    carol.connect()
    assert [frame.code for frame in carol.told(f.Fault)] == ["limit"]
    alice.cut()
    for client in (alice, elsewhere):
        client.connect()
        assert client.is_ready
    world.advance(60.0)
    carol.connect()
    assert carol.is_ready


def test_new_accounts_of_the_relay_s_own_machine_are_not_limited() -> None:
    world = RelayWorld(registrations_per_minute=1)
    for name in ("Alice", "Bob", "Carol"):
        client = world.client(name, host="127.0.0.1")
        client.connect()
        assert client.is_ready


def test_a_flood_of_refusals_is_told_of_in_part_and_counted() -> None:
    world = RelayWorld()
    world.client("Alice").connect()
    for _ in range(REFUSALS_TOLD_PER_S + 5):
        world.client("Alice", seed=2).connect()
    world.advance(1.0)
    world.client("Alice", seed=2).connect()
    refusals = [event for event in world.events if isinstance(event, Refusal)]
    assert [refusal.untold for refusal in refusals] == [0] * REFUSALS_TOLD_PER_S + [5]


def test_all_mailboxes_together_have_a_limit_and_room_comes_back() -> None:
    world = RelayWorld(store_bytes=4 * MIN_CHARGE_BYTES)
    alice, bob, carol = world.online("Alice", "Bob", "Carol")
    bob.cut()
    carol.cut()
    alice.send(bob, b"1", b"2", b"3")
    alice.send(carol, b"4", b"5")
    assert [code for _, code in alice.refused] == ["mailbox-full"]
    bob.connect()
    carol.connect()
    world.advance(1.0)
    assert world.relay._relay_fill.size_bytes == 0
    assert len(alice.accepted) == 4
