"""What is said in rooms: bound to a roster when it is sealed, and read only by that roster."""

from enum import Enum

from securechat.e2e.amend_content import KIND_AMEND, KIND_REACTION, Typing
from securechat.e2e.content import KIND_POST, Content, Said, decode_content, place_of
from securechat.e2e.held import (
    MAX_OF_INVITATIONS,
    MAX_OF_UNKNOWN_ROOMS,
    HeldMessage,
    HeldTable,
)
from securechat.e2e.own_device import OwnDevice
from securechat.e2e.plaintext import Plaintext, context_hash, direct_conversation_id
from securechat.e2e.results import Invalid, Opened
from securechat.e2e.room import RoomState
from securechat.e2e.room_content import LOBBY_VERSION, RoomPlace
from securechat.e2e.room_table import RoomTable
from securechat.errors import LocalProtocolError, RemoteProtocolError
from securechat.identity.roster import lobby_id_of
from securechat.identity.types import DeviceAddress, Digest, RoomId

_SAID_KINDS = frozenset({KIND_POST, KIND_AMEND, KIND_REACTION})
"""The kinds of what people say in rooms."""


class Verdict(Enum):
    """What is to be done with something that is said in a room."""

    READ = "it can be shown"
    HOLD = "its roster is not here, or the user has not come to the room"
    REFUSE = "its sender is in the room no more, or was not yet"
    DROP = "the user has left the room"


class RoomTalk:
    """Binds what is said to rosters, on both ways, and holds back what cannot be read yet."""

    __slots__ = ("_device", "_held", "_rooms")

    def __init__(self, device: OwnDevice, rooms: RoomTable, held: HeldTable) -> None:
        self._device = device
        self._rooms = rooms
        self._held = held

    def context_to_seal(self, content: Content | Typing, peer: DeviceAddress) -> Digest:
        """Return the context hash of a content for a device.

        Raises `LocalProtocolError` when its place is not one where this may be said to it now.
        """
        own, place = self._device.address, place_of(content)
        if place is None:
            return context_hash(direct_conversation_id(own.user_key, peer.user_key), own, peer)
        is_said = isinstance(content, Said)
        if self._is_lobby(place.room_id):
            if place.version != LOBBY_VERSION or not is_said:
                raise LocalProtocolError("In the lobby people say something, in version 0 only.")
            return context_hash(Digest(place.room_id), own, peer)
        state = self._rooms.get(place.room_id)
        if state is None or place.version != state.chain.head.version:
            raise LocalProtocolError("A message is not bound to its room's newest roster.")
        if own.user_key not in state.member_keys or peer.user_key not in state.member_keys:
            raise LocalProtocolError("A message in a room goes from member to member.")
        if is_said and self.is_paused(state):
            raise LocalProtocolError("Nothing is said in a room that is paused.")
        return context_hash(Digest(place.room_id), own, peer, state.chain.tips[0])

    def judge(self, place: RoomPlace, sender: DeviceAddress, message: Plaintext) -> Verdict:
        """Tell what is to be done with what a sender says at a place.

        Raises `RemoteProtocolError` when its context is of no roster that is known here.
        """
        own, context = self._device.address, message.context_hash
        if self._is_lobby(place.room_id):
            if context != context_hash(Digest(place.room_id), sender, own):
                raise RemoteProtocolError("A message belongs to another conversation.")
            is_proper = place.version == LOBBY_VERSION and message.kind in _SAID_KINDS
            return Verdict.READ if is_proper else Verdict.REFUSE
        state = self._rooms.get(place.room_id)
        if state is not None and state.left:
            return Verdict.DROP
        if state is None or place.version > state.chain.highest_version:
            return Verdict.HOLD
        chain, roster = state.chain, self._roster_of(state, place, sender, context)
        if not chain.is_in_all((roster, *chain.tips), sender.user_key):
            return Verdict.REFUSE
        if own.user_key not in chain.member_keys(roster):
            return Verdict.REFUSE
        return Verdict.READ if state.joined else Verdict.HOLD

    def hold(
        self,
        sender: DeviceAddress,
        place: RoomPlace,
        message: Plaintext,
        now_ms: int,
        *,
        late: bool,
    ) -> None:
        """Keep a message until it can be read; raise `RemoteProtocolError` when too many wait."""
        state = self._rooms.get(place.room_id)
        if not self._lists_me(place.room_id):
            others = [each for each in self._held.counts if not self._lists_me(each)]
            self._held.require_room(others, MAX_OF_UNKNOWN_ROOMS)
        elif state is not None and not state.joined:
            others = [each for each in self._held.counts if not self._is_joined(each)]
            self._held.require_room(others, MAX_OF_INVITATIONS)
        self._held.add(sender, place, message, now_ms, late=late)

    def release(self, room_id: RoomId) -> tuple[Opened | Invalid, ...]:
        """Return what was held of a room and can be read now, in the order of its arrival."""
        return tuple(filter(None, map(self._try_reading, self._held.of(room_id))))

    def is_behind(self, state: RoomState) -> bool:
        """Tell whether a member of a room writes after a change that is not here."""
        return any(
            held.place.version > state.chain.highest_version
            and not held.hopeless
            and held.sender.user_key in state.member_keys
            for held in self._held.of(state.room_id)
        )

    def is_paused(self, state: RoomState) -> bool:
        """Tell whether nothing may be said in a room now."""
        return state.chain.is_forked or self.is_behind(state)

    def _is_lobby(self, room_id: RoomId) -> bool:
        registration = self._device.registration
        return registration is not None and room_id == lobby_id_of(registration.relay_id)

    def _lists_me(self, room_id: RoomId) -> bool:
        state = self._rooms.get(room_id)
        return state is not None and self._device.address.user_key in state.member_keys

    def _is_joined(self, room_id: RoomId) -> bool:
        state = self._rooms.get(room_id)
        return state is not None and state.joined

    def _roster_of(
        self, state: RoomState, place: RoomPlace, sender: DeviceAddress, context: Digest
    ) -> Digest:
        """Return the roster that a message is bound to; a fork has several of one version."""
        for entry_hash in state.chain.of_version(place.version):
            expected = context_hash(Digest(place.room_id), sender, self._device.address, entry_hash)
            if context == expected:
                return entry_hash
        raise RemoteProtocolError("A message is bound to a roster that is not known here.")

    def _try_reading(self, held: HeldMessage) -> Opened | Invalid | None:
        """Return a message that was held; None if it stays."""
        message = held.message
        try:
            verdict = self.judge(held.place, held.sender, message)
            if verdict is Verdict.HOLD and not held.hopeless:
                return None
            self._held.remove(held)
            if verdict is not Verdict.READ:
                return Invalid(held.sender)
            content = decode_content(message.kind, message.body)
        except RemoteProtocolError:
            self._held.remove(held)
            return Invalid(held.sender)
        return Opened(
            held.sender,
            message.message_id,
            message.time_ms,
            message.counter,
            content,
            late=held.late,
        )
