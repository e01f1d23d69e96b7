"""Issuing, renewing and loading certificates in real directories, with an injected clock."""

import errno
import os
import shutil
import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from securechat.errors import Busy, CertificateExpired, FileProblem, UsageError
from securechat.transport import issuing
from securechat.transport.certificate_directory import (
    CA,
    CA_KEY,
    FILES,
    SERVER,
    SERVER_KEY,
    ServerCertificate,
    load,
    read_authority,
)
from securechat.transport.certificates import encode_certificate
from securechat.transport.issuing import issue, renew_if_needed
from securechat.transport.private_files import hold_lock

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
MACHINE = ("localhost", "lab-pc", "lab-pc.local", "127.0.0.1", "::1", "192.168.1.20")


@pytest.fixture(autouse=True)
def addresses(monkeypatch):
    """Give the machine a name and an address that do not depend on where the tests run."""
    found = ["192.168.1.20"]
    monkeypatch.setattr(issuing, "host_names", lambda: ("lab-pc", "lab-pc.local"))
    monkeypatch.setattr(issuing, "interface_addresses", lambda: tuple(found))
    return found


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "certs"


@pytest.fixture
def issued(directory):
    return issue(directory, NOW).certificate


def contents(directory):
    """Return the files and, as None, the directories in a directory, without its lock file."""
    return {
        path.name: path.read_bytes() if path.is_file() else None
        for path in directory.iterdir()
        if path.name != ".lock"
    }


def test_a_new_directory_gets_all_four_files(directory):
    made = issue(directory, NOW)
    assert made.written == tuple(directory / name for name in FILES)
    assert made.certificate == load(directory, NOW)
    assert made.certificate.hosts == MACHINE
    assert made.certificate.not_after == NOW + timedelta(days=90)
    assert set(contents(directory)) == set(FILES)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_keys_and_directory_are_private_under_any_umask(directory, mask):
    before = os.umask(mask)
    try:
        issue(directory, NOW)
    finally:
        os.umask(before)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for name in (CA_KEY, SERVER_KEY):
        assert stat.S_IMODE((directory / name).stat().st_mode) == 0o600
    for name in (CA, SERVER):
        assert stat.S_IMODE((directory / name).stat().st_mode) == 0o644 & ~mask


def test_hosts_asked_for_come_first_and_stay_through_renewals(directory):
    issue(directory, NOW, ["Chat.Example.org", "203.0.113.9", "lab-pc"])
    first = ("chat.example.org", "203.0.113.9", "lab-pc", "localhost")
    assert load(directory, NOW).hosts[:4] == first
    issue(directory, NOW, ["second.example"], force=True)
    assert load(directory, NOW).hosts[:4] == (*first[:3], "second.example")
    renewal = renew_if_needed(directory, NOW + timedelta(days=80))
    assert renewal.outcome.hosts[:4] == (*first[:3], "second.example")


def test_addresses_that_the_machine_lost_go_with_the_next_renewal(directory, issued, addresses):
    addresses[:] = ["10.0.0.2"]
    issue(directory, NOW, force=True)
    assert load(directory, NOW).hosts == (*MACHINE[:-1], "10.0.0.2")


def test_a_bad_host_is_refused_before_anything_is_written(directory):
    with pytest.raises(UsageError):
        issue(directory, NOW, ["*.example.org"])
    assert not directory.exists()


def test_nothing_is_overwritten_without_force(directory, issued):
    before = contents(directory)
    with pytest.raises(UsageError) as refusal:
        issue(directory, NOW, ["chat.example.org"])
    assert f"securechat gen-certs --out {directory} --force" in refusal.value.try_next
    assert contents(directory) == before


def test_force_renews_the_certificate_and_keeps_key_and_authority(directory, issued):
    before = contents(directory)
    renewed = issue(directory, NOW + timedelta(days=10), force=True)
    after = contents(directory)
    assert renewed.written == (directory / SERVER,)
    assert {name for name in FILES if before[name] != after[name]} == {SERVER}
    assert renewed.certificate.relay_id == issued.relay_id
    assert renewed.certificate.not_after == NOW + timedelta(days=100)


def test_a_lifetime_of_days_is_kept_to(directory):
    assert issue(directory, NOW, lifetime=timedelta(days=7)).certificate.not_after == (
        NOW + timedelta(days=7)
    )


@pytest.mark.parametrize("lost", [{SERVER}, {SERVER, SERVER_KEY}])
def test_missing_server_files_are_made_without_force(directory, issued, lost):
    authority = (directory / CA).read_bytes()
    for name in lost:
        (directory / name).unlink()
    made = issue(directory, NOW)
    assert (directory / CA).read_bytes() == authority
    assert (made.certificate.relay_id == issued.relay_id) is (SERVER_KEY not in lost)
    assert set(made.written) == {directory / name for name in lost}


