"""What SQLite does not tell of its log: transactions that it leaves out because a bit has flipped.

SQLite reads the log up to the first frame whose checksum does not hold, and takes that for the end.
After a power cut it is, for what was being written. But each transaction is on the disk before the
next begins: if whole transactions follow, the frame was damaged later.
"""

import struct
from pathlib import Path

PAGE_BYTES = 4096
"""SQLite's pages, unless a file says otherwise."""

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_LITTLE_ENDIAN, _BIG_ENDIAN = 0x377F0682, 0x377F0683
_MASK = 0xFFFFFFFF

Sums = tuple[int, int]


def count_lost_transactions(path: Path) -> int:
    """Return how many transactions of a log, at least, were on the disk and will be left out."""
    data = path.read_bytes() if path.exists() else b""
    if len(data) < _HEADER.size + _FRAME.size:
        return 0
    magic, _, page_bytes, _, *salts, sum_1, sum_2 = _HEADER.unpack_from(data)
    order = "<" if magic == _LITTLE_ENDIAN else ">"
    sums = _add(data[: _HEADER.size - 8], (0, 0), order)
    is_whole = magic in (_LITTLE_ENDIAN, _BIG_ENDIAN) and sums == (sum_1, sum_2)
    if not is_whole:
        _, _, *salts, _, _ = _FRAME.unpack_from(data, _HEADER.size)
        page_bytes = PAGE_BYTES
    commits = 0
    for at in range(
        _HEADER.size, len(data) - page_bytes - _FRAME.size + 1, page_bytes + _FRAME.size
    ):
        _, commit, *frame_salts, sum_1, sum_2 = _FRAME.unpack_from(data, at)
        if is_whole:
            page = data[at + _FRAME.size : at + _FRAME.size + page_bytes]
            sums = _add(data[at : at + 8] + page, sums, order)
            is_whole = frame_salts == salts and sums == (sum_1, sum_2)
        if not is_whole and frame_salts == salts and commit:
            commits += 1
    return max(0, commits - 1)


def _add(data: bytes, sums: Sums, order: str) -> Sums:
    """Return the checksums of SQLite's log after more of it, a multiple of 8 bytes."""
    first, second = sums
    words = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for left, right in zip(words, words, strict=True):
        first = (first + left + second) & _MASK
        second = (second + right + first) & _MASK
    return first, second
