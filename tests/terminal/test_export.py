"""An export on a terminal: what it cannot show is replaced, and commands nothing."""

import os
import pty
from pathlib import Path

from securechat.client.connection.relays import KnownRelay
from securechat.client.names.conversation_keys import person_key
from securechat.client.profiles.profile import Profile
from securechat.identity.types import Name, RelayId
from tests.processes import running
from tests.pure.store.entries import entry

CONTROLS = bytes(range(0x80, 0xA0))


def keep(home: Path, text: str) -> None:
    relay = KnownRelay(RelayId(b"r" * 32), "127.0.0.1:5555", 1)
    key = person_key(relay.relay_id, "bob")
    with Profile(home, Name("alice"), lambda: ()) as profile:
        profile.state.commit(relay.row, [entry(text, conversation=key)])


def read_all(terminal: int) -> bytes:
    """Return what is on a terminal whose other side is closed."""
    read = b""
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:  # as Linux says that the other side is closed
            data = b""
        if not data:
            return read
        read += data


def test_a_terminal_of_eight_bits_gets_no_half_of_a_character(tmp_path: Path) -> None:
    """UTF-8 of a harmless letter holds the byte that such a terminal takes for an escape."""
    assert b"\x9b" in "ě".encode()
    keep(tmp_path, "ě]2J and é")
    for encoding, shown, controls in (
        ("latin-1", b"?]2J and \xe9", False),
        ("utf-8", b"\x9b", True),
    ):
        master, slave = pty.openpty()
        words = ("export", "bob", "--name", "alice")
        env = {"PYTHONIOENCODING": encoding}
        with running(*words, home=tmp_path, stdout=slave, env=env) as process:
            assert process.finish() == 0
        os.close(slave)
        data = read_all(master)
        os.close(master)
        assert shown in data
        assert any(byte in CONTROLS for byte in data) is controls
