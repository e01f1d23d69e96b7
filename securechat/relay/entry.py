"""Who may become new on a relay: anybody, or whom somebody there has invited or paired with.

A row of an invite is kept under the hash of its token, a row of an admission under the key that was
admitted. What a registration uses up goes to the disk in the same write as the account.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Annotated

import msgspec
from msgspec import Struct

from securechat.config import ServerConfig
from securechat.errors import FileProblem, InviteRefused, LimitExceeded, NameTaken
from securechat.identity.invite import token_hash
from securechat.identity.lookalikes import name_skeletons
from securechat.identity.names import name_key
from securechat.identity.types import SIZE_32, Name, Number, UserKey
from securechat.relay.directory import DAY_MS
from securechat.relay.events import RegisteredBy
from securechat.relay.records import NOTHING
from securechat.store.rows import RowChanges, RowKey, RowStore
from securechat.transport.addresses import interface_addresses
from securechat.wire.frames import MAX_INVITES, InviteMake, Register

INVITE, ADMITTED = "invite", "admitted"
MAX_INVITE_DAYS = 30
ADMITTED_DAYS = 30
MAX_ADMITTED = 1000
"""Keys that are admitted and not registered yet; the first has to go for one more."""

TIME_BYTES = 8


class Invite(msgspec.Struct, frozen=True, array_like=True):
    """What a token is good for: its inviter, the uses left, when it ends."""

    inviter: Annotated[UserKey, SIZE_32]
    uses_left: Number
    expires_ms: Number
    for_name: Name | None = None
    """The one name that it is good for, and that is kept for it; see `relay.reset`."""


class Grant(Struct, frozen=True):
    """Why a new key may register: how it got in, and the invite that it uses."""

    by: RegisteredBy
    invite: bytes | None = None


class Entry:
    """The door of one relay: its policy, the invites and the keys admitted."""

    def __init__(
        self,
        store: RowStore,
        rows: Mapping[RowKey, bytes],
        *,
        is_open: bool,
        own_addresses: Callable[[], Collection[str]] = interface_addresses,
    ) -> None:
        """Take up what ``rows`` of the store say; FileProblem when that makes no sense.

        Who comes from one of the ``own_addresses`` is on this machine: a relay that listens on one
        address alone sees its own people there.
        """
        self._own_addresses = own_addresses
        self._store = store
        self._is_open = is_open
        self._invites: dict[bytes, Invite] = {}
        self._by_inviter: dict[UserKey, set[bytes]] = {}
        self._kept_names: dict[bytes, frozenset[str]] = {}
        """What names that an invite keeps look like, by the hash of its token."""
        self._admitted: dict[UserKey, int] = {}
        """Until when a key may register, milliseconds since 1970; the oldest comes first."""
        self._unkept: dict[UserKey, Grant] = {}
        """How accounts got in that are not on the disk yet."""
        for hashed, invite in read_invites(rows):
            self._put(hashed, invite)
        for (kind, key), value in rows.items():
            if kind == ADMITTED:
                self._admitted[UserKey(key)] = int.from_bytes(value, "big")

    # Who registers --------------------------------------------------------------------------------

    def grant(self, frame: Register, host: str, now_ms: int) -> Grant:
        """Return why this new key may register from this address; InviteRefused if it may not."""
        hashed = b"" if frame.invite is None else token_hash(frame.invite)
        for_name = self._invites[hashed].for_name if self._is_valid(hashed, now_ms) else None
        if for_name is not None:
            if name_key(for_name) != name_key(frame.registration.name):
                raise InviteRefused(
                    f"That invitation is for the name {for_name} only (--name {for_name})"
                )
            return Grant("invite", hashed)
        if self._admitted.get(frame.registration.user_key, 0) > now_ms:
            return Grant("code")
        if self._is_valid(hashed, now_ms):
            return Grant("invite", hashed)
        if is_near(host):
            return Grant("near")
        if self._is_open:
            return Grant("open")
        if host in self._own_addresses():
            return Grant("near")
        if frame.invite is not None:
            raise InviteRefused("That invitation has expired, or was used or taken back")
        raise InviteRefused("This relay takes new people by invitation only")

    def check_name(self, name: Name, now_ms: int, token: bytes | None = None) -> None:
        """Raise NameTaken while this name, or one that looks like it, is kept for another token.

        The name is one that `parse_name` has accepted.
        """
        own, skeletons = None if token is None else token_hash(token), name_skeletons(name)
        for hashed, kept in self._kept_names.items():
            if hashed != own and skeletons & kept and self._is_valid(hashed, now_ms):
                raise NameTaken(
                    f"The name {name} is kept here for whoever has the link to it"
                    " (securechat join LINK)"
                )

    def take(self, user_key: UserKey, grant: Grant) -> None:
        """Note that this key has been entered; what it used up is gone for others from now on."""
        self._unkept[user_key] = grant
        self._admitted.pop(user_key, None)
        if grant.invite is not None:
            invite = self._invites[grant.invite]
            self._invites[grant.invite] = msgspec.structs.replace(
                invite, uses_left=invite.uses_left - 1
            )

    def changes(self, user_key: UserKey) -> RowChanges:
        """Return what has to be written together with the account of this key, if it is new."""
        grant = self._unkept.get(user_key)
        if grant is None:
            return {}
        changes: dict[RowKey, bytes | None] = {(ADMITTED, user_key): None}
        if grant.invite is not None:
            changes[INVITE, grant.invite] = self._row(grant.invite)
        return changes

    def kept(self, user_key: UserKey) -> Grant | None:
        """Note that an account is on the disk; return how it got in, if that is news."""
        return self._unkept.pop(user_key, None)

    # Who invites ----------------------------------------------------------------------------------

    def admit(self, user_key: UserKey, now_ms: int, done: Callable[[bool], None]) -> None:
        """Let this key register for `ADMITTED_DAYS`; ``done`` is told whether that is kept."""
        expires_ms = now_ms + ADMITTED_DAYS * DAY_MS
        changes: dict[RowKey, bytes | None] = {}
        self._admitted.pop(user_key, None)
        if len(self._admitted) >= MAX_ADMITTED:
            first = next(iter(self._admitted))
            del self._admitted[first]
            changes[ADMITTED, first] = None
        self._admitted[user_key] = expires_ms
        changes[ADMITTED, user_key] = expires_ms.to_bytes(TIME_BYTES, "big")

        def saved(is_saved: bool) -> None:
            if not is_saved:
                self._admitted.pop(user_key, None)
            done(is_saved)

        self._store.save(changes, saved)

    def make(
        self, frame: InviteMake, inviter: UserKey, now_ms: int, done: Callable[[bool], None]
    ) -> None:
        """Keep an invite; LimitExceeded when it is too much, or is another person's already.

        So a guest who has the token cannot make the invite theirs.
        """
        if not 0 < frame.lifetime_ms <= MAX_INVITE_DAYS * DAY_MS:
            raise LimitExceeded(f"An invitation lasts {MAX_INVITE_DAYS} days at most")
        hashed, known = frame.token_hash, self._invites.get(frame.token_hash)
        ended = NOTHING
        if known is None:
            own = self._by_inviter.get(inviter, set())
            if len(own) >= MAX_INVITES and not (ended := self._forget_ended(own, now_ms)):
                raise LimitExceeded(f"You have {MAX_INVITES} invitations that serve still")
        elif known.inviter != inviter:
            raise LimitExceeded("This invitation is somebody else's")
        self._put(hashed, Invite(inviter, frame.uses, now_ms + frame.lifetime_ms))
        self._save(hashed, known, done, ended)

    def invites(self, inviter: UserKey, now_ms: int) -> dict[bytes, Invite]:
        """Return the invites of a person that still serve, by the hash of their tokens."""
        return {
            hashed: self._invites[hashed]
            for hashed in sorted(self._by_inviter.get(inviter, ()))
            if self._is_valid(hashed, now_ms)
        }

    def revoke(self, hashed: bytes, inviter: UserKey, done: Callable[[bool], None]) -> bool:
        """Take an invite back; False if this person has no such one."""
        invite = self._invites.get(hashed)
        if invite is None or invite.inviter != inviter:
            return False
        self._drop(hashed)
        self._save(hashed, invite, done)
        return True

    def sweep(self, now_ms: int) -> None:
        """Forget what has ended."""
        late = [key for key, until in self._admitted.items() if until <= now_ms]
        for key in late:
            del self._admitted[key]
        changes: dict[RowKey, bytes | None] = {(ADMITTED, key): None for key in late}
        changes.update(self._forget_ended(self._invites, now_ms))
        if changes:
            self._store.save(changes, lambda _is_saved: None)

    def _forget_ended(self, hashes: Iterable[bytes], now_ms: int) -> RowChanges:
        """Drop those of these invites that serve no more; return what to do on the disk."""
        ended = [hashed for hashed in hashes if not self._is_valid(hashed, now_ms)]
        for hashed in ended:
            self._drop(hashed)
        return {(INVITE, hashed): None for hashed in ended}

    def _put(self, hashed: bytes, invite: Invite) -> None:
        self._invites[hashed] = invite
        self._by_inviter.setdefault(invite.inviter, set()).add(hashed)
        if invite.for_name is not None:
            self._kept_names[hashed] = name_skeletons(invite.for_name)

    def _drop(self, hashed: bytes) -> None:
        self._kept_names.pop(hashed, None)
        inviter = self._invites.pop(hashed).inviter
        of_inviter = self._by_inviter[inviter]
        of_inviter.discard(hashed)
        if not of_inviter:
            del self._by_inviter[inviter]

    def _is_valid(self, hashed: bytes, now_ms: int) -> bool:
        invite = self._invites.get(hashed)
        return invite is not None and invite.uses_left > 0 and now_ms < invite.expires_ms

    def _row(self, hashed: bytes) -> bytes | None:
        invite = self._invites.get(hashed)
        return None if invite is None or not invite.uses_left else msgspec.msgpack.encode(invite)

    def _save(
        self,
        hashed: bytes,
        before: Invite | None,
        done: Callable[[bool], None],
        also: RowChanges = NOTHING,
    ) -> None:
        """Write an invite as it is now; when the disk does not take it, it is as ``before``.

        The changes in ``also`` are carried out together with it.
        """

        def saved(is_saved: bool) -> None:
            if not is_saved and before is not None:
                self._put(hashed, before)
            elif not is_saved and hashed in self._invites:
                self._drop(hashed)
            done(is_saved)

        self._store.save({**also, (INVITE, hashed): self._row(hashed)}, saved)


def read_invites(rows: Mapping[RowKey, bytes]) -> Iterator[tuple[bytes, Invite]]:
    """Yield the invites of a store with the hashes of their tokens.

    Raises FileProblem for one that cannot be read.
    """
    for (kind, hashed), value in rows.items():
        if kind == INVITE:
            yield hashed, _decode(value)


def _decode(value: bytes) -> Invite:
    try:
        return msgspec.msgpack.decode(value, type=Invite)
    except msgspec.MsgspecError as error:
        raise FileProblem(
            f"The relay's store has an invitation that cannot be read: {error}",
            "update securechat here, or put a backup in the place of the store",
        ) from error


def is_near(host: str) -> bool:
    """Return whether this is an address of the relay's own machine."""
    return ip_address(host.partition("%")[0]).is_loopback


def takes_anybody(config: ServerConfig) -> bool:
    """Return whether nobody needs an invitation; auto: only where nobody else can connect."""
    if config.registration != "auto":
        return config.registration == "open"
    try:
        return is_near(config.host)
    except ValueError:
        return config.host == "localhost"
