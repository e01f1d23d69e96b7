"""Slots: one guess each, four messages in turn, and an end that both sides hear of."""

from dataclasses import dataclass, field

import pytest

from securechat.identity.types import UserKey
from securechat.protocol.client_side import ClientSide
from securechat.protocol.machine import LOGIN_TIMEOUT_S
from securechat.relay.events import SlotEnded
from securechat.relay.pairing import SLOT_LIFE_S, Slots
from securechat.relay.pairing_desk import OPENS_PER_MINUTE, network_of
from securechat.wire import frames as f
from securechat.wire.codes import PairCode
from securechat.wire.fields import MAX_SLOTS
from tests.pure.relay.world import Client, RelayWorld, person

MESSAGE = [bytes([number]) * 40 for number in range(5)]
BOB = person("Bob", 2).user_key
GUEST_HOST = "192.0.2.66"


@dataclass(eq=False)
class Guest:
    """Somebody without an account who tries a code."""

    world: RelayWorld
    host: str = GUEST_HOST
    frames: list[f.RelayFrame] = field(default_factory=list)
    is_lost: bool = False

    def join(self, slot: int, name: str = "Bob", user_key: UserKey = BOB) -> "Guest":
        self.machine = ClientSide(self.world.now)
        self.connection = self.world.dial(self, self.host)
        return self.say(f.PairJoin(slot, name, user_key, MESSAGE[1]))

    def say(self, frame: f.ClientFrame) -> "Guest":
        self.connection.put(self.machine.send(frame))
        self.world.settle()
        return self

    def receive(self, data: bytes) -> None:
        self.frames += self.machine.receive(data, self.world.now)

    def lost(self, error: object) -> None:
        self.is_lost = True

    @property
    def end(self) -> str:
        """The code with which the relay has ended it, and closed the connection."""
        frame = self.frames[-1]
        assert isinstance(frame, f.PairEnd)
        assert self.is_lost
        return frame.code


def opener(world: RelayWorld, name: str = "Alice") -> tuple[Client, int]:
    """Return a member who has made a code, and its slot."""
    [alice] = world.online(name)
    return alice, open_slot(alice)


def open_slot(member: Client) -> int:
    opened = member.ask(f.PairOpen)
    assert isinstance(opened, f.PairOpened)
    assert opened.lifetime_ms == SLOT_LIFE_S * 1000
    return opened.slot


def say(member: Client, frame: f.ClientFrame) -> None:
    member.write(frame)
    member.world.settle()


def ends(member: Client) -> list[str]:
    return [frame.code for frame in member.told(f.PairEnd)]


def pair(alice: Client, guest: Guest, slot: int) -> None:
    """Say messages 2 to 4; the first came with the join."""
    say(alice, f.PairPass(slot, MESSAGE[2]))
    guest.say(f.PairPass(slot, MESSAGE[3]))
    say(alice, f.PairPass(slot, MESSAGE[4]))


def test_four_messages_pass_and_the_joiner_hears_that_it_may_log_in() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    guest = Guest(world).join(slot)
    assert alice.told(f.PairKnock) == [f.PairKnock(slot, GUEST_HOST, MESSAGE[1])]
    pair(alice, guest, slot)
    assert alice.told(f.PairPass) == [f.PairPass(slot, MESSAGE[3])]
    assert guest.frames == [f.PairPass(slot, MESSAGE[2]), f.PairPass(slot, MESSAGE[4])]
    say(alice, f.PairEnd(slot, PairCode.DONE, BOB))
    assert guest.end == "done"
    assert ends(alice) == []
    assert world.events[-1] == SlotEnded(GUEST_HOST, "done")


def test_message_4_and_the_end_may_come_in_one_write() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    guest = Guest(world).join(slot)
    say(alice, f.PairPass(slot, MESSAGE[2]))
    guest.say(f.PairPass(slot, MESSAGE[3]))
    alice.write(f.PairPass(slot, MESSAGE[4]), f.PairEnd(slot, PairCode.DONE, BOB))
    world.settle()
    assert guest.end == "done"


# One guess ----------------------------------------------------------------------------------------


def test_a_slot_is_one_guess_right_or_wrong() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    guest = Guest(world).join(slot)
    say(alice, f.PairEnd(slot, PairCode.WRONG_CODE))
    assert guest.end == "wrong-code"
    assert Guest(world, "192.0.2.67").join(slot).end == "used"
    assert len(alice.told(f.PairKnock)) == 1


def test_a_second_joiner_is_sent_away_and_the_first_is_not_disturbed() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    guest = Guest(world).join(slot)
    assert Guest(world, "192.0.2.67").join(slot).end == "used"
    pair(alice, guest, slot)
    say(alice, f.PairEnd(slot, PairCode.DONE, BOB))
    assert guest.end == "done"


