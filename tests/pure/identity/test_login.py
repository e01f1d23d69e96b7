import pytest

from securechat.errors import InvalidSignature, RemoteProtocolError
from securechat.identity.types import RelayId
from tests.pure.identity.objects import make_certificate, make_person, verify_login

ALICE, MALLORY = make_person("Alice"), make_person("Mallory", seed=2)


def test_a_login_forwarded_to_another_connection_is_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        verify_login(ALICE.login, ALICE.certificate, relay_id=RelayId(b"x" * 32))
    with pytest.raises(RemoteProtocolError):
        verify_login(ALICE.login, ALICE.certificate, certificate_hash=b"x" * 32)
    with pytest.raises(RemoteProtocolError):
        verify_login(ALICE.login, ALICE.certificate, server_nonce=b"x" * 32)
    with pytest.raises(RemoteProtocolError):
        verify_login(ALICE.login, ALICE.certificate, protocol_version=2)


def test_a_login_of_another_device_is_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        verify_login(ALICE.login, MALLORY.certificate)
    with pytest.raises(InvalidSignature):
        verify_login(ALICE.login, make_certificate(ALICE.user, MALLORY.signer))
