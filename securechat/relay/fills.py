"""How full a mailbox is, and whether one more envelope of an account fits.

What a connected device is about to get is not counted before the store is given it: it is at most
two windows, one in flight and one in memory.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from securechat.config import ServerConfig
from securechat.identity.types import UserKey
from securechat.store.mailboxes import Fill

SENDER_SHARE = 4
"""One account may fill at most this fraction (a quarter) of a mailbox."""

_NONE = Fill()


class RelayFill(Struct):
    """How much is queued in all mailboxes of a relay."""

    size_bytes: int = 0


class Fills:
    """The count of one mailbox, in all and by account; ``relay_fill`` is that of the relay."""

    __slots__ = ("_by_account", "_config", "_relay", "messages", "size_bytes")

    def __init__(
        self, config: ServerConfig, relay_fill: RelayFill, kept: Mapping[UserKey, Fill]
    ) -> None:
        self.messages = sum(fill.messages for fill in kept.values())
        self.size_bytes = sum(fill.size_bytes for fill in kept.values())
        self._by_account = dict(kept)
        self._config = config
        self._relay = relay_fill
        relay_fill.size_bytes += self.size_bytes

    def has_room(self, account: UserKey, size_bytes: int) -> bool:
        """Return whether one more envelope of this account and charge fits."""
        config, fill = self._config, self._by_account.get(account) or _NONE
        messages, limit_bytes = config.mailbox_messages, config.mailbox_bytes
        return (
            self.has_room_at_all(size_bytes)
            and self.messages < messages
            and self.size_bytes + size_bytes <= limit_bytes
            and fill.messages * SENDER_SHARE < messages
            and (fill.size_bytes + size_bytes) * SENDER_SHARE <= limit_bytes
        )

    def has_room_at_all(self, size_bytes: int) -> bool:
        """Return whether one more envelope of this charge fits what all mailboxes may hold."""
        return self._relay.size_bytes + size_bytes <= self._config.store_bytes

    def add(self, account: UserKey, size_bytes: int) -> None:
        """Count an envelope, whether it fits or not."""
        self._by_account.setdefault(account, Fill()).add(size_bytes)
        self.messages += 1
        self.size_bytes += size_bytes
        self._relay.size_bytes += size_bytes

    def give_back(self, account: UserKey, messages: int, size_bytes: int) -> None:
        """Count envelopes of an account that have left the mailbox."""
        fill = self._by_account.get(account)
        if fill is None:
            return
        if messages > fill.messages or size_bytes > fill.size_bytes:  # damage has been counted
            messages, size_bytes = min(messages, fill.messages), min(size_bytes, fill.size_bytes)
        fill.messages -= messages
        fill.size_bytes -= size_bytes
        self.messages -= messages
        self.size_bytes -= size_bytes
        self._relay.size_bytes -= size_bytes
        if not fill.messages:
            del self._by_account[account]

    def count_anew(self, envelopes: Iterable[tuple[UserKey, int]]) -> None:
        """Count these envelopes, of an account and a charge each, and no others."""
        self._relay.size_bytes -= self.size_bytes
        self.messages = self.size_bytes = 0
        self._by_account.clear()
        for account, size_bytes in envelopes:
            self.add(account, size_bytes)
