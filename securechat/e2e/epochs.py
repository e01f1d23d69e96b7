"""The keys that a device publishes for some days: envelope key, hybrid key, and their bundle."""

from dataclasses import dataclass

import msgspec

from securechat.crypto.hybrid import HybridSecretKey
from securechat.crypto.sealing import SealedBoxKey
from securechat.e2e.own_device import OwnDevice
from securechat.e2e.rows import ChangeLog, StoredRows
from securechat.e2e.seen import DAY_MS
from securechat.errors import CannotOpen
from securechat.identity.chain import ROTATE_AFTER_MS
from securechat.identity.notation import u64
from securechat.identity.prekeys import PrekeyBundle
from securechat.identity.types import EnvelopeKey, HybridKey, Prekey

_TABLE = "epoch"

BUNDLE_LIFE_MS = (30 + 14) * DAY_MS
"""How long a bundle serves for first messages: a mailbox's TTL and 14 days."""

ROTATED_GRACE_MS = 2 * DAY_MS
"""For so long after a rotation, and after it was due, something may come for the old keys."""


class _Row(msgspec.Struct, frozen=True, array_like=True):
    envelope_secret: bytes
    hybrid_secret: bytes
    bundle: PrekeyBundle
    rotated_ms: int


@dataclass(slots=True, repr=False)
class _Epoch:
    envelope_key: SealedBoxKey
    hybrid_key: HybridSecretKey
    bundle: PrekeyBundle
    rotated_ms: int = 0

    def encode(self) -> bytes:
        return msgspec.msgpack.encode(
            _Row(
                self.envelope_key.export_secret(),
                self.hybrid_key.export_secret(),
                self.bundle,
                self.rotated_ms,
            )
        )

    @classmethod
    def decode(cls, value: bytes) -> "_Epoch":
        row = msgspec.msgpack.decode(value, type=_Row)
        return cls(
            SealedBoxKey(row.envelope_secret),
            HybridSecretKey(row.hybrid_secret),
            row.bundle,
            row.rotated_ms,
        )


class EpochTable:
    """The current epoch and the rotated ones that may still be sealed to."""

    __slots__ = ("_changes", "_epochs")

    def __init__(self, changes: ChangeLog, rows: StoredRows) -> None:
        self._changes = changes
        epochs = [_Epoch.decode(value) for (table, _), value in rows.items() if table == _TABLE]
        epochs.sort(key=lambda epoch: epoch.bundle.epoch)
        self._epochs = {epoch.bundle.epoch: epoch for epoch in epochs}

    @property
    def bundle(self) -> PrekeyBundle:
        """The current bundle."""
        return next(reversed(self._epochs.values())).bundle

    @property
    def oldest_ms(self) -> int:
        """When the oldest keys that are still kept were made."""
        return min(epoch.bundle.not_before_ms for epoch in self._epochs.values())

    def ever_lists(self, suite: int) -> bool:
        """Tell whether any bundle that may still be written to lists a suite."""
        return any(suite in epoch.bundle.suites for epoch in self._epochs.values())

    def rotate_if_due(self, device: OwnDevice, now_ms: int, suites: bytes) -> None:
        """Replace keys that are 7 days old, or that list other suites.

        Those that were replaced 44 days ago are dropped.
        """
        old = now_ms >= self.bundle.not_before_ms + ROTATE_AFTER_MS
        if old or self.bundle.suites != suites:
            current = self._epochs[self.bundle.epoch]
            current.rotated_ms = now_ms
            self._put(current)
            device.rotate_fallback_key()
            self.begin(device, now_ms, epoch=self.bundle.epoch + 1, suites=suites)
        for epoch in self._rotated():
            if now_ms >= epoch.rotated_ms + BUNDLE_LIFE_MS:
                self._delete(epoch)

    def begin(self, device: OwnDevice, now_ms: int, epoch: int, suites: bytes) -> None:
        """Make the keys of an epoch and sign its bundle."""
        envelope_key, hybrid_key = SealedBoxKey.generate(), HybridSecretKey.generate()
        bundle = PrekeyBundle.sign(
            device.signing_key,
            device.certificate,
            epoch=epoch,
            suites=suites,
            envelope_key=EnvelopeKey(envelope_key.public),
            hybrid_key=HybridKey(hybrid_key.public),
            fallback_key=device.fallback_key,
            not_before_ms=now_ms,
            not_after_ms=now_ms + BUNDLE_LIFE_MS,
        )
        self._put(_Epoch(envelope_key, hybrid_key, bundle))

    def forget_old(self, now_ms: int) -> None:
        """Delete rotated keys; to be called only when the mailbox is empty."""
        for epoch in self._rotated():
            due_ms = epoch.bundle.not_before_ms + ROTATE_AFTER_MS
            if now_ms >= max(epoch.rotated_ms, due_ms) + ROTATED_GRACE_MS:
                self._delete(epoch)

    def is_superseding(self, fallback_key: Prekey, now_ms: int) -> bool:
        """Tell whether everybody has had time to hear that this fallback key replaced another."""
        published = (
            epoch.bundle.not_before_ms
            for epoch in self._epochs.values()
            if epoch.bundle.fallback_key == fallback_key
        )
        return now_ms >= min(published) + ROTATED_GRACE_MS

    def unseal(self, envelope: bytes) -> bytes:
        """Open the outer layer with whichever key fits, the newest first, or raise `CannotOpen`."""
        for epoch in reversed(self._epochs.values()):
            try:
                return epoch.envelope_key.open(envelope)
            except CannotOpen:
                continue
        raise CannotOpen("No key of this device opens the envelope.")

    def open_secret(self, bundle_epoch: int, blob: bytes, info: bytes) -> bytes:
        """Open a session's secret that was sealed to the hybrid key of an epoch."""
        epoch = self._epochs.get(bundle_epoch)
        if epoch is None:
            raise CannotOpen("The keys of this epoch are gone.")
        return epoch.hybrid_key.open(blob, info)

    def _rotated(self) -> list[_Epoch]:
        return list(self._epochs.values())[:-1]

    def _put(self, epoch: _Epoch) -> None:
        self._epochs[epoch.bundle.epoch] = epoch
        self._changes.put(_TABLE, u64(epoch.bundle.epoch), epoch.encode)

    def _delete(self, epoch: _Epoch) -> None:
        del self._epochs[epoch.bundle.epoch]
        self._changes.delete(_TABLE, u64(epoch.bundle.epoch))
