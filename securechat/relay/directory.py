"""Whose name is whose key, which devices a key has, and the prekeys they left."""

from collections import deque
from dataclasses import dataclass, field

from securechat.errors import LoginRefused, NameTaken, RemoteProtocolError
from securechat.identity.chain import PublishedDevice, PublishedUser
from securechat.identity.device import DeviceCertificate, DeviceList
from securechat.identity.names import name_key
from securechat.identity.prekeys import OneTimeKey, PrekeyBundle
from securechat.identity.registration import Registration
from securechat.identity.types import DeviceId, MailboxId, Name, RelayId, UserKey
from securechat.wire.frames import Publish, Register

MAX_STORED_ONE_TIME_KEYS = 200
DAY_MS = 24 * 60 * 60 * 1000


@dataclass(slots=True)
class Device:
    """One device of an account, and what others need to write to it for the first time."""

    certificate: DeviceCertificate
    bundle: PrekeyBundle | None = None
    one_time_keys: deque[OneTimeKey] = field(default_factory=deque)
    claimed_on: dict[UserKey, int] = field(default_factory=dict)
    sent: int = 0

    @property
    def mailbox(self) -> MailboxId:
        """Where its envelopes wait."""
        return self.certificate.mailbox

    @property
    def bundle_epoch(self) -> int:
        """The epoch of the bundle it left last, 0 before the first."""
        return self.bundle.epoch if self.bundle else 0


@dataclass(slots=True)
class Account:
    """A name, the key that holds it, and its devices."""

    registration: Registration
    device_list: DeviceList
    devices: dict[DeviceId, Device]

    @property
    def name(self) -> Name:
        """The name as its holder writes it."""
        return self.registration.name


class Directory:
    """All accounts of this relay."""

    def __init__(self, relay_id: RelayId) -> None:
        self._relay_id = relay_id
        self._accounts: dict[UserKey, Account] = {}
        self._names: dict[str, UserKey] = {}
        self._devices: dict[MailboxId, Device] = {}

    def account(self, user_key: UserKey) -> Account | None:
        """Return the account of this key, if there is one."""
        return self._accounts.get(user_key)

    def by_name(self, name: str) -> Account | None:
        """Return the account that holds this name; case does not count."""
        user_key = self._names.get(name_key(Name(name)))
        return None if user_key is None else self._accounts[user_key]

    def device(self, mailbox: MailboxId) -> Device | None:
        """Return the device that reads this mailbox."""
        return self._devices.get(mailbox)

    def register(self, frame: Register) -> Account:
        """Enter a new account, or a newer device list of a known one.

        Raises InvalidSignature, RemoteProtocolError, NameInvalid, NameTaken or LoginRefused;
        then nothing has changed.
        """
        registration = frame.registration
        registration.verify(self._relay_id)
        self._check_devices(frame)
        key = name_key(registration.name)
        if self._names.get(key, registration.user_key) != registration.user_key:
            raise NameTaken(f"The name {registration.name} is taken on this relay")
        account = self._accounts.get(registration.user_key)
        if account is not None:
            self._check_update(account, frame)
        return self._enter(frame, key)

    def accept_prekeys(self, device: Device, frame: Publish) -> None:
        """Keep a device's bundle and one-time keys; raises before anything has changed."""
        for signed in (frame.bundle, *frame.one_time_keys):
            if signed is not None:
                signed.verify(device.certificate)
        if frame.bundle is not None:
            if frame.bundle.epoch < device.bundle_epoch:
                raise RemoteProtocolError("The bundle is older than the one published before")
            device.bundle = frame.bundle
        device.one_time_keys.extend(frame.one_time_keys)
        while len(device.one_time_keys) > MAX_STORED_ONE_TIME_KEYS:
            device.one_time_keys.popleft()

    def publish(
        self, account: Account, claimant: UserKey | None, now_ms: int
    ) -> PublishedUser | None:
        """Return what others may know of an account, or None before it has left any bundle.

        A ``claimant`` gets a one-time key of each device that nobody else gets, at most one a day.
        """
        devices = tuple(
            PublishedDevice(
                certificate=device.certificate,
                bundle=device.bundle,
                one_time_key=_claim(device, claimant, now_ms) if claimant else None,
            )
            for device in account.devices.values()
            if device.bundle is not None
        )
        if not devices:
            return None
        return PublishedUser(account.registration, account.device_list, devices)

    def _check_devices(self, frame: Register) -> None:
        user_key = frame.registration.user_key
        frame.device_list.verify(user_key)
        for certificate in frame.certificates:
            certificate.verify(user_key)
        hashes = tuple(sorted({certificate.hash for certificate in frame.certificates}))
        if hashes != frame.device_list.certificate_hashes:
            raise RemoteProtocolError("The device list does not match the certificates")

    def _check_update(self, account: Account, frame: Register) -> None:
        if name_key(account.name) != name_key(frame.registration.name):
            raise LoginRefused(f"This identity is registered here as {account.name}")
        if frame.device_list.sequence < account.device_list.sequence:
            raise LoginRefused("The device list is older than the one registered before")

    def _enter(self, frame: Register, key: str) -> Account:
        user_key = frame.registration.user_key
        old = self._accounts.get(user_key)
        known = old.devices if old else {}
        for gone in known.values():
            del self._devices[gone.mailbox]
        devices = {
            certificate.device_id: known.get(certificate.device_id) or Device(certificate)
            for certificate in frame.certificates
        }
        account = Account(frame.registration, frame.device_list, devices)
        self._accounts[user_key] = account
        self._names[key] = user_key
        self._devices.update((device.mailbox, device) for device in devices.values())
        return account


def _claim(device: Device, claimant: UserKey, now_ms: int) -> OneTimeKey | None:
    today = now_ms // DAY_MS
    if device.claimed_on.get(claimant) == today or not device.one_time_keys:
        return None
    device.claimed_on = {who: day for who, day in device.claimed_on.items() if day == today}
    device.claimed_on[claimant] = today
    return device.one_time_keys.popleft()
