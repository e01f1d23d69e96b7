"""Two rosters of a fork, put together."""

from securechat.e2e.roster_merge import merge_members
from securechat.identity.roster import MAX_MEMBERS, RosterEntry, RosterMember
from securechat.identity.types import Name, UserKey
from tests.pure.identity.rosters import (
    ALICE,
    BOB,
    CAROL,
    DAVE,
    MALLORY,
    begin,
    follow,
    many_members,
    signed_again,
)

BASE = follow(begin(), ALICE, [ALICE, BOB, CAROL], [DAVE])


def merged(one: RosterEntry, other: RosterEntry) -> dict[UserKey, bool]:
    """Return who is a member, and whether an admin; the same whichever comes first."""
    result = merge_members(BASE, one, other)
    assert result == merge_members(BASE, other, one)
    return {key: member.admin for key, member in result.items()}


def test_who_was_removed_in_one_is_out_and_who_was_added_is_in() -> None:
    one = follow(BASE, ALICE, [ALICE, BOB, CAROL], [MALLORY])
    other = follow(BASE, BOB, [ALICE, BOB], [DAVE])
    assert merged(one, other) == {ALICE.user_key: True, BOB.user_key: True, MALLORY.user_key: False}


def test_an_admin_stays_one_only_in_both_and_is_made_one_in_either() -> None:
    one = follow(BASE, ALICE, [ALICE, BOB], [CAROL, DAVE])
    other = follow(BASE, BOB, [ALICE, BOB, CAROL, DAVE])
    assert merged(one, other) == {
        ALICE.user_key: True,
        BOB.user_key: True,
        CAROL.user_key: False,
        DAVE.user_key: True,
    }


def test_who_was_added_in_both_is_an_admin_if_one_says_so() -> None:
    one = follow(BASE, ALICE, [ALICE, BOB, CAROL, MALLORY], [DAVE])
    other = follow(BASE, BOB, [ALICE, BOB, CAROL], [DAVE, MALLORY])
    assert merged(one, other)[MALLORY.user_key]


def test_names_are_those_of_the_later_one() -> None:
    older = follow(BASE, ALICE, [ALICE, BOB], time_ms=1)
    newer = follow(BASE, BOB, [ALICE, BOB], time_ms=2)
    listed = (RosterMember(each.user_key, each.admin, Name("Renamed")) for each in newer.members)
    renamed = signed_again(newer, members=tuple(listed))
    names = {member.name for member in merge_members(BASE, older, renamed).values()}
    assert names == {"Renamed"}


def test_a_room_that_is_too_full_leaves_out_who_came_last_by_key() -> None:
    full = sorted(many_members(MAX_MEMBERS), key=lambda member: member.user_key)
    one = signed_again(BASE, members=tuple(full))
    other = follow(BASE, BOB, [ALICE, BOB, CAROL], [DAVE, MALLORY])
    result = merge_members(BASE, one, other)
    assert len(result) == MAX_MEMBERS
    assert {ALICE.user_key, MALLORY.user_key} <= result.keys()
    assert full[-1].user_key not in result