@pytest.mark.parametrize(
    "hosts",
    [
        [GUEST_HOST] * 4,
        ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3", "2001:db8::4"],
        ["127.0.0.1"] * 4,
    ],
)
def test_a_fourth_try_in_a_minute_is_not_looked_at(hosts: list[str]) -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    other = slot % MAX_SLOTS + 1
    for host in hosts[:3]:
        assert Guest(world, host).join(other).end == "no-slot"
    assert Guest(world, hosts[3]).join(slot).end == "limit"
    assert alice.told(f.PairKnock) == []
    Guest(world, "2001:db8:0:1::1").join(slot)
    assert len(alice.told(f.PairKnock)) == 1
    world.advance(60.0)
    assert Guest(world, hosts[3]).join(other).end == "no-slot"


def test_networks_are_told_apart() -> None:
    assert network_of("fe80::1%eth0") == network_of("fe80::2") == "fe80::/64"
    assert network_of("192.0.2.1") != network_of("192.0.2.2")


# Names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code"),
    [("alice", "name-taken"), ("-Bob", "name-invalid"), ("a b", "name-invalid")],
)
def test_a_name_that_cannot_be_leaves_the_slot_open(name: str, code: str) -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    assert Guest(world).join(slot, name).end == code
    assert alice.told(f.PairKnock) == []
    Guest(world).join(slot, "Bob")
    assert len(alice.told(f.PairKnock)) == 1


def test_who_has_the_name_already_may_pair_under_it() -> None:
    world = RelayWorld()
    alice, _ = world.online("Alice", "Bob")
    slot = open_slot(alice)
    Guest(world).join(slot, "Bob")
    assert len(alice.told(f.PairKnock)) == 1


# Turns --------------------------------------------------------------------------------------------


def test_the_joiner_out_of_turn_ends_it_for_both() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    guest = Guest(world).join(slot).say(f.PairPass(slot, MESSAGE[3]))
    assert guest.end == "invalid"
    assert ends(alice) == ["invalid"]


def test_the_opener_out_of_turn_ends_it_for_both() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    guest = Guest(world).join(slot)
    say(alice, f.PairPass(slot, MESSAGE[2]))
    say(alice, f.PairPass(slot, MESSAGE[2]))
    assert guest.end == "invalid"
    assert ends(alice) == ["invalid"]


def test_a_fifth_message_ends_it_for_both() -> None:
    for is_alice in (True, False):
        world = RelayWorld()
        alice, slot = opener(world)
        guest = Guest(world).join(slot)
        pair(alice, guest, slot)
        fifth = f.PairPass(slot, MESSAGE[0])
        if is_alice:
            say(alice, fifth)
        else:
            guest.say(fifth)
        assert guest.end == "invalid"
        assert ends(alice) == ["invalid"]


def test_a_message_before_anybody_has_joined_ends_the_slot() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    say(alice, f.PairPass(slot, MESSAGE[2]))
    assert ends(alice) == ["invalid"]


def test_done_before_the_last_message_admits_nobody() -> None:
    world = RelayWorld(registration="invite")
    alice, slot = opener_here(world)
    guest = Guest(world).join(slot)
    say(alice, f.PairEnd(slot, PairCode.DONE, BOB))
    assert guest.end == "invalid"
    assert not is_let_in(world)


def test_the_joiner_cannot_say_that_it_is_done() -> None:
    world = RelayWorld(registration="invite")
    alice, slot = opener_here(world)
    guest = Guest(world).join(slot)
    pair(alice, guest, slot)
    guest.say(f.PairEnd(slot, PairCode.DONE, BOB))
    assert ends(alice) == ["invalid"]
    assert not is_let_in(world)


def test_what_crosses_the_end_of_a_slot_counts_for_nothing() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    for frame in (f.PairPass(slot % 99 + 1, MESSAGE[2]), f.PairEnd(slot % 99 + 1, "gone")):
        say(alice, frame)
    Guest(world).join(slot)
    assert len(alice.told(f.PairKnock)) == 1


# Ends ---------------------------------------------------------------------------------------------


def test_a_joiner_that_goes_away_uses_the_code_up() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    Guest(world).join(slot).connection.lose(None)
    world.settle()
    assert ends(alice) == ["gone"]
    assert Guest(world, "192.0.2.67").join(slot).end == "used"


def test_a_joiner_that_says_nothing_has_the_time_of_a_login() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    guest = Guest(world).join(slot)
    world.advance(LOGIN_TIMEOUT_S)
    assert guest.is_lost
    assert ends(alice) == ["gone"]


def test_an_opener_that_goes_away_ends_it_for_the_joiner() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    guest = Guest(world).join(slot)
    alice.cut()
    world.settle()
    assert guest.end == "gone"


def test_a_slot_dies_with_the_connection_that_opened_it() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    alice.cut()
    assert Guest(world).join(slot).end == "cancelled"


def test_a_slot_expires_and_its_opener_hears_of_it() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    world.advance(SLOT_LIFE_S)
    assert ends(alice) == ["expired"]
    assert Guest(world).join(slot).end == "expired"
    world.advance(SLOT_LIFE_S)
    assert Guest(world).join(slot).end == "no-slot"


