import msgspec
import pytest

from securechat.identity.types import (
    DeviceAddress,
    DeviceId,
    Number,
    UserKey,
    fingerprint,
    mailbox_id,
)


def test_an_address_is_48_bytes() -> None:
    address = DeviceAddress(UserKey(b"u" * 32), DeviceId(b"d" * 16))
    assert DeviceAddress.decode(address.encode() + b"more") == address


@pytest.mark.parametrize("number", [0, 2**63 - 1])
def test_a_number_fits_a_signed_column_of_a_database(number: int) -> None:
    assert msgspec.convert(number, Number) == number


@pytest.mark.parametrize("number", [-1, 2**63])
def test_another_number_is_refused(number: int) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(number, Number)


def test_mailboxes_depend_on_person_and_device() -> None:
    ids = {
        mailbox_id(UserKey(user * 32), DeviceId(device * 16))
        for user in (b"a", b"b")
        for device in (b"a", b"b")
    }
    assert len(ids) == 4


def test_a_fingerprint_is_four_groups() -> None:
    assert fingerprint(bytes(range(32))) == "0001-0203-0405-0607"
