"""Somebody has lost their key: the old one is forgotten, the name waits for who has the link."""

import pytest

from securechat.errors import FileProblem, NameTaken
from securechat.identity.invite import token_hash
from securechat.identity.lookalikes import name_skeletons
from securechat.identity.names import parse_name
from securechat.identity.types import Name
from securechat.relay.directory import DAY_MS
from securechat.relay.entry import INVITE
from securechat.relay.events import InviteChanged, Registered
from securechat.relay.records import ACCOUNT
from securechat.relay.reset import NAME_KEPT_DAYS, plan_reset
from securechat.store.memory import MemoryStore
from securechat.wire import frames as f
from tests.pure.relay.test_entry import OTHER_TOKEN, TOKEN, Invited, faults, invite
from tests.pure.relay.test_pairing import Guest, opener
from tests.pure.relay.world import Client, RelayWorld, days, person

CYRILLIC = "\N{CYRILLIC SMALL LETTER A}\u04cf\u0456\u0441\u0435"
"""Letters of one script, and it looks like ``alice``."""

NEW_KEY, STRANGER = 77, 66
"""Seeds of other keys than those that follow from the names."""

IS_KEPT = (
    "name-taken",
    "The name Alice is kept here for whoever has the link to it (securechat join LINK)",
)


def reset(world: RelayWorld, name: str = "alice", token: bytes = TOKEN) -> Name:
    """Do what the command does to the store of a relay, and start it again."""
    store = world.store
    assert isinstance(store, MemoryStore)
    plan = plan_reset(store.rows(), name, token_hash(token), world.relay.now_ms())
    assert plan is not None
    store.save(plan.changes, lambda _: None)
    for mailbox in plan.emptied:
        store.load(mailbox, 0, 1 << 30, store.remove)
    world.settle()
    world.restart(store)
    return plan.name


def come(
    world: RelayWorld, name: str, seed: int, token: bytes | None, host: str = "192.0.2.1"
) -> Client:
    """Try to register, with a token or without one."""
    client = Invited(world, person(name, seed), token=token, host=host)
    client.connect()
    return client


@pytest.fixture
def world() -> RelayWorld:
    """Return an open relay on which Alice and Bob are."""
    world = RelayWorld(registration="open")
    for client in world.online("Alice", "Bob"):
        assert client.is_ready
    return world


# Who gets the name --------------------------------------------------------------------------------


def test_a_new_key_gets_the_name_with_the_token(world: RelayWorld) -> None:
    assert reset(world) == "Alice"
    alice = come(world, "Alice", NEW_KEY, TOKEN)
    assert alice.is_ready
    account = world.relay.directory.by_name("alice")
    assert account is not None
    assert account.registration.user_key == alice.person.user_key
    assert Registered("Alice", "192.0.2.1", "invite") in world.events
    assert InviteChanged("Alice", "used") in world.events
    world.restart(world.store)
    alice.connect()
    assert alice.is_ready


def test_nobody_gets_the_name_without_it(world: RelayWorld) -> None:
    reset(world)
    for seed, token in enumerate((None, OTHER_TOKEN, token_hash(TOKEN)[:16]), STRANGER):
        assert faults(come(world, "Alice", seed, token)) == [IS_KEPT]
    assert faults(come(world, "Alice", STRANGER, None, "127.0.0.1")) == [IS_KEPT]


def test_the_old_key_is_nobody_and_does_not_get_its_name_back(world: RelayWorld) -> None:
    reset(world)
    old = world.client("Alice")
    old.connect()
    assert [frame.registered for frame in old.told(f.Challenge)] == [False]
    assert faults(old) == [IS_KEPT]


@pytest.mark.parametrize("name", ["ALICE", "aIice", "a1ice", "AlICE", "alice_", CYRILLIC])
def test_nor_does_anybody_get_one_that_looks_like_it(world: RelayWorld, name: str) -> None:
    assert name_skeletons(parse_name("Alice")) & name_skeletons(Name(name))
    reset(world)
    assert [code for code, _ in faults(come(world, name, STRANGER, None))] == ["name-taken"]
    assert world.relay.directory.by_name(name) is None


