"""What a message says, once it is authenticated: its place, its order, its content."""

from dataclasses import dataclass

from securechat.e2e.content import decode_content
from securechat.e2e.order import ChainTable, Place
from securechat.e2e.plaintext import context_hash, decode_plaintext
from securechat.e2e.results import Duplicate, Introduction, Opened, Repeated
from securechat.e2e.seen import SeenTable
from securechat.errors import RemoteProtocolError
from securechat.identity.types import DeviceAddress, Digest


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the plaintexts for ``own``, whichever suite they came by."""

    own: DeviceAddress
    chains: ChainTable
    message_ids: SeenTable

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
        if message.context_hash != context_hash(conversation, sender, self.own):
            raise RemoteProtocolError("A message belongs to another conversation.")
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
        return Opened(
            sender=sender,
            message_id=message.message_id,
            time_ms=message.time_ms,
            counter=message.counter,
            content=decode_content(message.kind, message.body),
            missing=placement.missing,
            late=placement.place is Place.LATE,
            forked=placement.forked,
            introduction=introduction,
            encrypted=encrypted,
        )
