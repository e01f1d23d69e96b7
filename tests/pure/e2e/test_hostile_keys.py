"""A hostile peer, who publishes or sends keys that are no good keys, signed as they should be."""

from functools import partial
from typing import cast

import msgspec
import pytest

from securechat.crypto.signing import SigningKey
from securechat.e2e.content import Text
from securechat.e2e.results import Opened, Sealed
from securechat.errors import RemoteProtocolError, SecureChatError
from securechat.identity.chain import PeerDevice
from securechat.identity.device import DeviceCertificate
from securechat.identity.prekeys import OneTimeKey, PrekeyBundle
from securechat.identity.types import (
    DeviceAddress,
    OlmIdentityKey,
    Prekey,
    SigningPublicKey,
    UserKey,
)
from tests.pure.crypto.test_sealing import LOW_ORDER
from tests.pure.e2e.hostile import forge_start, make_start_case, refuse_all
from tests.pure.e2e.world import NOW_MS, Seat, copy_seat, make_pair, make_seat

POINTS = [bytes.fromhex(point) for point in LOW_ORDER]
LOW_ORDER_SIGNER = bytes.fromhex("01" + 31 * "00")
MLKEM_SIZE_BYTES = 1184
COEFFICIENTS_BYTES = 1152

every_point = pytest.mark.parametrize("point", POINTS, ids=lambda point: point.hex()[:8])

START_CASE = make_start_case()
ALICE, BOB = make_pair()
MALLORY = make_seat("Mallory")


def signer_of_mallory() -> SigningKey:
    return MALLORY.endpoint._device.signing_key


def show(**changes: bytes) -> PeerDevice:
    """Return Mallory's device with other keys in her bundle, under her own good signature."""
    assert MALLORY.bundle is not None
    unsigned: PrekeyBundle = msgspec.structs.replace(MALLORY.bundle, **changes)
    signature = signer_of_mallory().sign(unsigned.signed_bytes())
    bundle = msgspec.structs.replace(unsigned, signature=signature)
    bundle.verify(MALLORY.endpoint.certificate)
    return PeerDevice(MALLORY.endpoint.certificate, bundle, None)


def refuse_to_write(device: PeerDevice, error: type[SecureChatError]) -> None:
    """Check that nothing can be sealed to a device, and to an honest one it can as before."""
    alice = copy_seat(ALICE)
    before = state_for_others(alice)
    with pytest.raises(error):
        write(alice, device)
    assert state_for_others(alice) == before
    assert copy_seat(BOB).read(alice.send(BOB, "genuine")) == "genuine"


def write(seat: Seat, device: PeerDevice) -> Sealed:
    seat.endpoint.start_session(device, NOW_MS)
    return seat.endpoint.seal(device, Text("secret"), NOW_MS, written_ms=NOW_MS)


def state_for_others(seat: Seat) -> dict[str, object]:
    """Return a seat's state but for a session with Mallory, which is her own loss."""
    state = seat.state()
    sessions = cast(dict[bytes, object], state["sessions"])
    hers = MALLORY.address.encode()
    return {
        **state,
        "sessions": {key: row for key, row in sessions.items() if not key.startswith(hers)},
        "unsaved": None,
    }


# Keys that are published --------------------------------------------------------------------------


def test_honest_keys_are_written_to() -> None:
    """Else the tests that follow would show nothing."""
    mallory = copy_seat(MALLORY)
    outcome = mallory.receive(write(copy_seat(ALICE), show()).envelope)
    assert isinstance(outcome, Opened)


@every_point
def test_an_envelope_key_of_low_order_is_refused(point: bytes) -> None:
    refuse_to_write(show(envelope_key=point), RemoteProtocolError)


@every_point
def test_a_fallback_key_of_low_order_is_refused(point: bytes) -> None:
    refuse_to_write(show(fallback_key=point), RemoteProtocolError)


@every_point
def test_a_one_time_key_of_low_order_is_refused(point: bytes) -> None:
    certificate = MALLORY.endpoint.certificate
    key = OneTimeKey.sign(signer_of_mallory(), certificate, bundle_epoch=1, prekey=Prekey(point))
    key.verify(certificate)
    refuse_to_write(PeerDevice(certificate, show().bundle, key), RemoteProtocolError)


def certified(**changes: object) -> DeviceCertificate:
    """Return Mallory's certificate with other keys, under the signature of her user key."""
    unsigned: DeviceCertificate = msgspec.structs.replace(MALLORY.endpoint.certificate, **changes)
    signature = MALLORY.endpoint._device._user_key.sign(unsigned.signed_bytes())
    return msgspec.structs.replace(unsigned, signature=signature)


