"""What a message says, once it is authenticated: its place, its order, its content."""

from msgspec import Struct

from securechat.e2e.amend_content import AMEND_KINDS
from securechat.e2e.content import ReceivedContent, decode_content, place_in
from securechat.e2e.order import ChainTable, Place
from securechat.e2e.plaintext import Plaintext, context_hash, decode_plaintext
from securechat.e2e.results import Duplicate, Introduction, Opened, Repeated
from securechat.e2e.room_content import ROOM_KINDS, Held, RoomPlace
from securechat.e2e.room_talk import RoomTalk, Verdict
from securechat.e2e.sas_content import KIND_SAS
from securechat.e2e.seen import SeenTable
from securechat.errors import RemoteProtocolError
from securechat.identity.types import DeviceAddress, Digest

_ENCRYPTED_ONLY = ROOM_KINDS | AMEND_KINDS | {KIND_SAS}


class Reader(Struct, frozen=True):
    """Reads the plaintexts for ``own``, whichever suite they came by."""

    own: DeviceAddress
    chains: ChainTable
    message_ids: SeenTable
    talk: RoomTalk

    def read(
        self,
        sender: DeviceAddress,
        conversation: Digest,
        plaintext: bytes,
        now_ms: int,
        *,
        introduction: Introduction | None = None,
        encrypted: bool = True,
    ) -> Opened | Duplicate:
        """Read a (padded) plaintext of ``sender``; raise `RemoteProtocolError` when it is wrong."""
        message, message_hash = decode_plaintext(plaintext)
        place = place_in(message.kind, message.body)
        verdict = self.judge(place, sender, conversation, message)
        placement = self.chains.note_received(
            conversation, sender, message.counter, message.previous_hash, message_hash
        )
        is_used = placement.place is Place.USED
        if sender.user_key + message.message_id in self.message_ids:
            if is_used:
                return Duplicate()
            return Repeated(sender, message.message_id, placement.missing, placement.forked)
        if is_used:
            raise RemoteProtocolError("A counter is used twice.")
        self.message_ids.add(sender.user_key + message.message_id, now_ms)
        late = placement.place is Place.LATE
        content = self._content(
            message, place, verdict, sender, now_ms, late=late, encrypted=encrypted
        )
        return Opened(
            sender=sender,
            message_id=message.message_id,
            time_ms=message.time_ms,
            counter=message.counter,
            content=content,
            missing=placement.missing,
            late=late,
            forked=placement.forked,
            introduction=introduction,
            encrypted=encrypted,
        )

    def judge(
        self,
        place: RoomPlace | None,
        sender: DeviceAddress,
        conversation: Digest,
        message: Plaintext,
    ) -> Verdict:
        """Tell what is to be done with a message; raise `RemoteProtocolError` out of its context.

        ``conversation`` is that of the two people, which binds what has no ``place``.
        """
        if place is not None:
            return self.talk.judge(place, sender, message)
        if message.context_hash != context_hash(conversation, sender, self.own):
            raise RemoteProtocolError("A message belongs to another conversation.")
        return Verdict.READ

    def _content(
        self,
        message: Plaintext,
        place: RoomPlace | None,
        verdict: Verdict,
        sender: DeviceAddress,
        now_ms: int,
        *,
        late: bool,
        encrypted: bool,
    ) -> ReceivedContent:
        content = decode_content(message.kind, message.body)
        if not encrypted and (place or message.kind in _ENCRYPTED_ONLY):
            raise RemoteProtocolError("A content of this kind never goes without encryption.")
        if verdict is Verdict.REFUSE:
            raise RemoteProtocolError("A message in a room is of somebody who is not in it.")
        if verdict is Verdict.READ or place is None:
            return content
        if verdict is Verdict.HOLD:
            self.talk.hold(sender, place, message, now_ms, late=late)
        return Held(*place)
