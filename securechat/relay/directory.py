"""Whose name is whose key, which devices a key has, and the prekeys they left."""

from collections import deque

import msgspec
from msgspec import Struct, field

from securechat.errors import LimitExceeded, LoginRefused, NameTaken
from securechat.identity.chain import PublishedDevice, PublishedUser
from securechat.identity.device import DeviceCertificate, DeviceList
from securechat.identity.lookalikes import name_skeletons
from securechat.identity.names import name_key
from securechat.identity.prekeys import OneTimeKey, PrekeyBundle
from securechat.identity.registration import Registration
from securechat.identity.signed import require
from securechat.identity.types import DeviceId, MailboxId, Name, RelayId, UserKey
from securechat.relay.limits import ByteBudget
from securechat.wire.frames import Publish, Register

MAX_STORED_ONE_TIME_KEYS = 200
DAY_MS = 24 * 60 * 60 * 1000


class Device(Struct):
    """One device of an account, and what others need to write to it for the first time."""

    certificate: DeviceCertificate
    bundle: PrekeyBundle | None = None
    one_time_keys: deque[OneTimeKey] = field(default_factory=deque)
    claimed_on: dict[UserKey, int] = field(default_factory=dict)
    sent: int = 0
    sent_saved: int = 0
    """What the store has been told of ``sent``."""

    @property
    def mailbox(self) -> MailboxId:
        """Where its envelopes wait."""
        return self.certificate.mailbox

    @property
    def bundle_epoch(self) -> int:
        """The epoch of the bundle it left last, 0 before the first."""
        return self.bundle.epoch if self.bundle else 0


class Account(Struct):
    """A name, the key that holds it, and its devices."""

    registration: Registration
    device_list: DeviceList
    devices: dict[DeviceId, Device]
    budget: ByteBudget | None = None
    """What its connections may hand in a second, together; there from the first login on."""
    version: int = 0
    """Counts what has been entered about it in this run."""
    saved_version: int = -1
    """The version that is on the disk."""
    removed: set[MailboxId] = field(default_factory=set)
    """Devices that it has no more, and that may have rows on the disk."""

    @property
    def name(self) -> Name:
        """The name as its holder writes it."""
        return self.registration.name