def test_a_pairing_under_way_outlives_the_slot_s_time() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    world.advance(SLOT_LIFE_S - 1)
    guest = Guest(world).join(slot)
    world.advance(2)
    pair(alice, guest, slot)
    say(alice, f.PairEnd(slot, PairCode.DONE, BOB))
    assert guest.end == "done"


def test_a_new_slot_replaces_the_device_s_earlier_one() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    guest = Guest(world).join(slot)
    later = open_slot(alice)
    assert later != slot
    assert guest.end == "replaced"
    Guest(world, "192.0.2.67").join(later)
    assert len(alice.told(f.PairKnock)) == 2


def test_who_tries_a_replaced_code_is_told_so() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    open_slot(alice)
    assert Guest(world).join(slot).end == "replaced"


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("wrong-code", "wrong-code"),
        ("cancelled", "cancelled"),
        ("expired", "expired"),
        ("done", "invalid"),
        ("x", "invalid"),
    ],
)
def test_each_end_hears_why_the_other_has_enough(said: str, heard: str) -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    Guest(world).join(slot).say(f.PairEnd(slot, said))
    assert ends(alice) == [heard]
    assert world.events[-1] == SlotEnded(GUEST_HOST, heard)


@pytest.mark.parametrize(
    ("said", "heard"), [("cancelled", "cancelled"), ("expired", "expired"), ("x", "cancelled")]
)
def test_who_comes_late_hears_why_an_opener_took_the_code_back(said: str, heard: str) -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    say(alice, f.PairEnd(slot, said))
    assert Guest(world).join(slot).end == heard


# Numbers ------------------------------------------------------------------------------------------


def test_an_account_opens_so_many_slots_a_minute() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    for _ in range(OPENS_PER_MINUTE):
        open_slot(alice)
    refused = alice.ask(f.PairOpen)
    assert isinstance(refused, f.Failed)
    assert refused.code == "limit"
    world.advance(60.0)
    open_slot(alice)


def test_the_hundredth_slot_is_one_too_many() -> None:
    slots = Slots[int](1)
    numbers = [slot.number for slot in (slots.open(end, 0.0) for end in range(99)) if slot]
    assert numbers == list(range(1, 100))
    assert slots.open(99, 0.0) is None
    slot = slots.of(4)
    assert slot is not None
    slots.end(slot, PairCode.EXPIRED, 0.0)
    again = slots.open(99, 0.0)
    assert again is not None
    assert again.number == 5


def test_a_number_is_not_used_again_at_once() -> None:
    slots = Slots[int](98)
    numbers = []
    for _ in range(4):
        slot = slots.open(0, 0.0)
        assert slot is not None
        numbers.append(slot.number)
        slots.end(slot, PairCode.REPLACED, 0.0)
    assert numbers == [98, 99, 1, 2]


# Admission ----------------------------------------------------------------------------------------


def opener_here(world: RelayWorld) -> tuple[Client, int]:
    """Return a member on the relay's own machine, who needs no invitation, and a slot."""
    alice = world.client("Alice", host="127.0.0.1")
    alice.connect()
    return alice, open_slot(alice)


def is_let_in(world: RelayWorld) -> bool:
    """Return whether Bob can register from elsewhere."""
    bob = world.client("Bob")
    bob.connect()
    return bob.is_ready


@pytest.mark.parametrize("admitted", [BOB, None, person("Mallory", 13).user_key])
def test_only_the_key_that_joined_is_admitted(admitted: UserKey | None) -> None:
    world = RelayWorld(registration="invite")
    alice, slot = opener_here(world)
    guest = Guest(world).join(slot)
    pair(alice, guest, slot)
    say(alice, f.PairEnd(slot, PairCode.DONE, admitted))
    assert guest.end == "done"
    assert is_let_in(world) == (admitted == BOB)
    mallory = world.client("Mallory")
    mallory.connect()
    assert [frame.code for frame in mallory.told(f.Fault)] == ["invite"]


def test_an_admission_that_is_not_kept_is_no_success() -> None:
    world = RelayWorld(registration="invite")
    alice, slot = opener_here(world)
    guest = Guest(world).join(slot)
    pair(alice, guest, slot)
    world.store.is_failing = True
    say(alice, f.PairEnd(slot, PairCode.DONE, BOB))
    assert guest.end == "limit"
    world.store.is_failing = False
    assert not is_let_in(world)


def test_what_the_relay_tells_has_no_key_and_no_message() -> None:
    world = RelayWorld()
    alice, slot = opener(world)
    guest = Guest(world).join(slot)
    pair(alice, guest, slot)
    say(alice, f.PairEnd(slot, PairCode.DONE, BOB))
    told = [getattr(event, name) for event in world.events for name in event.__slots__]
    assert GUEST_HOST in told
    assert all(isinstance(value, str | int) for value in told)
    for secret in (*MESSAGE[1:], BOB, alice.person.user_key):
        assert secret.hex() not in str(told)