def test_nor_by_writing_the_own_name_otherwise() -> None:
    """``aiice`` looks like nobody, and with a capital I like alice: case is the holder's affair."""
    world = RelayWorld(registration="open")
    mallory = world.client("aiice", seed=STRANGER)
    mallory.connect()
    alice = world.client("alice")
    alice.connect()
    assert mallory.is_ready
    assert alice.is_ready
    reset(world)
    again = person("aIice", STRANGER)
    register = f.Register(again.registration, again.device_list, (again.certificate,), TOKEN)
    with pytest.raises(NameTaken, match="is kept here"):
        world.relay.register(register, "127.0.0.1")


def test_the_name_is_not_free_for_who_comes_with_a_code(world: RelayWorld) -> None:
    reset(world)
    _, slot = opener(world, "Bob")
    stranger = person("Alice", STRANGER).user_key
    assert Guest(world).join(slot, "alice_", stranger).end == "name-taken"


def test_the_token_is_for_that_name_alone_and_stays_unspent_under_another(
    world: RelayWorld,
) -> None:
    reset(world)
    other = come(world, "Carol", STRANGER, TOKEN, "127.0.0.1")
    assert faults(other) == [
        ("invite", "That invitation is for the name Alice only (--name Alice)")
    ]
    assert come(world, "aLiCe", NEW_KEY, TOKEN).is_ready


def test_the_token_serves_once_also_for_a_key_that_was_let_in_by_a_code(world: RelayWorld) -> None:
    reset(world)
    world.relay.entry.admit(person("Alice", NEW_KEY).user_key, world.relay.now_ms(), lambda _: None)
    assert come(world, "Alice", NEW_KEY, TOKEN).is_ready
    assert INVITE not in [kind for kind, _ in world.store.rows()]
    assert [code for code, _ in faults(come(world, "Alice", STRANGER, TOKEN))] == ["name-taken"]


def test_a_relay_for_the_invited_tells_a_stranger_of_no_name() -> None:
    world = RelayWorld(registration="invite")
    world.client("Alice", host="127.0.0.1").connect()
    reset(world)
    refused = faults(come(world, "Alice", STRANGER, None))
    assert refused == [("invite", "This relay takes new people by invitation only")]
    assert come(world, "Alice", NEW_KEY, TOKEN).is_ready


def test_the_name_is_free_again_after_a_week(world: RelayWorld) -> None:
    reset(world)
    world.now += days(NAME_KEPT_DAYS) - 1
    assert faults(come(world, "Alice", STRANGER, None)) == [IS_KEPT]
    world.now += 1
    assert come(world, "Alice", STRANGER, None).is_ready
    assert [code for code, _ in faults(come(world, "Alice", NEW_KEY, TOKEN))] == ["name-taken"]
    world.advance(120.0)
    assert INVITE not in [kind for kind, _ in world.store.rows()]
    assert world.relay.entry._kept_names == {}


def test_the_token_ends_with_the_week() -> None:
    world = RelayWorld(registration="invite")
    world.client("Alice", host="127.0.0.1").connect()
    reset(world)
    world.now += days(NAME_KEPT_DAYS)
    late = come(world, "Alice", NEW_KEY, TOKEN)
    assert faults(late) == [("invite", "That invitation has expired, or was used or taken back")]


def test_a_registration_that_is_not_stored_uses_nothing_up(world: RelayWorld) -> None:
    reset(world)
    store = world.store
    assert isinstance(store, MemoryStore)
    store.is_failing = True
    assert [code for code, _ in faults(come(world, "Alice", NEW_KEY, TOKEN))] == ["limit"]
    store.is_failing = False
    world.restart(store)
    assert faults(come(world, "Alice", STRANGER, None)) == [IS_KEPT]
    assert come(world, "Alice", NEW_KEY, TOKEN).is_ready