@pytest.mark.parametrize("lost", [CA, CA_KEY])
def test_half_an_authority_is_never_replaced(directory, issued, lost):
    (directory / lost).unlink()
    before = contents(directory)
    with pytest.raises(FileProblem, match=lost) as problem:
        issue(directory, NOW, force=True)
    assert problem.value.try_next
    assert contents(directory) == before


def test_an_authority_moved_away_is_made_anew_and_the_pin_survives(directory, issued):
    for name in (CA, CA_KEY):
        (directory / name).unlink()
    assert issue(directory, NOW, force=True).certificate.relay_id == issued.relay_id


def test_a_damaged_server_certificate_is_replaced_with_force(directory, issued):
    (directory / SERVER).write_bytes(b"garbage")
    assert issue(directory, NOW, force=True).certificate.relay_id == issued.relay_id


def test_a_damaged_key_is_never_replaced(directory, issued):
    (directory / SERVER_KEY).write_bytes(b"garbage")
    with pytest.raises(FileProblem, match=SERVER_KEY):
        issue(directory, NOW, force=True)
    assert (directory / SERVER_KEY).read_bytes() == b"garbage"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("dangling", [True, False])
def test_links_are_not_followed(directory, issued, tmp_path, name, dangling):
    target = tmp_path / "target"
    if not dangling:
        shutil.move(directory / name, target)
    else:
        (directory / name).unlink()
    before = None if dangling else target.read_bytes()
    (directory / name).symlink_to(target)
    with pytest.raises(FileProblem, match="symbolic link") as problem:
        issue(directory, NOW, force=True)
    assert problem.value.try_next
    assert (target.read_bytes() if target.exists() else None) == before


def test_a_directory_that_is_a_link_is_refused(directory, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    directory.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileProblem, match="symbolic link"):
        issue(directory, NOW)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_two_at_once_are_told_apart(directory, issued):
    with hold_lock(directory / ".lock"), pytest.raises(Busy):
        issue(directory, NOW, force=True)


def test_an_ended_authority_issues_nothing(directory, issued):
    with pytest.raises(CertificateExpired) as refusal:
        issue(directory, NOW + timedelta(days=3651), force=True)
    assert CA in refusal.value.try_next


# --- loading


def test_what_is_loaded_is_what_a_listener_needs(directory, issued):
    loaded = load(directory, NOW)
    assert (loaded.certificate_path, loaded.key_path) == (
        directory / SERVER,
        directory / SERVER_KEY,
    )
    pem = (directory / SERVER).read_bytes()
    assert loaded.der == x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


@pytest.mark.parametrize("name", [SERVER, SERVER_KEY])
@pytest.mark.parametrize("damage", ["missing", "garbage", "empty", "directory"])
def test_a_missing_or_damaged_file_has_a_next_step(directory, issued, name, damage):
    (directory / name).unlink()
    if damage == "directory":
        (directory / name).mkdir()
    elif damage != "missing":
        (directory / name).write_bytes(b"garbage" if damage == "garbage" else b"")
        (directory / name).chmod(0o600)
    with pytest.raises(FileProblem, match=name) as problem:
        load(directory, NOW)
    assert problem.value.try_next


def test_a_directory_that_is_not_there_names_the_command_that_makes_it(directory):
    with pytest.raises(FileProblem) as problem:
        load(directory, NOW)
    assert problem.value.try_next == f"securechat gen-certs --out {directory}"


def test_a_key_of_another_certificate_is_refused(directory, issued):
    shutil.copy(directory / CA_KEY, directory / SERVER_KEY)
    with pytest.raises(FileProblem, match="not the key") as problem:
        load(directory, NOW)
    assert problem.value.try_next.endswith("--force")
    issue(directory, NOW, force=True)
    load(directory, NOW)


@pytest.mark.parametrize("name", [CA_KEY, SERVER_KEY])
def test_a_key_that_the_group_can_read_is_refused(directory, issued, name):
    (directory / name).chmod(0o640)
    with pytest.raises(FileProblem) as problem:
        issue(directory, NOW, force=True)
    assert problem.value.try_next == f"chmod 600 {directory / name}"
    if name == SERVER_KEY:
        with pytest.raises(FileProblem, match="0640"):
            load(directory, NOW)


@pytest.mark.parametrize("offset", [timedelta(days=90, seconds=1), timedelta(hours=-2)])
def test_a_certificate_outside_its_dates_is_not_loaded(directory, issued, offset):
    with pytest.raises(CertificateExpired) as refusal:
        load(directory, NOW + offset)
    assert refusal.value.try_next


