"""What Alice types is nowhere in the relay: not in its memory, its output or its files.

Nor is it in any file of a client: scripts/soak shows that with 5,000 messages.

Reads /proc/PID/mem, so Linux and the right to look into one's own processes; else it is skipped,
but never where CI is set. That the search finds what is there is shown on Alice's own client.
"""

import base64
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Relay, chatting, relaying
from tests.sockets.markers import (
    check_files,
    disguises,
    draw_marker,
    found_in,
    found_in_files,
    found_in_memory,
)


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


def test_what_is_typed_is_not_in_the_relay(relay: Relay, tmp_path: Path) -> None:
    """One message has passed the relay, and another waits in it."""
    marker = draw_marker()
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
    check_files(tmp_path, 40)


@pytest.mark.parametrize("name", list(disguises("a unique marker")))
def test_the_search_finds_each_disguise(name: str) -> None:
    marker = draw_marker()
    planted = disguises(marker)[name]
    assert found_in(b"\0" * 1000 + planted + b"\0" * 1000, marker) >= {name}


@pytest.mark.parametrize("before", range(3))
def test_base64_is_found_wherever_the_text_stands(before: int) -> None:
    marker = draw_marker()
    encoded = base64.b64encode(b"x" * before + marker.encode() + b"and so on")
    assert found_in(encoded, marker) == {f"base64 after {before}"}
