"""A hostile network or relay, which forwards, repeats or reuses the signature of a login."""

import msgspec
import pytest

from securechat.errors import InvalidSignature, RemoteProtocolError, SecureChatError
from securechat.identity.login import LoginProof
from securechat.identity.prekeys import OneTimeKey, PrekeyBundle
from tests.pure.identity.objects import make_person, verify_login

ALICE = make_person("Alice")
OTHER = b"x" * 32


def refuse(
    login: LoginProof,
    error: type[SecureChatError],
    *,
    certificate_hash: bytes = ALICE.login.certificate_hash,
    server_nonce: bytes = ALICE.login.server_nonce,
) -> None:
    """Check that a login is refused on a connection, and the genuine one is good on its own."""
    with pytest.raises(error):
        verify_login(
            login,
            ALICE.certificate,
            certificate_hash=certificate_hash,
            server_nonce=server_nonce,
        )
    verify_login(ALICE.login, ALICE.certificate)


def test_a_login_forwarded_from_another_certificate_is_refused() -> None:
    """As it is, and with the hash of the relay's certificate put in its place."""
    refuse(ALICE.login, RemoteProtocolError, certificate_hash=OTHER)
    changed = msgspec.structs.replace(ALICE.login, certificate_hash=OTHER)
    refuse(changed, InvalidSignature, certificate_hash=OTHER)


def test_a_login_replayed_on_another_connection_is_refused() -> None:
    """As it is, and with the nonce of that connection put in its place."""
    refuse(ALICE.login, RemoteProtocolError, server_nonce=OTHER)
    changed = msgspec.structs.replace(ALICE.login, server_nonce=OTHER)
    refuse(changed, InvalidSignature, server_nonce=OTHER)


@pytest.mark.parametrize("signed", [ALICE.bundle, ALICE.one_time_key], ids=["bundle", "key"])
def test_a_login_signature_offered_as_a_bundle_signature_is_refused(
    signed: PrekeyBundle | OneTimeKey,
) -> None:
    hostile = msgspec.structs.replace(signed, signature=ALICE.login.signature)
    with pytest.raises(InvalidSignature):
        hostile.verify(ALICE.certificate)
    signed.verify(ALICE.certificate)


@pytest.mark.parametrize("signed", [ALICE.bundle, ALICE.one_time_key], ids=["bundle", "key"])
def test_a_bundle_signature_offered_as_a_login_signature_is_refused(
    signed: PrekeyBundle | OneTimeKey,
) -> None:
    hostile = msgspec.structs.replace(ALICE.login, signature=signed.signature)
    refuse(hostile, InvalidSignature)
