"""The end device as one object: what the client engine drives. No I/O, no clock."""

from collections.abc import Iterator
from itertools import chain
from typing import Self

import msgspec

from securechat.e2e.content import Content, PlainContent, Receipt, Recovery
from securechat.e2e.copies import FORMERLY_SENT, SENT, CopyTable
from securechat.e2e.envelope import SUITE
from securechat.e2e.epochs import EpochTable
from securechat.e2e.held import HELD
from securechat.e2e.order import ChainTable, Gap
from securechat.e2e.own_device import OwnDevice, UserIdentity
from securechat.e2e.plain import PLAIN_SUITE, PlainSuite
from securechat.e2e.plaintext import direct_conversation_id
from securechat.e2e.plaintext import new_message_id as new_message_id
from securechat.e2e.reading import Reader
from securechat.e2e.receiving import Receiver
from securechat.e2e.recovery import RecoveryTable
from securechat.e2e.results import Outcome, Publication, Sealed
from securechat.e2e.room_table import ENTRY, ROOM
from securechat.e2e.rooms import Rooms
from securechat.e2e.rows import ChangeLog, Rows, StoredRows
from securechat.e2e.seen import DAY_MS, MESSAGE_IDS, NONCES, SEEN_TABLES, SeenTable
from securechat.e2e.sending import Sender
from securechat.e2e.session_table import SessionTable
from securechat.e2e.signals import Signals
from securechat.e2e.unconfirmed import UnconfirmedText, keep_texts, texts_among
from securechat.errors import FileProblem
from securechat.identity.chain import PeerDevice
from securechat.identity.device import DeviceCertificate, DeviceList
from securechat.identity.login import LoginProof
from securechat.identity.registration import Registration
from securechat.identity.types import (
    DeviceAddress,
    DeviceId,
    MailboxId,
    MessageId,
    Name,
    RelayId,
    UserKey,
)

_TABLES_OF_A_DEVICE = frozenset(
    {"self", "epoch", "session", "session_start", "chain", "recovery", NONCES}
    | {SENT, FORMERLY_SENT, HELD}
)
_TABLES_OF_A_PERSON = frozenset({MESSAGE_IDS, ROOM, ENTRY})
_SEEN_LIFE_MS = 90 * DAY_MS
"""More than a mailbox's TTL (30 days), the keys' life (44) and an outbox (7) together."""

_ENCRYPTED_ONLY = bytes([SUITE])
_ENCRYPTED_OR_PLAIN = bytes([SUITE, PLAIN_SUITE])

_ONE_TIME_KEYS_LOW = 20
_ONE_TIME_KEYS_BATCH = 50


