"""This device itself: the user key, its certificate, the Olm account, its name on the relay."""

from typing import Annotated, Self

import msgspec

from securechat.crypto.ratchet import RatchetAccount, RatchetSession
from securechat.crypto.sealing import random_bytes
from securechat.crypto.signing import SigningKey
from securechat.e2e.rows import ChangeLog, StoredRows
from securechat.errors import LocalProtocolError, RemoteProtocolError
from securechat.identity.device import NO_PREVIOUS_LIST, DeviceCertificate, DeviceList
from securechat.identity.prekeys import OneTimeKey
from securechat.identity.registration import Registration
from securechat.identity.types import (
    MAX_NUMBER,
    SIZE_32,
    DeviceId,
    Name,
    OlmIdentityKey,
    Prekey,
    RelayId,
    SigningPublicKey,
    UserKey,
)

_TABLE = "self"
_IDENTITY, _ACCOUNT, _FALLBACK, _REGISTRATION = (
    b"identity",
    b"account",
    b"fallback",
    b"registration",
)
_DEVICE_ID_SIZE_BYTES = 16


class UserIdentity(msgspec.Struct, frozen=True, array_like=True):
    """What of a person outlives their devices, secret: enough to make the next one.

    ``user_seed`` is the user key's, 32 bytes; ``device_list`` the newest one that is known.
    """

    user_seed: Annotated[bytes, SIZE_32]
    device_list: DeviceList

    def verify(self) -> SigningKey:
        """Return the secret user key, if another list that it signs can follow this one.

        Raises `InvalidSignature` or `RemoteProtocolError` when the list is not of this person, or
        has the highest sequence that there is.
        """
        user_key = SigningKey(self.user_seed)
        self.device_list.verify(UserKey(user_key.public))
        if self.device_list.sequence >= MAX_NUMBER:
            raise RemoteProtocolError(
                "Your list of devices has the highest number that there is: no other can follow it",
                "securechat client --home DIR, to begin anew in another directory",
            )
        return user_key

    def __repr__(self) -> str:
        return "UserIdentity(secret)"


class _Identity(msgspec.Struct, frozen=True, array_like=True):
    user_seed: bytes
    signing_seed: bytes
    certificate: DeviceCertificate
    device_list: DeviceList


class _Fallback(msgspec.Struct, frozen=True, array_like=True):
    key: Prekey
    drained: bool


