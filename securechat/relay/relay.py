"""The switch for mailboxes: who reads which, who may register, and which desk answers what."""

import secrets
from collections.abc import Callable, Iterable
from typing import Protocol

from securechat.config import ServerConfig
from securechat.errors import LimitExceeded
from securechat.identity.names import parse_name
from securechat.identity.types import MailboxId, Name, RelayId, UserKey
from securechat.relay.announcer import Announcer
from securechat.relay.channel import Channel
from securechat.relay.directory import DAY_MS, Account, Directory
from securechat.relay.dispatch import Dispatch
from securechat.relay.emptying import Emptying
from securechat.relay.entry import Entry, is_near, takes_anybody
from securechat.relay.events import AuditEvent, InviteChanged, Refusal, Registered, RelayEvent
from securechat.relay.fills import RelayFill
from securechat.relay.invite_desk import InviteDesk
from securechat.relay.limits import LoginThrottle, RateLimit
from securechat.relay.mailbox import Mailbox, Reader
from securechat.relay.pairing_desk import PairingDesk
from securechat.relay.prekey_desk import KeyHolder, PrekeyDesk
from securechat.relay.records import Records
from securechat.store.mailboxes import Expired, MailboxStore, StoredMailbox
from securechat.store.rows import RowStore
from securechat.wire.codes import ByeCode
from securechat.wire.frames import Outgoing, Register

COMMIT_AGAIN_S = 1.0
"""How soon the store is given again what it could not keep and waits for a device in memory."""

SWEEP_EVERY_S = 60.0
REFUSALS_TOLD_PER_S = 10
AUDIT_TOLD_PER_S = 10


class RelayStore(MailboxStore, RowStore, Protocol):
    """Where a relay keeps everything that outlives it."""


class Client(Reader, KeyHolder, Protocol):
    """A logged-in device, as the relay sees it."""

    def replaced(self) -> None:
        """The device has logged in on another connection: say goodbye."""


