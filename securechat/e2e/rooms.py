"""The closed rooms of a device: their rosters, who is there, and what is said in them.

`Rooms` is reached as `Endpoint.rooms`; what changes is among the endpoint's changes.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from securechat.e2e.held import HeldTable
from securechat.e2e.own_device import OwnDevice
from securechat.e2e.results import Invalid, Opened
from securechat.e2e.room import Room, RoomState
from securechat.e2e.room_content import RosterRequest
from securechat.e2e.room_table import RoomTable
from securechat.e2e.room_talk import RoomTalk
from securechat.e2e.roster_chain import Effect, RosterChain
from securechat.e2e.roster_making import begin_roster, change_roster, merge_roster
from securechat.e2e.rows import ChangeLog, StoredRows
from securechat.e2e.seen import DAY_MS
from securechat.errors import InvalidSignature, NameInvalid, RemoteProtocolError, UsageError
from securechat.identity.roster import RosterEntry, RosterMember
from securechat.identity.types import Digest, RoomId, UserKey

MAX_ANSWER = 64
"""Entries in one answer to a `RosterRequest`; who lacks more asks again."""

HELD_LIFE_MS = DAY_MS
INVITATION_HELD_LIFE_MS = 30 * DAY_MS

NO_HEAD = Digest(bytes(32))
"""The head in a `RosterRequest` of somebody who knows nothing of the room."""


class Taken(NamedTuple):
    """What an entry did, and what to ``ask`` of whom it came from."""

    effect: Effect
    ask: RosterRequest | None = None


class Rooms:
    """All closed rooms that this device knows."""

    __slots__ = ("_device", "_held", "_table", "talk")

    def __init__(self, device: OwnDevice, changes: ChangeLog, rows: StoredRows) -> None:
        self._device = device
        self._table = RoomTable(changes, rows)
        self._held = HeldTable(changes, rows)
        self.talk = RoomTalk(device, self._table, self._held)

    def __iter__(self) -> Iterator[Room]:
        return map(self._view, self._table)

    def get(self, room_id: RoomId) -> Room | None:
        """Return a room, or None if it is not known."""
        state = self._table.get(room_id)
        return self._view(state) if state else None

    def admits(self, room_id: RoomId, user_key: UserKey) -> bool:
        """Tell whether what is said in a room goes to somebody: as `Room.present_members`."""
        state = self._table.get(room_id)
        if state is None or user_key in state.gone or user_key == self._own:
            return False
        return user_key in state.member_keys

    def are_shared_with(self, user_key: UserKey) -> bool:
        """Tell whether this person has joined a room that somebody is in."""
        return any(state.joined and user_key in state.member_keys for state in self._table)

    def create(self, name: str, now_ms: int) -> RosterEntry:
        """Begin a room with this person alone in it; ``name`` is without ``#``.

        Raises `NameInvalid`, or `LocalProtocolError` when this device has no name yet.
        """
        entry = begin_roster(self._device, name, now_ms)
        self._table.add(RoomState(RosterChain.begin(entry), self._own, now_ms, joined=True))
        return entry

    def change(
        self,
        room_id: RoomId,
        now_ms: int,
        *,
        members: Mapping[UserKey, RosterMember] | None = None,
        topic: str | None = None,
    ) -> RosterEntry:
        """Make the next entry of a room, and take it; what is None stays.

        ``members`` are all who are to be in it. Those who are `Room.gone` are left out.
        Raises `UsageError`: no such room, no admin, forked, too many people, no topic.
        """
        state = self._joined(room_id)
        return self._take_own(state, change_roster(self._device, state, now_ms, members, topic))

    def merge(self, room_id: RoomId, now_ms: int) -> RosterEntry:
        """Put two newest rosters of a forked room together; where there are more, do it again.

        Raises `UsageError`: no such room, no admin in both, no fork.
        """
        state = self._joined(room_id)
        return self._take_own(state, merge_roster(self._device, state, now_ms))

    def take(self, entry: RosterEntry, sender: UserKey, now_ms: int) -> Taken:
        """Take an entry that ``sender`` sent; raise `RemoteProtocolError` when it is refused.

        Then nothing has changed.
        """
        try:
            entry.verify(self._device.relay_id)
        except (InvalidSignature, NameInvalid) as error:
            raise RemoteProtocolError(error.what) from None
        state = self._table.get(entry.room_id)
        if state is None:
            return self._begin(entry, sender, now_ms)
        chain, waited = state.chain, set(state.chain.waiting)
        effect = self._take(state, entry, sender)
        if effect is Effect.KNOWN:
            if entry == chain.head:
                self._held.give_up(state.room_id, sender, above=chain.highest_version)
            return Taken(effect)
        ask = None
        if effect is not Effect.BEHIND:
            self._retry(state, sender)
        elif not chain.waiting.keys() <= waited:
            ask = RosterRequest(entry.room_id, chain.head.version, chain.tips[0])
        self._table.save(state)
        return Taken(effect, ask)

    def introduction(self, room_id: RoomId) -> tuple[RosterEntry, ...]:
        """Return what somebody needs who knows nothing of a room: in its order, the head last."""
        state = self._table.get(room_id)
        return state.chain.introduction() if state else ()

    def since(self, request: RosterRequest, asker: UserKey) -> tuple[RosterEntry, ...]:
        """Return what somebody may have of the entries that they ask for, in their order.

        A member whom nothing is missing gets the head, which says so. Who is no member any more
        gets what lists them, and what removed them.
        """
        state = self._table.get(request.room_id)
        if state is None:
            return ()
        chain, entries = state.chain, state.chain.after(request.head)
        if not any(asker in chain.member_keys(tip) for tip in chain.tips):
            return tuple(each for each in entries if chain.concerns(each, asker))[:MAX_ANSWER]
        if request.head == NO_HEAD:
            return chain.introduction()
        if request.head in chain.entries:
            return entries[:MAX_ANSWER] or (chain.head,)
        return entries[-MAX_ANSWER:]

    def join(self, room_id: RoomId) -> None:
        """Accept to be in a room; raise `UsageError` if its head does not list this person."""
        state = self._table.get(room_id)
        if state is None or self._own not in state.member_keys:
            raise UsageError("Nobody has invited you to this room.", "/rooms")
        state.joined = True
        self._table.save(state)

    def leave(self, room_id: RoomId) -> None:
        """Note that the user is in a room no more, or does not want to come: nothing is shown.

        The room stays known until its roster says the same, so that one of somebody who has not
        heard of it yet is no invitation.
        """
        state = self._table.get(room_id)
        if state is not None:
            self._held.forget(room_id)
            state.joined, state.left = False, True
            self._table.save(state)

    def tips(self, room_id: RoomId) -> tuple[RosterEntry, ...]:
        """Return the newest rosters of a room, the head first: several if it is forked."""
        state = self._table.get(room_id)
        return state.chain.tip_entries if state else ()

    def note_gone(self, room_id: RoomId, user_key: UserKey) -> None:
        """Note that a member has left: nothing more goes to them, and the next entry drops them."""
        state = self._table.get(room_id)
        if state is not None and user_key in state.member_keys - {self._own}:
            state.gone |= {user_key}
            self._table.save(state)

    def release(self, room_id: RoomId) -> tuple[Opened | Invalid, ...]:
        """Return what was held of a room and can be read now, in the order of its arrival.

        Call it after `join` and when `take` did anything. What can never be read is `Invalid`.
        """
        return self.talk.release(room_id)

    def forget_old(self, now_ms: int) -> None:
        """Drop what has been held for too long: a month in a room to join, a day elsewhere."""
        for room_id in tuple(self._held.counts):
            room = self.get(room_id)
            is_invitation = room is not None and room.is_member and not room.joined
            life_ms = INVITATION_HELD_LIFE_MS if is_invitation else HELD_LIFE_MS
            self._held.forget_before(room_id, now_ms - life_ms)

    @property
    def _own(self) -> UserKey:
        return self._device.address.user_key

    def _view(self, state: RoomState) -> Room:
        return Room(
            own=self._own,
            head=state.chain.head,
            head_hash=state.chain.tips[0],
            inviter=state.inviter,
            joined=state.joined,
            is_forked=state.chain.is_forked,
            is_behind=self.talk.is_behind(state),
            gone=state.gone,
            left=state.left,
        )

    def _joined(self, room_id: RoomId) -> RoomState:
        state = self._table.get(room_id)
        if state is None or not state.joined:
            raise UsageError("You are in no such room.", "/rooms")
        return state

    def _take_own(self, state: RoomState, entry: RosterEntry) -> RosterEntry:
        self._take(state, entry, self._own)
        self._table.save(state)
        return entry

    def _begin(self, entry: RosterEntry, sender: UserKey, now_ms: int) -> Taken:
        if entry.version == 0:
            state = RoomState(RosterChain.begin(entry), sender, now_ms)
            for room_id in self._table.add(state):
                self._held.forget(room_id)
            return Taken(Effect.BEGUN)
        if self._own not in entry.member_keys:
            raise RemoteProtocolError("A roster is of a room that is not known here.")
        return Taken(Effect.BEHIND, RosterRequest(entry.room_id, 0, NO_HEAD))

    def _take(self, state: RoomState, entry: RosterEntry, sender: UserKey) -> Effect:
        was_listed = self._own in state.member_keys
        jump = not (state.joined and was_listed)
        effect = state.chain.take(entry, entry.hash, jump=jump)
        is_listed = self._own in state.member_keys
        if is_listed and not was_listed:
            state.joined, state.inviter = False, sender
        state.gone &= state.member_keys
        state.left = state.left and is_listed
        return effect

    def _retry(self, state: RoomState, sender: UserKey) -> None:
        """Take what has waited, for as long as something comes of it."""
        progress = True
        while progress:
            progress = False
            for entry in sorted(state.chain.waiting.values(), key=lambda each: each.version):
                try:
                    progress |= self._take(state, entry, sender) is not Effect.BEHIND
                except RemoteProtocolError:
                    state.chain.waiting.pop(entry.hash, None)
