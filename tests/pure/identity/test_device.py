import msgspec
import pytest

from securechat.errors import InvalidSignature, RemoteProtocolError
from securechat.identity.device import MAX_DEVICES, NO_PREVIOUS_LIST, DeviceList
from securechat.identity.types import Digest
from tests.pure.identity.objects import make_certificate, make_person

ALICE, MALLORY = make_person("Alice"), make_person("Mallory", seed=2)


def test_objects_of_another_person_are_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        MALLORY.certificate.verify(ALICE.user_key)
    with pytest.raises(RemoteProtocolError):
        MALLORY.device_list.verify(ALICE.user_key)


def test_mallory_cannot_certify_for_alice() -> None:
    forged = msgspec.structs.replace(MALLORY.certificate, user_key=ALICE.user_key)
    with pytest.raises(InvalidSignature):
        forged.verify(ALICE.user_key)


def test_a_list_holds_the_sorted_hashes() -> None:
    certificates = tuple(
        make_certificate(ALICE.user, ALICE.signer, bytes([i]) * 16) for i in range(5)
    )
    listed = DeviceList.sign(
        ALICE.user, sequence=2, previous_hash=ALICE.device_list.hash, certificates=certificates
    )
    listed.verify(ALICE.user_key)
    assert listed.certificate_hashes == tuple(sorted(c.hash for c in certificates))


@pytest.mark.parametrize("hashes", [(b"b" * 32, b"a" * 32), (b"a" * 32, b"a" * 32)])
def test_an_unsorted_list_is_refused_even_when_signed(hashes: tuple[Digest, ...]) -> None:
    unsigned = msgspec.structs.replace(ALICE.device_list, certificate_hashes=hashes)
    signature = ALICE.user.sign(unsigned.signed_bytes())
    with pytest.raises(RemoteProtocolError):
        msgspec.structs.replace(unsigned, signature=signature).verify(ALICE.user_key)


def test_a_list_of_1_to_64_devices_is_taken() -> None:
    def decode(count: int) -> DeviceList:
        hashes = tuple(Digest(bytes([i]) * 32) for i in range(count))
        listed = msgspec.structs.replace(ALICE.device_list, certificate_hashes=hashes)
        return msgspec.msgpack.decode(msgspec.msgpack.encode(listed), type=DeviceList)

    assert MAX_DEVICES == 64
    assert [len(decode(count).certificate_hashes) for count in (1, 64)] == [1, 64]
    for count in (0, 65):
        with pytest.raises(msgspec.ValidationError):
            decode(count)


def test_hashes_tell_objects_apart() -> None:
    other = DeviceList.sign(
        ALICE.user, sequence=2, previous_hash=NO_PREVIOUS_LIST, certificates=(ALICE.certificate,)
    )
    assert other.hash != ALICE.device_list.hash
    assert ALICE.certificate.hash != MALLORY.certificate.hash


def test_a_mailbox_belongs_to_the_device() -> None:
    assert ALICE.certificate.mailbox != MALLORY.certificate.mailbox
    assert len(ALICE.certificate.mailbox) == 16
