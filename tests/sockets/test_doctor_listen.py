"""``securechat doctor --listen`` where a relay runs, is to run, or cannot run."""

import json
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from securechat.config import ServerConfig
from securechat.findings import Finding, Level
from securechat.identity.types import fingerprint
from securechat.relay.doctor import examine
from securechat.relay.doctor_case import Case, Setup
from securechat.relay.own_store import LOCK, STORE
from securechat.transport.addresses import LOCALHOST, LOOPBACK, host_names, interface_addresses
from securechat.transport.certificate_directory import CA_KEY, SERVER_KEY
from securechat.transport.issuing import issue
from securechat.transport.pins import relay_id
from securechat.transport.private_files import hold_lock
from tests.processes import relaying, run
from tests.sockets.loop_world import DAY, Server, make_files, running_loop
from tests.sockets.test_doctor import lines_of

CHECKS = [
    *("settings", "certificate", "names", "data", "disk", "port"),
    *("addresses", "firewall", "files", "registration"),
]
MIB = 1024 * 1024


def doctor(home: Path, *arguments: str) -> tuple[int, dict[str, str]]:
    """Run the command; it must write nothing to stderr."""
    status, output, errors = run("doctor", "--listen", *arguments, home=home)
    assert errors == ""
    return status, lines_of(output)


def everything_below(directory: Path) -> set[Path]:
    return set(directory.rglob("*"))


def findings_with(
    directory: Path, config: ServerConfig | None = None, **machine: Any
) -> dict[str, Finding]:
    """Return by check what is found of a relay with a free port on a machine like this."""
    setup = Setup(config or ServerConfig(port=0), directory / "certs", directory / "relay")
    machine.setdefault("firewall_places", (directory,))
    return {found.check: found for found in examine(Case(lambda: setup, **machine))}