def test_a_key_of_another_kind_loads_but_is_not_renewed_here(directory, issued):
    key = rsa.generate_private_key(65537, 2048)
    (directory / SERVER_KEY).write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    with pytest.raises(FileProblem, match="elliptic"):
        issue(directory, NOW, force=True)


@pytest.mark.parametrize("wrong", ["another key", "no authority"])
def test_files_that_are_not_one_authority_are_refused(directory, issued, wrong):
    if wrong == "another key":
        shutil.copy(directory / SERVER_KEY, directory / CA_KEY)
    else:
        shutil.copy(directory / SERVER, directory / CA)
        shutil.copy(directory / SERVER_KEY, directory / CA_KEY)
    with pytest.raises(FileProblem) as problem:
        read_authority(directory)
    assert problem.value.try_next


# --- renewing


def test_a_good_certificate_is_left_alone(directory, issued):
    before = contents(directory)
    assert renew_if_needed(directory, NOW + timedelta(days=60)) is None
    assert contents(directory) == before


@pytest.mark.parametrize("age_days", [61, 89, 90, 400])
def test_the_last_thirty_days_and_later_renew_with_the_same_key(directory, issued, age_days):
    now = NOW + timedelta(days=age_days)
    renewal = renew_if_needed(directory, now)
    assert "2026-07-30" in renewal.reason
    assert renewal.outcome == load(directory, now)
    assert renewal.outcome.relay_id == issued.relay_id
    assert renewal.outcome.not_after == now + timedelta(days=90)
    assert renew_if_needed(directory, now) is None


def test_a_new_address_of_the_machine_renews(directory, issued, addresses):
    addresses.append("2001:db8::7")
    renewal = renew_if_needed(directory, NOW)
    assert "2001:db8::7" in renewal.reason
    assert renewal.outcome.hosts == (*MACHINE, "2001:db8::7")
    assert renewal.outcome.relay_id == issued.relay_id
    assert renew_if_needed(directory, NOW) is None


def test_a_host_that_the_server_is_told_about_renews_once(directory, issued):
    assert "chat.example.org" in renew_if_needed(directory, NOW, ["chat.example.org"]).reason
    assert renew_if_needed(directory, NOW, ["Chat.Example.org"]) is None


@pytest.mark.parametrize("lost", [CA, CA_KEY])
def test_without_the_authority_a_needed_renewal_is_a_warning(directory, issued, lost):
    (directory / lost).unlink()
    before = contents(directory)
    assert renew_if_needed(directory, NOW) is None
    renewal = renew_if_needed(directory, NOW + timedelta(days=70))
    assert isinstance(renewal.outcome, FileProblem)
    assert lost in renewal.outcome.what
    assert renewal.outcome.try_next
    assert contents(directory) == before


def test_a_full_disk_is_a_warning_and_the_old_certificate_stays(directory, issued, monkeypatch):
    def full(descriptor, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = contents(directory)
    monkeypatch.setattr(os, "write", full)
    renewal = renew_if_needed(directory, NOW + timedelta(days=70))
    assert "df -h" in renewal.outcome.try_next
    assert contents(directory) == before


def test_an_authority_near_its_end_does_not_renew_every_day(directory, issued, addresses):
    near = NOW + timedelta(days=3640)
    assert isinstance(renew_if_needed(directory, near).outcome, ServerCertificate)
    before = contents(directory)
    renewal = renew_if_needed(directory, near)
    assert isinstance(renewal.outcome, CertificateExpired)
    assert contents(directory) == before
    addresses.append("10.0.0.2")
    assert isinstance(renew_if_needed(directory, near).outcome, ServerCertificate)


def test_nothing_to_renew_is_an_error_and_makes_no_new_key(directory, issued):
    (directory / SERVER_KEY).unlink()
    with pytest.raises(FileProblem, match=SERVER_KEY):
        renew_if_needed(directory, NOW + timedelta(days=70))
    assert not (directory / SERVER_KEY).exists()


def test_all_names_of_a_certificate_without_localhost_are_kept(directory, issued):
    authority = read_authority(directory)
    key = issuing.decode_own_key((directory / SERVER_KEY).read_bytes(), directory / SERVER_KEY)
    foreign = issuing.issue_server_certificate(
        authority, key.public_key(), ["one.example", "10.9.9.9"], NOW, timedelta(days=9)
    )
    (directory / SERVER).write_bytes(encode_certificate(foreign))
    issue(directory, NOW, force=True)
    assert load(directory, NOW).hosts == ("one.example", "10.9.9.9", *MACHINE)
