"""Putting two rosters of a fork together, against the one that both come from."""

from securechat.identity.roster import MAX_MEMBERS, RosterEntry, RosterMember
from securechat.identity.types import UserKey


def merge_members(
    base: RosterEntry | None, one: RosterEntry, other: RosterEntry
) -> dict[UserKey, RosterMember]:
    """Return the members of both: whoever was removed in one is out, whoever was added is in.

    Somebody is an admin who is one in both, or was made one since ``base``. Beyond `MAX_MEMBERS`
    those who came in since ``base`` are left out, the highest keys first. Without a ``base`` only
    what both say holds.
    """
    older, newer = sorted((one, other), key=lambda entry: (entry.time_ms, entry.hash))
    left, right = older.members_by_key, newer.members_by_key
    before = base.members_by_key if base else {key: _as_admin(left[key]) for key in left}
    if base is None:
        right = {key: member for key, member in right.items() if key in left}
    kept: dict[UserKey, RosterMember] = {}
    added: dict[UserKey, RosterMember] = {}
    for key in sorted(left.keys() | right.keys()):
        if key not in before:
            added[key] = _merge(None, left.get(key), right.get(key))
        elif key in left and key in right:
            kept[key] = _merge(before[key], left[key], right[key])
    room = MAX_MEMBERS - len(kept)
    return kept | dict(list(added.items())[:room])


def _as_admin(member: RosterMember) -> RosterMember:
    return RosterMember(member.user_key, True, member.name)


def _merge(
    before: RosterMember | None, left: RosterMember | None, right: RosterMember | None
) -> RosterMember:
    sides = [member for member in (left, right) if member is not None]
    was_admin = before is not None and before.admin
    admin = (all if was_admin else any)(member.admin for member in sides)
    return RosterMember(sides[-1].user_key, admin, sides[-1].name)
