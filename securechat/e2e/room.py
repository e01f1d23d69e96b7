"""A closed room as this device knows it."""

from functools import cached_property

import msgspec
from msgspec import Struct

from securechat.e2e.roster_chain import RosterChain
from securechat.identity.roster import RosterEntry, RosterMember
from securechat.identity.types import Digest, RoomId, UserKey


class RoomRow(msgspec.Struct, frozen=True, array_like=True):
    """What is stored of a room beside its entries."""

    tips: tuple[Digest, ...]
    grants: tuple[Digest, ...]
    waiting: tuple[Digest, ...]
    inviter: UserKey
    begun_ms: int
    joined: bool
    gone: frozenset[UserKey]
    left: bool = False


class RoomState(Struct):
    """A room's rosters, and what this person and others have said of being there."""

    chain: RosterChain
    inviter: UserKey
    begun_ms: int
    joined: bool = False
    gone: frozenset[UserKey] = frozenset()
    left: bool = False

    @property
    def room_id(self) -> RoomId:
        """The room."""
        return self.chain.head.room_id

    @property
    def member_keys(self) -> frozenset[UserKey]:
        """Everybody whom the newest roster lists."""
        return self.chain.member_keys(self.chain.tips[0])

    def row(self) -> RoomRow:
        """Return what is stored of it."""
        chain, waiting = self.chain, tuple(self.chain.waiting)
        return RoomRow(
            tips=chain.tips,
            grants=chain.grants,
            waiting=waiting,
            inviter=self.inviter,
            begun_ms=self.begun_ms,
            joined=self.joined,
            gone=self.gone,
            left=self.left,
        )


class Room(Struct, frozen=True, dict=True):
    """A room at one moment.

    ``inviter`` is who brought the roster that lists this person. ``joined``: the user has accepted.
    ``left``: they are in it no more, and the next entry of an admin will say so too.
    ``is_forked``: several admins have changed it at once. ``is_behind``: somebody writes after a
    change that is not here yet. ``gone`` are members who have said since that they left.
    """

    own: UserKey
    head: RosterEntry
    head_hash: Digest
    inviter: UserKey
    joined: bool
    is_forked: bool
    is_behind: bool
    gone: frozenset[UserKey]
    left: bool

    @property
    def room_id(self) -> RoomId:
        """The room."""
        return self.head.room_id

    @property
    def version(self) -> int:
        """The version of the newest roster."""
        return self.head.version

    @property
    def is_paused(self) -> bool:
        """Whether nothing may be said there now."""
        return self.is_forked or self.is_behind

    @cached_property
    def members(self) -> dict[UserKey, RosterMember]:
        """Everybody whom the newest roster lists."""
        return self.head.members_by_key

    @cached_property
    def present_members(self) -> dict[UserKey, RosterMember]:
        """The others who are in the room: to them goes what is said there."""
        absent = self.gone | {self.own}
        return {key: member for key, member in self.members.items() if key not in absent}

    @property
    def is_member(self) -> bool:
        """Whether the newest roster lists this person."""
        return self.own in self.members

    @property
    def am_admin(self) -> bool:
        """Whether this person may change the room."""
        return self.is_member and self.members[self.own].admin
