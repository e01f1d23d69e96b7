"""Who may become new: anybody, or whom somebody has invited, once, in time, and on the disk."""

from dataclasses import dataclass

import pytest

from securechat.config import ServerConfig
from securechat.errors import FileProblem, InviteRefused
from securechat.identity.invite import token_hash
from securechat.relay.directory import DAY_MS
from securechat.relay.entry import (
    ADMITTED_DAYS,
    INVITE,
    MAX_ADMITTED,
    MAX_INVITE_DAYS,
    Entry,
    takes_anybody,
)
from securechat.relay.events import InviteChanged, Registered, Replaced, SlotEnded
from securechat.relay.relay import AUDIT_TOLD_PER_S
from securechat.store.memory import MemoryStore
from securechat.wire import frames as f
from securechat.wire.codes import PairCode
from tests.pure.identity.objects import RELAY, Person
from tests.pure.relay.world import Client, RelayWorld, days, person

TOKEN, OTHER_TOKEN = b"t" * 16, b"o" * 16
WEEK_MS = 7 * DAY_MS


@dataclass(eq=False)
class Invited(Client):
    """A client that registers with a token."""

    token: bytes | None = TOKEN

    def answer_challenge(self, challenge: f.Challenge) -> None:
        who = self.person
        if not challenge.registered:
            certificates = (who.certificate,)
            self.write(f.Register(who.registration, who.device_list, certificates, self.token))
        self.write(f.Login(self.prove(challenge), self.sent_before))


def closed_world(**settings: object) -> tuple[RelayWorld, Client]:
    """Return a relay that wants invitations, and a member, who is on its own machine."""
    world = RelayWorld(registration="invite", **settings)
    alice = world.client("Alice", host="127.0.0.1")
    alice.connect()
    assert alice.is_ready
    return world, alice


def invite(
    member: Client, token: bytes = TOKEN, uses: int = 1, lifetime_ms: int = WEEK_MS
) -> f.RelayFrame:
    hashed = token_hash(token)
    return member.ask(lambda request: f.InviteMake(request, hashed, uses, lifetime_ms))


def revoke(member: Client, token: bytes = TOKEN) -> f.RelayFrame:
    return member.ask(lambda request: f.InviteRevoke(request, token_hash(token)))


def listed(member: Client) -> list[tuple[int, int]]:
    """Return the uses left and the end of each invite that is listed."""
    answer = member.ask(f.InviteList)
    assert isinstance(answer, f.Invites)
    return [(uses, until) for _, uses, until in answer.invites]


def come(world: RelayWorld, name: str, token: bytes | None = TOKEN) -> Client:
    client = Invited(world, person(name, ord(name[0]) - 64), token=token)
    client.connect()
    return client


def faults(client: Client) -> list[tuple[str, str]]:
    return [(frame.code, frame.message) for frame in client.told(f.Fault)]


ONLY_INVITED = ("invite", "This relay takes new people by invitation only")
NO_GOOD = ("invite", "That invitation has expired, or was used or taken back")


# Who needs one ------------------------------------------------------------------------------------


def test_a_stranger_from_elsewhere_needs_an_invitation() -> None:
    world, _ = closed_world()
    bob = come(world, "Bob", None)
    assert faults(bob) == [ONLY_INVITED]
    assert world.relay.directory.by_name("Bob") is None


def test_a_stranger_learns_of_no_name_without_one() -> None:
    world, _ = closed_world()
    impostor = Client(world, person("Alice", 9))
    impostor.connect()
    assert faults(impostor) == [ONLY_INVITED]


def test_who_is_known_is_never_asked() -> None:
    _, alice = closed_world()
    alice.cut()
    alice.host = "192.0.2.9"
    alice.connect()
    assert alice.is_ready


def test_nobody_needs_one_where_registration_is_open() -> None:
    world = RelayWorld(registration="open")
    assert come(world, "Bob", None).is_ready
    assert come(world, "Carol", OTHER_TOKEN).is_ready
    ways = [event.by for event in world.events if isinstance(event, Registered)]
    assert ways == ["open", "open"]


@pytest.mark.parametrize(
    ("host", "is_open"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.0.2.1", False),
        ("relay.example", False),
    ],
)
def test_by_itself_a_relay_is_open_only_where_nobody_else_can_connect(
    host: str, is_open: bool
) -> None:
    assert takes_anybody(ServerConfig(host=host, registration="auto")) == is_open
    assert takes_anybody(ServerConfig(host=host, registration="open"))
    assert not takes_anybody(ServerConfig(host=host, registration="invite"))


# Tokens -------------------------------------------------------------------------------------------


def test_a_token_lets_one_person_in() -> None:
    world, alice = closed_world()
    assert isinstance(invite(alice), f.Done)
    assert come(world, "Bob").is_ready
    assert faults(come(world, "Carol")) == [NO_GOOD]
    assert listed(alice) == []
    told = [event for event in world.events if not isinstance(event, Registered)]
    assert InviteChanged("Alice", "made") in told
    assert InviteChanged("Bob", "used") in told
    assert Registered("Bob", "192.0.2.1", "invite") in world.events


