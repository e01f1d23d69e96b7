"""What a client engine tells its faces of how the user is seen, and called."""

from msgspec import Struct


class Notifications(Struct, frozen=True):
    """What calls for attention: the level, and the conversations that never do."""

    level: str
    muted: tuple[str, ...]


class OwnPresence(Struct, frozen=True):
    """What others see of this person; not ``visible``, nothing."""

    visible: bool
    away: bool
