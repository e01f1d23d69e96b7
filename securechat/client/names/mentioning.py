"""Whether a text speaks of somebody by their name."""

import re
from functools import lru_cache

from securechat.identity.types import Name


def mentions(text: str, name: Name) -> bool:
    """Tell whether a text has a name in it as a word of its own; case does not count."""
    return _pattern(name).search(text) is not None


@lru_cache(maxsize=8)
def _pattern(name: Name) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
