"""What OpenSSL's command line and Python's strict `ssl` say of certificates made here."""

import os
import shutil
import ssl
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from securechat.transport import issuing
from securechat.transport.certificate_directory import CA, SERVER, SERVER_KEY, load
from securechat.transport.issuing import issue

NOW = datetime.now(UTC)
NAMES = ("chat.example.org", "localhost", "lab-pc.local", "127.0.0.1", "::1", "2001:db8::7")


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    directory = tmp_path_factory.mktemp("made") / "certs"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(issuing, "host_names", lambda: ("lab-pc", "lab-pc.local"))
        patch.setattr(issuing, "interface_addresses", lambda: ("192.168.1.20", "2001:db8::7"))
        issue(directory, NOW, ["chat.example.org"])
        issue(directory, NOW, force=True)
    return directory


@pytest.fixture(scope="module")
def openssl():
    found = shutil.which("openssl")
    if found is None and "CI" in os.environ:
        pytest.fail("the openssl command is needed where CI is set")
    if found is None:
        pytest.skip("the openssl command is not installed")
    return found


def openssl_verify(openssl, directory, *arguments):
    command = [openssl, "verify", "-x509_strict", "-CAfile", CA, *arguments, SERVER]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=20)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("-purpose", "sslserver"),
        ("-verify_hostname", "chat.example.org"),
        ("-verify_hostname", "localhost"),
        ("-verify_ip", "192.168.1.20"),
        ("-verify_ip", "2001:db8::7"),
    ],
)
def test_openssl_accepts_the_certificate_strictly(openssl, directory, arguments):
    result = openssl_verify(openssl, directory, *arguments)
    assert (result.returncode, result.stdout) == (0, f"{SERVER}: OK\n"), result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("-purpose", "sslclient"),
        ("-verify_hostname", "other.example.org"),
        ("-verify_ip", "192.168.1.21"),
        ("-attime", str(int((NOW + timedelta(days=91)).timestamp()))),
    ],
)
def test_openssl_refuses_other_uses_names_and_dates(openssl, directory, arguments):
    assert openssl_verify(openssl, directory, *arguments).returncode != 0


def client_context(ca_file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def handshake(directory, ca_file, host):
    """Do a TLS handshake in memory; return the certificate that the client accepted."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(directory / SERVER, directory / SERVER_KEY)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client = client_context(ca_file).wrap_bio(to_client, to_server, server_hostname=host)
    waiting = [client, server]
    for _ in range(10):
        for side in tuple(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)
    assert not waiting
    return client.getpeercert(binary_form=True)


@pytest.mark.parametrize("host", NAMES)
def test_a_strict_ssl_client_accepts_every_name(directory, host):
    assert handshake(directory, directory / CA, host) == load(directory, NOW).der


@pytest.mark.parametrize("host", ["other.example.org", "192.168.1.21"])
def test_a_strict_ssl_client_refuses_other_names(directory, host):
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(directory, directory / CA, host)


def test_a_client_with_another_authority_refuses(directory, tmp_path):
    issue(tmp_path / "other", NOW)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(directory, tmp_path / "other" / CA, "localhost")
