from securechat.relay.relay import ANSWER_AFTER_S, COMMIT_AFTER_S
from securechat.wire import frames as f
from tests.pure.relay.world import RelayWorld, person
from tests.pure.store.delayed import DelayedMailboxStore


def test_everything_for_one_client_in_a_tick_is_one_delivery() -> None:
    world = RelayWorld()
    *senders, bob = world.online("Alice", "Carol", "Dave", "Bob")
    for sender in senders:
        sender.hand_over(f.Outgoing(bob.mailbox, b"i" * 16, b"x"))  # type: ignore[arg-type]
        sender.hand_over(f.Outgoing(bob.mailbox, b"j" * 16, b"y"))  # type: ignore[arg-type]
    world.settle()
    assert [len(frame.envelopes) for frame in bob.told(f.Deliver)] == [6]


def test_what_a_reader_has_not_acknowledged_in_time_goes_to_the_store_in_one_batch() -> None:
    store = DelayedMailboxStore()
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
    store = DelayedMailboxStore(durable=True)
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
        alice, bob = world.online("Alice", "Bob")
        alice.write(f.Watch(("Bob",)))
        alice.send(bob, b"x")
        alice.cut()
        bob.cut()
        world.advance(100.0)
    relay = world.relay
    assert not relay.channels
    assert not relay.online
    assert not relay._dirty
    assert not relay._answers
    assert not relay._fresh
    assert not relay.presence._watched
    assert not relay._mailboxes
    assert relay.directory.account(person("Alice", 1).user_key) is not None
