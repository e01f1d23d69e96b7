"""The contents that rooms have beside their messages: rosters, requests for them, notices."""

from typing import NamedTuple

import msgspec
from msgspec import Struct

from securechat.errors import RemoteProtocolError, UsageError
from securechat.identity.notation import u64
from securechat.identity.roster import RosterEntry
from securechat.identity.types import MAX_NUMBER, Digest, RoomId

KIND_ROSTER = 6
KIND_ROSTER_REQUEST = 7
KIND_ROOM_NOTICE = 8
ROOM_KINDS = frozenset({KIND_ROSTER, KIND_ROSTER_REQUEST, KIND_ROOM_NOTICE})

LOBBY_VERSION = 0
"""The version in every place of a lobby, which has no roster."""

MAX_ROSTER_BYTES = 12_288
ROOM_ID_SIZE_BYTES = 32
PLACE_SIZE_BYTES = 40

_HASH_SIZE_BYTES = 32
_JOINED, _LEFT = 1, 2
_ENTRIES = msgspec.msgpack.Decoder(RosterEntry)


class RoomPlace(NamedTuple):
    """A room, and the version of its roster that the sender had (`LOBBY_VERSION` in a lobby)."""

    room_id: RoomId
    version: int

    def encode(self) -> bytes:
        """Return the 40 bytes."""
        return self.room_id + u64(self.version)


class Roster(Struct, frozen=True):
    """An entry of a room's roster, not verified yet."""

    entry: RosterEntry


class RosterRequest(Struct, frozen=True):
    """A request for the entries that follow this one, the newest that the asker has."""

    room_id: RoomId
    version: int
    head: Digest


class RoomNotice(Struct, frozen=True):
    """The sender, whom a room's roster lists, has come to it, or has left it."""

    place: RoomPlace
    joined: bool


class Held(Struct, frozen=True):
    """Something said in a room that cannot be shown before the room's roster is here.

    It is kept: `Rooms.release` returns it when it can be read.
    """

    room_id: RoomId
    version: int


RoomContent = Roster | RosterRequest | RoomNotice


def encode_room_content(content: RoomContent) -> tuple[int, bytes]:
    """Return kind and body; raise `UsageError` when a roster is too long."""
    match content:
        case Roster(entry):
            return KIND_ROSTER, encode_entry(entry)
        case RosterRequest(room_id, version, head):
            return KIND_ROSTER_REQUEST, RoomPlace(room_id, version).encode() + head
        case RoomNotice(place, joined):
            return KIND_ROOM_NOTICE, place.encode() + bytes([_JOINED if joined else _LEFT])


def encode_entry(entry: RosterEntry) -> bytes:
    """Return an entry as it travels; raise `UsageError` when it is too long for that."""
    body = msgspec.msgpack.encode(entry)
    if len(body) > MAX_ROSTER_BYTES:
        raise UsageError(
            "So many people, with such names, are too many for one room.", "/create #ROOM"
        )
    return body


def decode_entry(body: bytes) -> RosterEntry:
    """Undo `encode_entry`; raise `RemoteProtocolError`. Nothing is verified yet."""
    if len(body) > MAX_ROSTER_BYTES:
        raise RemoteProtocolError("A roster is too long.")
    try:
        entry = _ENTRIES.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteProtocolError("A roster is malformed.") from error
    if msgspec.msgpack.encode(entry) != body:  # nothing travels that is not signed
        raise RemoteProtocolError("A roster is not written in the one way there is.")
    return entry


def decode_roster_request(body: bytes) -> RosterRequest:
    """Undo `encode_room_content`; raise `RemoteProtocolError`."""
    if len(body) != PLACE_SIZE_BYTES + _HASH_SIZE_BYTES:
        raise RemoteProtocolError("A request for a roster has a wrong length.")
    return RosterRequest(*decode_place(body), Digest(body[PLACE_SIZE_BYTES:]))


def decode_room_notice(body: bytes) -> RoomNotice:
    """Undo `encode_room_content`; raise `RemoteProtocolError`."""
    if len(body) != PLACE_SIZE_BYTES + 1 or body[-1] not in (_JOINED, _LEFT):
        raise RemoteProtocolError("A notice of a room has a wrong length, or says nothing known.")
    return RoomNotice(decode_place(body), body[-1] == _JOINED)


def decode_place(body: bytes) -> RoomPlace:
    """Return the place at the beginning of a body; raise `RemoteProtocolError`."""
    version = int.from_bytes(body[ROOM_ID_SIZE_BYTES:PLACE_SIZE_BYTES], "big")
    if len(body) < PLACE_SIZE_BYTES or version > MAX_NUMBER:
        raise RemoteProtocolError("A place in a room is cut short or out of range.")
    return RoomPlace(RoomId(body[:ROOM_ID_SIZE_BYTES]), version)
