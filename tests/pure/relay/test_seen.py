"""How others see a device, from its login to its end: visible or hidden, away, in the lobby."""

from dataclasses import replace

import pytest

from securechat.crypto.signing import SigningKey
from securechat.errors import LimitExceeded
from securechat.identity.device import DeviceList
from securechat.identity.types import MailboxId
from securechat.relay.announcer import HOLD_BACK_S
from securechat.relay.device_presence import SHOW_AFTER_S
from securechat.relay.events import Joined, Left
from securechat.relay.intake import DROP_BACKLOG_BYTES, FRAME_CHARGE_BYTES
from securechat.wire import frames as f
from securechat.wire.codec import encode
from tests.pure.identity.objects import make_bundle, make_certificate
from tests.pure.relay.test_removed_devices import next_device
from tests.pure.relay.world import EPOCH_MS, VISIBLE, Client, RelayWorld, Unheard

HIDDEN = f.Status(visible=False, lobby=False, away=False)
AWAY = f.Status(visible=True, lobby=False, away=True)
IN_LOBBY = f.Status(visible=True, lobby=True, away=False)
AWAY_IN_LOBBY = f.Status(visible=True, lobby=True, away=True)


def begins(*here: tuple[str, bool]) -> f.Lobby:
    return f.Lobby(here, (), begins=True, full=False)


def change(*here: tuple[str, bool], gone: tuple[str, ...] = ()) -> f.Lobby:
    return f.Lobby(here, gone, begins=False, full=False)


def watch(client: Client, *names: str) -> list[f.Presence]:
    """Watch these people; return what is told of them at once."""
    before = len(client.told(f.Presence))
    client.write(f.Watch(names))
    client.world.settle()
    return client.told(f.Presence)[before:]


def say(client: Client, *statuses: f.Status) -> None:
    client.write(*statuses)
    client.world.settle()


def silent() -> tuple[RelayWorld, Client, Client]:
    """Return Alice, who watches Bob, and Bob, who has been here and never says how he is seen."""
    world = RelayWorld()
    [alice] = world.online("Alice")
    bob = world.client("Bob", status=None)
    bob.connect()
    bob.cut()
    watch(alice, "Bob")
    return world, alice, bob


# Hidden -------------------------------------------------------------------------------------------


def test_a_device_that_hides_in_its_first_frame_is_never_seen() -> None:
    world = RelayWorld()
    [alice, lobby] = [*world.online("Alice"), *world.online("Carol", status=IN_LOBBY)]
    assert watch(alice, "Bob") == [f.Presence("Bob", False)]
    bob = world.client("Bob", status=HIDDEN)
    for _ in range(2):
        bob.connect()
        world.advance(2 * SHOW_AFTER_S)
        people = alice.ask(f.Who)
        assert isinstance(people, f.People)
        assert (people.names, people.total) == (("Alice", "Carol"), 2)
        assert watch(alice, "Bob") == [f.Presence("Bob", False)]
        bob.send(alice, b"x")
        bob.cut()
        world.advance(HOLD_BACK_S)
    assert watch(alice, "Bob") == [f.Presence("Bob", False)]
    assert {frame.online for frame in alice.told(f.Presence)} == {False}
    assert lobby.told(f.Lobby) == [begins()]
    assert world.comings()[2:] == [Joined("Bob"), Left("Bob")] * 2


def test_a_first_frame_that_comes_in_pieces_hides_as_well() -> None:
    world, alice, bob = silent()
    bob.connect()
    for byte in encode(HIDDEN):
        assert bob.connection is not None
        bob.connection.put(bytes([byte]))
        world.settle()
    world.advance(2 * SHOW_AFTER_S)
    assert [frame.online for frame in alice.told(f.Presence)] == [False]


def test_hiding_is_told_as_leaving_is() -> None:
    world = RelayWorld()
    alice, bob, carol = world.online("Alice", "Bob", "Carol", status=IN_LOBBY)
    watch(alice, "Bob", "Carol")
    world.advance(HOLD_BACK_S)
    say(bob, HIDDEN)
    carol.cut()
    world.settle()
    now_ms = EPOCH_MS + int(world.now * 1000)
    gone = [f.Presence(name, False, False, now_ms) for name in ("Bob", "Carol")]
    assert alice.told(f.Presence)[2:] == gone
    assert alice.told(f.Lobby)[-2:] == [change(gone=("Bob",)), change(gone=("Carol",))]
    world.advance(5.0)
    assert watch(alice, "Bob", "Carol") == gone
    assert alice.ask(f.Who) == f.People(1, ("Alice",), 1)


def test_what_a_hidden_device_does_later_moves_nothing() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    last_seen_ms = EPOCH_MS + int(world.now * 1000)
    bob.status = HIDDEN
    for _ in range(2):
        world.advance(10.0)
        assert watch(alice, "Bob") == [f.Presence("Bob", False, False, last_seen_ms)]
        bob.connect()
        assert watch(alice, "Bob") == [f.Presence("Bob", False, False, last_seen_ms)]
        bob.cut()
    assert all(not frame.online for frame in alice.told(f.Presence))


