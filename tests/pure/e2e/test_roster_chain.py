"""Which entry follows, forks, merges or is refused; everything here is signed by somebody."""

import pytest

from securechat.e2e.roster_chain import (
    MAX_BESIDE,
    MAX_GRANTS,
    MAX_LINE,
    MAX_TIPS,
    MAX_WAITING,
    Effect,
    RosterChain,
)
from securechat.errors import RemoteProtocolError
from securechat.identity.roster import RosterEntry
from securechat.identity.types import MAX_NUMBER, Digest
from tests.pure.identity.rosters import (
    ALICE,
    BOB,
    CAROL,
    DAVE,
    MALLORY,
    begin,
    follow,
    signed_again,
)

FIRST = begin()
TEAM = follow(FIRST, ALICE, [ALICE, BOB], [CAROL])
TOPIC_OF_ALICE = follow(TEAM, ALICE, [ALICE, BOB], [CAROL], topic="Alice's")
TOPIC_OF_BOB = follow(TEAM, BOB, [ALICE, BOB], [CAROL], topic="Bob's")


def take(chain: RosterChain, *entries: RosterEntry, jump: bool = False) -> list[Effect]:
    return [chain.take(entry, entry.hash, jump=jump) for entry in entries]


def chain_of(*entries: RosterEntry) -> RosterChain:
    chain = RosterChain.begin(FIRST)
    take(chain, TEAM, *entries)
    return chain


def refuse(chain: RosterChain, entry: RosterEntry, *, jump: bool = False) -> None:
    """Check that an entry is refused and leaves no trace."""
    before = (dict(chain.entries), chain.tips, chain.grants, dict(chain.waiting))
    with pytest.raises(RemoteProtocolError):
        take(chain, entry, jump=jump)
    assert (chain.entries, chain.tips, chain.grants, chain.waiting) == before


def merged(one: RosterEntry, other: RosterEntry, actor: object = ALICE) -> RosterEntry:
    return follow(
        one,
        actor,  # type: ignore[arg-type]
        [ALICE, BOB],
        [CAROL],
        version=max(one.version, other.version) + 1,
        previous=(one.hash, other.hash),
    )


def test_entries_of_admins_follow_one_another() -> None:
    chain = RosterChain.begin(FIRST)
    assert take(chain, TEAM, TOPIC_OF_BOB) == [Effect.ADVANCED] * 2
    assert chain.head == TOPIC_OF_BOB
    assert take(chain, FIRST, TEAM, TOPIC_OF_BOB) == [Effect.KNOWN] * 3
    assert chain.head == TOPIC_OF_BOB


def test_a_member_who_is_no_admin_changes_nothing() -> None:
    refuse(chain_of(), follow(TEAM, CAROL, [ALICE, BOB, CAROL]))
    refuse(chain_of(), follow(TEAM, MALLORY, [ALICE, BOB], [MALLORY]))


def test_versions_neither_jump_nor_stay() -> None:
    for version in (1, 3, 4, MAX_NUMBER):
        refuse(chain_of(), follow(TEAM, ALICE, [ALICE], version=version))
    refuse(chain_of(), signed_again(FIRST, topic="anew"))


def test_a_room_keeps_its_name() -> None:
    refuse(chain_of(), signed_again(follow(TEAM, ALICE, [ALICE]), name="pos"))


def test_two_changes_at_once_fork_the_room_whatever_comes_first() -> None:
    for one, other in ((TOPIC_OF_ALICE, TOPIC_OF_BOB), (TOPIC_OF_BOB, TOPIC_OF_ALICE)):
        chain = chain_of(one)
        assert take(chain, other) == [Effect.FORKED]
        assert chain.head == one
        assert chain.is_forked
        assert chain.common(*chain.tips) == TEAM