@every_point
def test_an_olm_identity_key_of_low_order_is_refused(point: bytes) -> None:
    certificate = certified(olm_key=OlmIdentityKey(point))
    certificate.verify(MALLORY.endpoint.user_key)
    refuse_to_write(PeerDevice(certificate, show().bundle, None), RemoteProtocolError)
    hostile = forge_start(MALLORY, START_CASE.recipient, certificate=certificate)
    refuse_all(START_CASE, [hostile])


def test_a_user_key_of_low_order_signs_nothing() -> None:
    """The signature that would fit such a key: R of low order as well, and S zero."""
    claimed = DeviceAddress(UserKey(LOW_ORDER_SIGNER), MALLORY.address.device_id)
    certificate = msgspec.structs.replace(
        MALLORY.endpoint.certificate,
        user_key=claimed.user_key,
        signature=LOW_ORDER_SIGNER + bytes(32),
    )
    with pytest.raises(SecureChatError):
        certificate.verify(claimed.user_key)
    hostile = forge_start(MALLORY, START_CASE.recipient, claimed=claimed, certificate=certificate)
    refuse_all(START_CASE, [hostile])


def test_a_device_key_of_low_order_signs_nothing() -> None:
    certificate = certified(signing_key=SigningPublicKey(LOW_ORDER_SIGNER))
    certificate.verify(MALLORY.endpoint.user_key)
    with pytest.raises(SecureChatError):
        msgspec.structs.replace(show().bundle, signature=LOW_ORDER_SIGNER + bytes(32)).verify(
            certificate
        )


@every_point
def test_a_hybrid_key_with_a_point_of_low_order_is_refused(point: bytes) -> None:
    mlkem = show().bundle.hybrid_key[:MLKEM_SIZE_BYTES]
    refuse_to_write(show(hybrid_key=mlkem + point), RemoteProtocolError)


@pytest.mark.parametrize("position", [0, COEFFICIENTS_BYTES // 2, COEFFICIENTS_BYTES - 3])
def test_a_hybrid_key_out_of_ml_kem_s_range_is_refused(position: int) -> None:
    """Two coefficients of 4095, where less than 3329 is allowed; all others stay as they are."""
    good = show().bundle.hybrid_key
    refuse_to_write(
        show(hybrid_key=good[:position] + b"\xff\xff\xff" + good[position + 3 :]),
        RemoteProtocolError,
    )


@pytest.mark.parametrize("suites", [b"\0", b"\2", b"\0\2\xff"])
def test_a_bundle_without_our_suite_is_not_written_to(suites: bytes) -> None:
    refuse_to_write(show(suites=suites), RemoteProtocolError)


# Keys that are sent -------------------------------------------------------------------------------


def test_an_envelope_from_a_point_of_low_order_does_not_open() -> None:
    refuse_all(START_CASE, [point + START_CASE.genuine[32:] for point in POINTS])


def test_a_blob_from_a_point_of_low_order_does_not_open() -> None:
    def change(point: bytes, blob: bytes) -> bytes:
        return blob[:1088] + point + blob[1120:]

    changes = [partial(change, point) for point in POINTS]
    mallory, bob = MALLORY, START_CASE.recipient
    refuse_all(START_CASE, [forge_start(mallory, bob, change_blob=each) for each in changes])


@pytest.mark.parametrize("byte", [b"\0", b"\xff"])
def test_a_blob_that_is_no_ml_kem_ciphertext_does_not_open(byte: bytes) -> None:
    def change(blob: bytes) -> bytes:
        return byte * 1088 + blob[1088:]

    refuse_all(START_CASE, [forge_start(MALLORY, START_CASE.recipient, change_blob=change)])


@pytest.mark.parametrize("at", [3, 37, 71, 109], ids=["one-time", "base", "identity", "ratchet"])
def test_a_first_olm_message_with_a_point_of_low_order_does_not_open(at: int) -> None:
    """Whichever of its four keys it is; the bytes before each are its tag and its length."""

    def change(point: bytes, message: bytes) -> bytes:
        assert message[at - 1] == 32
        return message[:at] + point + message[at + 32 :]

    changes = [partial(change, point) for point in POINTS]
    mallory, bob = MALLORY, START_CASE.recipient
    refuse_all(START_CASE, [forge_start(mallory, bob, change_olm=each) for each in changes])
