import re
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from securechat.errors import (
    CertificateExpired,
    FileProblem,
    KeyChanged,
    SecureChatError,
    Unreachable,
    Untrusted,
)
from securechat.identity.types import RelayId
from securechat.transport.addresses import Host
from securechat.transport.endpoint import Endpoint
from securechat.transport.pins import relay_id
from securechat.transport.tls import ClientTls, ServerTls
from tests.sockets.loop_world import DAY, Files, make_files, stranger_context

HERE = Endpoint("127.0.0.1", 5555)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return make_files(tmp_path / "certs")


def shake_hands(server_tls: ServerTls, client_tls: ClientTls, remote: Endpoint = HERE) -> bytes:
    """Run the handshake; return what the client sends once it knows the server's certificate."""
    server, client = server_tls.session(remote), client_tls.session(remote)
    client.handshake()
    server.handshake(client.output())
    try:
        assert client.handshake(server.output())
    finally:
        last_words = client.output()
    assert server.handshake(last_words)
    return last_words


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_certificate_of_the_own_ca_for_the_host_is_trusted(files: Files, host: str) -> None:
    shake_hands(files.server(), files.client(), Endpoint(host, 5555))


def test_another_ca_is_refused(files: Files, tmp_path: Path) -> None:
    other = make_files(tmp_path / "other")
    with pytest.raises(Untrusted, match=re.escape(f"not signed by {other.ca}")) as caught:
        shake_hands(files.server(), other.client())
    assert str(other.ca) in caught.value.try_next


def test_another_host_name_is_refused(files: Files) -> None:
    with pytest.raises(Untrusted, match=r"not made out to chat\.example") as caught:
        shake_hands(files.server(), files.client(), Endpoint("chat.example", 5555))
    assert "--host chat.example" in caught.value.try_next


def test_another_address_is_refused(files: Files) -> None:
    with pytest.raises(Untrusted, match=r"not made out to 127\.0\.0\.2"):
        shake_hands(files.server(), files.client(), Endpoint("127.0.0.2", 5555))


def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    expired = make_files(tmp_path / "old", age=3 * DAY, lifetime=DAY)
    with pytest.raises(CertificateExpired, match="has expired") as caught:
        shake_hands(expired.server(), expired.client())
    assert "gen-certs" in caught.value.try_next


def test_a_certificate_of_tomorrow_is_refused(tmp_path: Path) -> None:
    early = make_files(tmp_path / "early", age=-DAY)
    with pytest.raises(CertificateExpired, match="not valid yet") as caught:
        shake_hands(early.server(), early.client())
    assert "date" in caught.value.try_next


def test_a_pin_replaces_the_ca_and_the_name(files: Files) -> None:
    pin = relay_id(files.server().certificate)
    shake_hands(files.server(), ClientTls(pin=pin), Endpoint("any.name", 5555))


@pytest.mark.parametrize("with_ca", [False, True])
def test_another_pin_is_refused_with_nothing_sent(files: Files, with_ca: bool) -> None:
    tls = ClientTls(ca_file=files.ca if with_ca else None, pin=RelayId(bytes(32)))
    server, client = files.server().session(HERE), tls.session(HERE)
    client.handshake()
    server.handshake(client.output())
    with pytest.raises(KeyChanged):
        client.handshake(server.output())
    assert client.output() == b""


def test_the_right_pin_with_another_ca_is_refused(files: Files, tmp_path: Path) -> None:
    other = make_files(tmp_path / "other")
    tls = ClientTls(ca_file=other.ca, pin=relay_id(files.server().certificate))
    with pytest.raises(Untrusted, match="not signed"):
        shake_hands(files.server(), tls)


def test_a_pin_does_not_outlive_the_dates(files: Files) -> None:
    pin = relay_id(files.server().certificate)
    tls = ClientTls(pin=pin, clock=lambda: datetime.now(UTC) + 90 * DAY)
    with pytest.raises(CertificateExpired):
        shake_hands(files.server(), tls)


def test_no_ca_and_no_pin_is_no_trust() -> None:
    with pytest.raises(Untrusted):
        ClientTls()


def raw_handshake(files: Files, context: ssl.SSLContext) -> ssl.SSLObject:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing)
    server = files.server().session(HERE)
    for _ in range(2):
        try:
            client.do_handshake()
        except ssl.SSLWantReadError:
            server.handshake(outgoing.read())
            incoming.write(server.output())
    return client


def test_tls_1_2_is_refused(files: Files) -> None:
    with pytest.raises(Unreachable, match=r"does not speak TLS 1\.3"):
        raw_handshake(files, stranger_context(maximum_version=ssl.TLSVersion.TLSv1_2))


def test_a_plain_client_gets_tls_1_3(files: Files) -> None:
    assert raw_handshake(files, stranger_context()).version() == "TLSv1.3"


def test_the_server_sends_no_session_tickets(files: Files) -> None:
    server, client = files.server().session(HERE), files.client().session(HERE)
    client.handshake()
    server.handshake(client.output())
    client.handshake(server.output())
    assert server.handshake(client.output())
    assert server.output() == b""


def test_the_certificate_is_the_one_shown(files: Files) -> None:
    pem = files.certificate.read_text()
    assert files.server().certificate == ssl.PEM_cert_to_DER_cert(pem)


def encrypt_key(files: Files) -> None:
    key = load_pem_private_key(files.key.read_bytes(), None)
    encryption = BestAvailableEncryption(b"secret")
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))


@pytest.mark.parametrize(
    "damage",
    [
        lambda files: files.certificate.unlink(),
        lambda files: files.key.unlink(),
        lambda files: files.key.chmod(0o640),
        lambda files: files.certificate.write_text("not PEM"),
        lambda files: files.certificate.write_bytes(files.ca.read_bytes()),
        encrypt_key,
    ],
)
def test_files_that_cannot_serve_are_said_so(files: Files, damage: Any) -> None:
    damage(files)
    with pytest.raises(FileProblem) as caught:
        files.server()
    assert caught.value.try_next


@pytest.mark.parametrize("damage", [lambda ca: ca.unlink(), lambda ca: ca.write_text("not PEM")])
def test_a_ca_file_that_cannot_serve_is_said_so(files: Files, damage: Any) -> None:
    damage(files.ca)
    with pytest.raises(FileProblem) as caught:
        files.client()
    assert caught.value.try_next


def test_every_refusal_tells_what_to_do(files: Files, tmp_path: Path) -> None:
    other = make_files(tmp_path / "other", hosts=(Host("elsewhere"),))
    with pytest.raises(SecureChatError) as caught:
        shake_hands(other.server(), files.client())
    assert caught.value.exit_status == 4
    assert caught.value.try_next
