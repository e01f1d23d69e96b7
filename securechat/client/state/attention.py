"""Which messages call for attention: what the user has said, kept in the profile."""

from collections.abc import Mapping

from securechat.client.commands import Level
from securechat.client.state.history import Conversation

_TABLE = "attention"
_LEVEL = (_TABLE, b"level")
_MUTED = b"muted"

Changes = dict[tuple[str, bytes], bytes | None]


class Attention:
    """The level, and the conversations that are muted; changes are handed out as rows."""

    def __init__(self, rows: Mapping[tuple[str, bytes], bytes]) -> None:
        self.level = Level(rows.get(_LEVEL, Level.MENTIONS.encode()).decode())
        self._muted = {
            key.removeprefix(_MUTED): value.decode()
            for (table, key), value in sorted(rows.items())
            if table == _TABLE and key.startswith(_MUTED)
        }

    def choose(self, level: Level) -> Changes:
        """Let messages of this level call for attention from now on; return the row to commit."""
        self.level = level
        return {_LEVEL: level.encode()}

    def mute(self, where: Conversation, *, muted: bool) -> Changes:
        """Say whether a conversation may call for attention; return the row to commit."""
        if muted:
            self._muted[where.key] = where.title
        else:
            self._muted.pop(where.key, None)
        return {(_TABLE, _MUTED + where.key): where.title.encode() if muted else None}

    def is_muted(self, where: Conversation) -> bool:
        """Tell whether a conversation never calls for attention."""
        return where.key in self._muted

    @property
    def muted(self) -> tuple[str, ...]:
        """The muted conversations: people by their names on the relay."""
        return tuple(self._muted.values())

    def calls(self, where: Conversation, *, in_room: bool, mention: bool) -> bool:
        """Tell whether a message calls for attention."""
        if self.is_muted(where):
            return False
        match self.level:
            case Level.OFF:
                return False
            case Level.ALL:
                return True
            case Level.DM:
                return not in_room
            case Level.MENTIONS:
                return mention or not in_room
