"""Pairing with a code over a real relay: what two people see of it, and what impostors get."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest

from securechat.wire import frames as f
from securechat.wire.codec import client_frame_decoder, encode, relay_frame_decoder
from tests.processes import Client, chatting, run
from tests.sockets.middle import connect, standing_between

UNTRUSTED, LIMIT, REFUSED = 4, 5, 6

OTHER_WORDS = "abacus-abacus-abacus"


@contextmanager
def hosting(home: Path, name: str = "alice") -> Iterator[tuple[Client, int]]:
    """Run a host on loopback; provides it and the port of its relay."""
    command = ("host", "--json", "--name", name, "--host", "127.0.0.1", "--port", "0")
    host = Client(command, home)
    try:
        ready = host.expect("ready")
        yield host, int(ready["relay"].rpartition(":")[2])
    finally:
        host.close()


@contextmanager
def joining(home: Path, port: int, code: str, name: str = "bob") -> Iterator[Client]:
    """Run somebody who joins, with a code in the first line of the input."""
    command = ("join", f"127.0.0.1:{port}", "--name", name, "--code-file", "-", "--json")
    guest = Client(command, home)
    guest.types(code)
    try:
        yield guest
    finally:
        guest.close()


def fail_to_join(home: Path, port: int, code: str) -> tuple[int, str]:
    """Try a code that must not work; return the exit status, and what is said of it."""
    command = ("join", f"127.0.0.1:{port}", "--name", "bob", "--code-file", "-")
    status, stdout, stderr = run(*command, home=home, stdin=f"{code}\n")
    assert stdout == ""
    return status, stderr


def with_other_words(code: str) -> str:
    return f"{code.partition('-')[0]}-{OTHER_WORDS}"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[tuple[Client, int]]:
    with hosting(tmp_path / "alice") as host:
        yield host


def test_two_people_pair_and_talk(host: tuple[Client, int], tmp_path: Path) -> None:
    alice, port = host
    with joining(tmp_path / "bob", port, alice.expect("code")["code"]) as bob:
        assert alice.expect("paired")["name"] == "bob"
        paired, there = bob.expect("paired"), bob.expect("peer", trust="verified")
        assert bob.unread[0]["event"] == "ready"
        assert (paired["name"], there["name"]) == ("alice", "alice")
        assert paired["fingerprint"] == there["fingerprint"]
        bob.types("hello")
        message = alice.expect("message", text="hello")
        assert message["verified"]
        alice.types("/msg bob and to you")
        assert bob.expect("message", text="and to you")["verified"]
        bob.ends_typing()
        assert bob.finish() == 0
    with chatting(tmp_path / "bob", "--peer", "alice") as again:
        again.types("it is me again")
        assert alice.expect("message", text="it is me again")["verified"]
    command = ("client", "--json", "--name", "bob", "--server", f"127.0.0.1:{port}")
    status, stdout, stderr = run(*command, home=tmp_path / "bob")
    assert (status, stderr) == (0, ""), "what the code has pinned is enough"
    assert '"event":"ready"' in stdout


def test_whom_somebody_has_blocked_stays_so_and_both_faces_say_it(
    host: tuple[Client, int], tmp_path: Path
) -> None:
    alice, port = host
    with joining(tmp_path / "bob", port, alice.expect("code")["code"]) as bob:
        assert not alice.expect("paired")["blocked"]
        bob.expect("peer")
        bob.types("/block alice")
        bob.expect("blocked")
        bob.ends_typing()
        assert bob.finish() == 0
    alice.types("/block bob", "/code")
    alice.expect("blocked", blocked=True)
    command = ("join", f"127.0.0.1:{port}", "--name", "bob", "--code-file", "-")
    code = alice.expect("code")["code"]
    status, stdout, _ = run(*command, home=tmp_path / "bob", stdin=f"{code}\n")
    assert status == 0
    assert "alice is verified (you both used the code), but still blocked here" in stdout
    assert "/unblock alice" in stdout
    assert alice.expect("paired", name="bob")["blocked"]


def test_wrong_words_use_the_code_up_and_let_nobody_in(
    host: tuple[Client, int], tmp_path: Path
) -> None:
    alice, port = host
    code = alice.expect("code")["code"]
    status, said = fail_to_join(tmp_path / "guesser", port, with_other_words(code))
    assert status == UNTRUSTED
    assert "used up" in said
    ended = alice.expect("code-ended")
    assert ended["reason"] == "wrong-code"
    assert ended["address"] == "127.0.0.1"
    assert ended["again"]
    another = alice.expect("code")["code"]
    assert another.partition("-")[0] != code.partition("-")[0]
    status, said = fail_to_join(tmp_path / "bob", port, code)
    assert status == REFUSED
    assert "ask for a new one" in said
    with joining(tmp_path / "bob", port, another):
        assert alice.expect("paired")["name"] == "bob"


def test_a_taken_name_leaves_no_profile_and_the_code_good(
    host: tuple[Client, int], tmp_path: Path
) -> None:
    alice, port = host
    code, home = alice.expect("code")["code"], tmp_path / "bob"
    command = ("join", f"127.0.0.1:{port}", "--name", "Alice", "--code-file", "-")
    status, _, said = run(*command, home=home, stdin=f"{code}\n")
    assert status == REFUSED
    assert "The name Alice is taken" in said
    assert "passphrase set" not in said
    assert list((home / "profiles").iterdir()) == []
    with joining(home, port, code):
        assert alice.expect("paired")["name"] == "bob"


def test_who_guesses_gets_three_tries_a_minute(host: tuple[Client, int], tmp_path: Path) -> None:
    alice, port = host
    statuses = []
    for _ in range(4):
        code = alice.expect("code")["code"]
        statuses.append(fail_to_join(tmp_path / "guesser", port, with_other_words(code))[0])
    assert statuses == [UNTRUSTED] * 3 + [LIMIT]


def test_a_relay_in_the_middle_is_seen_on_both_sides(
    host: tuple[Client, int], tmp_path: Path
) -> None:
    alice, port = host
    code = alice.expect("code")["code"]
    with standing_between(port, tmp_path / "mallory") as middle:
        status, said = fail_to_join(tmp_path / "bob", middle.port, code)
        command = ("client", "--json", "--name", "bob", "--server", f"127.0.0.1:{middle.port}")
        again = run(*command, home=tmp_path / "bob")
    assert again[0] == UNTRUSTED, "nothing was pinned"
    assert "is not known here" in again[2]
    assert status == UNTRUSTED
    assert "is on another relay" in said
    assert "somebody is in between" in said
    ended = alice.expect("code-ended")
    assert ended["reason"] == "another-relay"
    assert ended["shown"] in said


def test_a_relay_that_answers_itself_does_not_have_the_words(
    host: tuple[Client, int], tmp_path: Path
) -> None:
    alice, _ = host
    words = alice.expect("code")["code"].partition("-")[2]
    with hosting(tmp_path / "mallory", "alice") as (mallory, port):
        slot = mallory.expect("code")["code"].partition("-")[0]
        status, said = fail_to_join(tmp_path / "bob", port, f"{slot}-{words}")
    assert status == UNTRUSTED
    assert "used up" in said


def test_a_pairing_of_before_is_of_no_use(host: tuple[Client, int], tmp_path: Path) -> None:
    alice, port = host
    code = alice.expect("code")["code"]
    with standing_between(port, tmp_path / "mallory") as middle:
        assert fail_to_join(tmp_path / "bob", middle.port, code)[0] == UNTRUSTED
    alice.expect("code-ended")
    join, third, *_ = client_frame_decoder().decode(bytes(middle.from_client))
    assert isinstance(join, f.PairJoin)
    assert isinstance(third, f.PairPass)
    slot = int(alice.expect("code")["code"].partition("-")[0])
    with ExitStack() as stack:
        relay = connect(port, stack)
        relay.sendall(encode(msgspec.structs.replace(join, slot=slot)))
        decoder = relay_frame_decoder()
        answers: list[f.RelayFrame] = []
        while not answers:
            answers += decoder.decode(relay.recv(65_536))
        assert isinstance(answers[0], f.PairPass)
        relay.sendall(encode(msgspec.structs.replace(third, slot=slot)))
        while not any(isinstance(answer, f.PairEnd) for answer in answers):
            answers += decoder.decode(relay.recv(65_536))
    assert answers[-1] == f.PairEnd(slot, "wrong-code")
    assert alice.expect("code-ended")["reason"] == "wrong-code"


def test_nothing_is_asked_where_nobody_is(tmp_path: Path) -> None:
    status, _, stderr = run("join", "127.0.0.1:1", "--name", "bob", home=tmp_path)
    assert status == 2
    assert "the same command with --code-file FILE" in stderr


def test_a_code_in_a_file_that_is_none_costs_nothing(tmp_path: Path) -> None:
    command = ("join", "127.0.0.1:1", "--name", "bob", "--code-file", "-", "--json")
    status, stdout, stderr = run(*command, home=tmp_path, stdin="7-ottre-lime-sofa\n")
    assert status == 2
    assert 'There is no word "ottre" in a code' in stderr
    assert json.loads(stdout)["code"] == "usage"