def test_a_fork_ends_with_an_entry_that_follows_both() -> None:
    chain = chain_of(TOPIC_OF_ALICE, TOPIC_OF_BOB)
    both = merged(TOPIC_OF_ALICE, TOPIC_OF_BOB, BOB)
    assert take(chain, both) == [Effect.MERGED]
    assert chain.tips == (both.hash,)


def test_each_branch_goes_on_until_they_are_merged() -> None:
    chain = chain_of(TOPIC_OF_ALICE, TOPIC_OF_BOB)
    later = follow(TOPIC_OF_BOB, BOB, [ALICE, BOB], [CAROL, DAVE])
    assert take(chain, later) == [Effect.FORKED]
    assert set(chain.tips) == {TOPIC_OF_ALICE.hash, later.hash}
    assert take(chain, merged(TOPIC_OF_ALICE, later)) == [Effect.MERGED]
    assert chain.head.version == later.version + 1


def test_only_an_admin_of_both_merges() -> None:
    promoted = follow(TEAM, BOB, [ALICE, BOB, CAROL])
    chain = chain_of(TOPIC_OF_ALICE, promoted)
    refuse(chain, merged(TOPIC_OF_ALICE, promoted, CAROL))
    refuse(chain, merged(TOPIC_OF_ALICE, promoted, MALLORY))


def test_who_was_removed_cannot_fork_the_room_from_the_past() -> None:
    """An admin who was removed still has their keys, and signs an entry that looks as if before."""
    removal = follow(TEAM, ALICE, [ALICE], [CAROL])
    refuse(chain_of(removal), TOPIC_OF_BOB)
    refuse(chain_of(removal), follow(FIRST, BOB, [BOB]))
    later = follow(removal, ALICE, [ALICE], [CAROL, DAVE])
    refuse(chain_of(removal, later), TOPIC_OF_BOB)
    refuse(chain_of(removal), merged(removal, TOPIC_OF_BOB, BOB))


def test_a_removal_takes_the_place_of_what_the_removed_did_at_the_same_time() -> None:
    removal = follow(TEAM, ALICE, [ALICE], [CAROL])
    more = follow(TOPIC_OF_BOB, BOB, [ALICE, BOB], [CAROL, MALLORY])
    for branch in ([TOPIC_OF_BOB], [TOPIC_OF_BOB, more]):
        chain = chain_of(*branch)
        assert take(chain, removal) == [Effect.ADVANCED]
        assert chain.tips == (removal.hash,)
        refuse(chain, follow(branch[-1], BOB, [BOB]))


def test_a_line_that_has_lost_is_not_taken_up_again() -> None:
    chain = chain_of(TOPIC_OF_BOB, follow(TEAM, ALICE, [ALICE], [CAROL]))
    assert TOPIC_OF_BOB.hash in chain.entries
    refuse(chain, follow(TOPIC_OF_BOB, ALICE, [ALICE, BOB], [CAROL]))


def test_of_two_admins_who_remove_one_another_the_first_to_come_stays() -> None:
    one, other = follow(TEAM, ALICE, [ALICE], [CAROL]), follow(TEAM, BOB, [BOB], [CAROL])
    refuse(chain_of(one), other)
    refuse(chain_of(other), one)


def test_a_branch_that_is_overtaken_by_a_removal_ends_the_fork() -> None:
    chain = chain_of(TOPIC_OF_ALICE, TOPIC_OF_BOB)
    removal = follow(TOPIC_OF_ALICE, ALICE, [ALICE], [CAROL])
    assert take(chain, removal) == [Effect.MERGED]
    assert chain.tips == (removal.hash,)


def test_a_merge_is_taken_by_who_has_refused_the_other_branch() -> None:
    """Bob demotes Alice, whose own change of that time is refused where his came first."""
    demoted = follow(TEAM, BOB, [BOB], [ALICE, CAROL])
    chain = chain_of(demoted)
    refuse(chain, TOPIC_OF_ALICE)
    both = merged(demoted, TOPIC_OF_ALICE, BOB)
    assert take(chain, both) == [Effect.ADVANCED]
    far = follow(
        both,
        BOB,
        [BOB],
        version=both.version + MAX_LINE + 2,
        previous=(both.hash, Digest(b"u" * 32)),
    )
    refuse(chain, far)
    refuse(
        chain,
        follow(both, BOB, [BOB], version=both.version, previous=(both.hash, Digest(b"u" * 32))),
    )


