"""A hostile relay, which shows other keys of a person than those that they left with it."""

import msgspec
import pytest

from securechat.errors import (
    InvalidSignature,
    KeyChanged,
    RemoteProtocolError,
    SecureChatError,
    Untrusted,
)
from securechat.identity.chain import Highest, PublishedDevice, PublishedUser, verify_published
from securechat.identity.device import NO_PREVIOUS_LIST, DeviceList
from securechat.identity.types import Digest
from tests.pure.identity.objects import (
    RELAY,
    Person,
    make_bundle,
    make_certificate,
    make_person,
)

ALICE, MALLORY = make_person("Alice"), make_person("Mallory", seed=2)
MALLORY_AS_ALICE = make_person("Alice", seed=2)


def publish(person: Person) -> PublishedUser:
    device = PublishedDevice(person.certificate, person.bundle, person.one_time_key)
    return PublishedUser(person.registration, person.device_list, (device,))


def verify(published: PublishedUser, highest: Highest | None) -> Highest:
    return verify_published(published, pin=ALICE.user_key, relay_id=RELAY, highest=highest)[1]


GENUINE = publish(ALICE)
HIGHEST = verify(GENUINE, None)


def refuse(
    hostile: PublishedUser,
    error: type[SecureChatError],
    *,
    genuine: PublishedUser = GENUINE,
    highest: Highest | None = HIGHEST,
) -> None:
    """Check that what a relay shows is refused, and that the genuine keys still serve after it.

    Verification keeps no state of its own: what it would have changed is what it returns.
    """
    with pytest.raises(error) as refused:
        verify(hostile, highest)
    assert type(refused.value) is error
    assert verify(genuine, highest)


def with_device(**changes: object) -> PublishedUser:
    """Return Alice's keys with something else in the place of one part of her device."""
    device = msgspec.structs.replace(GENUINE.devices[0], **changes)
    return msgspec.structs.replace(GENUINE, devices=(device,))


def with_bundle(**changes: object) -> PublishedUser:
    """Return Alice's keys with something else in the place of one field of her bundle."""
    return with_device(bundle=msgspec.structs.replace(ALICE.bundle, **changes))


# One key replaced ---------------------------------------------------------------------------------


def test_a_user_key_replaced_alone_is_a_changed_key() -> None:
    registration = msgspec.structs.replace(ALICE.registration, user_key=MALLORY.user_key)
    refuse(msgspec.structs.replace(GENUINE, registration=registration), KeyChanged)


def test_a_user_key_replaced_in_the_list_or_certificate_alone_is_refused() -> None:
    device_list = msgspec.structs.replace(ALICE.device_list, user_key=MALLORY.user_key)
    certificate = msgspec.structs.replace(ALICE.certificate, user_key=MALLORY.user_key)
    refuse(msgspec.structs.replace(GENUINE, device_list=device_list), RemoteProtocolError)
    refuse(with_device(certificate=certificate), RemoteProtocolError)


def test_an_envelope_key_replaced_alone_is_refused() -> None:
    refuse(with_bundle(envelope_key=b"m" * 32), InvalidSignature)


def test_a_hybrid_key_replaced_alone_is_refused() -> None:
    refuse(with_bundle(hybrid_key=b"m" * 1216), InvalidSignature)


def test_a_fallback_key_replaced_alone_is_refused() -> None:
    refuse(with_bundle(fallback_key=b"m" * 32), InvalidSignature)


def test_a_one_time_key_replaced_alone_is_refused() -> None:
    key = msgspec.structs.replace(ALICE.one_time_key, key=b"m" * 32)
    refuse(with_device(one_time_key=key), InvalidSignature)
    refuse(with_device(one_time_key=MALLORY.one_time_key), RemoteProtocolError)


@pytest.mark.parametrize("key", ["signing_key", "olm_key"])
def test_a_device_key_replaced_alone_is_refused(key: str) -> None:
    changes = {key: getattr(MALLORY.certificate, key)} | {"sequence": 2}
    certificate = msgspec.structs.replace(ALICE.certificate, **changes)
    refuse(with_device(certificate=certificate), InvalidSignature)


@pytest.mark.parametrize("suites", [b"\0", b"\0\1", b"\1\0", b"\2"])
def test_suites_replaced_alone_are_refused(suites: bytes) -> None:
    refuse(with_bundle(suites=suites), InvalidSignature)


# Whole sets, old ones, and two of one number ------------------------------------------------------


def test_mallorys_whole_valid_set_under_alices_name_is_a_changed_key() -> None:
    """All of it verifies, for whoever has not pinned Alice's key before."""
    hostile = publish(MALLORY_AS_ALICE)
    verify_published(hostile, pin=MALLORY.user_key, relay_id=RELAY, highest=None)
    refuse(hostile, KeyChanged)


def test_mallorys_whole_valid_device_in_alices_set_is_refused() -> None:
    refuse(msgspec.structs.replace(GENUINE, devices=publish(MALLORY).devices), RemoteProtocolError)


def newer(epoch: int) -> PublishedUser:
    return with_device(bundle=make_bundle(ALICE.signer, ALICE.certificate, epoch=epoch))


def test_an_old_bundle_is_refused() -> None:
    refuse(GENUINE, Untrusted, genuine=newer(4), highest=verify(newer(4), HIGHEST))


def relist(sequence: int, previous_hash: Digest, *device_ids: bytes) -> PublishedUser:
    """Return Alice's keys with another list that she has signed, of more devices than one."""
    others = tuple(make_certificate(ALICE.user, ALICE.signer, id_) for id_ in device_ids)
    device_list = DeviceList.sign(
        ALICE.user,
        sequence=sequence,
        previous_hash=previous_hash,
        certificates=(ALICE.certificate, *others),
    )
    return msgspec.structs.replace(GENUINE, device_list=device_list)


def test_an_old_device_list_is_refused() -> None:
    next_ = relist(2, ALICE.device_list.hash, b"x" * 16)
    refuse(GENUINE, Untrusted, genuine=next_, highest=verify(next_, HIGHEST))


def test_two_lists_of_one_sequence_are_refused() -> None:
    refuse(relist(1, NO_PREVIOUS_LIST, b"x" * 16), Untrusted)


def test_a_list_that_does_not_follow_the_known_one_is_refused() -> None:
    refuse(relist(2, Digest(b"z" * 32), b"x" * 16), Untrusted)


# Devices ------------------------------------------------------------------------------------------


def with_one_more(person: Person, device_id: bytes = b"x" * 16) -> PublishedUser:
    """Return Alice's keys and a device that a person has certified and given keys."""
    certificate = make_certificate(person.user, person.signer, device_id)
    extra = PublishedDevice(certificate, make_bundle(person.signer, certificate))
    return msgspec.structs.replace(GENUINE, devices=(*GENUINE.devices, extra))


def test_an_extra_device_without_alices_certificate_is_refused() -> None:
    refuse(with_one_more(MALLORY), RemoteProtocolError)
    hostile = with_one_more(MALLORY)
    forged = msgspec.structs.replace(hostile.devices[1].certificate, user_key=ALICE.user_key)
    extra = msgspec.structs.replace(hostile.devices[1], certificate=forged)
    refuse(msgspec.structs.replace(hostile, devices=(*GENUINE.devices, extra)), InvalidSignature)


def test_an_extra_device_outside_the_list_is_refused() -> None:
    refuse(with_one_more(ALICE), RemoteProtocolError)


def test_a_device_shown_twice_is_refused() -> None:
    refuse(msgspec.structs.replace(GENUINE, devices=GENUINE.devices * 2), RemoteProtocolError)
