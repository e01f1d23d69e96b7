"""What Alice types is nowhere in the relay: not in its memory, its output or its files.

Nor is it in any file of a client. With SECURECHAT_SOAK_MESSAGES=5000 and --timeout 600 so many
messages are typed for that, instead of some dozens.

Reads /proc/PID/mem, so Linux and the right to look into one's own processes; else it is skipped,
but never where CI is set. That the search finds what is there is shown on Alice's own client.
"""

import base64
import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Process, Relay, chatting, relaying

CHUNK_BYTES = 1 << 20
MESSAGES = int(os.environ.get("SECURECHAT_SOAK_MESSAGES", "40"))
BURST = 20


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    if why := _why_not():
        if os.environ.get("CI"):
            pytest.fail(f"CI has to be able to do this: {why}")
        pytest.skip(why)
    with relaying(tmp_path / "relay") as relay:
        yield relay


def _why_not() -> str | None:
    """Return why the memory of processes cannot be read on this system, or None when it can."""
    try:
        with open("/proc/self/mem", "rb"):
            return None
    except OSError as error:
        return f"cannot read the memory of processes: {error}"


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


def test_what_is_typed_is_not_in_the_relay(relay: Relay, tmp_path: Path) -> None:
    """One message has passed the relay, and another waits in it."""
    marker = f"the eagle lands at {secrets.token_hex(8)}"
    name = f"alice-{secrets.token_hex(8)}"
    with chatting(tmp_path / "alice", "--name", name, "--peer", "bob", *relay.flags) as alice:
        with chatting(tmp_path / "bob", "--name", "bob", "--peer", name, *relay.flags) as bob:
            alice.types(marker)
            bob.expect("message", text=marker)
            alice.expect("delivered")
        alice.expect("presence", online=False)
        alice.types(f"once more: {marker}", "/who")
        assert alice.expect("people")["names"] == [name]  # so the relay has what was typed before

        assert "raw" in found_in_memory(alice, marker)
        assert found_in_memory(relay.process, name) >= {"raw"}
        assert found_in_memory(relay.process, marker) == set()
    relay.process.close()
    output = "\n".join(map(str, relay.process.read_rest())) + relay.process.stderr
    assert name in output
    assert found_in(output.encode(), marker) == set()
    assert found_in_files(relay.directory, marker) == set()


def test_what_is_typed_is_in_no_file_of_a_client(tmp_path: Path) -> None:
    """Sent, received, and waiting; of clients that run, were killed, and have ended."""
    marker = f"the eagle lands at {secrets.token_hex(8)}"
    homes = tmp_path / "homes"
    with relaying(tmp_path / "relay") as relay:
        names = {name: ("--name", name, *relay.flags) for name in ("alice", "bob")}
        with (
            chatting(homes / "alice", *names["alice"], "--peer", "bob") as alice,
            chatting(homes / "bob", *names["bob"], "--peer", "alice") as bob,
        ):
            for first in range(0, MESSAGES, BURST):
                texts = [f"{number}: {marker}" for number in range(first, first + BURST)]
                alice.types(*texts)
                for text in texts:
                    bob.expect("message", text=text)
                    alice.expect("delivered")
            assert found_in_files(homes, marker) == set()
            for client in (bob, alice):
                client.signal(signal.SIGKILL)
                client.finish()
            assert (homes / "alice" / "profiles" / "alice" / "state.db-wal").stat().st_size > 0
            assert found_in_files(homes, marker) == set()
        with chatting(homes / "alice", *names["alice"], "--peer", "bob") as alice:
            alice.types(*(f"waiting: {marker}" for _ in range(BURST)))
            for _ in range(BURST):
                alice.expect("sent")
            alice.signal(signal.SIGTERM)
            alice.finish()
    assert found_in_files(homes, marker) == set()
    assert found_in_files(tmp_path, marker) == set()


@pytest.mark.parametrize("name", list(disguises("a unique marker")))
def test_the_search_finds_each_disguise(name: str) -> None:
    marker = f"the eagle lands at {secrets.token_hex(8)}"
    planted = disguises(marker)[name]
    assert found_in(b"\0" * 1000 + planted + b"\0" * 1000, marker) >= {name}


@pytest.mark.parametrize("before", range(3))
def test_base64_is_found_wherever_the_text_stands(before: int) -> None:
    marker = f"the eagle lands at {secrets.token_hex(8)}"
    encoded = base64.b64encode(b"x" * before + marker.encode() + b"and so on")
    assert found_in(encoded, marker) == {f"base64 after {before}"}