def test_what_comes_too_early_waits() -> None:
    chain = RosterChain.begin(FIRST)
    assert take(chain, TOPIC_OF_BOB) == [Effect.BEHIND]
    assert chain.waiting == {TOPIC_OF_BOB.hash: TOPIC_OF_BOB}
    assert chain.head == FIRST


def test_little_waits() -> None:
    chain = chain_of()
    strays = [
        follow(TEAM, MALLORY, [MALLORY], version=9, previous=(Digest(bytes([i]) * 32),))
        for i in range(MAX_WAITING + 4)
    ]
    assert set(take(chain, *strays)) == {Effect.BEHIND}
    assert list(chain.waiting.values()) == strays[4:]


def test_who_has_not_come_yet_takes_what_leads_to_the_invitation() -> None:
    chain = RosterChain.begin(FIRST)
    later = follow(TOPIC_OF_BOB, BOB, [ALICE, BOB], [CAROL, DAVE])
    assert take(chain, TEAM, jump=True) == [Effect.ADVANCED]
    assert take(chain, later, jump=True) == [Effect.ADVANCED]
    assert chain.head == later
    refuse(chain, follow(later, CAROL, [CAROL], version=9), jump=True)
    stranger = follow(later, MALLORY, [MALLORY], version=9, previous=(Digest(b"u" * 32),))
    assert take(chain, stranger, jump=True) == [Effect.BEHIND]
    old = follow(later, BOB, [BOB], version=2, previous=(Digest(b"u" * 32),))
    assert take(chain, old, jump=True) == [Effect.BEHIND]


def test_a_fork_has_bounded_branches() -> None:
    branches = [
        follow(TEAM, BOB, [ALICE, BOB], [CAROL], topic=str(number)) for number in range(MAX_TIPS)
    ]
    chain = chain_of(*branches)
    assert len(chain.tips) == MAX_TIPS
    refuse(chain, TOPIC_OF_ALICE)


def test_an_entry_on_one_that_is_not_linked_any_more_is_refused() -> None:
    chain = RosterChain.begin(FIRST)
    later = follow(TOPIC_OF_BOB, BOB, [ALICE, BOB], [CAROL, DAVE])
    take(chain, TEAM, later, jump=True)
    refuse(chain, TOPIC_OF_ALICE)


def long_line(count: int, *, grants: bool) -> list[RosterEntry]:
    line = [TEAM]
    for number in range(count):
        admins = [ALICE, BOB, CAROL] if grants and number % 2 else [ALICE, BOB]
        others = [each for each in (CAROL,) if each not in admins]
        line.append(follow(line[-1], ALICE, admins, others, topic=str(number)))
    return line[1:]


def test_a_long_line_is_cut_and_still_introduces_somebody() -> None:
    line = long_line(MAX_LINE + 40, grants=False)
    chain = chain_of(*line)
    assert len(chain.entries) == MAX_LINE + 2  # with version 0, and the one that made Bob an admin
    assert chain.introduction() == (FIRST, line[-1])
    new = RosterChain.begin(FIRST)
    assert take(new, *chain.introduction()[1:], jump=True) == [Effect.ADVANCED]
    assert chain.after(line[-3].hash) == tuple(line[-2:])


def test_what_made_somebody_an_admin_is_kept_longer_but_not_for_ever() -> None:
    chain = chain_of(*long_line(MAX_LINE + 4 * MAX_GRANTS, grants=True))
    assert len(chain.grants) == MAX_GRANTS + 1
    assert chain.grants[0] == FIRST.hash
    assert len(chain.entries) <= MAX_LINE + MAX_GRANTS + 1


