"""The known entries of one room's roster: what follows, what forks, what is refused; E2E.md §11.

It is a graph: each entry names the one before, one that merges names two. Its tips are the entries
that nothing follows. With one tip the room goes on; with several it is paused until an admin merges
them. Nothing here knows of rows or of time.
"""

from collections.abc import Iterable, Iterator, Set
from enum import Enum

from securechat.errors import RemoteProtocolError
from securechat.identity.roster import RosterEntry
from securechat.identity.types import Digest, UserKey

MAX_LINE = 256
"""Entries before the tips that are kept."""

MAX_GRANTS = 64
"""Older entries that are kept because they made somebody an admin."""

MAX_BESIDE = 32
"""Entries that are kept of lines that have lost: messages can still be bound to them."""

MAX_TIPS = 8
MAX_WAITING = 16


class Effect(Enum):
    """What an entry does to the roster that is known here."""

    BEGUN = "the room was not known"
    ADVANCED = "it is the newest now"
    KNOWN = "it was here before"
    MERGED = "it ends a fork"
    FORKED = "the room has several newest ones: it is paused until they are merged"
    BEHIND = "entries before it are missing"


class RosterChain:
    """The entries of one room, all of them verified by themselves.

    ``tips`` are the newest ones; the first is the head. ``grants`` are those that made somebody an
    admin; ``waiting`` those whose predecessors are missing.
    """

    __slots__ = ("_member_keys", "entries", "grants", "tips", "waiting")

    def __init__(
        self,
        entries: dict[Digest, RosterEntry],
        tips: tuple[Digest, ...],
        grants: tuple[Digest, ...],
        waiting: dict[Digest, RosterEntry],
    ) -> None:
        self.entries = entries
        self.tips = tips
        self.grants = grants
        self.waiting = waiting
        self._member_keys: dict[Digest, frozenset[UserKey]] = {}

    @classmethod
    def begin(cls, entry: RosterEntry) -> "RosterChain":
        """Begin with a version 0."""
        first = entry.hash
        return cls({first: entry}, (first,), (first,), {})

    @property
    def head(self) -> RosterEntry:
        """The newest entry; of several the one that was here first."""
        return self.entries[self.tips[0]]

    @property
    def tip_entries(self) -> tuple[RosterEntry, ...]:
        """The newest entries."""
        return tuple(self.entries[tip] for tip in self.tips)

    @property
    def is_forked(self) -> bool:
        """Whether there are several newest entries."""
        return len(self.tips) > 1

    @property
    def highest_version(self) -> int:
        """The version of the newest entry, in a fork of the one with the highest."""
        return max(entry.version for entry in self.tip_entries)

    def member_keys(self, entry_hash: Digest) -> frozenset[UserKey]:
        """Return whom an entry lists; it is asked for with every message, so it is kept."""
        keys = self._member_keys.get(entry_hash)
        if keys is None:
            keys = self._member_keys[entry_hash] = self.entries[entry_hash].member_keys
        return keys

    def is_in_all(self, entry_hashes: Iterable[Digest], user_key: UserKey) -> bool:
        """Tell whether entries all list somebody."""
        return all(user_key in self.member_keys(each) for each in entry_hashes)

    def of_version(self, version: int) -> Iterator[Digest]:
        """Return the hashes of the entries of a version, the head first."""
        for entry_hash in self.tips:
            if self.entries[entry_hash].version == version:
                yield entry_hash
        for entry_hash, entry in self.entries.items():
            if entry.version == version and entry_hash not in self.tips:
                yield entry_hash

    def take(self, entry: RosterEntry, entry_hash: Digest, *, jump: bool) -> Effect:
        """Take an entry, or raise `RemoteProtocolError` and change nothing.

        With ``jump``, for who has not come to the room yet, the next entry of an admin need not
        follow directly.
        """
        if entry_hash in self.entries:
            return Effect.KNOWN
        if not entry.version or entry.name != self.head.name:
            raise RemoteProtocolError("A roster begins its room anew, or gives it another name.")
        known = [each for each in entry.previous if each in self.entries]
        if self._is_named(entry, entry_hash):
            return self._fill(entry, entry_hash)
        follows = len(known) == len(entry.previous) or any(each in self.tips for each in known)
        if follows and not self._may_be_merged(entry, known):
            return self._follow(entry, entry_hash, known)
        if not follows and jump and entry.version > self.head.version and self._is_by_admin(entry):
            self._add(entry, entry_hash, (entry_hash,), self.head.admins)
            return Effect.ADVANCED
        self.waiting[entry_hash] = entry
        for oldest in list(self.waiting)[:-MAX_WAITING]:
            del self.waiting[oldest]
        return Effect.BEHIND

    def introduction(self) -> tuple[RosterEntry, ...]:
        """Return the entries that lead from version 0 to the head, in order.

        Each is by an admin of the one before, and brings as far as one by such an admin can.
        """
        line = sorted((self.entries[each] for each in self.line(self.tips[0])), key=_version)
        older = [self.entries[each] for each in self.grants]
        path = [*(each for each in older if each.version < line[0].version), *line]
        leading = [self.head]  # from which one comes to the head; the lowest version last
        for each in reversed(path):
            if any(_may_follow(later, each) for later in leading):
                leading.append(each)
        found = [path[0]]
        while found[-1] is not self.head:
            reach = (each for each in leading if _may_follow(each, found[-1]))
            found.append(next(reach, self.head))
        return tuple(found)

    def after(self, entry_hash: Digest) -> tuple[RosterEntry, ...]:
        """Return the entries of the room's lines that do not come before this one, in order."""
        missing = self.line(*self.tips) - self.line(entry_hash)
        entries = sorted(missing, key=lambda each: (self.entries[each].version, each))
        return tuple(self.entries[each] for each in entries)

    def concerns(self, entry: RosterEntry, user_key: UserKey) -> bool:
        """Tell whether an entry lists somebody, or is the one that removed them."""
        before = (self.entries[each] for each in entry.previous if each in self.entries)
        return any(user_key in each.member_keys for each in (entry, *before))

    def line(self, *tips: Digest) -> frozenset[Digest]:
        """Return these entries and all that are known to come before them without a gap."""
        found: set[Digest] = set()
        ahead = [tip for tip in tips if tip in self.entries]
        while ahead:
            one = ahead.pop()
            if one not in found:
                found.add(one)
                ahead += [each for each in self.entries[one].previous if each in self.entries]
        return frozenset(found)

    def common(self, one: Digest, other: Digest) -> RosterEntry | None:
        """Return the newest entry that two tips both come from; None if it is kept no more."""
        shared = self.line(one) & self.line(other)
        if not shared:
            return None
        return self.entries[max(shared, key=lambda each: (self.entries[each].version, each))]

    def _is_by_admin(self, entry: RosterEntry) -> bool:
        return entry.actor.user_key in self.head.admins

    def _is_named(self, entry: RosterEntry, entry_hash: Digest) -> bool:
        """Tell whether the room's rosters come from an entry that is not here, through a merge.

        Raises `RemoteProtocolError` if it claims to be newer: others would be merged against it.
        """
        line = (self.entries[each] for each in self.line(*self.tips))
        named_by = [each.version for each in line if entry_hash in each.previous]
        if named_by and entry.version >= min(named_by):
            raise RemoteProtocolError("A roster is newer than one that follows it.")
        return bool(named_by)

    def _may_be_merged(self, entry: RosterEntry, known: list[Digest]) -> bool:
        """Tell whether a tip may come from an entry, by a merge of which one side is not here."""
        above = (each for each in self.tips if each not in known)
        return any(
            self.entries[tip].version > entry.version and self._has_gap(self.line(tip))
            for tip in above
        )

    def _has_gap(self, line: frozenset[Digest]) -> bool:
        ends = (
            each
            for each in line
            if not self.entries[each].previous
            or any(before not in self.entries for before in self.entries[each].previous)
        )
        return len(list(ends)) > 1

    def _fill(self, entry: RosterEntry, entry_hash: Digest) -> Effect:
        """Add an entry that a merge, which was taken, vouches for by its hash."""
        self.entries[entry_hash] = entry
        self.waiting.pop(entry_hash, None)
        lines = {tip: self.line(*(each for each in self.tips if each != tip)) for tip in self.tips}
        was_forked = self.is_forked
        self.tips = tuple(tip for tip in self.tips if tip not in lines[tip])
        self._prune()
        if self.is_forked:
            return Effect.FORKED
        return Effect.MERGED if was_forked else Effect.ADVANCED

    def _follow(self, entry: RosterEntry, entry_hash: Digest, known: list[Digest]) -> Effect:
        before = [self.entries[each] for each in known]
        _require_follows(entry, before)
        rivals = [tip for tip in self.tips if tip not in known]
        left = self._outlast(entry, self.line(*known), rivals)
        old_head, was_forked = self.tips[0], len(self.tips) > 1
        tips = (*left, entry_hash) if old_head in left else (entry_hash, *left)
        if len(tips) > MAX_TIPS:
            raise RemoteProtocolError("A room has too many rosters at once.")
        admins = frozenset[UserKey]().union(*(each.admins for each in before))
        self._add(entry, entry_hash, tips, admins)
        if len(tips) > 1:
            return Effect.FORKED
        return Effect.MERGED if was_forked else Effect.ADVANCED

    def _outlast(
        self, entry: RosterEntry, line: frozenset[Digest], rivals: list[Digest]
    ) -> list[Digest]:
        """Return the rivals that stay beside an entry on a line, or refuse it.

        Whoever is an admin no more on one side has no say on the other: so a removal wins, and who
        was removed cannot fork the room from an entry of the past.
        """
        left = []
        for rival in rivals:
            theirs = self.line(rival)
            if not theirs & line:
                raise RemoteProtocolError("A roster follows one that is too old.")
            rival_entry = self.entries[rival]
            ours_alone = {self.entries[each].actor.user_key for each in line - theirs}
            if not ours_alone | {entry.actor.user_key} <= rival_entry.admins:
                raise RemoteProtocolError("A roster is of somebody who is an admin no more.")
            if {self.entries[each].actor.user_key for each in theirs - line} <= entry.admins:
                left.append(rival)
        return left

    def _add(
        self,
        entry: RosterEntry,
        entry_hash: Digest,
        tips: tuple[Digest, ...],
        admins_before: Set[UserKey],
    ) -> None:
        self.entries[entry_hash] = entry
        self.waiting.pop(entry_hash, None)
        self.tips = tips
        if not entry.admins <= admins_before:
            self.grants = (*self.grants, entry_hash)
        self._prune()

    def _prune(self) -> None:
        line = self.line(*self.tips)
        oldest = min(self.entries[each].version for each in line)
        granting = [
            each for each in self.grants if each in line or self.entries[each].version < oldest
        ]
        first, later = granting[:1], granting[1:]
        self.grants = (*first, *later[-MAX_GRANTS:])
        newest = sorted(line, key=lambda each: self.entries[each].version)[-MAX_LINE:]
        kept = {*self.grants, *newest, *self.tips}
        beside = [each for each in self.entries if each not in kept and each not in line]
        kept.update(beside[-MAX_BESIDE:])
        for each in self.entries.keys() - kept:
            del self.entries[each]
            self._member_keys.pop(each, None)


def _version(entry: RosterEntry) -> int:
    return entry.version


def _may_follow(entry: RosterEntry, before: RosterEntry) -> bool:
    """Tell whether somebody who has not come to the room yet takes an entry after another."""
    return entry.version > before.version and entry.actor.user_key in before.admins


def _require_follows(entry: RosterEntry, before: list[RosterEntry]) -> None:
    """Check that an entry can come after those of its predecessors that are known.

    A merge can come before one of the two that it names: that one may have been refused here. Its
    version may then be higher, within what anybody can be ahead.
    """
    lowest = max(each.version for each in before) + 1
    highest = lowest if len(before) == len(entry.previous) else lowest + MAX_LINE
    if not lowest <= entry.version <= highest:
        raise RemoteProtocolError("A roster has a version that does not follow.")
    if not all(entry.actor.user_key in each.admins for each in before):
        raise RemoteProtocolError("A roster is of somebody who is no admin.")
