"""``securechat doctor`` as a user runs it, against all that can be wrong on the way to a relay."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from securechat.client.doctor import examine
from securechat.client.doctor_checks import Case
from securechat.findings import Finding, Level
from securechat.protocol.relay_side import RelaySide
from securechat.transport.addresses import LOOPBACK
from securechat.transport.connection import Connection
from securechat.transport.pins import relay_id
from securechat.wire.frames import Challenge, Fault
from tests.processes import chatting, relaying, run
from tests.sockets.loop_world import DAY, Files, Server, make_files, running_loop

CHECKS = [
    *("settings", "profile", "address", "route", "port", "tls", "certificate", "trust"),
    *("version", "clock", "login"),
]


def lines_of(output: str) -> dict[str, str]:
    """Return the rest of each line by its check; a failure's next command is part of it."""
    found: dict[str, str] = {}
    for line in output.splitlines():
        level, check, what = line.split(maxsplit=2)
        if level == "try:":
            found[list(found)[-1]] += f" {line.strip()}"
        else:
            found[check] = f"{level} {what}"
    return found


def doctor(home: Path, *arguments: str) -> tuple[int, dict[str, str]]:
    """Run the command; it must write nothing to stderr."""
    status, output, errors = run("doctor", *arguments, home=home)
    assert errors == ""
    return status, lines_of(output)