def test_another_run_of_the_relay_has_not_seen_anybody() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    world.restart(world.store)
    alice.connect()
    assert watch(alice, "Bob") == [f.Presence("Bob", False)]


# Shown --------------------------------------------------------------------------------------------


def test_a_client_that_says_nothing_is_shown_a_little_later() -> None:
    world, alice, bob = silent()
    bob.connect()
    world.advance(SHOW_AFTER_S * 0.99)
    assert not alice.told(f.Presence)[-1].online
    world.advance(SHOW_AFTER_S * 0.02)
    assert alice.told(f.Presence)[-1] == f.Presence("Bob", True)


def test_nobody_is_shown_who_has_gone_before() -> None:
    world, alice, bob = silent()
    bob.connect()
    bob.cut()
    bob.connect()
    bob.write(f.Bye("quit"))
    world.advance(2 * SHOW_AFTER_S)
    assert not any(frame.online for frame in alice.told(f.Presence)[1:])


def test_another_first_frame_shows_the_device() -> None:
    world, alice, bob = silent()
    bob.connect()
    bob.write(f.Ping(1))
    world.settle()
    assert alice.told(f.Presence)[-1] == f.Presence("Bob", True)


def test_being_away_is_told_and_in_the_answers() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    watch(alice, "Bob")
    say(bob, AWAY)
    assert alice.told(f.Presence)[-1] == f.Presence("Bob", True, True)
    assert alice.ask(f.Who) == f.People(1, ("Alice", "Bob"), 2, ("Bob",))
    say(bob, VISIBLE)
    assert alice.told(f.Presence)[-1] == f.Presence("Bob", True)


# The lobby ----------------------------------------------------------------------------------------


def test_those_in_the_lobby_hear_of_each_other() -> None:
    world = RelayWorld()
    alice, bob, carol = world.online("Alice", "Bob", "Carol", status=IN_LOBBY)
    [outside] = world.online("Dave")
    world.advance(HOLD_BACK_S)
    say(bob, AWAY_IN_LOBBY)
    say(carol, VISIBLE)
    bob.cut()
    world.settle()
    assert alice.told(f.Lobby) == [
        begins(),
        change(("Bob", False)),
        change(("Carol", False)),
        change(("Bob", True)),
        change(gone=("Carol",)),
        change(gone=("Bob",)),
    ]
    assert carol.told(f.Lobby) == [begins(("Alice", False), ("Bob", False)), change(("Bob", True))]
    assert outside.told(f.Lobby) == []


def test_a_device_is_in_the_lobby_only_once_others_can_write_to_it() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice", status=IN_LOBBY)
    bob = world.client("Bob", publishes=False, status=IN_LOBBY)
    bob.connect()
    assert (alice.told(f.Lobby), bob.told(f.Lobby)) == ([begins()], [])
    bob.publish()
    assert alice.told(f.Lobby)[1:] == [change(("Bob", False))]
    assert bob.told(f.Lobby) == [begins(("Alice", False))]


def test_a_device_that_logs_in_again_is_seen_without_a_gap_and_begins_anew() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", status=IN_LOBBY)
    watch(alice, "Bob")
    told = len(alice.frames)
    again = world.client("Bob", status=IN_LOBBY)
    again.connect()
    world.advance(2 * SHOW_AFTER_S)
    assert bob.connection is None
    assert alice.frames[told:] == []
    assert again.told(f.Lobby) == [begins(("Alice", False))]
    say(alice, AWAY_IN_LOBBY)
    assert again.told(f.Lobby)[1:] == [change(("Alice", True))]
    again.cut()
    world.settle()
    assert alice.told(f.Lobby)[-1] == change(gone=("Bob",))


def test_a_device_that_logs_in_again_hidden_is_gone_from_then_on() -> None:
    world = RelayWorld()
    alice, _ = world.online("Alice", "Bob", status=IN_LOBBY)
    watch(alice, "Bob")
    again = world.client("Bob", status=HIDDEN)
    again.connect()
    world.advance(2 * SHOW_AFTER_S)
    assert [frame.online for frame in alice.told(f.Presence)] == [True, False]
    assert alice.told(f.Lobby)[-1] == change(gone=("Bob",))
    assert again.told(f.Lobby) == []
    assert again.is_ready


def test_a_device_with_another_certificate_is_not_seen_in_place_of_the_old_one() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    watch(alice, "Bob")
    signer, old = SigningKey(b"n" * 32), bob.person
    certificate = make_certificate(old.user, signer, old.certificate.device_id)
    device_list = DeviceList.sign(
        old.user, sequence=2, previous_hash=old.device_list.hash, certificates=(certificate,)
    )
    other = replace(old, signer=signer, certificate=certificate, device_list=device_list)
    other = replace(other, bundle=make_bundle(signer, certificate))
    new = Registering(world, other, publishes=False)
    new.connect()
    world.advance(2 * SHOW_AFTER_S)
    assert new.is_ready
    assert new.mailbox == bob.mailbox
    assert [frame.online for frame in alice.told(f.Presence)] == [True, False]
    new.publish()
    assert alice.told(f.Presence)[-1].online