class Relay:
    """All state of one relay; every method is called in the loop's thread.

    ``clock`` gives seconds that only go forward, ``now_ms`` the time of day in milliseconds, and
    ``call_later(delay_s, fn)`` calls back in the loop's thread.
    """

    def __init__(
        self,
        relay_id: RelayId,
        store: RelayStore,
        config: ServerConfig,
        *,
        clock: Callable[[], float],
        now_ms: Callable[[], int],
        call_later: Callable[[float, Callable[[], None]], object],
        on_event: Callable[[RelayEvent], None],
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.relay_id = relay_id
        self.config = config
        self.clock = clock
        self.now_ms = now_ms
        self.call_later = call_later
        self.on_event = on_event
        self.random = random
        self.directory = Directory(relay_id, config.max_accounts)
        self.records = Records(self.directory, store)
        rows = store.rows()
        removed = self.records.load(rows)
        self.entry = Entry(store, rows, is_open=takes_anybody(config))
        self.invites = InviteDesk(self.entry, now_ms, self.tell)
        self.pairing = PairingDesk(
            tries_per_minute=config.pairing_tries_per_minute,
            random=random,
            clock=clock,
            call_later=call_later,
            check_name=lambda name, key: self._check_name(parse_name(name), key),
            admit=self._admit,
            tell=self.tell,
        )
        self.presence = Announcer(clock, now_ms, call_later)
        self.dispatch = Dispatch(clock, call_later)
        self.channels: set[Channel] = set()
        self.online: dict[MailboxId, Client] = {}
        self.prekeys = PrekeyDesk(self.directory, self.records, now_ms, self.online)
        self._store = store
        self._relay_fill = RelayFill()
        self._later = self._call_again
        """Bound once for all mailboxes."""
        self.mailboxes = {
            mailbox_id: self._make_mailbox(mailbox_id, stored)
            for mailbox_id, stored in store.mailboxes().items()
        }
        """All that are in use; a sweep drops those that are empty and unread."""
        self._emptying = Emptying(store, self.records, self._expired)
        for mailbox_id in removed:
            self._emptying.add(mailbox_id)
        self._throttle = LoginThrottle(config.login_failures_per_minute)
        self._registrations = RateLimit(config.registrations_per_minute, 60.0)
        self._told_refusals = RateLimit(REFUSALS_TOLD_PER_S, 1.0)
        self._untold_refusals = 0
        self._told_audit = RateLimit(AUDIT_TOLD_PER_S, 1.0)
        call_later(SWEEP_EVERY_S, self._sweep)

    def drain(self, retry_after_ms: int) -> None:
        """Tell every client to come back a little later."""
        for channel in list(self.channels):
            channel.bye(ByeCode.DRAINING, retry_after_ms)

    # What connections call ------------------------------------------------------------------------

    def open_mailbox(self, mailbox_id: MailboxId) -> Mailbox:
        """Return the mailbox of a registered device, making it if it has not been used yet."""
        mailbox = self.mailboxes.get(mailbox_id)
        if mailbox is None:
            mailbox = self.mailboxes[mailbox_id] = self._make_mailbox(mailbox_id)
        return mailbox

    def route_ephemeral(self, outgoing: Outgoing) -> None:
        """Hand an envelope to a device that is connected; otherwise it is gone."""
        reader = self.online.get(outgoing.mailbox)
        if reader is not None:
            self.mailboxes[outgoing.mailbox].offer_ephemeral(outgoing)
            self.dispatch.urgent.add(reader)

    def register(self, frame: Register, host: str) -> Account:
        """Enter what a client at this address registers, which has proven that it may.

        Raises what `Directory.register` does; for a new key InviteRefused, too, and LimitExceeded
        when too many new accounts came from there.
        """
        user_key, name = frame.registration.user_key, parse_name(frame.registration.name)
        if self.directory.account(user_key) is not None:
            self.entry.check_name(name, self.now_ms())
            return self.directory.register(frame)
        if not is_near(host) and not self._registrations.admit(host, self.clock()):
            raise LimitExceeded("Too many new accounts from this address; try again in a minute")
        grant = self.entry.grant(frame, host, self.now_ms())
        self.entry.check_name(name, self.now_ms(), frame.invite)
        account = self.directory.register(frame)
        self.entry.take(user_key, grant)
        return account

    def registration_kept(self, account: Account, host: str) -> None:
        """An account is on the disk; tell of it if it is new."""
        grant = self.entry.kept(account.registration.user_key)
        if grant is not None:
            self.tell(Registered(account.name, host, grant.by))
            if grant.invite is not None:
                self.tell(InviteChanged(account.name, "used"))

    def tell(self, event: AuditEvent) -> None:
        """Tell of what somebody has done, unless there is too much of that kind.

        So whoever tries codes by the thousand hides no registration behind that.
        """
        if self._told_audit.admit(type(event).__name__, self.clock()):
            self.on_event(event)

    def _check_name(self, name: Name, user_key: UserKey) -> None:
        self.entry.check_name(name, self.now_ms())
        self.directory.check_name(name, user_key)

    def _admit(self, user_key: UserKey, done: Callable[[bool], None]) -> None:
        if self.directory.account(user_key) is not None:
            done(True)
        else:
            self.entry.admit(user_key, self.now_ms(), done)

    def close_mailboxes(self, mailbox_ids: Iterable[MailboxId]) -> None:
        """Send the devices away that have been removed, and drop what waits for them."""
        for mailbox_id in mailbox_ids:
            reader, mailbox = self.online.pop(mailbox_id, None), self.mailboxes.get(mailbox_id)
            if reader is not None:
                reader.replaced()
            if mailbox is not None:
                mailbox.detach()
            self._emptying.add(mailbox_id)

    def login_failed(self, host: str, user_key: UserKey, code: str) -> float:
        """Note it; return for how many seconds the answer has to wait."""
        now = self.clock()
        if self._told_refusals.admit(None, now):
            self.on_event(Refusal(host, code, self._untold_refusals))
            self._untold_refusals = 0
        else:
            self._untold_refusals += 1
        return max(self._throttle.failed(key, now) for key in (host, user_key))

    # Timers ---------------------------------------------------------------------------------------

    def _make_mailbox(self, mailbox_id: MailboxId, stored: StoredMailbox | None = None) -> Mailbox:
        return Mailbox(
            mailbox_id, self._store, self.config, self._relay_fill, self.now_ms, self._later, stored
        )

    def _call_again(self, call: Callable[[], None]) -> None:
        self.call_later(COMMIT_AGAIN_S, call)

    def _sweep(self) -> None:
        """Drop what is too old, and mailboxes that are empty and unread; keep counts."""
        before_ms = self.now_ms() - self.config.mailbox_ttl_days * DAY_MS
        self._store.expire(before_ms, frozenset(self.online), self._expired)
        for mailbox_id, mailbox in list(self.mailboxes.items()):
            if mailbox.is_idle and mailbox_id not in self.online:
                del self.mailboxes[mailbox_id]
        devices = map(self.directory.device, self.online)
        self.records.save_sent([device for device in devices if device is not None])
        self.entry.sweep(self.now_ms())
        self.call_later(SWEEP_EVERY_S, self._sweep)

    def _expired(self, gone: Expired) -> None:
        for mailbox_id, stored in gone.items():
            if mailbox_id in self.mailboxes:
                self.mailboxes[mailbox_id].expired(stored)
