"""Whose key the link of an invitation has announced, until the relay has shown that key."""

from collections.abc import Mapping

from securechat.client.connection.invite_link import InviterHint, inviter_hint
from securechat.errors import KeyChanged
from securechat.identity.names import name_key
from securechat.identity.types import Name, RelayId, UserKey

_TABLE = "expected"

Changes = dict[tuple[str, bytes], bytes | None]


def expected_row(relay_id: RelayId, name: Name, hint: InviterHint) -> Changes:
    """Return the row that announces the key of a name on a relay."""
    return {_row(relay_id, name): hint}


class ExpectedKeys:
    """The keys that are announced on one relay."""

    def __init__(self, relay_id: RelayId, rows: Mapping[tuple[str, bytes], bytes]) -> None:
        self._relay_id = relay_id
        self._hints = {
            key: InviterHint(value)
            for (table, key), value in rows.items()
            if table == _TABLE and key.startswith(relay_id)
        }

    def meet(self, name: Name, shown: UserKey) -> Changes:
        """Take the first key that the relay shows for a name; return the rows to commit.

        Raises KeyChanged when another one was announced; that stays so until a new link says
        something else.
        """
        row = _row(self._relay_id, name)
        hint = self._hints.get(row[1])
        if hint is None:
            return {}
        if hint != inviter_hint(self._relay_id, shown):
            raise KeyChanged(
                f"The key of {name} is not the one of the invitation: somebody may be in between,"
                f" or {name} has begun anew; nothing is sent to {name}",
                f"tell {name} in another way, and ask for a new link: securechat invite",
            )
        del self._hints[row[1]]
        return {row: None}


def _row(relay_id: RelayId, name: Name) -> tuple[str, bytes]:
    return _TABLE, relay_id + name_key(name).encode()
