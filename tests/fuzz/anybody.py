"""Envelopes that anybody can make who knows a recipient's published keys."""

import struct

from securechat.crypto.sealing import SEALED_BOX_OVERHEAD_BYTES
from tests.fuzz.crafting import victims
from tests.fuzz.edits import edit, fit

_CHOICES = struct.Struct(">BB")


def envelope(data: bytes) -> None:
    """Any bytes, as they are and in the size of an envelope; or a genuine envelope, changed."""
    if not data:
        return
    victim = victims()[data[0] % 3]
    genuine, hostile = victim.case.genuine, data[1:]
    if data[0] >= 128:
        hostile = edit(genuine, hostile)
    for each in {hostile, fit(hostile)} - {genuine}:
        victim.refuse(each)


def resealed(data: bytes) -> None:
    """A genuine frame, changed and put into a sealed box again."""
    if len(data) < _CHOICES.size:
        return
    which, keep_size = _CHOICES.unpack_from(data)
    victim = victims()[which % 3]
    frame = victim.case.frame
    hostile = edit(frame, data[_CHOICES.size :])
    if keep_size % 2 == 0:
        hostile = fit(hostile, SEALED_BOX_OVERHEAD_BYTES)
    if hostile != frame:
        victim.refuse(victim.seat.reseal(hostile))
