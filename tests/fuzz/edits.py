"""Changes to genuine bytes, read from a fuzzer's data: what it mutates is the list of changes.

So an input keeps its meaning although keys and ciphertexts are drawn anew in every process.
"""

import struct

from securechat.e2e.envelope import SIZES_BYTES

MAX_EDITS = 16

_EDIT = struct.Struct(">BHB")


def edit(base: bytes, program: bytes) -> bytes:
    """Apply up to 16 changes of 4 bytes each: what to do, where (2 bytes), and an argument."""
    edited = bytearray(base)
    whole = min(len(program) // _EDIT.size, MAX_EDITS) * _EDIT.size
    for action, place, argument in _EDIT.iter_unpack(program[:whole]):
        _apply(edited, action % 6, place % (len(edited) + 1), argument)
    return bytes(edited)


def fit(data: bytes, overhead_bytes: int = 0) -> bytes:
    """Fill with zeros, or cut, so that ``data`` and the overhead have the size of an envelope."""
    rooms = [size_bytes - overhead_bytes for size_bytes in SIZES_BYTES]
    room = next((room for room in rooms if room >= len(data)), rooms[-1])
    return data[:room].ljust(room, b"\0")


def _apply(edited: bytearray, action: int, place: int, argument: int) -> None:
    match action:
        case 0 if place < len(edited):
            edited[place] ^= argument
        case 1 if place < len(edited):
            edited[place] = argument
        case 2:
            del edited[place:]
        case 3:
            del edited[place : place + argument]
        case 4:
            edited[place:place] = bytes([argument]) * argument
        case 5:
            edited[place : place + 16] = edited[argument : argument + 16]
        case _:
            pass
