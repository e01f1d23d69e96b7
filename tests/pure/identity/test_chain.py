import msgspec
import pytest

from securechat.errors import InvalidSignature, KeyChanged, RemoteProtocolError, Untrusted
from securechat.identity.chain import (
    ROTATE_AFTER_MS,
    Highest,
    PeerUser,
    PublishedDevice,
    PublishedUser,
    verify_published,
)
from securechat.identity.device import NO_PREVIOUS_LIST, DeviceList
from securechat.identity.prekeys import OneTimeKey
from securechat.identity.types import DeviceId, Digest, Prekey, RelayId
from tests.pure.identity.objects import (
    RELAY,
    Person,
    make_bundle,
    make_certificate,
    make_person,
)

ALICE, MALLORY = make_person("Alice"), make_person("Mallory", seed=2)


def publish(person: Person) -> PublishedUser:
    device = PublishedDevice(person.certificate, person.bundle, person.one_time_key)
    return PublishedUser(person.registration, person.device_list, (device,))


def verify(published: PublishedUser, highest: Highest | None = None) -> tuple[PeerUser, Highest]:
    return verify_published(published, pin=ALICE.user_key, relay_id=RELAY, highest=highest)


def relist(sequence: int, previous_hash: Digest, *extra: bytes) -> PublishedUser:
    certificates = tuple(make_certificate(ALICE.user, ALICE.signer, id_) for id_ in extra)
    device_list = DeviceList.sign(
        ALICE.user,
        sequence=sequence,
        previous_hash=previous_hash,
        certificates=(ALICE.certificate, *certificates),
    )
    return msgspec.structs.replace(publish(ALICE), device_list=device_list)


def with_device(**changes: object) -> PublishedUser:
    published = publish(ALICE)
    device = msgspec.structs.replace(published.devices[0], **changes)
    return msgspec.structs.replace(published, devices=(device,))


def test_what_a_relay_shows_becomes_verified_devices() -> None:
    encoded = msgspec.msgpack.encode(publish(ALICE))
    peer, highest = verify(msgspec.msgpack.decode(encoded, type=PublishedUser))
    (device,) = peer.devices
    assert peer.user_key == device.address.user_key == ALICE.user_key
    assert device.mailbox == ALICE.certificate.mailbox
    assert device.one_time_key == ALICE.one_time_key
    assert highest == Highest(
        list_sequence=1,
        list_hash=ALICE.device_list.hash,
        epochs={ALICE.certificate.device_id: ALICE.bundle.epoch},
    )


def test_what_a_relay_shows_travels_as_lists() -> None:
    registration, device_list, devices = msgspec.msgpack.decode(
        msgspec.msgpack.encode(publish(ALICE))
    )
    assert registration[0] == ALICE.registration.signature
    assert device_list[0] == ALICE.device_list.signature
    [[certificate, bundle, key]] = devices
    assert certificate[0] == ALICE.certificate.signature
    assert bundle[0] == ALICE.bundle.signature
    assert key[0] == ALICE.one_time_key.signature


def test_a_person_without_devices_is_refused() -> None:
    nobody = msgspec.structs.replace(publish(ALICE), devices=())
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(nobody), type=PublishedUser)


def test_the_highest_survives_storage_and_the_same_again_is_fine() -> None:
    _, highest = verify(publish(ALICE))
    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(highest), type=Highest)
    assert restored == highest
    assert verify(publish(ALICE), restored)[1] == highest


def test_mallorys_whole_valid_set_under_alices_pin_is_a_changed_key() -> None:
    with pytest.raises(KeyChanged):
        verify(publish(MALLORY))


@pytest.mark.parametrize(
    "part", ["registration", "device_list", "certificate", "bundle", "one_time_key"]
)
def test_no_part_of_mallorys_fits_into_alices_set(part: str) -> None:
    if part in {"registration", "device_list"}:
        mixed = msgspec.structs.replace(publish(ALICE), **{part: getattr(MALLORY, part)})
    else:
        mixed = with_device(**{part: getattr(MALLORY, part)})
    with pytest.raises((RemoteProtocolError, KeyChanged)):
        verify(mixed)


def test_a_certified_device_outside_the_list_is_refused() -> None:
    extra = make_certificate(ALICE.user, ALICE.signer, b"x" * 16)
    bundle = make_bundle(ALICE.signer, extra)
    published = publish(ALICE)
    devices = (*published.devices, PublishedDevice(extra, bundle))
    with pytest.raises(RemoteProtocolError):
        verify(msgspec.structs.replace(published, devices=devices))


