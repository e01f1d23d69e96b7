"""Points of low order, each at each place where a peer or a relay can put one.

The points are those of Wycheproof with a shared secret of zeros. Inside the ratchet they come from
a peer who knows his own secrets and computes right MACs, so nothing but a check of the points can
refuse them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from securechat.crypto.hybrid import HybridSecretKey, seal_hybrid
from securechat.crypto.ratchet import NORMAL_MESSAGE, RatchetAccount, RatchetSession
from securechat.crypto.sas import Sas
from securechat.crypto.sealing import seal_box
from securechat.crypto.signing import verify
from securechat.errors import CannotOpen, InvalidSignature, RemoteProtocolError, SecureChatError
from tests.pure.crypto import olm_reference as olm
from tests.pure.crypto.olm_reference import KeyPair
from tests.pure.crypto.wycheproof import load

POINTS = sorted({case["public"] for case in load("x25519") if case["shared"] == bytes(32)})
IDENTITY, BASE, RATCHET = (KeyPair.of(bytes([number]) * 32) for number in (1, 2, 3))


@contextmanager
def refused(point: bytes, error: type[SecureChatError]) -> Iterator[None]:
    try:
        yield
    except error:
        return
    pytest.fail(f"The point {point.hex()} was taken.")


@pytest.fixture(scope="module")
def account() -> RatchetAccount:
    return RatchetAccount.generate()


@pytest.fixture(scope="module")
def prekey(account: RatchetAccount) -> bytes:
    return account.rotate_fallback_key()


@pytest.fixture(scope="module")
def hybrid_key() -> HybridSecretKey:
    return HybridSecretKey.generate()


def test_all_points_are_there_with_and_without_the_top_bit() -> None:
    assert len(POINTS) == 14
    assert {point[:31] + bytes([point[31] ^ 0x80]) for point in POINTS} == set(POINTS)


def test_as_an_envelope_key() -> None:
    for point in POINTS:
        with refused(point, RemoteProtocolError):
            seal_box(b"message", point)


def test_as_the_second_half_of_a_hybrid_key(hybrid_key: HybridSecretKey) -> None:
    for point in POINTS:
        with refused(point, RemoteProtocolError):
            seal_hybrid(b"message", hybrid_key.public[:1184] + point, b"info")


def test_as_a_key_of_a_comparison() -> None:
    for point in POINTS:
        with refused(point, RemoteProtocolError):
            Sas().agree(point)


def test_as_a_key_that_signs() -> None:
    for point in POINTS:
        for signature in (bytes(64), point + bytes(32), b"\1" + bytes(63)):
            with refused(point, InvalidSignature):
                verify(point, b"message", signature)


def test_as_an_identity_key_or_prekey_to_start_with(account: RatchetAccount) -> None:
    for point in POINTS:
        with refused(point, RemoteProtocolError):
            account.start_session(point, BASE.public)
        with refused(point, RemoteProtocolError):
            account.start_session(BASE.public, point)


def first_message(
    account: RatchetAccount, prekey: bytes, identity: KeyPair, base: KeyPair, ratchet_key: bytes
) -> tuple[bytes, bytes]:
    """Return a first message and the root key behind it."""
    root, chain = olm.start_keys(identity, base, account.identity_key, prekey)
    message = olm.encrypt(chain, ratchet_key, b"message")
    return olm.wrap_first(identity.public, base.public, prekey, message), root


def test_the_reference_starts_sessions(account: RatchetAccount, prekey: bytes) -> None:
    first, _ = first_message(account, prekey, IDENTITY, BASE, RATCHET.public)
    assert account.accept_session(IDENTITY.public, first)[1] == b"message"


@pytest.mark.parametrize("place", ["identity", "base", "ratchet"])
def test_inside_a_first_message(place: str, account: RatchetAccount, prekey: bytes) -> None:
    before = account.pickle()
    for point in POINTS:
        low = KeyPair.low_order(point)
        identity = low if place == "identity" else IDENTITY
        base = low if place == "base" else BASE
        ratchet_key = point if place == "ratchet" else RATCHET.public
        first, _ = first_message(account, prekey, identity, base, ratchet_key)
        with refused(point, CannotOpen):
            account.accept_session(identity.public, first)
        assert account.pickle() == before


def test_a_refused_first_message_uses_up_no_one_time_key() -> None:
    account = RatchetAccount.generate()
    (prekey,) = account.generate_one_time_keys(1)
    low, _ = first_message(account, prekey, IDENTITY, BASE, bytes(32))
    with pytest.raises(CannotOpen):
        account.accept_session(IDENTITY.public, low)
    good, _ = first_message(account, prekey, IDENTITY, BASE, RATCHET.public)
    assert account.accept_session(IDENTITY.public, good)[1] == b"message"


def turned(session: RatchetSession, root: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield a next ratchet key of the peer and the message that introduces it, low or not."""
    answer_key = session.encrypt(b"answer")[1][3:35]
    root, _ = olm.next_keys(root, RATCHET.agree(answer_key))
    for key in (*map(KeyPair.low_order, POINTS), KeyPair.of(b"\4" * 32)):
        _, chain = olm.next_keys(root, key.agree(answer_key))
        yield key.public, olm.encrypt(chain, key.public, b"turned")


def test_as_a_later_ratchet_key(account: RatchetAccount, prekey: bytes) -> None:
    first, root = first_message(account, prekey, IDENTITY, BASE, RATCHET.public)
    session, _ = account.accept_session(IDENTITY.public, first)
    for key, message in turned(session, root):
        if key in POINTS:
            before = session.pickle()
            with pytest.raises(CannotOpen):
                session.decrypt(NORMAL_MESSAGE, message)
            assert session.pickle() == before
        else:
            assert session.decrypt(NORMAL_MESSAGE, message) == b"turned"
