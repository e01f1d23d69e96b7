"""Forgetting the key of somebody who has lost it, so that they can come again under their name.

Until they come with the token that is made for this, nobody else gets the name, nor one that looks
like it. To everybody who knows them they then are somebody with another key.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from securechat.identity.names import name_key
from securechat.identity.types import Digest, MailboxId, Name, UserKey
from securechat.relay.directory import DAY_MS
from securechat.relay.entry import INVITE, Invite, read_invites
from securechat.relay.records import ACCOUNT, DEVICE, SENT, read_accounts
from securechat.store.rows import RowChanges, RowKey
from securechat.wire.frames import Register

NAME_KEPT_DAYS = 7

NOBODY = UserKey(bytes(32))
"""The inviter of an invite that the operator makes: a key of low order, which nobody can have."""


class Reset(Struct, frozen=True):
    """What a store has to do, all of it or nothing; ``name`` is as its holder wrote it."""

    name: Name
    changes: RowChanges
    emptied: tuple[MailboxId, ...]
    """The mailboxes of the devices that are forgotten: what waits there is for the old key."""


def plan_reset(
    rows: Mapping[RowKey, bytes], name: str, hashed: Digest, now_ms: int
) -> Reset | None:
    """Return what forgets the key of this name, and keeps the name for the token of this hash.

    None if nobody has the name. While it is kept already, for a token that went astray, it is kept
    for the new one instead. Raises FileProblem for rows that cannot be read.
    """
    key, invites = name_key(Name(name)), dict(read_invites(rows))
    account = _account(rows, key)
    changes: dict[RowKey, bytes | None] = {}
    emptied: tuple[MailboxId, ...] = ()
    found = None
    for each, invite in invites.items():
        if invite.for_name is not None and name_key(invite.for_name) == key:
            changes[INVITE, each] = None
            found = invite.for_name if now_ms < invite.expires_ms else found
    if account is not None:
        found, emptied = account.registration.name, _mailboxes(account)
        changes.update(_forgetting(account, invites))
    if found is None:
        return None
    kept = Invite(NOBODY, 1, now_ms + NAME_KEPT_DAYS * DAY_MS, found)
    return Reset(found, {**changes, (INVITE, hashed): msgspec.msgpack.encode(kept)}, emptied)


def _account(rows: Mapping[RowKey, bytes], key: str) -> Register | None:
    accounts = read_accounts(rows)
    return next((each for each in accounts if name_key(each.registration.name) == key), None)


def _mailboxes(account: Register) -> tuple[MailboxId, ...]:
    return tuple(certificate.mailbox for certificate in account.certificates)


def _forgetting(account: Register, invites: Mapping[bytes, Invite]) -> RowChanges:
    """Return what deletes the rows of an account; who has its key lets nobody in any more."""
    user_key = account.registration.user_key
    keys: list[RowKey] = [(ACCOUNT, user_key)]
    keys += [(kind, mailbox) for mailbox in _mailboxes(account) for kind in (DEVICE, SENT)]
    keys += [(INVITE, each) for each, invite in invites.items() if invite.inviter == user_key]
    return dict.fromkeys(keys)
