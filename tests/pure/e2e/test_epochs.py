"""Which envelope keys there are at which time, also after a restart."""

import pytest

from securechat.crypto.sealing import seal_box
from securechat.e2e.epochs import BUNDLE_LIFE_MS, ROTATED_GRACE_MS, EpochTable
from securechat.e2e.own_device import OwnDevice
from securechat.e2e.rows import ChangeLog
from securechat.errors import CannotOpen
from securechat.identity.chain import ROTATE_AFTER_MS

SUITES = b"\1"
Rows = dict[tuple[str, bytes], bytes]


class Store:
    """The epochs of a device that began at 0, with the rows that they reported."""

    def __init__(self) -> None:
        self.device = OwnDevice.create(ChangeLog(), 0)
        self.changes = ChangeLog()
        self.rows: Rows = {}
        self.table = EpochTable(self.changes, {})
        self.table.begin(self.device, 0, epoch=1, suites=SUITES)
        self.envelopes = [seal_box(b"1", self.table.bundle.envelope_key)]
        self.restart()

    def rotate(self, now_ms: int) -> None:
        """Rotate if it is due, and seal something to the key that serves then."""
        self.table.rotate_if_due(self.device, now_ms, SUITES)
        epoch = self.table.bundle.epoch
        if epoch > len(self.envelopes):
            self.envelopes.append(seal_box(b"%d" % epoch, self.table.bundle.envelope_key))

    def restart(self) -> None:
        for row, value in self.changes.take().items():
            if value is None:
                del self.rows[row]
            else:
                self.rows[row] = value
        self.table = EpochTable(self.changes, dict(reversed(self.rows.items())))

    def opened(self) -> list[int]:
        """Return the epochs whose envelopes open, the same before and after a restart."""
        before = self._opened()
        self.restart()
        assert self._opened() == before
        return before

    def _opened(self) -> list[int]:
        epochs = []
        for epoch, envelope in enumerate(self.envelopes, start=1):
            try:
                assert self.table.unseal(envelope) == b"%d" % epoch
                epochs.append(epoch)
            except CannotOpen:
                continue
        return epochs


@pytest.fixture
def store() -> Store:
    return Store()


def test_keys_are_replaced_after_seven_days(store: Store) -> None:
    store.rotate(ROTATE_AFTER_MS - 1)
    assert store.table.bundle.epoch == 1
    store.rotate(ROTATE_AFTER_MS)
    store.restart()
    bundle = store.table.bundle
    assert bundle.epoch == 2
    assert (bundle.not_before_ms, bundle.not_after_ms) == (
        ROTATE_AFTER_MS,
        ROTATE_AFTER_MS + BUNDLE_LIFE_MS,
    )
    assert store.opened() == [1, 2]
    assert store.table.oldest_ms == 0


def test_a_replaced_key_goes_when_the_mailbox_is_empty_two_days_later(store: Store) -> None:
    store.rotate(ROTATE_AFTER_MS)
    store.restart()
    store.table.forget_old(ROTATE_AFTER_MS + ROTATED_GRACE_MS - 1)
    assert store.opened() == [1, 2]
    store.table.forget_old(ROTATE_AFTER_MS + ROTATED_GRACE_MS)
    assert store.opened() == [2]
    store.table.forget_old(10 * BUNDLE_LIFE_MS)
    assert store.opened() == [2]


def test_a_replaced_key_goes_after_44_days_whatever_waits(store: Store) -> None:
    store.rotate(ROTATE_AFTER_MS)
    store.rotate(ROTATE_AFTER_MS + BUNDLE_LIFE_MS - 1)
    assert store.opened() == [1, 2, 3]
    store.rotate(ROTATE_AFTER_MS + BUNDLE_LIFE_MS)
    assert store.opened() == [2, 3]


def test_the_secret_of_a_session_opens_with_the_keys_of_its_epoch_only(store: Store) -> None:
    with pytest.raises(CannotOpen, match="gone"):
        store.table.open_secret(2, b"", b"")


def test_other_suites_need_another_bundle_at_once(store: Store) -> None:
    store.table.rotate_if_due(store.device, 1, b"\1\0")
    assert (store.table.bundle.epoch, store.table.bundle.suites) == (2, b"\1\0")
    assert store.table.ever_lists(0)
    store.table.rotate_if_due(store.device, 2, b"\1\0")
    assert store.table.bundle.epoch == 2
