"""The kinds of fields that frames share, with their bounds; PROTOCOL.md is normative."""

from typing import Annotated

import msgspec

from securechat.identity.types import SIZE_16, SIZE_32

MAX_TEXT = 512
MAX_SLOTS = 99
MAX_PAIR_BYTES = 3584

Nonce = Annotated[bytes, SIZE_32]
Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
NameText = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
"""One of `securechat.wire.codes`, or of a later version."""

Slot = Annotated[int, msgspec.Meta(ge=1, le=MAX_SLOTS)]
"""The number in front of a code's words: where on a relay two people meet to pair."""

PairPayload = Annotated[bytes, msgspec.Meta(min_length=32, max_length=MAX_PAIR_BYTES)]
"""One of the four messages of a pairing; it means nothing to a relay (E2E.md)."""

InviteToken = Annotated[bytes, SIZE_16]
"""What lets a new key register: random, and known to the relay by its hash until it is used."""

Sealed = Annotated[bytes, msgspec.Meta(min_length=1)]
"""An envelope: bytes that mean nothing to a relay."""