class Endpoint:
    """A person's device: identity, published keys, sessions.

    The state lives in memory. After each call `take_changes` returns the rows to commit, before an
    envelope is handed to the relay or a delivery is acknowledged; when a commit fails, drop the
    object and load it again from the rows. Not thread-safe.
    """

    __slots__ = (
        "_chains",
        "_changes",
        "_copies",
        "_device",
        "_epochs",
        "_formerly_sent",
        "_message_ids",
        "_nonces",
        "_plain",
        "_receiver",
        "_recoveries",
        "_sender",
        "_sessions",
        "rooms",
        "signals",
    )

    def __init__(self, changes: ChangeLog, device: OwnDevice, rows: StoredRows) -> None:
        self._changes = changes
        self._device = device
        self._nonces = SeenTable(NONCES, changes, rows)
        self._message_ids = SeenTable(MESSAGE_IDS, changes, rows)
        rows = {at: value for at, value in rows.items() if at[0] not in SEEN_TABLES}
        self._epochs = EpochTable(changes, rows)
        self._sessions = SessionTable(changes, rows)
        self._chains = ChainTable(changes, rows)
        self._copies = CopyTable(changes, rows)
        self._formerly_sent = CopyTable(changes, rows, FORMERLY_SENT)
        self._recoveries = RecoveryTable(changes, rows)
        self.rooms = Rooms(device, changes, rows)
        talk = self.rooms.talk
        self._sender = Sender(
            device, self._sessions, self._chains, self._copies, self._recoveries, talk
        )
        reader = Reader(device.address, self._chains, self._message_ids, talk)
        self.signals = Signals(device, self._sessions, talk, reader)
        self._receiver = Receiver(
            device, self._epochs, self._sessions, self._nonces, reader, self.signals
        )
        self._plain = PlainSuite(device, self._epochs, self._chains, reader)

    @classmethod
    def create(cls, now_ms: int) -> Self:
        """Make a new person with one device and its first keys.

        Raises `SecureChatError` when the libraries here cannot encrypt end to end.
        """
        changes = ChangeLog()
        endpoint = cls(changes, OwnDevice.create(changes, now_ms), {})
        endpoint._epochs.begin(endpoint._device, now_ms, epoch=1, suites=_ENCRYPTED_ONLY)
        return endpoint

    @classmethod
    def create_next(
        cls, identity: UserIdentity, now_ms: int, replaced: StoredRows | None = None
    ) -> Self:
        """Make a person's next device: the same user key, everything else new.

        It is the only one on a list that follows the one of ``identity``. ``replaced`` are the
        rows of a device whose place it takes: `take_changes` then deletes them, except the message
        ids, so that nothing is shown twice, the rooms, which list the person, and the texts that
        nobody has confirmed. Rows of other tables are left alone.

        Raises `InvalidSignature` or `RemoteProtocolError` when the list is not of this person, or
        when it has the highest sequence that there is.
        """
        changes, rows = ChangeLog(), replaced or {}
        for table, key in rows:
            if table in _TABLES_OF_A_DEVICE:
                changes.delete(table, key)
        kept = {row: value for row, value in rows.items() if row[0] in _TABLES_OF_A_PERSON}
        endpoint = cls(changes, OwnDevice.create_next(changes, identity, now_ms), kept)
        keep_texts(endpoint._formerly_sent, rows)
        endpoint._epochs.begin(endpoint._device, now_ms, epoch=1, suites=_ENCRYPTED_ONLY)
        return endpoint

    @classmethod
    def load(cls, rows: StoredRows) -> Self:
        """Restore a device from all rows that it reported and that were not deleted since.

        Raises `FileProblem` when rows are missing or damaged.
        """
        changes = ChangeLog()
        try:
            return cls(changes, OwnDevice.load(changes, rows), rows)
        except (KeyError, ValueError, msgspec.DecodeError) as error:
            raise FileProblem(
                "The stored keys of this device are damaged.",
                "securechat client --home DIR, to begin anew in another directory",
            ) from error

    def take_changes(self) -> Rows:
        """Return the rows that changed since the last call, for one transaction."""
        return self._changes.take()

    @property
    def user_key(self) -> UserKey:
        """The person's key: what others pin."""
        return self._device.address.user_key

    @property
    def user_identity(self) -> UserIdentity:
        """The secret that `create_next` makes the person's next device from."""
        return self._device.user_identity

    @property
    def device_id(self) -> DeviceId:
        """The id of this device."""
        return self._device.address.device_id

    @property
    def mailbox(self) -> MailboxId:
        """Where envelopes for this device go."""
        return self._device.certificate.mailbox

    @property
    def certificate(self) -> DeviceCertificate:
        """This device's certificate."""
        return self._device.certificate

    @property
    def device_list(self) -> DeviceList:
        """The person's signed list of devices."""
        return self._device.device_list

    @property
    def bundle_epoch(self) -> int:
        """The highest epoch that this device can have published."""
        return self._epochs.bundle.epoch

    def registration(self, relay_id: RelayId, name: Name, now_ms: int) -> Registration:
        """Return the signed claim of a name on a relay; needed before any session."""
        return self._device.register(relay_id, name, now_ms)

    def prove_login(
        self,
        *,
        relay_id: RelayId,
        certificate_hash: bytes,
        server_nonce: bytes,
        client_nonce: bytes,
        protocol_version: int,
    ) -> LoginProof:
        """Sign a login; the parameters are those of `LoginProof`."""
        return LoginProof.sign(
            self._device.signing_key,
            self._device.certificate,
            relay_id=relay_id,
            certificate_hash=certificate_hash,
            server_nonce=server_nonce,
            client_nonce=client_nonce,
            protocol_version=protocol_version,
        )

    def publication(
        self, now_ms: int, *, published_epoch: int, one_time_keys_left: int, plain: bool = False
    ) -> Publication:
        """Return what the relay lacks; call it after login and once a day.

        ``published_epoch`` and ``one_time_keys_left`` are what the relay holds of this device (0
        for nothing). Keys that are 7 days old are replaced, one-time keys below 20 topped up by 50.
        With ``plain`` the bundle says that one may write to this device without encryption.
        """
        suites = _ENCRYPTED_OR_PLAIN if plain else _ENCRYPTED_ONLY
        self._epochs.rotate_if_due(self._device, now_ms, suites)
        bundle = self._epochs.bundle
        enough = one_time_keys_left >= _ONE_TIME_KEYS_LOW
        count = 0 if enough else _ONE_TIME_KEYS_BATCH
        return Publication(
            None if bundle.epoch == published_epoch else bundle,
            self._device.make_one_time_keys(count, bundle.epoch) if count else (),
        )

    def drained(self, now_ms: int) -> None:
        """Note that the mailbox is empty: keys and sessions that waited for this are deleted."""
        if self._epochs.is_superseding(self._device.fallback_key, now_ms):
            self._device.note_drained()
        self._epochs.forget_old(now_ms)
        self._sessions.forget_old(now_ms)
        self.rooms.forget_old(now_ms)
        for copies in self._all_copies:
            copies.forget_old(now_ms)
        replayable_ms = min(now_ms - _SEEN_LIFE_MS, self._epochs.oldest_ms)
        self._nonces.forget_before(replayable_ms)
        self._message_ids.forget_before(replayable_ms)

    def needs_session(self, peer: DeviceAddress, now_ms: int) -> bool:
        """Tell whether `start_session`, with keys fetched for it, has to come before `seal`."""
        return self._sessions.choose_sending(peer, now_ms) is None

    def awaits_answer(self, peer: DeviceAddress, now_ms: int) -> bool:
        """Tell whether what goes to ``peer`` starts a session, which its keys always open."""
        session = self._sessions.choose_sending(peer, now_ms)
        return session is not None and bool(session.start)

    def start_session(self, peer: PeerDevice, now_ms: int, *, recovery: bool = False) -> None:
        """Begin a session with keys fetched and verified for this call; nothing is sent yet.

        The one-time key of ``peer`` is used up, or the fallback key serves when it has none. With
        ``recovery`` no older session with that device sends any more, all of them still receive.
        Raises `Untrusted` (expired), `RemoteProtocolError` (unusable keys), `LocalProtocolError`
        (no registration yet, or the peer is this device itself).
        """
        self._sender.start_session(peer, now_ms, recovery=recovery)

    def seal(
        self,
        peer: PeerDevice,
        content: Content,
        now_ms: int,
        message_id: MessageId | None = None,
        *,
        written_ms: int,
    ) -> Sealed:
        """Seal a content to one device; without ``message_id`` one is drawn.

        ``written_ms`` is the time that the message says. Raises `UsageError` (too long),
        `LocalProtocolError` (see `needs_session`), `Untrusted` or `RemoteProtocolError` (the
        peer's keys have expired or are not usable).
        """
        chosen = message_id or new_message_id()
        return self._sender.seal(peer, content, now_ms, chosen, written_ms=written_ms)

    def open(self, sealed: bytes, now_ms: int) -> Outcome:
        """Open an envelope, or raise `CannotOpen`, which never says why and leaves no trace.

        It is the `Unreadable` among them when the sender that it claims may be asked for it again.
        """
        return self._receiver.open(sealed, now_ms)

    def seal_plain(
        self,
        peer: PeerDevice,
        content: PlainContent,
        now_ms: int,
        message_id: MessageId | None = None,
        *,
        written_ms: int,
    ) -> Sealed:
        """Sign a content for one device without encrypting it: the relay can read it.

        Otherwise as `seal`. Raises `UsageError` (too long), `LocalProtocolError` (not both ends
        offer it), `Untrusted` (the peer's keys have expired).
        """
        chosen = message_id or new_message_id()
        return self._plain.seal(peer, content, now_ms, chosen, written_ms=written_ms)

    def open_plain(self, envelope: bytes, now_ms: int) -> Outcome:
        """Verify an envelope that `is_plain`, or raise `CannotOpen`, which never says why.

        Only while a bundle that offered it may still be written to. `open` never opens such a one.
        """
        return self._plain.open(envelope, now_ms)

    def receipt(self, message_ids: tuple[MessageId, ...]) -> Receipt:
        """Return the receipt for messages; it announces the current envelope key's epoch."""
        return Receipt(message_ids, self._epochs.bundle.epoch)

    def note_delivered(self, peer: DeviceAddress, message_ids: tuple[MessageId, ...]) -> None:
        """Note that a receipt or read receipt of ``peer`` names these: it has these messages."""
        for copies in self._all_copies:
            copies.drop(peer, message_ids)

    def unconfirmed_devices(self, user_key: UserKey | None = None) -> tuple[DeviceAddress, ...]:
        """Return the devices, of one person or of all, that have not confirmed all texts."""
        known = dict.fromkeys(chain.from_iterable(self._all_copies))
        peers = (peer for peer in known if user_key in (None, peer.user_key))
        return tuple(peer for peer in peers if any(self._unconfirmed(peer)))

    def unconfirmed_texts(self, peer: DeviceAddress) -> tuple[UnconfirmedText, ...]:
        """Return the texts to ``peer`` that it has not confirmed, oldest first.

        One that the device before has sealed, and this one again, is there twice.
        """
        return tuple(self._unconfirmed(peer))

    def forget_copies(self, peer: DeviceAddress) -> None:
        """Let go of the copies for a device that its person has no more."""
        for copies in self._all_copies:
            copies.drop_all(peer)

    def has_gaps(self, peer: DeviceAddress) -> bool:
        """Tell whether messages of ``peer`` are missing among those that came."""
        return bool(self._received(peer)[1])

    def may_ask_recovery(self, peer: DeviceAddress, now_ms: int) -> bool:
        """Tell whether `ask_recovery` would return something now."""
        return self._recoveries.may_ask(peer, now_ms)

    def ask_recovery(self, peer: DeviceAddress, now_ms: int) -> Recovery | None:
        """Return what to ask ``peer`` for, or None if it was asked less than an hour ago.

        It is to be sealed on a session started with ``recovery``. Ask only devices of people who
        are known here: an `Unreadable` can claim anybody.
        """
        if not self._recoveries.try_asking(peer, now_ms):
            return None
        next_counter, gaps = self._received(peer)
        return Recovery(next_counter, tuple((gap.first, gap.last) for gap in gaps))

    def resend(self, peer: PeerDevice, recovery: Recovery, now_ms: int) -> tuple[Sealed, ...]:
        """Seal once more, in order, what this device asks for and is still kept.

        Each message stays what it was: its id, time and place in the order. Nothing is returned
        when the same device was answered in the last 50 minutes. Raises as `seal` does.
        """
        return self._sender.resend(peer, recovery, now_ms)

    def _received(self, peer: DeviceAddress) -> tuple[int, tuple[Gap, ...]]:
        conversation = direct_conversation_id(self.user_key, peer.user_key)
        return self._chains.last_received(conversation, peer)

    @property
    def _all_copies(self) -> tuple[CopyTable, CopyTable]:
        return self._formerly_sent, self._copies

    def _unconfirmed(self, peer: DeviceAddress) -> Iterator[UnconfirmedText]:
        return texts_among(chain.from_iterable(copies.of(peer) for copies in self._all_copies))

    def __repr__(self) -> str:
        return "Endpoint(secret)"
