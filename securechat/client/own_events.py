"""What a client engine tells its faces of how the user is seen, and called."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notifications:
    """What calls for attention: the level, and the conversations that never do."""

    level: str
    muted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnPresence:
    """What others see of this person; not ``visible``, nothing."""

    visible: bool
    away: bool
