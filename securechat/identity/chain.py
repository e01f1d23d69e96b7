"""From a pinned user key to usable devices: each link is verified before the next is used."""

from typing import Annotated

import msgspec
from msgspec import Struct

from securechat.errors import KeyChanged, Untrusted
from securechat.identity.device import MAX_DEVICES, DeviceCertificate, DeviceList
from securechat.identity.prekeys import OneTimeKey, PrekeyBundle
from securechat.identity.registration import Registration
from securechat.identity.signed import require
from securechat.identity.types import DeviceAddress, DeviceId, Digest, MailboxId, RelayId, UserKey

MAX_KNOWN_DEVICES = 256
"""Devices of a person, present and former ones, whose epochs are kept; the oldest go first."""

ROTATE_AFTER_MS = 7 * 24 * 3600 * 1000
"""A device publishes a new bundle when the last one is this old."""


class PublishedDevice(msgspec.Struct, frozen=True, array_like=True):
    """What a relay holds of one device, unverified; a one-time key when one was claimed."""

    certificate: DeviceCertificate
    bundle: PrekeyBundle
    one_time_key: OneTimeKey | None = None


class PublishedUser(msgspec.Struct, frozen=True, array_like=True):
    """What a relay holds of one person, unverified."""

    registration: Registration
    device_list: DeviceList
    devices: Annotated[
        tuple[PublishedDevice, ...], msgspec.Meta(min_length=1, max_length=MAX_DEVICES)
    ]


class Highest(msgspec.Struct, frozen=True):
    """The newest device list and bundle epochs ever seen of one person; store it beside the pin.

    A device that has only written itself has epoch 0.
    """

    list_sequence: int
    list_hash: Digest
    epochs: dict[DeviceId, int]

    def with_device(self, device_id: DeviceId) -> "Highest":
        """Return the same with one more device, of which no bundle has been seen."""
        return msgspec.structs.replace(self, epochs=_newest({**self.epochs, device_id: 0}))


class PeerDevice(Struct, frozen=True):
    """A verified device of another person; only `verify_published` makes these."""

    certificate: DeviceCertificate
    bundle: PrekeyBundle
    one_time_key: OneTimeKey | None

    @property
    def address(self) -> DeviceAddress:
        """User key and device id."""
        return self.certificate.address

    @property
    def mailbox(self) -> MailboxId:
        """Where envelopes for the device go."""
        return self.certificate.mailbox

    def is_expired(self, now_ms: int) -> bool:
        """Tell whether the keys are too old to seal to: the device was away for too long."""
        return now_ms > self.bundle.not_after_ms

    def is_refresh_due(self, now_ms: int) -> bool:
        """Tell whether the device may have published newer keys since; fetch them when it is."""
        return now_ms >= self.bundle.not_before_ms + ROTATE_AFTER_MS


class PeerUser(Struct, frozen=True):
    """A verified person with the devices that can be written to."""

    registration: Registration
    devices: tuple[PeerDevice, ...]
    has_all: bool
    """Whether these are all the devices on their list: one without a bundle is not shown."""

    @property
    def user_key(self) -> UserKey:
        """The person's key."""
        return self.registration.user_key


def verify_published(
    published: PublishedUser, *, pin: UserKey, relay_id: RelayId, highest: Highest | None
) -> tuple[PeerUser, Highest]:
    """Verify pin, registration, device list, certificates, bundles, one-time keys, in that order.

    ``highest`` is what an earlier call returned for this person, or None the first time. Returns
    the verified person and the new highest, to be committed before the keys are used.

    Raises `KeyChanged` (another user key than the pin), `Untrusted` (an old or a second list or
    bundle), `InvalidSignature`, `RemoteProtocolError`, `NameInvalid`.
    """
    registration, device_list = published.registration, published.device_list
    if registration.user_key != pin:
        raise KeyChanged(f"{registration.name} shows another key than the one known here.")
    registration.verify(relay_id)
    device_list.verify(pin)
    _refuse_old_list(device_list, highest)
    devices = tuple(_verify_device(device, device_list) for device in published.devices)
    distinct = {device.address for device in devices}
    require(len(distinct) == len(devices), "A relay shows one device twice.")
    epochs = _raise_epochs(devices, highest)
    has_all = len(devices) == len(device_list.certificate_hashes)
    return (
        PeerUser(registration, devices, has_all),
        Highest(list_sequence=device_list.sequence, list_hash=device_list.hash, epochs=epochs),
    )


def _refuse_old_list(device_list: DeviceList, highest: Highest | None) -> None:
    if highest is None:
        return
    if device_list.sequence < highest.list_sequence:
        raise Untrusted("The relay shows an old list of devices.")
    if device_list.sequence == highest.list_sequence and device_list.hash != highest.list_hash:
        raise Untrusted("Two different lists of devices carry the same number.")
    follows = device_list.sequence == highest.list_sequence + 1
    if follows and device_list.previous_hash != highest.list_hash:
        raise Untrusted("A list of devices does not follow the one known here.")


def _verify_device(published: PublishedDevice, device_list: DeviceList) -> PeerDevice:
    certificate, bundle, key = published.certificate, published.bundle, published.one_time_key
    certificate.verify(device_list.user_key)
    require(certificate.hash in device_list.certificate_hashes, "A device is not in its list.")
    bundle.verify(certificate)
    if key is not None:
        key.verify(certificate)
        require(key.bundle_epoch <= bundle.epoch, "A one-time key is newer than its bundle.")
    return PeerDevice(certificate, bundle, key)


def _raise_epochs(devices: tuple[PeerDevice, ...], highest: Highest | None) -> dict[DeviceId, int]:
    epochs = dict(highest.epochs) if highest else {}
    for device in devices:
        device_id = device.address.device_id
        if device.bundle.epoch < epochs.get(device_id, 0):
            raise Untrusted("The relay shows old keys of a device.")
        epochs.pop(device_id, None)  # so that it comes after those that are gone
        epochs[device_id] = device.bundle.epoch
    return _newest(epochs)


def _newest(epochs: dict[DeviceId, int]) -> dict[DeviceId, int]:
    return dict(list(epochs.items())[-MAX_KNOWN_DEVICES:])
