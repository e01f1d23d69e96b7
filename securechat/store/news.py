"""What a relay's store tells the relay, besides answers."""

from collections.abc import Callable

from msgspec import Struct

from securechat.errors import SecureChatError


class Damaged(Struct, frozen=True):
    """Rows were not as they had been written: they are set aside, or gone."""

    rows: int
    error: SecureChatError


class Failing(Struct, frozen=True):
    """The disk takes nothing; this is told once, until it works again."""

    error: SecureChatError


class Working(Struct, frozen=True):
    """The disk takes everything again."""


StoreNews = Damaged | Failing | Working
Tell = Callable[[StoreNews], None]