def test_a_token_for_several_lets_so_many_in() -> None:
    world, alice = closed_world()
    invite(alice, uses=2)
    assert come(world, "Bob").is_ready
    assert [uses for uses, _ in listed(alice)] == [1]
    assert come(world, "Carol").is_ready
    assert faults(come(world, "Dave")) == [NO_GOOD]


def test_another_token_lets_nobody_in_nor_does_its_hash() -> None:
    world, alice = closed_world()
    invite(alice)
    assert faults(come(world, "Bob", OTHER_TOKEN)) == [NO_GOOD]
    assert faults(come(world, "Carol", token_hash(TOKEN)[:16])) == [NO_GOOD]


def test_a_token_ends_with_its_time() -> None:
    world, alice = closed_world()
    invite(alice, lifetime_ms=60_000)
    world.advance(60.0)
    assert faults(come(world, "Bob")) == [NO_GOOD]
    assert listed(alice) == []


def test_a_token_that_is_taken_back_lets_nobody_in() -> None:
    world, alice = closed_world()
    invite(alice)
    assert isinstance(revoke(alice), f.Done)
    assert faults(come(world, "Bob")) == [NO_GOOD]
    assert InviteChanged("Alice", "revoked") in world.events


def test_a_token_outlives_the_relay_s_process() -> None:
    world, alice = closed_world()
    invite(alice, uses=2)
    come(world, "Bob")
    world.restart(world.store)
    assert come(world, "Carol").is_ready
    world.restart(world.store)
    assert faults(come(world, "Dave")) == [NO_GOOD]


def test_a_registration_that_is_refused_uses_nothing_up() -> None:
    world, alice = closed_world()
    invite(alice)
    impostor = Invited(world, person("Alice", 9))
    impostor.connect()
    assert [code for code, _ in faults(impostor)] == ["name-taken"]
    assert come(world, "Bob").is_ready


def test_a_registration_that_is_not_stored_uses_nothing_up() -> None:
    world, alice = closed_world()
    invite(alice)
    store = world.store
    assert isinstance(store, MemoryStore)
    store.is_failing = True
    bob = come(world, "Bob")
    assert [code for code, _ in faults(bob)] == ["limit"]
    store.is_failing = False
    world.restart(store)
    assert come(world, "Carol").is_ready


def test_who_was_not_stored_at_first_is_let_in_again_and_uses_the_token_up() -> None:
    world, alice = closed_world()
    invite(alice)
    store = world.store
    assert isinstance(store, MemoryStore)
    store.is_failing = True
    come(world, "Bob")
    store.is_failing = False
    assert faults(come(world, "Carol")) == [NO_GOOD]
    bob = come(world, "Bob", None)
    assert bob.is_ready
    world.restart(store)
    assert faults(come(world, "Dave")) == [NO_GOOD]


# Whose invites ------------------------------------------------------------------------------------


def test_nobody_lists_or_takes_back_or_takes_over_another_s_invites() -> None:
    world, alice = closed_world()
    invite(alice)
    bob = world.client("Bob", host="127.0.0.1")
    bob.connect()
    assert listed(bob) == []
    refused = revoke(bob)
    assert isinstance(refused, f.Failed)
    assert refused.code == "unknown-invite"
    taken_over = invite(bob, uses=1000)
    assert isinstance(taken_over, f.Failed)
    assert taken_over.code == "limit"
    assert [uses for uses, _ in listed(alice)] == [1]


def test_the_same_invite_again_replaces_the_first() -> None:
    _, alice = closed_world()
    invite(alice)
    assert isinstance(invite(alice, uses=5), f.Done)
    assert [uses for uses, _ in listed(alice)] == [5]


@pytest.mark.parametrize("lifetime_ms", [0, MAX_INVITE_DAYS * DAY_MS + 1])
def test_an_invite_lasts_thirty_days_at_most(lifetime_ms: int) -> None:
    _, alice = closed_world()
    refused = invite(alice, lifetime_ms=lifetime_ms)
    assert isinstance(refused, f.Failed)
    assert refused.code == "limit"


def test_a_person_has_a_hundred_invites_at_most() -> None:
    world, alice = closed_world()
    for number in range(f.MAX_INVITES):
        assert isinstance(invite(alice, bytes([number]) * 16, lifetime_ms=60_000), f.Done)
    refused = invite(alice)
    assert isinstance(refused, f.Failed)
    assert refused.code == "limit"
    assert len(listed(alice)) == f.MAX_INVITES
    world.advance(120.0)
    assert isinstance(invite(alice), f.Done)


