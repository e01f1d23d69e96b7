"""Making the entries of a room's roster, as an admin of it."""

from collections.abc import Mapping

from securechat.crypto.sealing import random_bytes
from securechat.e2e.own_device import OwnDevice
from securechat.e2e.room import RoomState
from securechat.e2e.room_content import encode_entry
from securechat.e2e.roster_merge import merge_members
from securechat.errors import LocalProtocolError, UsageError
from securechat.identity.names import parse_name
from securechat.identity.roster import (
    MAX_MEMBERS,
    MAX_TOPIC_CHARACTERS,
    ROOM_SALT_SIZE_BYTES,
    RosterEntry,
    RosterMember,
    is_topic,
)
from securechat.identity.types import MAX_NUMBER, Digest, UserKey


def begin_roster(device: OwnDevice, name: str, now_ms: int) -> RosterEntry:
    """Make version 0 of a new room, which lists this person alone.

    Raises `NameInvalid`, or `LocalProtocolError` when this device has no name yet.
    """
    registration = device.registration
    if registration is None:
        raise LocalProtocolError("A room cannot begin before this device has a name.")
    return RosterEntry.begin(
        device.signing_key,
        device.certificate,
        relay_id=registration.relay_id,
        salt=random_bytes(ROOM_SALT_SIZE_BYTES),
        name=parse_name(name),
        own_name=registration.name,
        time_ms=now_ms,
    )


def change_roster(
    device: OwnDevice,
    state: RoomState,
    now_ms: int,
    members: Mapping[UserKey, RosterMember] | None,
    topic: str | None,
) -> RosterEntry:
    """Make the entry that follows the head; what is None stays; raise `UsageError`."""
    chain = state.chain
    if chain.is_forked:
        raise UsageError("Two admins have changed this room at once: merge that first.", "/merge")
    _require_admin(device, chain.head)
    wanted = chain.head.members_by_key if members is None else members
    return _follow(device, state, chain.tips, wanted, topic, now_ms)


def merge_roster(device: OwnDevice, state: RoomState, now_ms: int) -> RosterEntry:
    """Make the entry that puts the two first tips together; raise `UsageError`."""
    chain, tips = state.chain, state.chain.tips[:2]
    if not chain.is_forked:
        raise UsageError("There is nothing to merge in this room.", "/who")
    one, other = chain.tip_entries[:2]
    _require_admin(device, one, other)
    members = merge_members(chain.common(*tips), one, other)
    topic = max((one, other), key=lambda entry: (entry.time_ms, entry.hash)).topic
    return _follow(device, state, tips, members, topic, now_ms)


def _require_admin(device: OwnDevice, *entries: RosterEntry) -> None:
    if not all(device.address.user_key in entry.admins for entry in entries):
        raise UsageError("Only an admin of the room can do that.", "/who")


def _follow(
    device: OwnDevice,
    state: RoomState,
    previous: tuple[Digest, ...],
    members: Mapping[UserKey, RosterMember],
    topic: str | None,
    now_ms: int,
) -> RosterEntry:
    head = state.chain.head
    staying = [member for key, member in members.items() if key not in state.gone]
    wanted = head.topic if topic is None else topic
    version = max(state.chain.entries[each].version for each in previous) + 1
    if version > MAX_NUMBER:
        raise UsageError("This room cannot change any more: begin another.", "/create #ROOM")
    if not is_topic(wanted):
        raise UsageError(
            f"A topic is one line of up to {MAX_TOPIC_CHARACTERS} characters.", "/topic TEXT"
        )
    if len(staying) > MAX_MEMBERS:
        raise UsageError(f"A room has up to {MAX_MEMBERS} people.", "/create #ROOM")
    if not any(member.admin for member in staying):
        raise UsageError("A room needs an admin: make somebody else one first.", "/admin NAME")
    entry = head.follow(
        device.signing_key,
        device.certificate,
        version=version,
        previous=previous,
        members=staying,
        topic=wanted,
        time_ms=now_ms,
    )
    encode_entry(entry)  # raises where it is too long to travel
    return entry
