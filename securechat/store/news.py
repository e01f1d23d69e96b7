"""What a relay's store tells the relay, besides answers."""

from collections.abc import Callable
from dataclasses import dataclass

from securechat.errors import SecureChatError


@dataclass(frozen=True, slots=True)
class Damaged:
    """Rows were not as they had been written: they are set aside, or gone."""

    rows: int
    error: SecureChatError


@dataclass(frozen=True, slots=True)
class Failing:
    """The disk takes nothing; this is told once, until it works again."""

    error: SecureChatError


@dataclass(frozen=True, slots=True)
class Working:
    """The disk takes everything again."""


StoreNews = Damaged | Failing | Working
Tell = Callable[[StoreNews], None]
