"""``securechat demo`` as a process with pipes, good and with faults."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from wcwidth import wcswidth

from securechat.cli.demonstration.scenes import SCRIPT
from tests.processes import COMMAND, environment, running
from tests.sockets.demo_child import LEAKED

PATIENCE_S = 30
COMMANDS = [
    "   securechat gen-certs",
    "   securechat server",
    "   securechat client --name alice --peer Bob",
]
NOTHING: Mapping[str, str] = MappingProxyType({})


class World:
    """A user's directories, in which a demo must leave nothing."""

    def __init__(self, root: Path) -> None:
        self.home, self.temporary, self.here = (root / name for name in ("home", "tmp", "here"))
        for directory in (self.home, self.temporary, self.here):
            directory.mkdir()

    def environment(self, **more: str) -> dict[str, str]:
        return {**environment(self.home), "TMPDIR": str(self.temporary), **more}

    def run(
        self,
        *command: str,
        stdin: str = "",
        environ: Mapping[str, str] = NOTHING,
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        with running(
            home=self.home, cwd=self.here, env=self.environment(**environ), command=command
        ) as process:
            process.types(*stdin.splitlines())
            process.ends_typing()
            status = process.finish(PATIENCE_S)
            lines = iter(process.read_line, None)
            stdout = "".join(f"{line}\n" for line in lines)
            return subprocess.CompletedProcess(command, status, stdout, process.whole_stderr)

    @property
    def traces(self) -> list[Path]:
        """What is left in any of the directories."""
        return [path for each in (self.home, self.temporary, self.here) for path in each.rglob("*")]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give directories that are empty, and empty again at the end."""
    world = World(tmp_path)
    yield world
    assert world.traces == []


def demo(*flags: str) -> tuple[str, ...]:
    return (*COMMAND, "demo", *flags)


def faulty(fault: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.sockets.demo_child", fault)


def safety_numbers(output: str) -> list[list[str]]:
    """Return the digits that Alice and Bob see, from output with two columns."""
    pairs = re.findall(r"^   ((?:\d{5} ?){6}) +\| ((?:\d{5} ?){6})$", output, re.MULTILINE)
    return [" ".join(side).split() for side in zip(*pairs, strict=True)]


def unwrapped(output: str) -> str:
    return " ".join(output.split())


def test_two_people_talk_and_the_relay_cannot_read_it(world: World) -> None:
    ended = world.run(*demo())
    assert (ended.returncode, ended.stderr) == (0, "")
    of_alice, of_bob = safety_numbers(ended.stdout)
    assert len(of_alice) == 12
    assert of_alice == of_bob
    typed = unwrapped(" ".join(line.partition(" | ")[0] for line in ended.stdout.splitlines()))
    assert all(f"{name}: {text}" in typed for name, text in SCRIPT)
    envelopes = re.findall(r"\d\d:\d\d:\d\d\.\d{3}  ([\d,]+) bytes$", ended.stdout, re.MULTILINE)
    assert envelopes == ["2,048"] + ["512"] * (len(SCRIPT) - 1)
    verdict = re.search(
        r"The relay saw (\d+) envelopes, [\d,]+ bytes; none of the 5 texts is in them",
        unwrapped(ended.stdout),
    )
    assert verdict is not None
    assert int(verdict[1]) >= len(SCRIPT)
    assert ended.stdout.splitlines()[-3:] == COMMANDS


def test_through_a_pipe_there_are_no_box_characters_and_no_escape_sequences(world: World) -> None:
    shown = world.run(*demo(), environ={"TERM": "xterm"}).stdout
    ours = shown
    for _, text in SCRIPT:
        for word in text.split():
            ours = ours.replace(word, "")
    assert ours.isascii()
    assert ours.replace("\n", "").isprintable()


@pytest.mark.parametrize("columns", [40, 72, 80, 200])
def test_no_line_is_wider_than_the_terminal(world: World, columns: int) -> None:
    ended = world.run(*demo(), environ={"COLUMNS": str(columns)})
    assert ended.returncode == 0
    lines = [line for line in ended.stdout.splitlines() if line not in COMMANDS]
    assert max(map(wcswidth, lines)) < columns


def test_where_there_is_only_ascii_it_is_enough(world: World) -> None:
    ended = world.run(*demo(), environ={"PYTHONIOENCODING": "ascii"})
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.isascii()
    assert "Alice: Gr??e" in ended.stdout


def test_neither_a_home_nor_certificates_nor_a_name_are_touched(world: World) -> None:
    certs = world.here / "certs"
    certs.mkdir()
    (certs / "ca.pem").write_text("not a certificate")
    (world.home / "last-name").write_text("carol\n")
    (world.home / "config.toml").write_text("broken = [")
    before = {path: path.stat() for path in world.traces}
    ended = world.run(*demo(), environ={"SECURECHAT_NAME": "carol", "SECURECHAT_SERVER": "x:1"})
    assert (ended.returncode, ended.stderr) == (0, "")
    assert {path: path.stat().st_mtime_ns for path in world.traces} == {
        path: status.st_mtime_ns for path, status in before.items()
    }
    for path in sorted(before, reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def test_nothing_but_loopback_is_used(world: World) -> None:
    ended = world.run(*faulty("looks_around"))
    assert ended.returncode == 0
    used = ended.stderr.splitlines()
    assert any(line.startswith("socket.connect ('127.0.0.1', ") for line in used)
    assert [line for line in used if "127.0.0.1" not in line] == []


def test_a_reader_that_has_gone_is_no_error(world: World) -> None:
    ended = world.run("sh", "-c", '"$@" | head -n 1', "sh", *demo())
    assert ended.stdout == "Alice and Bob chat through a relay that cannot read them.\n"
    assert ended.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_output_that_cannot_be_written_is_an_error(world: World) -> None:
    ended = world.run("sh", "-c", '"$@" > /dev/full', "sh", *demo())
    assert ended.returncode == 1
    assert "Cannot write the output" in ended.stderr


@pytest.mark.parametrize(
    ("fault", "status", "message"),
    [
        ("nowhere", 3, "Cannot reach 127.0.0.1:1"),
        ("hangs_up", 3, "The demo's relay is gone"),
        ("tampers", 1, "A message came that cannot be opened"),
        ("leaks", 1, f"The relay could read '{LEAKED}': it is as typed"),
    ],
)
def test_what_goes_wrong_is_told_and_cleared_up(
    world: World, fault: str, status: int, message: str
) -> None:
    ended = world.run(*faulty(fault))
    assert ended.returncode == status
    assert ended.stderr.startswith(f"securechat: {message}")
    assert "none of the" not in ended.stdout
    assert "Traceback" not in ended.stderr


def test_no_place_for_temporary_files_is_told(world: World) -> None:
    script = (
        "import tempfile, sys; tempfile.tempdir = '/nowhere'; sys.argv = ['securechat', 'demo'];"
        "from securechat.__main__ import main; main()"
    )
    ended = world.run(sys.executable, "-c", script)
    assert ended.returncode == 1
    assert ended.stderr.startswith("securechat: Cannot make a temporary directory: No such file")
    assert "try: TMPDIR=DIR securechat demo" in ended.stderr


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_it_and_everything_is_cleared_up(
    world: World, number: signal.Signals, status: int
) -> None:
    process = subprocess.Popen(
        faulty("mute"),  # it waits for a message that never comes
        cwd=world.here,
        env=world.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        assert process.stdout is not None
        assert any("What is typed" in line for line in process.stdout)
        assert os.listdir(world.temporary)
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, errors) == (status, "")


def test_a_seat_of_ones_own_through_pipes(world: World) -> None:
    ended = world.run(*demo("--interactive"), stdin="hello Alice, grüße\nhi\n/quit\n")
    assert (ended.returncode, ended.stderr) == (0, "")
    chat, verdict = ended.stdout.split("What is typed, and what the relay gets")
    assert "You are Bob on 127.0.0.1:" in chat
    assert "Bob: hello Alice, grüße" in verdict
    assert "Bob: hi " in verdict
    assert "--interactive" not in verdict
    assert "the one text" in unwrapped(verdict) or "texts is in them" in unwrapped(verdict)
    assert ended.stdout.splitlines()[-3:] == COMMANDS


def test_a_message_for_nobody_does_not_keep_the_verdict_back(world: World) -> None:
    ended = world.run(*demo("--interactive"), stdin="/msg nobody hi\n/quit\n")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "What the relay knows now" in ended.stdout
    assert ended.stdout.splitlines()[-3:] == COMMANDS