def test_invites_of_a_moment_do_not_pile_up() -> None:
    world, alice = closed_world()
    for number in range(2 * f.MAX_INVITES):
        invite(alice, number.to_bytes(16, "big"), lifetime_ms=1)
        world.advance(0.01)
    assert len([kind for kind, _ in world.store.rows() if kind == INVITE]) <= f.MAX_INVITES
    assert isinstance(invite(alice), f.Done)


def test_an_invite_that_is_not_stored_is_none() -> None:
    world, alice = closed_world()
    store = world.store
    assert isinstance(store, MemoryStore)
    store.is_failing = True
    failed = invite(alice)
    assert isinstance(failed, f.Failed)
    assert failed.code == "not-stored"
    assert listed(alice) == []
    store.is_failing = False
    invite(alice)
    store.is_failing = True
    assert isinstance(revoke(alice), f.Failed)
    assert len(listed(alice)) == 1


def test_what_has_ended_leaves_the_disk() -> None:
    world, alice = closed_world()
    invite(alice, lifetime_ms=60_000)
    invite(alice, OTHER_TOKEN)
    come(world, "Bob", OTHER_TOKEN)
    assert [kind for kind, _ in world.store.rows() if kind == INVITE] == [INVITE]
    world.advance(120.0)
    assert [kind for kind, _ in world.store.rows() if kind == INVITE] == []


def test_an_invite_that_cannot_be_read_is_said_at_the_start() -> None:
    store = MemoryStore(lambda _: None)
    with pytest.raises(FileProblem, match="cannot be read"):
        Entry(store, {(INVITE, b"h" * 32): b"\xc1"}, is_open=False)


def test_who_comes_from_an_own_address_of_the_relay_needs_no_invitation() -> None:
    store = MemoryStore(lambda _: None)
    entry = Entry(store, {}, is_open=False, own_addresses=lambda: ("192.168.1.20",))
    who = person("Alice")
    register = f.Register(who.registration, who.device_list, (who.certificate,))
    assert entry.grant(register, "192.168.1.20", 0).by == "near"
    with pytest.raises(InviteRefused):
        entry.grant(register, "192.168.1.2", 0)


# Admissions ---------------------------------------------------------------------------------------


def admit(world: RelayWorld, who: Person) -> None:
    world.relay.entry.admit(who.user_key, world.relay.now_ms(), lambda _: None)
    world.settle()


def test_an_admitted_key_registers_without_a_token_and_after_a_restart() -> None:
    world, _ = closed_world()
    admit(world, person("Bob", 2))
    world.restart(world.store)
    assert come(world, "Bob", None).is_ready
    assert Registered("Bob", "192.0.2.1", "code") in world.events
    assert "admitted" not in [kind for kind, _ in world.store.rows()]


def test_an_admission_ends_after_thirty_days() -> None:
    world, _ = closed_world()
    admit(world, person("Bob", 2))
    world.now += days(ADMITTED_DAYS)
    assert faults(come(world, "Bob", None)) == [ONLY_INVITED]


def test_a_flood_of_admissions_takes_the_place_of_the_oldest_only() -> None:
    store = MemoryStore(lambda call: call())
    entry = Entry(store, {}, is_open=False)
    for number in range(MAX_ADMITTED + 1):
        entry.admit(_key(number), 0, lambda _: None)
    kept = Entry(store, store.rows(), is_open=False)
    assert len(store.rows()) == MAX_ADMITTED
    assert sorted(kept._admitted) == sorted(map(_key, range(1, MAX_ADMITTED + 1)))


def _key(number: int) -> bytes:
    return number.to_bytes(32, "big")


# The log ------------------------------------------------------------------------------------------


def test_no_token_is_in_what_the_relay_tells_or_keeps() -> None:
    world, alice = closed_world()
    invite(alice, uses=2)
    come(world, "Bob")
    told = "".join(map(repr, world.events))
    kept = b"".join(key + value for (_, key), value in world.store.rows().items())
    assert TOKEN not in kept
    for secret in (TOKEN.decode(), TOKEN.hex(), token_hash(TOKEN).hex()):
        assert secret not in told
    assert RELAY.hex() not in told


def test_a_flood_of_what_strangers_cause_is_told_of_in_part() -> None:
    world = RelayWorld()
    for _ in range(AUDIT_TOLD_PER_S + 5):
        world.client("Alice").connect()
    told = [event for event in world.events if isinstance(event, Replaced)]
    assert len(told) == AUDIT_TOLD_PER_S


def test_a_flood_of_tries_at_codes_does_not_hide_who_registers() -> None:
    world = RelayWorld()
    for _ in range(AUDIT_TOLD_PER_S + 5):
        world.relay.tell(SlotEnded("192.0.2.66", PairCode.LIMIT))
    assert len(world.events) == AUDIT_TOLD_PER_S
    world.client("Alice").connect()
    assert [event.name for event in world.events if isinstance(event, Registered)] == ["Alice"]
