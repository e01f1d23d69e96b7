"""Rosters of a room that Alice has begun, and the people who sign them."""

from collections.abc import Iterable
from typing import Any

import msgspec

from securechat.crypto.signing import SigningKey
from securechat.identity.names import parse_name
from securechat.identity.roster import RosterEntry, RosterMember
from securechat.identity.types import Digest, UserKey
from tests.pure.identity.objects import RELAY, Person, make_person

SALT = b"\x71" * 32
TIME_MS = 1_700_000_000_000
ALICE, BOB, CAROL, DAVE, MALLORY = (
    make_person(name, seed)
    for seed, name in enumerate(("Alice", "Bob", "Carol", "Dave", "Mallory"), start=1)
)
NAMES = {each.user_key: each.registration.name for each in (ALICE, BOB, CAROL, DAVE, MALLORY)}


def begin(creator: Person = ALICE, name: str = "ops", salt: bytes = SALT) -> RosterEntry:
    """Return version 0 of a room."""
    return RosterEntry.begin(
        creator.signer,
        creator.certificate,
        relay_id=RELAY,
        salt=salt,
        name=parse_name(name),
        own_name=creator.registration.name,
        time_ms=TIME_MS,
    )


def members(admins: Iterable[Person], others: Iterable[Person] = ()) -> list[RosterMember]:
    """Return the members of a room."""
    listed = [(each, True) for each in admins] + [(each, False) for each in others]
    return [RosterMember(each.user_key, admin, NAMES[each.user_key]) for each, admin in listed]


def follow(
    entry: RosterEntry,
    actor: Person,
    admins: Iterable[Person],
    others: Iterable[Person] = (),
    **changes: Any,
) -> RosterEntry:
    """Return what ``actor`` puts after an entry."""
    version = changes.pop("version", entry.version + 1)
    previous: tuple[Digest, ...] = changes.pop("previous", (entry.hash,))
    return entry.follow(
        actor.signer,
        actor.certificate,
        version=version,
        previous=previous,
        members=members(admins, others),
        topic=changes.pop("topic", entry.topic),
        time_ms=changes.pop("time_ms", TIME_MS + version),
    )


def signed_again(entry: RosterEntry, key: SigningKey = ALICE.signer, **changes: Any) -> RosterEntry:
    """Return an entry with fields changed, signed by whoever changed them."""
    changed = msgspec.structs.replace(entry, **changes)
    return msgspec.structs.replace(changed, signature=key.sign(changed.signed_bytes()))


def many_members(count: int) -> list[RosterMember]:
    """Return Alice, who is an admin, and others."""
    others = [
        RosterMember(UserKey(bytes([255]) + bytes([i % 256]) * 31), False, parse_name(f"m{i}"))
        for i in range(count - 1)
    ]
    return [*members([ALICE]), *others]
