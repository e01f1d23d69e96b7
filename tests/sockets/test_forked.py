"""A forked command is what ``python -m securechat`` is: the same output, status and signals."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.forked import Forked, starts_alike
from tests.processes import FAILURE_S, chatting, environment, relaying, run, securechat

COMMANDS = [
    ("--version",),
    ("client", "--nonsense"),
    ("paths",),
    ("config", "show", "--origin"),
    ("client", "--json", "--name", "alice", "--server", "127.0.0.1:1", "--pin", "nonsense"),
    ("send", "bob"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_it_says_and_ends_the_same(command: tuple[str, ...], tmp_path: Path) -> None:
    env = environment(tmp_path, TZ="Asia/Kathmandu")
    started = subprocess.run(
        securechat(*command),
        cwd=tmp_path,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=FAILURE_S,
    )
    forked = run(*command, home=tmp_path, env={"TZ": "Asia/Kathmandu"})
    stdout = started.stdout.decode().removesuffix("\n")
    assert forked == (started.returncode, stdout, started.stderr.decode())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGQUIT])
def test_a_signal_that_it_does_not_handle_ends_it(number: signal.Signals, tmp_path: Path) -> None:
    with relaying(tmp_path) as relay:
        assert isinstance(relay.process.process, Forked)
        relay.process.signal(number)
        assert relay.process.finish() == 128 + number


def test_no_two_draw_the_same_random_numbers(tmp_path: Path) -> None:
    """Two relays make certificates; two people make keys, which a third one compares hers with."""
    with relaying(tmp_path / "one") as relay, relaying(tmp_path / "other") as other:
        assert relay.ready["pin"] != other.ready["pin"]
        with (
            chatting(tmp_path / "alice", "--name", "alice", *relay.flags) as alice,
            chatting(tmp_path / "bob", "--name", "bob", *relay.flags) as bob,
            chatting(tmp_path / "carol", "--name", "carol", *relay.flags) as carol,
        ):
            for client in (bob, carol):
                client.expect("ready")
            digits = set()
            for name in ("bob", "carol"):
                alice.types(f"/verify {name}")
                digits.add(alice.expect("safety-number", name=name)["digits"])
            assert len(digits) == 2


@pytest.mark.parametrize(
    ("more", "alike"),
    [
        ({}, True),
        ({"TERM": "dumb", "PYTHONPATH": "x", "PYTHON_KEYRING_BACKEND": "x"}, True),
        ({"PYTHONUTF8": "0"}, False),
        ({"LC_ALL": "C"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, False),
    ],
)
def test_what_an_interpreter_looks_at_first_has_to_be_alike(
    more: dict[str, str], alike: bool, tmp_path: Path
) -> None:
    assert starts_alike(environment(tmp_path, **more)) == alike