def test_an_introduction_leads_from_admin_to_admin() -> None:
    """Alice has made Bob an admin and gone; Bob has made Carol one, and gone."""
    bobs = follow(TEAM, ALICE, [BOB], [CAROL])
    carols = follow(bobs, BOB, [CAROL])
    newest = follow(carols, CAROL, [CAROL], [DAVE])
    chain = chain_of(bobs, carols, newest)
    new = RosterChain.begin(FIRST)
    for entry in chain.introduction()[1:]:
        assert take(new, entry, jump=True) == [Effect.ADVANCED]
    assert new.head == newest


def test_little_is_kept_of_lines_that_have_lost() -> None:
    chain = chain_of()
    for number in range(MAX_BESIDE + 8):
        head = chain.head
        lost = follow(head, BOB, [ALICE, BOB], [CAROL], topic="lost")
        removal = follow(head, ALICE, [ALICE], [BOB, CAROL], topic=str(number))
        back = follow(removal, ALICE, [ALICE, BOB], [CAROL])
        take(chain, lost, removal, back)
    assert len(chain.line(*chain.tips)) == len(chain.entries) - MAX_BESIDE


def test_what_a_merge_comes_from_is_filled_in_and_is_no_branch() -> None:
    """A merge came first by one of its two lines; then come the entries of the other."""
    more = follow(TOPIC_OF_BOB, BOB, [ALICE, BOB], [CAROL, DAVE])
    both = merged(TOPIC_OF_ALICE, more)
    chain = chain_of(TOPIC_OF_ALICE)
    assert take(chain, both, more, TOPIC_OF_BOB) == [Effect.ADVANCED] * 3
    assert chain.tips == (both.hash,)
    assert chain.line(both.hash) == chain.entries.keys()


def test_a_branch_that_a_merge_turns_out_to_come_from_is_no_branch_any_more() -> None:
    chain = chain_of(TOPIC_OF_ALICE, TOPIC_OF_BOB)
    more = follow(TOPIC_OF_BOB, BOB, [ALICE, BOB], [CAROL, DAVE])
    both = merged(TOPIC_OF_ALICE, more)
    assert take(chain, both) == [Effect.FORKED]
    assert take(chain, more) == [Effect.MERGED]
    assert chain.tips == (both.hash,)


def test_what_a_merge_comes_from_does_not_take_its_place() -> None:
    """Alice demotes Bob, for a time; the merge with what he did comes first, then her line."""
    demoted = follow(TEAM, ALICE, [ALICE], [BOB, CAROL])
    again = follow(demoted, ALICE, [ALICE, BOB], [CAROL])
    both = merged(again, TOPIC_OF_BOB)
    chain = chain_of(TOPIC_OF_BOB, both)
    assert take(chain, demoted) == [Effect.BEHIND]
    assert chain.tips == (both.hash,)
    assert take(chain, again, demoted) == [Effect.ADVANCED] * 2
    assert chain.tips == (both.hash,)
    assert chain.line(both.hash) == chain.entries.keys()


def test_an_introduction_goes_around_what_leads_nowhere() -> None:
    """Bob and Dave, both admins, put an entry behind a merge after which nobody may follow."""
    two = follow(TEAM, BOB, [ALICE, BOB, CAROL, MALLORY])
    three = follow(two, CAROL, [ALICE, BOB, CAROL, MALLORY, DAVE])
    dead_end = follow(TEAM, BOB, [BOB], version=9)
    merge = follow(
        three,
        DAVE,
        [ALICE, BOB, CAROL, DAVE, MALLORY],
        version=10,
        previous=(three.hash, dead_end.hash),
    )
    chain = chain_of(two, three, merge)
    take(chain, dead_end)
    new = RosterChain.begin(FIRST)
    take(new, *chain.introduction()[1:], jump=True)
    assert new.head == merge