class OwnDevice:
    """The secret keys that last as long as the device, and what they sign."""

    __slots__ = (
        "_account",
        "_changes",
        "_fallback",
        "_user_key",
        "address",
        "certificate",
        "device_list",
        "registration",
        "signing_key",
    )

    def __init__(
        self,
        changes: ChangeLog,
        identity: _Identity,
        account: RatchetAccount,
        fallback: _Fallback,
        registration: Registration | None,
    ) -> None:
        self._changes = changes
        self._user_key = SigningKey(identity.user_seed)
        self.signing_key = SigningKey(identity.signing_seed)
        self.certificate = identity.certificate
        self.address = identity.certificate.address
        self.device_list = identity.device_list
        self._account = account
        self._fallback = fallback
        self.registration = registration

    @classmethod
    def create(cls, changes: ChangeLog, now_ms: int) -> Self:
        """Make a new person with one device."""
        return cls._make(changes, SigningKey.generate(), None, now_ms)

    @classmethod
    def create_next(cls, changes: ChangeLog, identity: UserIdentity, now_ms: int) -> Self:
        """Make another device of a person, which alone is on the list that follows the last one.

        Raises as `UserIdentity.verify` does.
        """
        return cls._make(changes, identity.verify(), identity.device_list, now_ms)

    @classmethod
    def _make(
        cls, changes: ChangeLog, user_key: SigningKey, last_list: DeviceList | None, now_ms: int
    ) -> Self:
        sequence = last_list.sequence + 1 if last_list else 1
        signing_key = SigningKey.generate()
        account = RatchetAccount.generate()
        certificate = DeviceCertificate.sign(
            user_key,
            device_id=DeviceId(random_bytes(_DEVICE_ID_SIZE_BYTES)),
            signing_key=SigningPublicKey(signing_key.public),
            olm_key=OlmIdentityKey(account.identity_key),
            created_ms=now_ms,
            sequence=sequence,
        )
        device_list = DeviceList.sign(
            user_key,
            sequence=sequence,
            previous_hash=last_list.hash if last_list else NO_PREVIOUS_LIST,
            certificates=(certificate,),
        )
        identity = _Identity(
            user_key.export_seed(), signing_key.export_seed(), certificate, device_list
        )
        fallback = _Fallback(Prekey(account.rotate_fallback_key()), drained=False)
        device = cls(changes, identity, account, fallback, None)
        changes.put(_TABLE, _IDENTITY, lambda: msgspec.msgpack.encode(identity))
        device._note_fallback()
        device._note_account()
        return device

    @classmethod
    def load(cls, changes: ChangeLog, rows: StoredRows) -> Self:
        """Restore the device from its rows."""
        registration = rows.get((_TABLE, _REGISTRATION))
        return cls(
            changes,
            msgspec.msgpack.decode(rows[_TABLE, _IDENTITY], type=_Identity),
            RatchetAccount.from_pickle(rows[_TABLE, _ACCOUNT]),
            msgspec.msgpack.decode(rows[_TABLE, _FALLBACK], type=_Fallback),
            None
            if registration is None
            else msgspec.msgpack.decode(registration, type=Registration),
        )

    @property
    def user_identity(self) -> UserIdentity:
        """What the person's next device is made from."""
        return UserIdentity(self._user_key.export_seed(), self.device_list)

    @property
    def fallback_key(self) -> Prekey:
        """The public half of the current fallback key."""
        return self._fallback.key

    @property
    def relay_id(self) -> RelayId:
        """The relay that it has a name on; raises `LocalProtocolError` when it has none yet."""
        if self.registration is None:
            raise LocalProtocolError("This device has no name on a relay yet.")
        return self.registration.relay_id

    def register(self, relay_id: RelayId, name: Name, now_ms: int) -> Registration:
        """Return the signed claim of a name, the same one for as long as relay and name are."""
        current = self.registration
        if current is None or (current.relay_id, current.name) != (relay_id, name):
            current = Registration.sign(
                self._user_key, relay_id=relay_id, name=name, time_ms=now_ms
            )
            encoded = msgspec.msgpack.encode(current)
            self._changes.put(_TABLE, _REGISTRATION, lambda: encoded)
            self.registration = current
        return current

    def make_one_time_keys(self, count: int, bundle_epoch: int) -> tuple[OneTimeKey, ...]:
        """Make and sign one-time keys."""
        prekeys = self._account.generate_one_time_keys(count)
        self._note_account()
        return tuple(
            OneTimeKey.sign(
                self.signing_key, self.certificate, bundle_epoch=bundle_epoch, prekey=Prekey(prekey)
            )
            for prekey in prekeys
        )

    def rotate_fallback_key(self) -> None:
        """Replace the fallback key, if the mailbox has been empty since the last time.

        The account keeps two, so a first message that still waits can be opened.
        """
        if self._fallback.drained:
            self._fallback = _Fallback(Prekey(self._account.rotate_fallback_key()), drained=False)
            self._note_fallback()
            self._note_account()

    def note_drained(self) -> None:
        """Record that the mailbox has been empty."""
        if not self._fallback.drained:
            self._fallback = _Fallback(self._fallback.key, drained=True)
            self._note_fallback()

    def start_ratchet(self, identity_key: OlmIdentityKey, prekey: Prekey) -> RatchetSession:
        """Begin a ratchet; raises `RemoteProtocolError` when a key is not usable."""
        return self._account.start_session(identity_key, prekey)

    def accept_ratchet(
        self, identity_key: OlmIdentityKey, ciphertext: bytes
    ) -> tuple[RatchetSession, bytes]:
        """Open the first message of a ratchet, or raise `CannotOpen` without a trace."""
        accepted = self._account.accept_session(identity_key, ciphertext)
        self._note_account()
        return accepted

    def _note_account(self) -> None:
        self._changes.put(_TABLE, _ACCOUNT, self._account.pickle)

    def _note_fallback(self) -> None:
        self._changes.put(_TABLE, _FALLBACK, lambda: msgspec.msgpack.encode(self._fallback))

    def __repr__(self) -> str:
        return "OwnDevice(secret)"