class Registering(Client):
    """A client that registers its devices though the relay knows one of that id."""

    def answer_challenge(self, challenge: f.Challenge) -> None:
        who = self.person
        self.write(f.Register(who.registration, who.device_list, (who.certificate,)))
        self.write(f.Login(self.prove(challenge), self.sent_before))


def test_a_removed_device_is_in_the_lobby_no_more() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", status=IN_LOBBY)
    new = Client(world, next_device(bob.person), publishes=False)
    new.connect()
    world.advance(HOLD_BACK_S)
    assert new.is_ready
    assert alice.told(f.Lobby)[-1] == change(gone=("Bob",))
    assert world.events[-1] == Left("Bob")


def crowd(world: RelayWorld, size: int) -> None:
    """Bring so many others with long names to the lobby."""
    for number in range(size):
        device = MailboxId(number.to_bytes(16, "big"))
        world.relay.presence.arrive(device, f"{number:03}" + "\U0001d5ba" * 29)
        world.relay.presence.show(device, Unheard(), IN_LOBBY)
    world.advance(HOLD_BACK_S)


def test_who_finds_the_lobby_full_is_told_so_once_and_is_seen_outside_it() -> None:
    world = RelayWorld()
    crowd(world, f.MAX_LOBBY)
    [alice] = world.online("Alice", status=AWAY_IN_LOBBY)
    world.advance(2 * SHOW_AFTER_S)
    alice.publish(b"1")
    assert alice.told(f.Lobby) == [f.Lobby((), (), begins=True, full=True)]
    assert watch(alice, "Alice") == [f.Presence("Alice", True, True)]


# Too much -----------------------------------------------------------------------------------------


def test_a_thousand_changes_cost_the_others_a_few_frames() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", status=IN_LOBBY)
    watch(alice, "Bob")
    world.advance(HOLD_BACK_S)
    told = len(alice.frames)
    say(bob, *[AWAY_IN_LOBBY, IN_LOBBY] * 500, AWAY_IN_LOBBY)
    world.advance(2 * HOLD_BACK_S)
    assert len(alice.frames) - told <= 10
    assert alice.told(f.Lobby)[-1] == change(("Bob", True))
    assert alice.told(f.Presence)[-1] == f.Presence("Bob", True, True)


def test_coming_to_the_lobby_is_at_the_expense_of_who_comes() -> None:
    world = RelayWorld(account_bytes_per_s=10_000)
    bob, *_ = world.online(*(chr(ord("A") + n) * 20 for n in range(26)), status=IN_LOBBY)
    world.advance(3 * HOLD_BACK_S)
    say(bob, *[VISIBLE, IN_LOBBY] * 30)
    assert bob.connection is not None
    what_he_said_s = 60 * FRAME_CHARGE_BYTES / 10_000
    world.advance(what_he_said_s)
    assert bob.connection.is_paused
    world.advance(8.0 - what_he_said_s)
    assert not bob.connection.is_paused


def test_who_watches_many_pays_for_the_answers() -> None:
    world = RelayWorld(account_bytes_per_s=10_000)
    [alice] = world.online("Alice")
    world.advance(2.0)
    for _ in range(2):
        watch(alice, *["x" * 9] * f.MAX_NAMES)
    assert alice.connection is not None
    assert alice.connection.is_paused


def test_who_asks_for_the_lobby_again_and_again_without_reading_is_dropped() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", status=IN_LOBBY)
    crowd(world, f.MAX_LOBBY - 2)
    say(bob, *[VISIBLE, IN_LOBBY] * 200)
    assert [type(error) for error in bob.lost_by] == [LimitExceeded]
    world.advance(HOLD_BACK_S)
    assert alice.told(f.Lobby)[-1] == change(gone=("Bob",))


@pytest.mark.parametrize("name", ["lobby", "watching"])
def test_who_does_not_take_the_news_has_to_go_and_nobody_else(name: str) -> None:
    world = RelayWorld()
    slow, carol, bob = world.online("Slow", "Carol", "Bob", status=IN_LOBBY)
    if name == "watching":
        say(slow, VISIBLE)
        watch(slow, "Bob")
    world.advance(HOLD_BACK_S)
    assert slow.connection is not None
    slow.connection.peer_reads = False
    slow.connection.write(bytes(DROP_BACKLOG_BYTES + 1))
    say(bob, AWAY_IN_LOBBY)
    assert slow.lost_by == [None]
    world.advance(HOLD_BACK_S)
    assert [bob.is_ready, carol.is_ready] == [True, True]
    assert (("Bob", True),) in [news.here for news in carol.told(f.Lobby)]