def test_a_device_shown_twice_is_refused() -> None:
    published = publish(ALICE)
    with pytest.raises(RemoteProtocolError):
        verify(msgspec.structs.replace(published, devices=published.devices * 2))


def test_another_relays_registration_is_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        verify_published(
            publish(ALICE), pin=ALICE.user_key, relay_id=RelayId(b"x" * 32), highest=None
        )


def test_an_old_list_is_refused() -> None:
    _, highest = verify(relist(2, ALICE.device_list.hash, b"x" * 16))
    with pytest.raises(Untrusted):
        verify(publish(ALICE), highest)


def test_two_lists_of_one_sequence_are_an_alarm() -> None:
    _, highest = verify(publish(ALICE))
    with pytest.raises(Untrusted):
        verify(relist(1, NO_PREVIOUS_LIST, b"x" * 16), highest)


def test_the_next_list_must_follow_the_known_one() -> None:
    _, highest = verify(publish(ALICE))
    verify(relist(2, ALICE.device_list.hash), highest)
    verify(relist(3, Digest(b"unknown in between".ljust(32))), highest)
    with pytest.raises(Untrusted):
        verify(relist(2, Digest(bytes(32))), highest)


def test_an_old_bundle_is_refused() -> None:
    _, highest = verify(with_device(bundle=make_bundle(ALICE.signer, ALICE.certificate, epoch=4)))
    with pytest.raises(Untrusted):
        verify(publish(ALICE), highest)


def known(*device_ids: DeviceId) -> Highest:
    """Return what is kept of Alice after these devices."""
    return Highest(
        list_sequence=ALICE.device_list.sequence,
        list_hash=ALICE.device_list.hash,
        epochs=dict.fromkeys(device_ids, 2),
    )


FORMER = [DeviceId(number.to_bytes(16, "big")) for number in range(256)]
PRESENT = ALICE.certificate.device_id


def test_of_a_persons_devices_the_last_256_are_known() -> None:
    assert known(*FORMER).with_device(PRESENT).epochs == {
        **dict.fromkeys(FORMER[1:], 2),
        PRESENT: 0,
    }
    _, highest = verify(publish(ALICE), known(*FORMER))
    assert highest.epochs == {**dict.fromkeys(FORMER[1:], 2), PRESENT: ALICE.bundle.epoch}


def test_a_device_that_is_shown_is_forgotten_after_those_that_are_gone() -> None:
    _, highest = verify(publish(ALICE), known(PRESENT, *FORMER[1:]))
    assert list(highest.with_device(FORMER[0]).epochs) == [*FORMER[2:], PRESENT, FORMER[0]]


def test_a_one_time_key_may_be_older_than_its_bundle_but_not_newer() -> None:
    def key(epoch: int) -> OneTimeKey:
        return OneTimeKey.sign(
            ALICE.signer, ALICE.certificate, bundle_epoch=epoch, prekey=Prekey(b"k" * 32)
        )

    verify(with_device(one_time_key=key(2)))
    with pytest.raises(RemoteProtocolError):
        verify(with_device(one_time_key=key(4)))


def test_a_listed_certificate_needs_its_signature() -> None:
    unsigned = msgspec.structs.replace(ALICE.certificate, signature=ALICE.bundle.signature)
    with pytest.raises(InvalidSignature):
        verify(with_device(certificate=unsigned))


def test_the_first_bundle_may_have_any_epoch() -> None:
    first = make_bundle(ALICE.signer, ALICE.certificate, epoch=0)
    peer, highest = verify(with_device(bundle=first, one_time_key=None))
    assert peer.devices[0].bundle == first
    assert highest.epochs == {ALICE.certificate.device_id: 0}


def test_a_forged_list_under_the_right_key_is_refused() -> None:
    forged = msgspec.structs.replace(ALICE.device_list, sequence=9)
    with pytest.raises(InvalidSignature):
        verify(msgspec.structs.replace(publish(ALICE), device_list=forged))


def test_devices_know_when_their_keys_are_old() -> None:
    device = verify(publish(ALICE))[0].devices[0]
    assert ROTATE_AFTER_MS == 604_800_000
    begin, end = device.bundle.not_before_ms, device.bundle.not_after_ms
    assert not device.is_refresh_due(begin + ROTATE_AFTER_MS - 1)
    assert device.is_refresh_due(begin + ROTATE_AFTER_MS)
    assert not device.is_expired(end)
    assert device.is_expired(end + 1)
