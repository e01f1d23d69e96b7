"""Names that look like one another: skeletons as in Unicode's UTS #39, and what case adds to them.

A skeleton has each character replaced by the one that it looks like, so that names which look alike
have the same: ``1`` and ``I`` become ``l``, ``0`` becomes ``O``, ``m`` becomes ``rn``, a Cyrillic
``а`` becomes the Latin one. It is only for comparing, never for showing.

Look-ups ignore case and looks do not: the ``I`` of ``aIice`` looks like an ``l`` as a capital only.
So a name is compared as it is written and in the three ways in which others may write it: ``ALlCE``
looks like ``alice`` in capitals, ``lvan`` like ``ivan`` with a capital at its beginning. Signs at
the end and behind other signs are overlooked: ``bob.`` looks like ``bob``, ``a__b`` like ``a_b``.
"""

import re
import unicodedata
from functools import cache

from securechat.identity.names import name_key
from securechat.identity.types import Name

_OVERLOOKED = re.compile("[._-]+$|(?<=[._-])[._-]+")
_DOT_ON_A_DOT = re.compile("(?<=[ij])\u0307")


def name_skeletons(name: Name) -> frozenset[str]:
    """Return the one to four skeletons of a name; two names look alike when they share one.

    Names with one key always share one. The name is one that `parse_name` has accepted.
    """
    seen = Name(_OVERLOOKED.sub("", name))
    key = name_key(seen)
    return frozenset(map(_skeleton, (seen, key, key.upper(), key.title())))


def _skeleton(text: str) -> str:
    """Return the skeleton that UTS #39 defines; on an ``i`` one more dot is not seen."""
    prototypes = unicodedata.normalize("NFD", text).translate(_prototypes())
    return _DOT_ON_A_DOT.sub("", unicodedata.normalize("NFD", prototypes))


@cache
def _prototypes() -> dict[int, str]:
    """Return what each character looks like; read at the first use, not at the start."""
    from securechat.identity.confusables import LOOK_ALIKES

    groups = (group.rpartition("=") for group in LOOK_ALIKES.split(" "))
    return {
        ord(character): prototype for prototype, _, characters in groups for character in characters
    }