@contextmanager
def listening(backlog: int = 0) -> Iterator[str]:
    """Provide the address of a port of the loopback that takes so many connections, or none."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        if backlog:
            sock.listen(backlog)
        yield f"127.0.0.1:{sock.getsockname()[1]}"


def test_all_is_well_with_a_relay_that_one_was_at(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with relaying(tmp_path) as relay:
        with chatting(home, *relay.flags, "--name", "alice") as alice:
            alice.expect("ready")
            alice.ends_typing()
            alice.finish()
        status, found = doctor(home, relay.address)
    assert (status, list(found)) == (0, CHECKS)
    assert {line.split()[0] for line in found.values()} == {"ok"}
    assert found["login"] == "ok the relay lets alice in"


def test_beside_a_running_client_it_reads_and_does_not_log_in(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with relaying(tmp_path) as relay, chatting(home, *relay.flags, "--name", "alice") as alice:
        alice.expect("ready")
        status, found = doctor(home, "--name", "alice")
        assert alice.running
    assert status == 0
    assert relay.address in found["address"]
    assert found["trust"] == "ok it is the relay that is trusted here"
    assert "not tried: alice is open in another securechat command" in found["login"]


def test_without_a_profile_it_makes_none_and_registers_nobody(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with relaying(tmp_path) as relay:
        status, found = doctor(home, relay.address, "--ca", str(relay.ca), "--name", "alice")
        status_after, _, _ = run(
            *("send", "bob", "x", "--name", "alice", "--timeout", "3", *relay.flags),
            home=tmp_path / "other",
        )
    assert status == 0
    assert found["profile"].startswith("warn there is no profile of alice")
    assert "not tried" in found["login"]
    assert not (home / "profiles").exists()
    assert status_after != 6, "the name was still free"


def test_nothing_listens_there(tmp_path: Path) -> None:
    with listening(0) as address:
        status, found = doctor(tmp_path, address)
    assert (status, list(found)[-1]) == (3, "port")
    assert found["port"].startswith(f"FAIL Cannot reach {address} (connection refused")
    assert "try: on the relay's machine: securechat server" in found["port"]


def test_nothing_answers_as_behind_a_firewall(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[client]\ndial_timeout_s = 0.3\n")
    with listening(1) as address, _full(address):
        status, found = doctor(tmp_path, address)
    assert (status, list(found)[-1]) == (3, "port")
    assert "a firewall drops it, or the machine is off. try: ping 127.0.0.1" in found["port"]


@contextmanager
def _full(address: str) -> Iterator[None]:
    """Fill the queue of a listener that accepts nobody, so that the next one gets no answer."""
    host, port = address.split(":")
    socks = [socket.socket() for _ in range(8)]
    try:
        for sock in socks:
            sock.setblocking(False)
            sock.connect_ex((host, int(port)))
        yield
    finally:
        for sock in socks:
            sock.close()


def test_a_name_that_nobody_knows(tmp_path: Path) -> None:
    status, found = doctor(tmp_path, "no-such-host.invalid")
    assert (status, list(found)[-1]) == (3, "address")
    assert "the name is not known" in found["address"]
    assert "try: check the spelling" in found["address"]


def test_what_is_no_address_is_a_usage_error(tmp_path: Path) -> None:
    status, found = doctor(tmp_path, "a b")
    assert (status, list(found)[-1]) == (2, "address")
    assert "'a b' is no address of a relay try: securechat client --server" in found["address"]


def test_what_answers_is_not_tls(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, _greeting(server):
        status, found = doctor(tmp_path, f"127.0.0.1:{server.getsockname()[1]}")
    assert (status, list(found)[-1]) == (3, "tls")
    assert "what answers there is not TLS" in found["tls"]
    assert "try: another program has that port" in found["tls"]


@contextmanager
def _greeting(server: socket.socket) -> Iterator[None]:
    """Greet everybody as a mail server does, in a thread that ends with the block."""

    def greet() -> None:
        for _ in range(2):  # the doctor's knock, then its handshake
            connection, _ = server.accept()
            with connection, suppress(OSError):  # the knock has hung up already
                connection.settimeout(10)
                connection.sendall(b"220 mail.example.org ESMTP\r\n")
                connection.recv(4096)

    thread = threading.Thread(target=greet)
    thread.start()
    try:
        yield
    finally:
        thread.join(15)
    assert not thread.is_alive()


def test_an_unknown_relay_is_sent_nothing(tmp_path: Path) -> None:
    with running_loop() as loop:
        server = Server(loop, make_files(tmp_path / "certs"))
        address = f"{server.host}:{server.port}"
        status, found = doctor(tmp_path / "home", address)
        assert server.next().next("closed") is None, "it was not sent a byte"
    assert (status, list(found)[-1]) == (4, "trust")
    assert f"The relay at {address} is not known here; it shows " in found["trust"]
    assert f"then: securechat client --server {address}" in found["trust"]


def test_another_key_than_the_pinned_one(tmp_path: Path) -> None:
    pin = f"sha256:{'ab' * 32}"
    with running_loop() as loop:
        server = Server(loop, make_files(tmp_path / "certs"))
        status, found = doctor(tmp_path / "home", f"{server.host}:{server.port}", "--pin", pin)
    assert (status, list(found)[-1]) == (4, "trust")
    assert "is pinned. try: ask the relay's operator" in found["trust"]


@pytest.mark.parametrize(
    ("age", "lifetime", "says"),
    [(40 * DAY, 30 * DAY, "gen-certs --force"), (-2 * DAY, 30 * DAY, "date -u")],
)
def test_a_certificate_outside_its_dates(
    tmp_path: Path, age: timedelta, lifetime: timedelta, says: str
) -> None:
    with running_loop() as loop:
        files = make_files(tmp_path / "certs", hosts=LOOPBACK, age=age, lifetime=lifetime)
        server = Server(loop, files)
        status, found = doctor(tmp_path / "home", f"{server.host}:{server.port}")
    assert (status, list(found)[-1]) == (4, "certificate")
    assert says in found["certificate"].partition("try: ")[2]


def test_broken_settings(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[client]\nsever = 'x'\n")
    status, found = doctor(tmp_path, "127.0.0.1:1")
    assert (status, list(found)) == (2, ["settings"])
    assert "move" in found["settings"]


def test_a_profile_that_does_not_open_is_said_and_the_rest_is_examined(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with relaying(tmp_path) as relay:
        with chatting(home, *relay.flags, "--name", "alice") as alice:
            alice.expect("ready")
            alice.ends_typing()
            alice.finish()
        os.chmod(home / "profiles" / "alice" / "vault-key", 0o644)
        status, found = doctor(home, relay.address, "--name", "alice", "--ca", str(relay.ca))
    assert status == 1
    assert "try: chmod 600" in found["profile"]
    assert list(found) == CHECKS


def test_findings_for_programs(tmp_path: Path) -> None:
    with listening(0) as address:
        status, output, _ = run("doctor", address, "--json", home=tmp_path)
    findings = [json.loads(line) for line in output.splitlines()]
    assert {finding["event"] for finding in findings} == {"finding"}
    assert findings[-1]["check"] == "port"
    assert (findings[-1]["level"], findings[-1]["exit"]) == ("fail", status)
    assert findings[-1]["try"].startswith("on the relay's machine")


# A relay that says something odd ------------------------------------------------------------------


def challenge(files: Files, time_ms: int, version: int = 1) -> Challenge:
    return Challenge(
        version=version,
        relay_id=relay_id(files.server().certificate),
        nonce=bytes(32),
        time_ms=time_ms,
        registered=False,
    )


def findings_with(tmp_path: Path, answer: Challenge | Fault, files: Files) -> list[Finding]:
    """Return what comes of a relay that answers a hello so."""

    def reply(connection: Connection, data: bytes) -> None:
        side = RelaySide(time.monotonic())
        if side.receive(data, time.monotonic()):
            connection.write(side.send(answer))

    with running_loop() as loop:
        server = Server(loop, files, answer=reply)
        case = Case(
            home=tmp_path / "home",
            address=f"{server.host}:{server.port}",
            ca_file=files.ca,
            passphrases=lambda _name: partial(tuple),
        )
        return list(examine(case))


@pytest.mark.parametrize(("minutes", "order"), [(10, "ahead of"), (-10, "behind")])
def test_a_clock_that_is_wrong_is_a_warning(tmp_path: Path, minutes: int, order: str) -> None:
    files = make_files(tmp_path / "certs")
    time_ms = time.time_ns() // 1_000_000 + minutes * 60_000
    clock = findings_with(tmp_path, challenge(files, time_ms), files)[-2]
    assert (clock.check, clock.level) == ("clock", Level.WARN)
    assert clock.what == f"the relay's clock is 10 minutes {order} the one here"
    assert clock.try_next == "date -u, on both machines"


def test_another_version_of_the_protocol(tmp_path: Path) -> None:
    files = make_files(tmp_path / "certs")
    answer = Fault("version", "This relay speaks protocol version 9")
    last = findings_with(tmp_path, answer, files)[-1]
    assert (last.check, last.level, last.exit_status) == ("version", Level.FAIL, 1)
    assert "This relay speaks protocol version 9" in last.what
    assert "securechat --version here and on the relay" in last.try_next


def test_a_relay_that_says_it_is_another_one(tmp_path: Path) -> None:
    files, other = make_files(tmp_path / "certs"), make_files(tmp_path / "others")
    answer = challenge(other, time.time_ns() // 1_000_000)
    last = findings_with(tmp_path, answer, files)[-1]
    assert (last.check, last.exit_status) == ("version", 4)
    assert "another one than its certificate shows" in last.what
