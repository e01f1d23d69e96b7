"""The directory on disk: what is written when, and how it is read at the start.

A row of an account is its Register frame, as a client would send it now; a row of a device holds
the prekeys it left and today's claims; another counts what it sent. A note of a removed device
lasts until its mailbox is empty: a mailbox without a device may also be that of an account that was
lost to damage, and what waits there must not be dropped.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, TypeVar

import msgspec

from securechat.errors import FileProblem
from securechat.identity.prekeys import OneTimeKey, PrekeyBundle
from securechat.identity.types import SIZE_32, MailboxId, Number, UserKey
from securechat.relay.directory import Account, Device, Directory
from securechat.store.rows import RowChanges, RowKey, RowStore
from securechat.wire.frames import Register

ACCOUNT, DEVICE, SENT, REMOVED = "account", "device", "sent", "removed"
SENT_BYTES = 8

Row = TypeVar("Row", bound=msgspec.Struct)

NOTHING: RowChanges = MappingProxyType({})


class DeviceRow(msgspec.Struct, frozen=True, array_like=True):
    """What a device has left, and who has claimed one of its keys on which day."""

    bundle: PrekeyBundle | None
    one_time_keys: tuple[OneTimeKey, ...]
    claims: tuple[tuple[Annotated[UserKey, SIZE_32], Number], ...]


class Records:
    """Writes what changes in a directory; ``done`` callbacks tell whether it is on the disk."""

    def __init__(self, directory: Directory, store: RowStore) -> None:
        self.directory = directory
        self._store = store

    def load(self, rows: Mapping[RowKey, bytes]) -> list[MailboxId]:
        """Fill the directory with what was kept; FileProblem when that makes no sense.

        Returns the mailboxes of removed devices that need not be empty yet.
        """
        for frame in read_accounts(rows):
            account = self.directory.enter(frame)
            account.saved_version = account.version
            for device in account.devices.values():
                _restore(device, rows)
        return [MailboxId(key) for kind, key in rows if kind == REMOVED]

    def save_account(
        self, account: Account, done: Callable[[bool], None], also: RowChanges = NOTHING
    ) -> None:
        """Keep an account with its devices, if that has not been done; then call ``done``.

        The changes in ``also`` are carried out together with it.
        """
        if account.saved_version == account.version:
            done(True)
            return
        version, removed = account.version, frozenset(account.removed)

        def saved(is_saved: bool) -> None:
            if is_saved:
                account.saved_version = max(account.saved_version, version)
                account.removed -= removed
            done(is_saved)

        self._store.save({**_account_rows(account), **also}, saved)

    def forget_removed(self, mailbox: MailboxId) -> None:
        """Drop the note of a removed device, whose mailbox is empty now."""
        self._store.save({(REMOVED, mailbox): None}, lambda _is_saved: None)

    def save_devices(self, devices: Iterable[Device], done: Callable[[bool], None]) -> None:
        """Keep what devices have left and who has claimed it."""
        self._store.save({_key(device): _device_row(device) for device in devices}, done)

    def save_sent(self, devices: Iterable[Device]) -> None:
        """Keep how much devices have sent; nobody waits for that."""
        changed = [device for device in devices if device.sent != device.sent_saved]
        if not changed:
            return
        changes: dict[RowKey, bytes | None] = {
            (SENT, device.mailbox): device.sent.to_bytes(SENT_BYTES, "big") for device in changed
        }
        for device in changed:
            device.sent_saved = device.sent
        self._store.save(changes, lambda _is_saved: None)


def read_accounts(rows: Mapping[RowKey, bytes]) -> Iterator[Register]:
    """Yield the accounts of a store, as their clients would register them now.

    Raises FileProblem for one that cannot be read.
    """
    for (kind, _), value in rows.items():
        if kind == ACCOUNT:
            yield _decode(value, Register)


def _decode(value: bytes, kind: type[Row]) -> Row:
    try:
        return msgspec.msgpack.decode(value, type=kind)
    except msgspec.MsgspecError as error:
        raise FileProblem(
            f"The relay's store has an account that cannot be read: {error}",
            "update securechat here, or put a backup in the place of the store",
        ) from error


def _key(device: Device) -> RowKey:
    return DEVICE, device.mailbox


def _account_rows(account: Account) -> RowChanges:
    devices = account.devices.values()
    changes: dict[RowKey, bytes | None] = {}
    for mailbox in account.removed:
        changes[DEVICE, mailbox] = changes[SENT, mailbox] = None
        changes[REMOVED, mailbox] = b""
    for device in devices:
        changes[_key(device)] = _device_row(device)
        changes[REMOVED, device.mailbox] = None
        if not device.sent:
            changes[SENT, device.mailbox] = None
    certificates = tuple(device.certificate for device in devices)
    frame = Register(account.registration, account.device_list, certificates)
    changes[ACCOUNT, account.registration.user_key] = msgspec.msgpack.encode(frame)
    return changes


def _device_row(device: Device) -> bytes:
    return msgspec.msgpack.encode(
        DeviceRow(device.bundle, tuple(device.one_time_keys), tuple(device.claimed_on.items()))
    )


def _restore(device: Device, rows: Mapping[RowKey, bytes]) -> None:
    sent = rows.get((SENT, device.mailbox), b"")
    device.sent = device.sent_saved = int.from_bytes(sent, "big")
    value = rows.get(_key(device))
    if value is not None:
        row = _decode(value, DeviceRow)
        device.bundle = row.bundle
        device.one_time_keys = deque(row.one_time_keys)
        device.claimed_on = dict(row.claims)
