"""What of a profile is in a backup, what is not, and what a profile made from one has."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.client.connection.relays import KnownRelay, known_relays
from securechat.client.names.contacts import Contact, ContactBook, ShownKey
from securechat.client.profiles.backup import Backup, Place, decode_backup, take_backup
from securechat.crypto.signing import SigningKey
from securechat.e2e.endpoint import Endpoint
from securechat.e2e.own_device import UserIdentity
from securechat.errors import CannotOpen, RemoteProtocolError, UsageError
from securechat.identity.chain import Highest
from securechat.identity.device import DeviceList
from securechat.identity.names import parse_name
from securechat.identity.types import DeviceId, Digest, Name, RelayId, UserKey
from tests.pure.e2e.world import NOW_MS, RELAY, Seat, carry_out, make_pair
from tests.pure.identity.objects import make_person

ALICE, SEED = parse_name("Alice"), b"\1" * 32
IDENTITY = UserIdentity(SEED, make_person("Alice", seed=1).device_list)
OTHER_RELAY = RelayId(b"o" * 32)
PLACES = (
    KnownRelay(RELAY, "192.168.1.20:5555", NOW_MS + 2),
    KnownRelay(OTHER_RELAY, "[::1]:8888", NOW_MS + 1),
)
OF_THE_MOMENT = ("draft", "outbox", "kept", "unread", "message")

names = st.sampled_from(["bob", "Ünsal", "明子", "b" * 32]).map(parse_name)
numbers = st.integers(0, 2**63 - 1)
keys = st.binary(min_size=32, max_size=32).map(UserKey)
highest = st.builds(
    Highest,
    list_sequence=numbers,
    list_hash=st.binary(min_size=32, max_size=32).map(Digest),
    epochs=st.dictionaries(st.binary(min_size=16, max_size=16).map(DeviceId), numbers, max_size=2),
)
contacts = st.builds(
    Contact,
    name=names,
    user_key=keys,
    accepted=st.booleans(),
    verified=st.booleans(),
    highest=st.none() | highest,
    shown=st.none() | st.builds(ShownKey, user_key=keys, highest=highest),
    blocked=st.booleans(),
    petname=st.just("") | names,
    met_ms=numbers,
    encrypted_once=st.booleans(),
    plain_allowed=st.booleans(),
)
addresses = st.sampled_from([place.address for place in PLACES])
relays = st.builds(KnownRelay, relay_id=keys.map(RelayId), address=addresses, used_ms=numbers)
backups = st.builds(
    Backup,
    name=names,
    made_ms=st.integers(0, NOW_MS * 2),
    identity=st.just(IDENTITY),
    places=st.lists(
        st.builds(Place, relay=relays, people=st.lists(contacts, max_size=3).map(tuple)), max_size=3
    ).map(tuple),
)


def identity_with_list(sequence: int) -> UserIdentity:
    """Return Alice with a list of her own of this number."""
    device_list = DeviceList.sign(
        SigningKey(SEED),
        sequence=sequence,
        previous_hash=Digest(bytes(32)),
        certificates=(make_person("Alice", seed=1).certificate,),
    )
    return UserIdentity(SEED, device_list)


def bob(number: int = 2, **fields: object) -> Contact:
    return Contact(Name("bob"), UserKey(bytes([number]) * 32), met_ms=1, **fields)  # type: ignore[arg-type]


def backup(*people: Contact, **fields: object) -> Backup:
    made = Backup(ALICE, NOW_MS, IDENTITY, (Place(PLACES[0], people),))
    return msgspec.structs.replace(made, **fields)


@pytest.fixture(scope="module")
def used() -> Seat:
    """Return a profile that was used, with a row of everything that a profile keeps."""
    alice, other = make_pair()
    alice.send(other)
    alice.ask(other)
    for relay, number in zip(PLACES, (2, 3), strict=True):
        carry_out(relay.row, alice.rows)
        carry_out(ContactBook(relay.relay_id, {}).put(bob(number, accepted=True)), alice.rows)
    alice.rows |= {(table, b"key"): b"a text of the moment" for table in OF_THE_MOMENT}
    return alice


@given(backups)
def test_a_backup_comes_back_as_it_was(made: Backup) -> None:
    assert decode_backup(made.encode()) == made


def test_the_next_device_knows_the_same_relays_and_people(used: Seat) -> None:
    taken = take_backup(ALICE, used.rows, NOW_MS)
    assert taken.people_count == 2
    rows: dict[tuple[str, bytes], bytes] = {}
    carry_out(decode_backup(taken.encode()).rows(NOW_MS), rows)
    assert known_relays(rows) == list(PLACES)
    for table in ("contact", "relay"):
        assert {row: rows[row] for row in rows if row[0] == table} == {
            row: used.rows[row] for row in used.rows if row[0] == table
        }
    restored = Endpoint.load(rows)
    assert restored.user_key == used.endpoint.user_key
    assert restored.device_id != used.endpoint.device_id
    assert {table for table, _ in rows} == {"self", "epoch", "relay", "contact"}


def test_nothing_of_the_device_and_of_the_moment_is_in_it(used: Seat) -> None:
    taken = take_backup(ALICE, used.rows, NOW_MS + 99).encode()
    assert used.endpoint.user_identity.user_seed in taken
    assert used.endpoint._device.signing_key.export_seed() not in taken
    for (table, _), value in used.rows.items():
        if table not in ("relay", "contact"):
            assert value not in taken, table


def test_the_last_list_but_one_can_be_followed_once() -> None:
    made = backup(identity=identity_with_list(2**63 - 2))
    rows: dict[tuple[str, bytes], bytes] = {}
    carry_out(decode_backup(made.encode()).rows(NOW_MS), rows)
    last = Endpoint.load(rows)
    assert last.device_list.sequence == 2**63 - 1
    with pytest.raises(RemoteProtocolError, match="no other can follow"):
        Endpoint.create_next(last.user_identity, NOW_MS, rows)


def test_strangers_and_the_blocked_are_kept_but_not_counted() -> None:
    people = bob(2, blocked=True), bob(3), bob(4, accepted=True)
    restored = backup(*people)
    assert restored.people_count == 1
    rows: dict[tuple[str, bytes], bytes] = {}
    carry_out(restored.rows(NOW_MS), rows)
    assert set(ContactBook(RELAY, rows)) == set(people)


def test_a_profile_that_nobody_has_used_has_no_identity() -> None:
    with pytest.raises(UsageError, match="no identity yet"):
        take_backup(ALICE, {}, NOW_MS)


@pytest.mark.parametrize(
    "made",
    [
        backup(name="no name"),
        backup(made_ms=-1),
        backup(made_ms=10**18),
        backup(identity=UserIdentity(SigningKey.generate().export_seed(), IDENTITY.device_list)),
        backup(places=(Place(KnownRelay(RelayId(b"r"), "x", 1), ()),)),
        backup(places=(Place(KnownRelay(RELAY, "a\x1b[2Jb", 1), ()),)),
        backup(places=(Place(KnownRelay(RELAY, "a:" + "9" * 5000, 1), ()),)),
        backup(identity=identity_with_list(2**63 - 1)),
        backup(msgspec.structs.replace(bob(), user_key=b"k")),
        backup(msgspec.structs.replace(bob(), name="\x1b[2J")),
        backup(bob(petname="\x1b[2J")),
        backup(bob(shown=ShownKey(UserKey(b"k"), Highest(1, Digest(bytes(32)), {})))),
    ],
)
def test_what_no_export_writes_is_refused(made: Backup) -> None:
    with pytest.raises(CannotOpen):
        decode_backup(made.encode())


@pytest.mark.parametrize(
    "encoded",
    [
        *(b"", b"\xc1", b"\x91" * 100_000 + b"\x90", backup().encode()[:-1]),
        b"\x95" + backup().encode()[1:] + b"\x91" * 100_000 + b"\x90",
        b"\x94\xa1\xff" + backup().encode()[6:],
    ],
)
def test_what_is_no_msgpack_of_a_backup_is_refused(encoded: bytes) -> None:
    with pytest.raises(CannotOpen):
        decode_backup(encoded)


def test_it_shows_nothing_secret() -> None:
    assert repr(backup(bob())) == "Backup(secret)"
