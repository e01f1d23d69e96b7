"""A relay's store and its life: who may use it, and what a stop and a restart leave."""

import shutil
import signal
import stat
from pathlib import Path

from tests.processes import chatting, relaying, run
from tests.sockets.kills import wait
from tests.sockets.load_devices import Device, check_order, running_loop

FAILED = 1


def test_a_store_is_its_owners_alone_and_lies_where_it_was_told(tmp_path: Path) -> None:
    with relaying(tmp_path), relaying(tmp_path, "--data", str(tmp_path / "elsewhere")):
        for directory in (tmp_path / "relay", tmp_path / "elsewhere"):
            assert stat.S_IMODE(directory.stat().st_mode) == 0o700
            for file in directory.iterdir():
                assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_second_relay_on_one_store_is_told_what_to_do(tmp_path: Path) -> None:
    with relaying(tmp_path):
        status, _, stderr = run("server", "--port", "0", home=tmp_path)
        assert status == FAILED
        assert "Another relay uses the store" in stderr
        assert "--data" in stderr


def test_a_store_of_another_relay_is_refused(tmp_path: Path) -> None:
    with relaying(tmp_path):
        pass
    shutil.rmtree(tmp_path / "certs")
    status, _, stderr = run("server", "--port", "0", home=tmp_path)
    assert status == FAILED
    assert "belongs to the relay with the fingerprint" in stderr
    assert "--data" in stderr
    with relaying(tmp_path, "--data", str(tmp_path / "new")):
        pass


def test_a_relay_that_is_told_to_stop_keeps_what_nobody_has_acknowledged(tmp_path: Path) -> None:
    with running_loop() as loop:
        with relaying(tmp_path) as relay:
            alice, bob = (
                Device(loop, relay.port, relay.ca, name, seed)
                for seed, name in enumerate(("alice", "bob"), 1)
            )
            bob.acknowledges = False
            alice.recipients, alice.limit, alice.at_once = [bob], 200, 200
            loop.call_soon(alice.come)
            loop.call_soon(bob.come)
            wait(lambda: alice.is_in and bob.is_in)
            loop.call_soon(alice.write_more)
            wait(lambda: len(bob.arrived[alice.tag]) == 200)
            relay.process.signal(signal.SIGTERM)
            assert relay.process.finish() == 0
            port = relay.port
        loop.call_soon(alice.go)
        bob.arrived.clear()
        bob.forget()
        bob.acknowledges = True
        with relaying(tmp_path, port=port):
            wait(lambda: len(bob.arrived[alice.tag]) == 200)
        assert check_order([alice])["disordered"] == 0


def test_messages_for_somebody_away_wait_over_a_restart_while_the_sender_is_gone(
    tmp_path: Path,
) -> None:
    typed = [f"for later {number}" for number in range(20)]
    with relaying(tmp_path) as relay:
        with chatting(tmp_path / "bob", "--name", "bob", *relay.flags) as bob:
            bob.expect("ready")
        with chatting(
            tmp_path / "alice", "--name", "alice", "--peer", "bob", *relay.flags
        ) as alice:
            alice.types(*typed)
            for _ in typed:
                alice.expect("accepted")
            alice.ends_typing()
            assert alice.finish() == 0
        relay.process.signal(signal.SIGKILL)
        relay.process.finish()
    with (
        relaying(tmp_path, port=relay.port) as relay,
        chatting(tmp_path / "bob", "--peer", "alice", *relay.flags) as bob,
    ):
        assert [bob.expect("message")["text"] for _ in typed] == typed
