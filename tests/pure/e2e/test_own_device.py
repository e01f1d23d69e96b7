"""What lasts as long as the device survives a restart, each change of it by itself."""

import pytest

from securechat.e2e.own_device import OwnDevice
from securechat.e2e.rows import ChangeLog
from securechat.errors import CannotOpen
from securechat.identity.device import NO_PREVIOUS_LIST
from securechat.identity.names import parse_name
from securechat.identity.types import OlmIdentityKey, Prekey
from tests.pure.e2e.world import NOW_MS, RELAY, make_seat


class Store:
    """A device with the rows that it reported."""

    def __init__(self) -> None:
        self.changes = ChangeLog()
        self.rows: dict[tuple[str, bytes], bytes] = {}
        self.device = OwnDevice.create(self.changes, NOW_MS)
        self.restart()

    def restart(self) -> None:
        for row, value in self.changes.take().items():
            assert value is not None
            self.rows[row] = value
        self.device = OwnDevice.load(self.changes, self.rows)


@pytest.fixture
def store() -> Store:
    return Store()


def opens(store: Store, prekey: Prekey) -> bool:
    """Tell whether a first message to this prekey opens."""
    stranger = make_seat("Stranger").endpoint._device
    identity_key = OlmIdentityKey(store.device.certificate.olm_key)
    ratchet = stranger.start_ratchet(identity_key, prekey)
    _, plaintext = store.device.accept_ratchet(
        stranger.certificate.olm_key, ratchet.encrypt(b"hello")[1]
    )
    return plaintext == b"hello"


def test_a_new_device_is_the_first_of_its_person(store: Store) -> None:
    certificate, device_list = store.device.certificate, store.device.device_list
    certificate.verify(store.device.address.user_key)
    device_list.verify(store.device.address.user_key)
    assert (certificate.created_ms, certificate.sequence) == (NOW_MS, 1)
    assert (device_list.sequence, device_list.previous_hash) == (1, NO_PREVIOUS_LIST)
    assert device_list.certificate_hashes == (certificate.hash,)
    assert len(certificate.device_id) == 16


def test_one_time_keys_are_kept(store: Store) -> None:
    [key] = store.device.make_one_time_keys(1, bundle_epoch=3)
    key.verify(store.device.certificate)
    assert key.bundle_epoch == 3
    store.restart()
    assert opens(store, key.key)


def test_a_fallback_key_is_replaced_once_for_each_time_that_the_mailbox_was_empty(
    store: Store,
) -> None:
    first = store.device.fallback_key
    store.device.rotate_fallback_key()
    assert store.device.fallback_key == first
    store.device.note_drained()
    store.restart()
    store.device.rotate_fallback_key()
    second = store.device.fallback_key
    assert second != first
    store.restart()
    store.device.rotate_fallback_key()
    assert store.device.fallback_key == second
    assert opens(store, first)
    assert opens(store, second)


def test_a_used_one_time_key_stays_used(store: Store) -> None:
    [key] = store.device.make_one_time_keys(1, bundle_epoch=1)
    store.restart()
    assert opens(store, key.key)
    store.restart()
    with pytest.raises(CannotOpen):
        opens(store, key.key)


def test_a_name_is_claimed_once_for_a_relay(store: Store) -> None:
    name = parse_name("Alice")
    claimed = store.device.register(RELAY, name, NOW_MS)
    claimed.verify(RELAY)
    store.restart()
    assert store.device.registration == claimed
    assert store.device.register(RELAY, name, NOW_MS + 1) == claimed
    assert store.device.register(RELAY, parse_name("Alicia"), NOW_MS + 1).time_ms == NOW_MS + 1


def test_the_secrets_do_not_show(store: Store) -> None:
    assert repr(store.device) == "OwnDevice(secret)"