@contextmanager
def taken_port(banner: bytes = b"220 mail.example.org ESMTP\r\n") -> Iterator[int]:
    """Provide a port on which another program greets the first that connects, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(banner)
                connection.settimeout(10)
                connection.recv(4096)

        thread = threading.Thread(target=greet)
        thread.start()
        yield server.getsockname()[1]
        thread.join(15)
    assert not thread.is_alive()


def test_nothing_is_there_yet_and_nothing_is_made(tmp_path: Path) -> None:
    status, found = doctor(tmp_path, "--port", "0")
    assert (status, list(found)) == (0, CHECKS)
    assert {line.split()[0] for line in found.values()} == {"ok", "warn"}
    certs = tmp_path / "certs"
    assert found["certificate"].startswith(f"warn there is no certificate in {certs} yet")
    assert f"try: securechat gen-certs --out {certs}; or securechat server" in found["certificate"]
    assert found["data"] == f"ok {tmp_path / 'relay'} is not there yet; the relay makes it"
    assert found["addresses"].startswith("warn only this machine reaches 127.0.0.1:0")
    assert "try: securechat server --host 0.0.0.0 --port 0, to let" in found["addresses"]
    assert found["registration"] == "ok open: whoever reaches the relay may register"
    assert everything_below(tmp_path) == set()


def test_a_relay_that_runs(tmp_path: Path) -> None:
    with relaying(tmp_path) as relay:
        before = everything_below(tmp_path)
        status, found = doctor(tmp_path, "--port", str(relay.port))
        assert everything_below(tmp_path) == before
        assert relay.process.running
    assert (status, list(found)) == (0, CHECKS)
    assert found["certificate"].startswith("ok valid until ")
    assert found["certificate"].endswith(f"renews itself: {relay.ready['fingerprint']}")
    assert found["names"].startswith("ok the certificate names ")
    assert found["data"] == f"ok a relay that runs now uses {tmp_path / 'relay'}"
    assert found["port"] == f"ok this relay answers at 127.0.0.1:{relay.port}"


@pytest.mark.parametrize("said", ["0.0.0.0", "127.0.0.1"])
@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_where_a_relay_that_runs_listens_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, said: str
) -> None:
    monkeypatch.setattr(
        "securechat.transport.addresses.interface_addresses", lambda: ("127.0.0.2",)
    )
    with relaying(tmp_path, "--host", host, "--no-announce") as relay:
        found = findings_with(tmp_path, ServerConfig(host=said, port=relay.port))
    here = f"this relay answers at 127.0.0.1:{relay.port}"
    if host == "127.0.0.1":
        assert found["port"].what == here
        assert found["addresses"].level == Level.WARN
        assert found["registration"].what.startswith("open: ")
    else:
        assert found["port"].what == f"{here}, and to other machines"
        assert found["addresses"].what == f"other machines reach it at 127.0.0.2:{relay.port}"
        assert found["registration"].what.startswith("by invitation: ")


def test_a_relay_that_listens_elsewhere(tmp_path: Path) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        free = sock.getsockname()[1]
    with relaying(tmp_path):
        status, found = doctor(tmp_path, "--port", str(free))
    assert status == 0
    assert found["port"].startswith(f"warn nothing listens on 127.0.0.1:{free}, although a relay")
    assert "try: the same with the --host and --port" in found["port"]


def test_a_relay_that_has_ended_can_begin_again_after_it(tmp_path: Path) -> None:
    with relaying(tmp_path):
        pass
    status, found = doctor(tmp_path, "--port", "0")
    assert status == 0
    assert found["data"] == f"ok {tmp_path / 'relay'} is ready, and no relay uses it now"
    with relaying(tmp_path):
        pass


def test_another_program_has_the_port(tmp_path: Path) -> None:
    with taken_port() as port:
        status, found = doctor(tmp_path, "--port", str(port))
    assert (status, list(found)) == (1, CHECKS)
    assert f"FAIL A program that is no relay listens on 127.0.0.1:{port}." in found["port"]
    assert f"try: securechat server --port {port + 1}" in found["port"]


def test_another_relay_has_the_port(tmp_path: Path) -> None:
    issue(tmp_path / "certs", datetime.now(UTC))
    with running_loop() as loop:
        server = Server(loop, make_files(tmp_path / "others"))
        other = fingerprint(relay_id(server.files.server().certificate))
        status, found = doctor(tmp_path, "--port", str(server.port))
    assert status == 1
    assert f"Another relay listens on 127.0.0.1:{server.port}: it shows {other}." in found["port"]


def test_where_it_cannot_listen(tmp_path: Path) -> None:
    status, found = doctor(tmp_path, "--host", "198.51.100.1", "--port", "0")
    assert status == 2
    assert "FAIL 198.51.100.1 is not an address of this machine." in found["port"]
    assert "try: securechat server --host 0.0.0.0 (all addresses)" in found["port"]


# Certificates -------------------------------------------------------------------------------------


def test_a_certificate_that_has_ended_and_cannot_be_renewed(tmp_path: Path) -> None:
    make_files(tmp_path / "certs", age=40 * DAY, lifetime=30 * DAY)
    status, found = doctor(tmp_path, "--port", "0")
    assert (status, list(found)) == (4, CHECKS)
    what, _, try_next = found["certificate"].partition(" try: ")
    assert what.startswith("FAIL The certificate in certs ended on")
    assert what.endswith("It cannot be renewed: certs/ca-key.pem is not there.")
    assert try_next.startswith("put it back, or move certs/ca.pem away")


def test_a_certificate_that_has_ended_with_its_authority(tmp_path: Path) -> None:
    issue(tmp_path / "certs", datetime.now(UTC) - timedelta(days=30 * 365))
    certificate = findings_with(tmp_path)["certificate"]
    assert certificate.level == Level.FAIL
    assert "It cannot be renewed: The certificate authority allows nothing" in certificate.what
    assert certificate.try_next.endswith("securechat gen-certs --force")


def test_a_certificate_that_has_ended_is_renewed_by_the_relay(tmp_path: Path) -> None:
    issue(tmp_path / "certs", datetime.now(UTC) - timedelta(days=100))
    status, found = doctor(tmp_path, "--port", "0")
    assert status == 0
    assert found["certificate"].startswith("warn it ended on ")
    assert "the relay makes a new one when it starts try: securechat server" in found["certificate"]
    with relaying(tmp_path):
        status, found = doctor(tmp_path, "--port", "0")
    assert (status, found["certificate"].partition(" ")[0]) == (0, "ok")


def test_a_certificate_that_has_not_begun(tmp_path: Path) -> None:
    make_files(tmp_path / "certs", age=-2 * DAY)
    status, found = doctor(tmp_path, "--port", "0")
    assert status == 4
    assert "try: check the clocks of both machines: date -u" in found["certificate"]


@pytest.mark.parametrize(("days", "level"), [(80, Level.OK), (20, Level.WARN)])
def test_a_certificate_that_does_not_renew_itself(tmp_path: Path, days: int, level: Level) -> None:
    issue(tmp_path / "certs", datetime.now(UTC), lifetime=timedelta(days=days))
    (tmp_path / "certs" / CA_KEY).unlink()
    certificate = findings_with(tmp_path)["certificate"]
    assert certificate.level == level
    assert "it does not renew itself without ca-key.pem" in certificate.what
    assert bool(certificate.try_next) == (level == Level.WARN)


@pytest.mark.parametrize("key", [CA_KEY, SERVER_KEY])
def test_a_key_that_others_can_read(tmp_path: Path, key: str) -> None:
    issue(tmp_path / "certs", datetime.now(UTC))
    (tmp_path / "certs" / key).chmod(0o644)
    certificate = findings_with(tmp_path)["certificate"]
    assert (certificate.level, certificate.exit_status) == (Level.FAIL, 1)
    assert certificate.try_next == f"chmod 600 {tmp_path / 'certs' / key}"


def test_names_that_the_certificate_lacks(tmp_path: Path) -> None:
    make_files(tmp_path / "certs", hosts=(*LOOPBACK, LOCALHOST))
    config = ServerConfig(host="chat.example.org", port=0)
    names = findings_with(tmp_path, config)["names"]
    missing = [
        *("chat.example.org", *(name for name in host_names() if name != LOCALHOST)),
        *interface_addresses(),
    ]
    assert names.level == Level.WARN
    assert names.what == f"the certificate does not name {', '.join(missing)}"
    command = f"securechat gen-certs --out {tmp_path / 'certs'} --force --host chat.example.org"
    assert names.try_next == command


# Data, disk and the machine -----------------------------------------------------------------------


@pytest.mark.parametrize("below", ["relay", "."])
def test_data_that_this_account_cannot_write(below: str) -> None:
    # root may write everywhere, so the test steps down; pytest's own directories are closed then
    home, me = Path(tempfile.mkdtemp()), os.geteuid()
    setup = Setup(ServerConfig(port=0), home / "certs", home / below)
    home.chmod(0o555)
    try:
        os.seteuid(me or 65534)
        found = {finding.check: finding for finding in examine(Case(lambda: setup))}
    finally:
        os.seteuid(me)
        home.rmdir()
    assert (found["data"].level, found["data"].exit_status) == (Level.FAIL, 1)
    assert found["data"].what == f"This account cannot write in {home}."
    assert found["data"].try_next.startswith(f"ls -ld {home}; or: securechat server --data")


def test_data_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "relay").write_text("")
    status, found = doctor(tmp_path, "--port", "0")
    assert (status, list(found)) == (1, CHECKS)
    assert f"FAIL {tmp_path / 'relay'} is not a directory. try: ls -ld" in found["data"]


def test_data_that_others_can_read(tmp_path: Path) -> None:
    data = tmp_path / "relay"
    data.mkdir(0o750)
    (data / STORE).touch(0o600)
    found = findings_with(tmp_path)["data"]
    assert (found.level, found.try_next) == (Level.WARN, f"chmod go= {data}")
    assert found.what.endswith("; others can reach it")


def test_a_store_of_a_later_version(tmp_path: Path) -> None:
    data = tmp_path / "relay"
    data.mkdir(0o700)
    header = b"SQLite format 3\0".ljust(60, b"\0") + (99).to_bytes(4, "big")
    (data / STORE).touch(0o600)
    (data / STORE).write_bytes(header)
    found = findings_with(tmp_path)["data"]
    assert (found.level, found.exit_status) == (Level.FAIL, 1)
    assert f"{data / STORE} has schema 99" in found.what
    with hold_lock(data / LOCK):
        assert findings_with(tmp_path)["data"].level == Level.OK, "in use, it is left alone"


def test_a_disk_with_little_room(tmp_path: Path) -> None:
    config = ServerConfig(port=0, store_bytes=100 * MIB)
    assert findings_with(tmp_path, config, free_bytes=lambda _: 100 * MIB)["disk"].level == "ok"
    disk = findings_with(tmp_path, config, free_bytes=lambda _: 99 * MIB)["disk"]
    assert disk.level == Level.WARN
    assert disk.what.endswith("what waits for people may take 100 MiB more")
    assert disk.try_next == f"df -h {tmp_path}; or a smaller store_bytes in config.toml"


def test_what_the_store_has_taken_already_needs_no_room(tmp_path: Path) -> None:
    (tmp_path / "relay").mkdir(0o700)
    with (tmp_path / "relay" / STORE).open("wb") as file:
        file.truncate(60 * MIB)
    config = ServerConfig(port=0, store_bytes=100 * MIB)
    assert findings_with(tmp_path, config, free_bytes=lambda _: 40 * MIB)["disk"].level == "ok"
    assert findings_with(tmp_path, config, free_bytes=lambda _: 39 * MIB)["disk"].level == "warn"


def test_too_few_open_files(tmp_path: Path) -> None:
    config = ServerConfig(port=0, max_connections=1000)
    assert findings_with(tmp_path, config, open_file_limit=lambda: 1064)["files"].level == "ok"
    assert findings_with(tmp_path, config, open_file_limit=lambda: None)["files"].level == "ok"
    files = findings_with(tmp_path, config, open_file_limit=lambda: 1063)["files"]
    assert files.level == Level.WARN
    assert files.try_next.startswith("ulimit -Hn 1064, as root; or: securechat server --max-conn")
    assert files.try_next.endswith(" 999")


@pytest.mark.parametrize(
    ("programs", "allow"),
    [
        (["iptables", "nft", "ufw"], "sudo ufw allow 5555/tcp"),
        (["nft", "firewall-cmd"], "sudo firewall-cmd --permanent --add-port=5555/tcp"),
        (["nft", "iptables"], "sudo nft insert rule inet filter input tcp dport 5555 accept"),
        (["iptables"], "sudo iptables -I INPUT -p tcp --dport 5555 -j ACCEPT"),
    ],
)
def test_a_firewall_is_told_with_what_lets_others_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: list[str], allow: str
) -> None:
    monkeypatch.setattr("securechat.relay.doctor_network.bind", lambda *_: [])
    (tmp_path / "sbin").mkdir()
    for program in programs:
        (tmp_path / "sbin" / program).write_text("#!/bin/false\n")
    places = (tmp_path / "none", tmp_path / "sbin")
    loopback = findings_with(tmp_path, ServerConfig(), firewall_places=places)["firewall"]
    assert loopback.level == Level.OK
    config = ServerConfig(host="192.0.2.77")
    firewall = findings_with(tmp_path, config, firewall_places=places)["firewall"]
    assert firewall.level == Level.WARN
    assert firewall.what.endswith("is installed; if it is on, it may keep others from port 5555")
    assert firewall.try_next.startswith(allow)


def test_addresses_to_give_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("securechat.relay.doctor_network.bind", lambda *_: [])
    monkeypatch.setattr(
        "securechat.transport.addresses.interface_addresses",
        lambda: ("192.0.2.20", "192.0.2.21", "2001:db8::20"),
    )
    found = findings_with(tmp_path, ServerConfig(host="0.0.0.0"))
    addresses = "192.0.2.20:5555, 192.0.2.21:5555"
    assert found["addresses"].what == f"other machines reach it at {addresses}"
    assert found["registration"].what.startswith("by invitation: securechat invite")
    open_to_all = ServerConfig(host="192.0.2.20", registration="open")
    assert findings_with(tmp_path, open_to_all)["registration"].what.startswith("open: ")


# Flags and settings -------------------------------------------------------------------------------


def test_broken_settings_end_it(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[server]\nprot = 5555\n")
    status, found = doctor(tmp_path)
    assert (status, list(found)) == (2, ["settings"])
    assert "prot" in found["settings"]
    assert f"move {tmp_path / 'config.toml'} away" in found["settings"]


def test_settings_and_flags_are_those_of_the_server(tmp_path: Path) -> None:
    settings = f"[server]\nport = 0\nhost = '::1'\ncerts = '{tmp_path / 'c'}'\nregistration = "
    (tmp_path / "config.toml").write_text(f"{settings}'invite'\n")
    _, found = doctor(tmp_path, "--host", "127.0.0.1", "--data", str(tmp_path / "d"))
    assert f"{tmp_path / 'c'} yet" in found["certificate"]
    assert found["data"] == f"ok {tmp_path / 'd'} is not there yet; the relay makes it"
    assert "only this machine reaches 127.0.0.1:0" in found["addresses"]
    assert found["registration"].startswith("ok by invitation")
    assert found["disk"].endswith(str(tmp_path / "d"))


def test_findings_for_programs(tmp_path: Path) -> None:
    make_files(tmp_path / "certs", age=40 * DAY, lifetime=30 * DAY)
    status, output, _ = run("doctor", "--listen", "--port", "0", "--json", home=tmp_path)
    findings = {found["check"]: found for found in map(json.loads, output.splitlines())}
    assert list(findings) == CHECKS
    assert set(findings["port"]) == {"event", "check", "level", "message", "try", "exit"}
    certificate = findings["certificate"]
    assert (certificate["level"], certificate["exit"]) == ("fail", status)


@pytest.mark.parametrize(
    ("arguments", "cause", "next_command"),
    [
        (("--listen", "127.0.0.1"), "HOST is a relay to go to", "doctor --listen --host ADDRESS"),
        (("--listen", "--name", "ann"), "--name is for the way to a relay", "doctor --help"),
        (("--listen", "--ca", "x"), "--ca is for the way to a relay", "doctor --help"),
        (("--port", "5555"), "--port needs --listen", "doctor --help"),
        (("--data", "x"), "--data needs --listen", "doctor --help"),
    ],
)
def test_flags_of_the_other_end(
    tmp_path: Path, arguments: tuple[str, ...], cause: str, next_command: str
) -> None:
    status, output, errors = run("doctor", *arguments, home=tmp_path)
    assert (status, output) == (2, "")
    assert cause in errors
    assert next_command in errors.partition("try: ")[2]


def test_the_defaults_of_a_case_are_this_machine(tmp_path: Path) -> None:
    config = msgspec.structs.replace(ServerConfig(port=0), max_connections=1, store_bytes=1)
    found = findings_with(tmp_path, config)
    assert {found[check].level for check in ("disk", "files", "firewall")} == {Level.OK}
