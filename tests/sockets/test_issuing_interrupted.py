"""Runs of `issue` that die between any two changes of the file system."""

import shutil

import pytest
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from securechat.errors import UsageError
from securechat.transport.certificate_directory import (
    CA,
    CA_KEY,
    FILES,
    SERVER,
    SERVER_KEY,
    load,
    read_authority,
)
from securechat.transport.issuing import issue, renew_if_needed
from tests.sockets.crashes import survives
from tests.sockets.test_issuing import NOW, addresses, contents  # noqa: F401

MAX_STEPS = 80
PAIRS = ((CA, CA_KEY), (SERVER, SERVER_KEY))


def check_invariants(directory):
    """No key without its certificate, and no pair that does not fit."""
    for certificate, key in PAIRS:
        if (directory / key).exists():
            assert (directory / certificate).exists(), key
    if (directory / CA_KEY).exists():
        read_authority(directory)
    if (directory / SERVER_KEY).exists():
        load(directory, NOW)


def check_complete(directory):
    assert set(contents(directory)) == set(FILES)
    certificate = load(directory, NOW)
    authority = read_authority(directory).certificate
    x509.load_der_x509_certificate(certificate.der).verify_directly_issued_by(authority)


def issue_unless_complete(directory, *hosts, force=False):
    """Issue as the next run would; it may refuse only when nothing is missing."""
    try:
        issue(directory, NOW, hosts, force=force)
    except UsageError:
        check_complete(directory)


def test_a_first_run_killed_anywhere_is_completed_by_the_next(tmp_path):
    for step in range(MAX_STEPS):
        directory = tmp_path / str(step)
        done = survives(step, lambda: issue(directory, NOW, ["a.example"]))  # noqa: B023
        if directory.exists():
            check_invariants(directory)
        if done:
            break
        before = contents(directory) if directory.exists() else {}
        issue_unless_complete(directory, "a.example")
        check_complete(directory)
        kept = {name: data for name, data in before.items() if name in FILES}
        assert kept.items() <= contents(directory).items()
    assert done


def test_a_renewal_killed_anywhere_leaves_a_server_that_starts(tmp_path):
    original = tmp_path / "original"
    relay_id = issue(original, NOW).certificate.relay_id
    for step in range(MAX_STEPS):
        directory = tmp_path / str(step)
        shutil.copytree(original, directory)
        done = survives(step, lambda: issue(directory, NOW, force=True))  # noqa: B023
        check_invariants(directory)
        assert load(directory, NOW).relay_id == relay_id
        if done:
            break
        issue(directory, NOW, force=True)
        check_complete(directory)
        assert load(directory, NOW).relay_id == relay_id
    assert done


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deaths=st.lists(st.integers(0, 60), max_size=4), force=st.booleans())
def test_runs_killed_again_and_again_end_complete(tmp_path_factory, deaths, force):
    directory = tmp_path_factory.mktemp("deaths") / "certs"
    for step in deaths:
        if survives(step, lambda: issue_unless_complete(directory, force=force)):
            break
        if directory.exists():
            check_invariants(directory)
    issue(directory, NOW, force=True)
    check_complete(directory)


def test_a_server_start_finishes_what_an_interrupted_run_left(tmp_path):
    finished = 0
    for step in range(MAX_STEPS):
        directory = tmp_path / str(step)
        if survives(step, lambda: issue(directory, NOW)):  # noqa: B023
            break
        if (directory / ".ready").exists():
            assert renew_if_needed(directory, NOW) is None
            check_complete(directory)
            finished += 1
    assert finished >= len(FILES)


def test_a_finished_run_that_lacks_a_host_asked_for_now_is_refused(tmp_path):
    refused = 0
    for step in range(MAX_STEPS):
        directory = tmp_path / str(step)
        if survives(step, lambda: issue(directory, NOW)):  # noqa: B023
            break
        if (directory / ".ready").exists():
            with pytest.raises(UsageError):
                issue(directory, NOW, ["later.example"])
            check_complete(directory)
            refused += 1
    assert refused >= len(FILES)
