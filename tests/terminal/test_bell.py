"""The bell of a chat in lines: it sounds as `[client.notify]` says."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.processes import Relay, chatting, relaying
from tests.terminal.seat import sitting_at

NOW = datetime.now()
QUIET = f"{NOW - timedelta(hours=6):%H:%M}-{NOW + timedelta(hours=6):%H:%M}"
LOUD = f"{NOW + timedelta(hours=6):%H:%M}-{NOW - timedelta(hours=6):%H:%M}"


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@pytest.mark.parametrize(
    ("name", "setting", "rings"),
    [
        ("ann", "bell = true", True),
        ("amy", "bell = false", False),
        ("ada", f'quiet = "{QUIET}"', False),
        ("abe", f'quiet = "{LOUD}"', True),
    ],
)
def test_the_bell_is_heard_when_it_may_be(
    relay: Relay, tmp_path: Path, name: str, setting: str, rings: bool
) -> None:
    home, bea_name = tmp_path / name, f"bea-of-{name}"
    home.mkdir()
    (home / "config.toml").write_text(f"[client.notify]\n{setting}\n")
    with ExitStack() as stack:
        flags = ("--name", name, "--peer", bea_name, *relay.flags)
        seat = stack.enter_context(sitting_at("client", *flags, home=home))
        bea = stack.enter_context(
            chatting(tmp_path / "bea", "--name", bea_name, "--peer", name, *relay.flags)
        )
        seat.enter("hello")
        bea.expect("message", text="hello")
        bea.send("are you there?")
        seat.see("are you there?")
        bea.send("well then")
        seat.see("well then")
        assert (b"\x07" in seat.raw) is rings
