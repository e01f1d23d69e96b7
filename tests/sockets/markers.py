"""Texts that are nowhere else, and the search for them in memory and in files, in each disguise."""

import base64
import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

from tests.processes import Client, Process, chatting, relaying, run

CHUNK_BYTES = 1 << 20
BURST = 20
DONE = 0


def draw_marker() -> str:
    """Return a text that is nowhere else."""
    return f"the eagle lands at {secrets.token_hex(8)}"


def disguises(marker: str) -> dict[str, bytes]:
    """Return the ways in which a text may lie about in memory or in a file."""
    raw = marker.encode()
    found = {
        "raw": raw,
        "UTF-16": marker.encode("utf-16-le"),
        "UTF-32": marker.encode("utf-32-le"),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "backwards": raw[::-1],
    }
    for before in range(3):
        skipped = b"\0" * before + raw
        whole = len(skipped) // 3 * 3
        characters = base64.b64encode(skipped[:whole])
        found[f"base64 after {before}"] = characters[4 if before else 0 :]
    return found


def found_in(data: bytes, marker: str) -> set[str]:
    return {name for name, shape in disguises(marker).items() if shape in data}


def found_in_memory(process: Process, marker: str) -> set[str]:
    """Search everything that a process has mapped and that can be read."""
    found: set[str] = set()
    longest = max(map(len, disguises(marker).values()))
    read_bytes = 0
    with (
        open(f"/proc/{process.pid}/maps") as maps,
        open(f"/proc/{process.pid}/mem", "rb", buffering=0) as memory,
    ):
        for line in maps:
            span, mode, *_ = line.split()
            if "r" not in mode or line.rstrip().endswith(("[vvar]", "[vsyscall]")):
                continue
            start, end = (int(text, 16) for text in span.split("-"))
            for data in _read_span(memory.fileno(), start, end, longest):
                read_bytes += len(data)
                found |= found_in(data, marker)
    assert read_bytes > 10 * CHUNK_BYTES  # an interpreter is not smaller
    return found


def _read_span(memory: int, start: int, end: int, overlap: int) -> Iterator[bytes]:
    """Yield a span of memory in pieces that overlap."""
    for at in range(start, end, CHUNK_BYTES):
        try:
            yield os.pread(memory, min(CHUNK_BYTES + overlap, end - at), at)
        except OSError:  # a file mapped beyond its end, or gone since
            return


def found_in_files(directory: Path, marker: str) -> set[str]:
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert files
    return {name for path in files for name in found_in(path.read_bytes(), marker)}


def check_files(directory: Path, messages: int) -> None:
    """Chat with so many marked messages, in each way that leaves files, and search all of those.

    Sent, received, read, searched for, exported and waiting; of clients that run, were killed, and
    have ended. Alice has a passphrase, Bob has none.
    """
    marker = draw_marker()
    homes = directory / "homes"
    alice_home = homes / "alice"
    passphrase = directory / "passphrase"
    passphrase.touch(0o600)
    passphrase.write_text("a good passphrase")
    known = {"SECURECHAT_PASSPHRASE_FILE": str(passphrase)}
    new = ("--name", "alice", "--new-passphrase-file", str(passphrase))
    assert run("passphrase", "set", *new, home=alice_home)[0] == DONE
    with relaying(directory / "relay") as relay:
        flags = ("--name", "alice", "--peer", "bob", *relay.flags)
        with chatting(alice_home, *flags, env=known) as alice:
            bob_flags = ("--name", "bob", "--peer", "alice", "--read-receipts", *relay.flags)
            with chatting(homes / "bob", *bob_flags) as bob:
                _write_and_read(alice, bob, marker, messages)
                _search(alice, marker)
                _export(alice_home, known, marker, messages)
                assert found_in_files(homes, marker) == set()
                for client in (bob, alice):
                    client.signal(signal.SIGKILL)
                    client.finish()
            assert (alice_home / "profiles" / "alice" / "state.db-wal").stat().st_size > 0
            assert found_in_files(homes, marker) == set()
        with chatting(alice_home, *flags, env=known) as alice:
            alice.types(*(f"waiting: {marker}" for _ in range(BURST)))
            for _ in range(BURST):
                alice.expect("sent")
            alice.signal(signal.SIGTERM)
            alice.finish()
    _export(alice_home, known, marker, messages + BURST)
    backup = directory / "backup"
    assert run("identity", "export", str(backup), *new, home=alice_home, env=known)[0] == DONE
    assert backup.stat().st_size > 0
    assert found_in_files(directory, marker) == set()


def _write_and_read(alice: Client, bob: Client, marker: str, messages: int) -> None:
    for first in range(0, messages, BURST):
        texts = [f"{number}: {marker}" for number in range(first, first + BURST)]
        alice.types(*texts)
        for text in texts:
            bob.expect("message", text=text)
            alice.expect("read")
        alice.unread.clear()


def _search(client: Client, marker: str) -> None:
    client.types(f"/search {marker}")
    found = client.expect("found")["messages"]
    assert found
    assert all(message["text"].endswith(marker) for message in found)


def _export(home: Path, env: dict[str, str], marker: str, messages: int) -> None:
    words = ("export", "bob", "--name", "alice", "--format", "json")
    status, stdout, _ = run(*words, home=home, env=env)
    assert (status, stdout.count(marker)) == (DONE, messages)
