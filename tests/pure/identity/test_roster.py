"""What one roster entry shows by itself."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.errors import InvalidSignature, RemoteProtocolError, SecureChatError
from securechat.identity.roster import (
    MAX_MEMBERS,
    MAX_TOPIC_CHARACTERS,
    RosterEntry,
    RosterMember,
    is_topic,
    lobby_id_of,
    room_id_of,
)
from securechat.identity.types import RelayId, UserKey
from tests.pure.identity.objects import RELAY
from tests.pure.identity.rosters import (
    ALICE,
    BOB,
    CAROL,
    MALLORY,
    SALT,
    begin,
    follow,
    many_members,
    members,
    signed_again,
)

FIRST = begin()
SECOND = follow(FIRST, ALICE, [ALICE], [BOB], topic="about")
OTHER_RELAY = RelayId(b"R" * 32)


def ascending(*listed: RosterMember) -> tuple[RosterMember, ...]:
    return tuple(sorted(listed, key=lambda member: member.user_key))


def refuse(entry: RosterEntry, error: type[SecureChatError] = RemoteProtocolError) -> None:
    with pytest.raises(error):
        entry.verify(RELAY)


def test_entries_of_honest_admins_verify() -> None:
    for entry in (FIRST, SECOND, follow(SECOND, ALICE, [ALICE, BOB])):
        entry.verify(RELAY)


def test_a_room_of_another_relay_is_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        FIRST.verify(OTHER_RELAY)
    refuse(signed_again(FIRST, relay_id=OTHER_RELAY))


def test_nobody_begins_a_room_in_anothers_name() -> None:
    forged = begin(MALLORY)
    refuse(signed_again(forged, MALLORY.signer, creator=ALICE.user_key))
    stolen = signed_again(
        forged,
        MALLORY.signer,
        creator=ALICE.user_key,
        room_id=FIRST.room_id,
        members=tuple(members([ALICE])),
    )
    refuse(stolen)
    refuse(signed_again(forged, MALLORY.signer, room_id=FIRST.room_id))


def test_a_signature_of_anybody_but_the_actor_is_refused() -> None:
    refuse(signed_again(SECOND, MALLORY.signer), InvalidSignature)
    refuse(signed_again(SECOND, MALLORY.signer, actor=ALICE.certificate), InvalidSignature)


def test_a_certificate_of_another_person_is_refused() -> None:
    """Mallory puts Alice's user key into her own certificate, or her signing key into Alice's."""
    for stolen in (
        msgspec.structs.replace(MALLORY.certificate, user_key=ALICE.user_key),
        msgspec.structs.replace(ALICE.certificate, signing_key=MALLORY.certificate.signing_key),
    ):
        refuse(signed_again(SECOND, MALLORY.signer, actor=stolen), InvalidSignature)


@pytest.mark.parametrize("field", ["salt", "version", "previous", "topic", "members", "time_ms"])
def test_each_field_is_under_the_signature(field: str) -> None:
    others: dict[str, Any] = {
        "salt": b"s" * 32,
        "version": 7,
        "previous": (b"p" * 32,),
        "topic": "of something else",
        "members": tuple(members([ALICE])),
        "time_ms": 1,
    }
    refuse(msgspec.structs.replace(SECOND, **{field: others[field]}), SecureChatError)


@given(st.data())
def test_no_flipped_bit_verifies(data: st.DataObject) -> None:
    encoded = bytearray(msgspec.msgpack.encode(SECOND))
    bit = data.draw(st.integers(0, 8 * len(encoded) - 1))
    encoded[bit // 8] ^= 1 << bit % 8
    with pytest.raises((SecureChatError, msgspec.DecodeError, UnicodeDecodeError)):
        msgspec.msgpack.decode(bytes(encoded), type=RosterEntry).verify(RELAY)


def test_members_are_in_order_and_there_once() -> None:
    one, two = ascending(*members([ALICE], [BOB]))
    for listed in ((two, one), (one, one, two), (one, two, two)):
        refuse(signed_again(SECOND, members=listed))


def test_a_room_has_an_admin_and_a_bounded_number_of_members() -> None:
    refuse(signed_again(SECOND, members=ascending(*members([], [ALICE, BOB]))))
    refuse(signed_again(SECOND, members=()))
    full = ascending(*many_members(MAX_MEMBERS))
    signed_again(SECOND, members=full).verify(RELAY)
    refuse(signed_again(SECOND, members=ascending(*many_members(MAX_MEMBERS + 1))))


def test_the_first_entry_is_its_creators_and_follows_nothing() -> None:
    refuse(signed_again(FIRST, previous=(SECOND.hash,)))
    by_bob = signed_again(FIRST, BOB.signer, actor=BOB.certificate)
    refuse(by_bob)
    refuse(signed_again(FIRST, members=ascending(*members([BOB], [ALICE]))))
    refuse(signed_again(FIRST, members=ascending(*members([BOB]))))


def test_a_later_entry_follows_one_or_two_in_order() -> None:
    one, two = sorted((FIRST.hash, SECOND.hash))
    signed_again(SECOND, previous=(one, two)).verify(RELAY)
    for previous in ((), (two, one), (one, one), (*sorted((one, two)), b"\xff" * 32)):
        refuse(signed_again(SECOND, previous=previous))


@pytest.mark.parametrize("name", ["", " ops", "#ops", "o" * 33, "раypal", "\u202espo", "ops\n"])
def test_names_are_names(name: str) -> None:
    refuse(signed_again(FIRST, name=name), SecureChatError)
    renamed = RosterMember(ALICE.user_key, True, name)  # type: ignore[arg-type]
    refuse(signed_again(FIRST, members=(renamed,)), SecureChatError)


def test_a_topic_is_one_line_of_bounded_length() -> None:
    for text in ("", "x" * MAX_TOPIC_CHARACTERS, "Grüße \U0001f600"):
        assert is_topic(text)
    for text in ("x" * (MAX_TOPIC_CHARACTERS + 1), "a\nb", "a\rb", "\x1b[2J", "a\x85b", "a\u2028b"):
        assert not is_topic(text)
        refuse(signed_again(SECOND, topic=text))
    assert not is_topic("\ud800")


def test_huge_fields_are_no_entry() -> None:
    changes: list[dict[str, Any]] = [
        {"name": "n" * 10_000},
        {"topic": "t" * 300},
        {"members": tuple(many_members(129))},
        {"previous": (b"p" * 32,) * 3},
        {"version": 2**63},
        {"salt": b"s" * 33},
        {"members": (RosterMember(UserKey(b"k" * 31), True, ALICE.registration.name),)},
    ]
    for change in changes:
        encoded = msgspec.msgpack.encode(msgspec.structs.replace(SECOND, **change))
        with pytest.raises(msgspec.ValidationError):
            msgspec.msgpack.decode(encoded, type=RosterEntry)


def test_two_lists_never_sign_alike() -> None:
    """A name cannot flow into the next member's key, nor a hash into the creator."""
    hashes = {
        entry.hash
        for entry in (
            FIRST,
            SECOND,
            follow(FIRST, ALICE, [ALICE, BOB], topic="about"),
            follow(FIRST, ALICE, [ALICE], [CAROL], topic="about"),
            follow(FIRST, ALICE, [ALICE], [BOB], topic="abou"),
            follow(FIRST, ALICE, [ALICE], [BOB], topic="about", time_ms=1),
        )
    }
    assert len(hashes) == 6


def test_the_hash_leaves_the_signature_out() -> None:
    assert msgspec.structs.replace(SECOND, signature=bytes(64)).hash == SECOND.hash


def test_ids_name_the_relay_and_the_creator() -> None:
    ids = {
        room_id_of(RELAY, ALICE.user_key, SALT),
        room_id_of(OTHER_RELAY, ALICE.user_key, SALT),
        room_id_of(RELAY, BOB.user_key, SALT),
        room_id_of(RELAY, ALICE.user_key, b"s" * 32),
        lobby_id_of(RELAY),
        lobby_id_of(OTHER_RELAY),
    }
    assert len(ids) == 6