# What is forgotten --------------------------------------------------------------------------------


def test_nothing_of_the_old_key_is_left(world: RelayWorld) -> None:
    alice, bob = world.client("Alice"), world.client("Bob")
    alice.connect()
    bob.connect()
    invite(alice, OTHER_TOKEN)
    alice.cut()
    bob.send(alice, b"for the old key")
    world.advance(1.0)
    assert alice.mailbox in world.store.mailboxes()
    reset(world)
    keys = {key for _, key in world.store.rows()}
    assert keys.isdisjoint({alice.person.user_key, alice.mailbox, token_hash(OTHER_TOKEN)})
    assert person("Bob", 2).user_key in keys
    assert alice.mailbox not in world.store.mailboxes()
    kept = b"".join(key + value for (_, key), value in world.store.rows().items())
    assert TOKEN not in kept
    new = come(world, "Alice", NEW_KEY, TOKEN)
    world.advance(1.0)
    assert new.deliveries == []


def test_who_has_the_old_key_lets_nobody_in_any_more() -> None:
    world = RelayWorld(registration="invite")
    alice = world.client("Alice", host="127.0.0.1")
    alice.connect()
    invite(alice, OTHER_TOKEN)
    reset(world)
    refused = faults(come(world, "Carol", STRANGER, OTHER_TOKEN))
    assert refused == [("invite", "That invitation has expired, or was used or taken back")]


def test_others_keep_their_accounts_and_their_invites() -> None:
    world = RelayWorld(registration="invite")
    for name in ("Alice", "Bob"):
        world.client(name, host="127.0.0.1").connect()
    bob = world.client("Bob")
    bob.connect()
    invite(bob, OTHER_TOKEN)
    reset(world)
    bob.connect()
    assert bob.is_ready
    assert come(world, "Carol", STRANGER, OTHER_TOKEN).is_ready


# Which name ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["carol", "a1ice", "", "alice bob", "\x1b[2J", "x" * 10_000])
def test_a_name_that_nobody_has_is_none(world: RelayWorld, name: str) -> None:
    assert plan_reset(world.store.rows(), name, token_hash(TOKEN), 0) is None


def test_a_link_that_went_astray_is_replaced_by_the_next(world: RelayWorld) -> None:
    reset(world)
    assert reset(world, "ALICE", OTHER_TOKEN) == "Alice"
    assert faults(come(world, "Alice", STRANGER, TOKEN)) == [IS_KEPT]
    assert come(world, "Alice", NEW_KEY, OTHER_TOKEN).is_ready


def test_a_name_whose_time_is_over_is_nobody_s(world: RelayWorld) -> None:
    reset(world)
    later_ms = world.relay.now_ms() + NAME_KEPT_DAYS * DAY_MS
    assert plan_reset(world.store.rows(), "alice", token_hash(TOKEN), later_ms) is None


def test_rows_that_cannot_be_read_change_nothing() -> None:
    for kind in (ACCOUNT, INVITE):
        with pytest.raises(FileProblem, match="cannot be read"):
            plan_reset({(kind, b"k" * 32): b"\xc1"}, "alice", token_hash(TOKEN), 0)


def test_only_who_has_the_link_takes_the_kept_name_back(world: RelayWorld) -> None:
    """A member who knows the token, or its hash, cannot make it theirs, revoke it or list it."""
    reset(world)
    bob = world.client("Bob")
    bob.connect()
    assert isinstance(invite(bob, TOKEN, uses=1000), f.Failed)
    revoked = bob.ask(lambda request: f.InviteRevoke(request, token_hash(TOKEN)))
    assert isinstance(revoked, f.Failed)
    answer = bob.ask(f.InviteList)
    assert isinstance(answer, f.Invites)
    assert answer.invites == ()
    assert come(world, "Alice", NEW_KEY, TOKEN).is_ready
