"""The programs under scripts/examples, and the one in README, as somebody runs them."""

import re
import signal
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.processes import Client, Process, Relay, chatting, relaying, run, running

EXAMPLES = Path(__file__).parents[2] / "scripts" / "examples"
DONE, USAGE, UNREACHABLE, UNTRUSTED, REFUSED, QUEUED = 0, 2, 3, 4, 6, 7


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@contextmanager
def example(program: str, home: Path, *arguments: str) -> Iterator[Process]:
    """Run an example until the block ends."""
    command = (sys.executable, str(EXAMPLES / program))
    process = Process((*arguments, "--home", str(home)), home, command=command)
    try:
        yield process
    finally:
        process.close()


@contextmanager
def echoing(relay: Relay, home: Path, *arguments: str) -> Iterator[Process]:
    """Run an echo bot that is let in."""
    with example("echo_bot.py", home, *arguments, *relay.flags) as bot:
        bot.read_until(f" is on {relay.address}")
        yield bot


@contextmanager
def bridging(relay: Relay, home: Path, to: str, *arguments: str) -> Iterator[Process]:
    with example("bridge_stdin.py", home, to, *arguments, *relay.flags) as bridge:
        yield bridge


def talking_to(peer: str, relay: Relay, home: Path, name: str) -> AbstractContextManager[Client]:
    return chatting(home, "--name", name, "--peer", peer, *relay.flags)


def fails(process: Process, status: int, said: str) -> None:
    assert process.finish() == status
    assert said in process.stderr
    assert "\n  try: " in process.stderr
    assert "Traceback" not in process.stderr


def test_the_program_in_the_readme_answers(relay: Relay, tmp_path: Path) -> None:
    readme = (EXAMPLES.parents[1] / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    assert block is not None
    program = block[1].replace("192.168.1.20:5555", relay.address)
    program = program.replace("certs/ca.pem", str(relay.ca))
    with (
        chatting(tmp_path / "alice", "--name", "alice", *relay.flags) as alice,
        running(home=tmp_path / "bot", command=(sys.executable, "-c", program)),
    ):
        assert alice.expect("message", **{"from": "echo"})["text"] == "I am back"
        alice.types("/msg echo hello")
        assert alice.expect("message", **{"from": "echo"})["text"] == "hello"


@pytest.mark.parametrize("program", ["echo_bot.py", "bridge_stdin.py"])
def test_each_says_what_it_can_do(program: str, tmp_path: Path) -> None:
    with example(program, tmp_path, "--help") as process:
        assert process.finish() == DONE
        process.read_until("--pin")


# The echo bot ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_bot_echoes_until_it_is_told_to_stop(
    number: signal.Signals, relay: Relay, tmp_path: Path
) -> None:
    name = f"echo{number.value}"
    with (
        echoing(relay, tmp_path / "bot", "--name", name, "--accept-strangers") as bot,
        talking_to(name, relay, tmp_path / "amy", f"amy{number.value}") as amy,
    ):
        for text in ("hello", "*", "zwei\nZeilen".replace("\n", " "), "Grüße 你好"):
            amy.types(text)
            amy.expect("message", text=text, **{"from": name})
        bot.signal(number)
        assert bot.finish() == DONE
        assert bot.stderr == ""


def test_the_bot_passes_strangers_over_until_they_are_accepted(
    relay: Relay, tmp_path: Path
) -> None:
    home = tmp_path / "bot"
    with talking_to("shy", relay, tmp_path / "ben", "ben") as ben:
        with echoing(relay, home, "--name", "shy") as bot:
            ben.types("let me in")
            bot.read_until("ben asks to talk: passed over")
            bot.signal(signal.SIGTERM)
            assert bot.finish() == DONE
        send = ("send", "ben", "-m", "you are known now", "--name", "shy", *relay.flags)
        assert run(*send, home=home)[0] == DONE
        assert ben.expect("message")["text"] == "you are known now"
        with echoing(relay, home, "--name", "shy"):
            ben.types("thank you")
            assert ben.expect("message")["text"] == "thank you"


def test_the_bot_comes_to_rooms_and_answers_there_who_names_it(
    relay: Relay, tmp_path: Path
) -> None:
    with (
        echoing(relay, tmp_path / "bot", "--name", "parrot", "--accept-strangers"),
        chatting(tmp_path / "cat", "--name", "cat", *relay.flags) as cat,
    ):
        cat.types("/create #cage")
        cat.types("/invite #cage parrot")
        cat.expect("room", change="joined", actor="parrot")
        cat.types("/msg #cage nobody in particular")
        cat.types("/msg #cage hello parrot")
        answer = cat.expect("message", room="#cage", **{"from": "parrot"})
        assert answer["text"] == "hello parrot"


def test_the_bot_outlives_a_killed_relay(tmp_path: Path) -> None:
    with (
        relaying(tmp_path) as relay,
        echoing(relay, tmp_path / "bot", "--accept-strangers"),
        talking_to("echo", relay, tmp_path / "cyd", "cyd") as cyd,
    ):
        cyd.types("before")
        cyd.expect("message", text="before")
        relay.process.signal(signal.SIGKILL)
        relay.process.finish()
        cyd.expect("offline")
        cyd.types("meanwhile")
        with relaying(tmp_path, port=relay.port):
            cyd.expect("message", text="meanwhile")


