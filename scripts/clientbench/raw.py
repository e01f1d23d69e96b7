"""What a message takes without a chat around it: one sealed box, and one row of a database."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from nacl import bindings

from clientbench.peer import TEXT


class Raw(NamedTuple):
    """CPU microseconds for each message."""

    send_us: float
    receive_us: float


def measure_raw(directory: Path, messages: int, at_once: int) -> Raw:
    """Seal texts and open them again; each side commits so many rows at once, with a full sync."""
    public, secret = bindings.crypto_box_keypair()
    sealed: list[bytes] = []

    def seal(_: bytes) -> bytes:
        sealed.append(bindings.crypto_box_seal(TEXT.encode(), public))
        return sealed[-1]

    def unseal(box: bytes) -> bytes:
        return bindings.crypto_box_seal_open(box, public, secret)

    send_us = _measure(directory / "sent.db", seal, [b""] * messages, at_once)
    return Raw(send_us, _measure(directory / "received.db", unseal, sealed, at_once))


def _measure(
    path: Path, operation: Callable[[bytes], bytes], inputs: Sequence[bytes], at_once: int
) -> float:
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE messages (number INTEGER PRIMARY KEY, body BLOB)")
    begin_ns = time.process_time_ns()
    for start in range(0, len(inputs), at_once):
        with database:
            database.execute("BEGIN IMMEDIATE")
            rows = [(operation(each),) for each in inputs[start : start + at_once]]
            database.executemany("INSERT INTO messages (body) VALUES (?)", rows)
    elapsed_ns = time.process_time_ns() - begin_ns
    database.close()
    return elapsed_ns / len(inputs) / 1000