class Directory:
    """All accounts of this relay."""

    def __init__(self, relay_id: RelayId, max_accounts: int) -> None:
        self._relay_id = relay_id
        self._max_accounts = max_accounts
        self._accounts: dict[UserKey, Account] = {}
        self._names: dict[str, UserKey] = {}
        self._skeletons: dict[str, UserKey] = {}
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

    def check_name(self, name: Name, user_key: UserKey) -> None:
        """Raise NameTaken if this key cannot have this name, which `parse_name` has accepted."""
        if self._names.get(name_key(name), user_key) != user_key:
            raise NameTaken(f"The name {name} is taken on this relay")
        holders = (self._skeletons.get(skeleton, user_key) for skeleton in name_skeletons(name))
        if any(holder != user_key for holder in holders):
            raise NameTaken(f"A name that looks like {name} is taken on this relay")

    def register(self, frame: Register) -> Account:
        """Enter a new account, or a newer device list of a known one.

        Raises InvalidSignature, RemoteProtocolError, NameInvalid, NameTaken, LoginRefused or
        LimitExceeded; then nothing has changed.
        """
        registration = frame.registration
        registration.verify(self._relay_id)
        self._check_devices(frame)
        self.check_name(registration.name, registration.user_key)
        account = self._accounts.get(registration.user_key)
        if account is not None:
            self._check_update(account, frame)
        elif len(self._accounts) >= self._max_accounts:
            raise LimitExceeded("This relay has as many accounts as it takes")
        return self.enter(frame)

    def accept_prekeys(self, device: Device, frame: Publish) -> None:
        """Keep a device's bundle and one-time keys; raises before anything has changed.

        A bundle must have a higher epoch than the last one, or be the same; a one-time key that
        waits here already is not kept twice.
        """
        bundle, old = frame.bundle, device.bundle
        for signed in (bundle, *frame.one_time_keys):
            if signed is not None:
                signed.verify(device.certificate)
        if bundle is not None:
            newer = old is None or bundle.epoch > old.epoch
            require(newer or bundle == old, "The bundle is older than the one published before")
        epoch = bundle.epoch if bundle else device.bundle_epoch
        for key in frame.one_time_keys:
            require(key.bundle_epoch <= epoch, "A one-time key is newer than its bundle")
        device.bundle = bundle or old
        waiting = {key.key: key for key in (*device.one_time_keys, *frame.one_time_keys)}
        device.one_time_keys = deque(waiting.values(), maxlen=MAX_STORED_ONE_TIME_KEYS)

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

    def take_back(self, user: PublishedUser, claimant: UserKey) -> PublishedUser:
        """Undo a claim that could not be kept; return the person without one-time keys."""
        for published in user.devices:
            key, device = published.one_time_key, self.device(published.certificate.mailbox)
            if key and device is not None and device.certificate == published.certificate:
                device.one_time_keys.appendleft(key)
                device.claimed_on.pop(claimant, None)
        bare = tuple(msgspec.structs.replace(each, one_time_key=None) for each in user.devices)
        return msgspec.structs.replace(user, devices=bare)

    def enter(self, frame: Register) -> Account:
        """Enter an account whose registration has been verified, now or before it was kept."""
        registration, user_key = frame.registration, frame.registration.user_key
        account = self._accounts.setdefault(user_key, Account(registration, frame.device_list, {}))
        known = account.devices
        account.removed.update(device.mailbox for device in known.values())
        for gone in known.values():
            del self._devices[gone.mailbox]
        account.devices = {
            certificate.device_id: _keep_device(known.get(certificate.device_id), certificate)
            for certificate in frame.certificates
        }
        account.removed.difference_update(each.mailbox for each in account.devices.values())
        account.device_list = frame.device_list
        account.version += 1
        if registration.time_ms > account.registration.time_ms:
            self._forget_looks(account.name)
            account.registration = registration
        self._names[name_key(account.name)] = user_key
        self._skeletons.update(dict.fromkeys(name_skeletons(account.name), user_key))
        self._devices.update((device.mailbox, device) for device in account.devices.values())
        return account

    def _check_devices(self, frame: Register) -> None:
        user_key, certificates = frame.registration.user_key, frame.certificates
        frame.device_list.verify(user_key)
        for certificate in certificates:
            certificate.verify(user_key)
        hashes = tuple(sorted({certificate.hash for certificate in certificates}))
        listed = frame.device_list.certificate_hashes
        require(hashes == listed, "The device list does not match the certificates")
        distinct = {certificate.device_id for certificate in certificates}
        require(len(distinct) == len(certificates), "The device list has one device twice")

    def _check_update(self, account: Account, frame: Register) -> None:
        if name_key(account.name) != name_key(frame.registration.name):
            raise LoginRefused(f"This identity is registered here as {account.name}")
        old, new = account.device_list, frame.device_list
        if new.sequence < old.sequence:
            raise LoginRefused("The device list is older than the one registered before")
        if new.sequence == old.sequence and new.hash != old.hash:
            raise LoginRefused("Two different device lists carry the same number")
        if new.sequence == old.sequence + 1 and new.previous_hash != old.hash:
            raise LoginRefused("The device list does not follow the one registered before")

    def _forget_looks(self, name: Name) -> None:
        for skeleton in name_skeletons(name):
            del self._skeletons[skeleton]


def _keep_device(known: Device | None, certificate: DeviceCertificate) -> Device:
    """Return the device of this certificate; another certificate makes it a new one."""
    if known is not None and known.certificate == certificate:
        return known
    return Device(certificate)


def _claim(device: Device, claimant: UserKey, now_ms: int) -> OneTimeKey | None:
    today = now_ms // DAY_MS
    if device.claimed_on.get(claimant) == today or not device.one_time_keys:
        return None
    device.claimed_on = {who: day for who, day in device.claimed_on.items() if day == today}
    device.claimed_on[claimant] = today
    return device.one_time_keys.popleft()