def test_a_killed_bot_answers_at_its_next_start(relay: Relay, tmp_path: Path) -> None:
    """It stands still when the message comes, and is killed then."""
    flags = ("--name", "lazarus", "--accept-strangers")
    with talking_to("lazarus", relay, tmp_path / "dee", "dee") as dee:
        with echoing(relay, tmp_path / "bot", *flags) as bot:
            dee.types("first")
            dee.expect("message", text="first")
            bot.signal(signal.SIGSTOP)
            dee.types("are you there?")
            dee.expect("accepted")
            bot.signal(signal.SIGKILL)
            bot.finish()
        with echoing(relay, tmp_path / "bot", *flags):
            dee.expect("message", text="are you there?")


def test_a_bot_without_trust_or_a_name_ends(relay: Relay, tmp_path: Path) -> None:
    with example("echo_bot.py", tmp_path / "a", "--server", relay.address) as bot:
        fails(bot, UNTRUSTED, "is not known here")
    with example("echo_bot.py", tmp_path / "a", "--name", "no name", *relay.flags) as bot:
        fails(bot, REFUSED, "A name has only")
    with echoing(relay, tmp_path / "b", "--name", "taken"):
        pass
    with example("echo_bot.py", tmp_path / "c", "--name", "Taken", *relay.flags) as bot:
        fails(bot, REFUSED, "aken")


# The bridge -----------------------------------------------------------------------------------


def test_each_line_is_a_message(relay: Relay, tmp_path: Path) -> None:
    lines = [f"line {number}" for number in range(20)]
    with (
        talking_to("logs", relay, tmp_path / "eli", "eli") as eli,
        bridging(relay, tmp_path / "bridge", "eli", "--name", "logs") as bridge,
    ):
        eli.expect("ready")
        bridge.types(*lines[:10], "", "  ", *lines[10:])
        bridge.ends_typing()
        assert bridge.finish() == DONE
        assert bridge.stderr == ""
        assert [eli.expect("message")["text"] for _ in lines] == lines
        assert not [event for event in eli.unread if event["event"] == "message"]


def test_the_bridge_leaves_what_is_answered_to_others(relay: Relay, tmp_path: Path) -> None:
    home = tmp_path / "bridge"
    with (
        talking_to("pipe", relay, tmp_path / "fay", "fay") as fay,
        bridging(relay, home, "fay", "--name", "pipe") as bridge,
    ):
        bridge.types("news")
        fay.expect("message", text="news")
        fay.types("thanks")
        fay.expect("delivered")
        bridge.ends_typing()
        assert bridge.finish() == DONE
    listen = ("listen", "--count", "1", "--timeout", "10", "--name", "pipe", *relay.flags)
    assert run(*listen, home=home)[1] == "fay: thanks"


def test_the_bridge_waits_for_a_relay_that_comes_back(tmp_path: Path) -> None:
    with (
        relaying(tmp_path) as relay,
        talking_to("bridge", relay, tmp_path / "gil", "gil") as gil,
        bridging(relay, tmp_path / "bridge", "gil") as bridge,
    ):
        bridge.types("one")
        gil.expect("message", text="one")
        relay.process.signal(signal.SIGKILL)
        relay.process.finish()
        gil.expect("offline")
        bridge.types("two", "three")
        with relaying(tmp_path, port=relay.port):
            for text in ("two", "three"):
                gil.expect("message", text=text)
            bridge.ends_typing()
            assert bridge.finish() == DONE


def test_what_the_bridge_cannot_hand_over(relay: Relay, tmp_path: Path) -> None:
    home = tmp_path / "bridge"
    with bridging(relay, home, "nobody", "--patience", "0.2") as bridge:
        bridge.types("hello?")
        fails(bridge, QUEUED, "was not accepted within 0.2 s")
    with bridging(relay, home, "nobody") as bridge:
        bridge.types("x" * 9000)
        fails(bridge, USAGE, "9,000 bytes")
    with bridging(relay, home, "Bridge") as bridge:
        bridge.types("to myself")
        fails(bridge, USAGE, "your own name")
    with example(
        "bridge_stdin.py", tmp_path / "new", "nobody", "--server", "127.0.0.1:1"
    ) as bridge:
        fails(bridge, UNREACHABLE, "127.0.0.1:1")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_bridge_that_is_interrupted(
    number: signal.Signals, status: int, relay: Relay, tmp_path: Path
) -> None:
    with (
        talking_to("wire", relay, tmp_path / "ida", f"ida{status}") as ida,
        bridging(relay, tmp_path / "bridge", f"ida{status}", "--name", f"wire{status}") as bridge,
    ):
        bridge.types("one")
        ida.expect("message", text="one")
        bridge.signal(number)
        assert bridge.finish() == status
        assert bridge.stderr == ""
