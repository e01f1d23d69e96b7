"""Rooms as members use them: creating, inviting, posting, leaving, restarting."""

from collections.abc import Callable

import pytest

from securechat.e2e.amend_content import Amendment, Reaction
from securechat.e2e.content import Content, Text
from securechat.e2e.endpoint import Endpoint
from securechat.e2e.held import MAX_OF_A_DEVICE, MAX_OF_UNKNOWN_ROOMS
from securechat.e2e.results import Invalid, Opened
from securechat.e2e.room_content import Held, RoomNotice, RoomPlace, RosterRequest
from securechat.e2e.room_table import MAX_UNJOINED, MAX_UNJOINED_OF_AN_INVITER
from securechat.e2e.rooms import HELD_LIFE_MS, INVITATION_HELD_LIFE_MS, MAX_ANSWER, NO_HEAD
from securechat.e2e.roster_chain import Effect
from securechat.errors import (
    LocalProtocolError,
    NameInvalid,
    RemoteProtocolError,
    UsageError,
)
from securechat.identity.names import parse_name
from securechat.identity.roster import MAX_MEMBERS, RosterMember
from securechat.identity.types import MessageId, RoomId, UserKey
from tests.pure.e2e.room_world import (
    LOBBY_ID,
    change,
    introduce,
    key_of,
    listed,
    make_room,
    people,
    post,
    reloaded,
    rooms_of,
    shown,
    take,
    view,
)
from tests.pure.e2e.world import NOW_MS, Seat, is_invalid, next_device
from tests.pure.identity.rosters import many_members

UNKNOWN = RoomId(b"u" * 32)
ID = MessageId(b"i" * 16)


def ask(seat: Seat, room_id: RoomId) -> RosterRequest:
    room = view(seat, room_id)
    return RosterRequest(room_id, room.version, room.head_hash)


def test_what_is_said_in_a_room_is_read_by_its_members() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (bob, carol))
    text = post(alice, room_id, "hello")
    assert shown(bob.receive(alice.send(bob, text))) == text
    assert shown(carol.receive(alice.send(carol, text))) == text
    answer = Text("back", action=True, room=RoomPlace(room_id, 1))
    assert shown(alice.receive(bob.send(alice, answer))) == answer


def test_rooms_and_conversations_of_two_share_one_order() -> None:
    alice, bob, *_ = people()
    room_id = make_room((alice,), (bob,))
    bob.read(alice.send(bob, "one"))
    alice.send(bob, post(alice, room_id, "lost on the way"))
    outcome = bob.receive(alice.send(bob, "two"))
    assert isinstance(outcome, Opened)
    assert outcome.missing == 1


def test_what_was_lost_in_a_room_is_sent_again() -> None:
    alice, bob, *_ = people()
    room_id = make_room((alice,), (bob,))
    text = post(alice, room_id)
    alice.send(bob, text)
    bob.receive(alice.send(bob, "two"))
    request = bob.ask(alice)
    assert request is not None
    again = [shown(each) for each in bob.opened(alice.answer(bob, request))]
    assert again == [text]


def test_an_invitation_is_held_until_it_is_accepted() -> None:
    alice, bob, *_ = people()
    room_id = rooms_of(alice).create("ops", NOW_MS).room_id
    change(alice, room_id, listed((alice,), (bob,)))
    first, second = rooms_of(alice).introduction(room_id)
    assert take(bob, first, alice).effect is Effect.BEGUN
    assert not view(bob, room_id).is_member
    assert take(bob, second, alice).effect is Effect.ADVANCED
    room = view(bob, room_id)
    assert (room.is_member, room.joined, room.inviter) == (True, False, key_of(alice))
    texts = [post(alice, room_id, str(number)) for number in range(3)]
    for text in texts:
        assert shown(bob.receive(alice.send(bob, text))) == Held(room_id, 1)
    assert rooms_of(bob).release(room_id) == ()
    bob = reloaded(bob)
    rooms_of(bob).join(room_id)
    assert [shown(each) for each in rooms_of(bob).release(room_id)] == texts
    assert rooms_of(bob).release(room_id) == ()
    assert "room_held" not in {table for table, _ in reloaded(bob).rows}


def test_nobody_joins_what_they_were_not_invited_to() -> None:
    alice, bob, *_ = people()
    first = rooms_of(alice).create("ops", NOW_MS)
    take(bob, first, alice)
    for room_id in (first.room_id, UNKNOWN):
        with pytest.raises(UsageError):
            rooms_of(bob).join(room_id)


def test_a_post_that_overtakes_its_roster_is_held_and_pauses_the_room() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (bob, carol))
    entry = change(alice, room_id, listed((alice,), (bob,)))
    text = post(alice, room_id, "without Carol")
    assert shown(bob.receive(alice.send(bob, text))) == Held(room_id, 2)
    assert view(bob, room_id).is_behind
    with pytest.raises(LocalProtocolError):
        bob.send(carol, post(bob, room_id))
    assert take(bob, entry, alice).effect is Effect.ADVANCED
    assert not view(bob, room_id).is_paused
    assert [shown(each) for each in rooms_of(bob).release(room_id)] == [text]


def test_a_change_that_is_missing_is_asked_for() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (bob, carol))
    lost = change(alice, room_id, topic="lost")
    newest = change(alice, room_id, topic="newest")
    request = ask(bob, room_id)
    assert take(bob, newest, alice) == (Effect.BEHIND, request)
    assert take(bob, newest, alice) == (Effect.BEHIND, None)
    assert rooms_of(alice).since(request, key_of(bob)) == (lost, newest)
    bob = reloaded(bob)
    assert take(bob, lost, alice) == (Effect.ADVANCED, None)
    assert view(bob, room_id).head == newest
    assert rooms_of(alice).since(ask(bob, room_id), key_of(bob)) == (newest,)


def test_a_member_who_says_that_nothing_is_missing_pauses_the_room_no_longer() -> None:
    """Bob says something of a version that there is not; asked for it he has the same head."""
    alice, bob, *_ = people()
    room_id = make_room((alice,), (bob,))
    head = change(bob_as_admin(alice, bob, room_id), room_id, topic="Bob's own")
    alice.receive(bob.send(alice, post(bob, room_id)))
    assert view(alice, room_id).is_behind
    assert take(alice, view(alice, room_id).head, bob).effect is Effect.KNOWN
    assert not view(alice, room_id).is_behind
    assert is_invalid(rooms_of(alice).release(room_id)[0], bob)
    assert head.version == 3


def bob_as_admin(alice: Seat, bob: Seat, room_id: RoomId) -> Seat:
    take(bob, change(alice, room_id, listed((alice, bob))), alice)
    return bob


def test_who_has_missed_their_introduction_is_introduced_on_asking() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (carol,))
    change(alice, room_id, listed((alice,), (bob, carol)))
    request = RosterRequest(room_id, 0, NO_HEAD)
    assert take(bob, change(alice, room_id, topic="news"), alice) == (Effect.BEHIND, request)
    for entry in rooms_of(alice).since(request, key_of(bob)):
        take(bob, entry, alice)
    assert view(bob, room_id).is_member
    assert not view(bob, room_id).joined


def test_who_has_left_gets_nothing_and_goes_with_the_next_change() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (bob, carol))
    notice = RoomNotice(RoomPlace(room_id, 1), joined=False)
    assert shown(alice.receive(bob.send(alice, notice))) == notice
    rooms_of(alice).note_gone(room_id, key_of(bob))
    alice = reloaded(alice)
    assert view(alice, room_id).gone == {key_of(bob)}
    assert set(view(alice, room_id).present_members) == {key_of(carol)}
    assert key_of(bob) not in change(alice, room_id, topic="who is left").member_keys
    assert view(alice, room_id).gone == frozenset()


def test_only_others_who_are_in_a_room_leave_it() -> None:
    alice, bob, *_ = people()
    room_id = make_room((alice,), (bob,))
    for room, key in ((UNKNOWN, key_of(bob)), (room_id, UserKey(b"k" * 32))):
        rooms_of(alice).note_gone(room, key)
    rooms_of(alice).note_gone(room_id, key_of(alice))
    assert view(alice, room_id).gone == frozenset()


def test_who_is_taken_in_again_is_asked_again() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (bob, carol))
    take(bob, change(alice, room_id, listed((alice,), (carol,))), alice)
    assert not view(bob, room_id).is_member
    change(alice, room_id, topic="while Bob was away")
    change(alice, room_id, listed((alice,), (bob, carol)))
    introduce(bob, room_id, alice)
    assert view(bob, room_id).is_member
    assert not view(bob, room_id).joined
    rooms_of(bob).join(room_id)
    assert shown(alice.receive(bob.send(alice, post(bob, room_id))))


def test_two_rooms_of_one_name_are_two_rooms() -> None:
    alice, bob, *_ = people()
    one, other = make_room((alice,), (bob,)), make_room((alice,), (bob,))
    assert one != other
    assert {room.room_id for room in rooms_of(bob)} == {one, other}
    text = post(alice, one)
    assert shown(bob.receive(alice.send(bob, text))) == text


def test_a_fork_is_merged_and_keeps_what_both_have_done() -> None:
    alice, bob, carol, dave = people()
    room_id = make_room((alice, bob), (carol,))
    of_alice = change(alice, room_id, listed((alice, bob)), topic="first")
    of_bob = change(bob, room_id, listed((alice, bob), (carol, dave)), now_ms=NOW_MS + 1)
    assert take(alice, of_bob, bob).effect is Effect.FORKED
    assert take(bob, of_alice, alice).effect is Effect.FORKED
    for seat in (alice, bob):
        assert view(seat, room_id).is_paused
        with pytest.raises(LocalProtocolError):
            seat.send(alice if seat is bob else bob, post(seat, room_id))
        with pytest.raises(UsageError):
            change(seat, room_id, topic="on one branch")
    alice = reloaded(alice)
    both = rooms_of(alice).merge(room_id, NOW_MS)
    assert both.member_keys == {key_of(alice), key_of(bob), key_of(dave)}
    assert both.topic == of_bob.topic
    assert take(bob, both, alice).effect is Effect.MERGED
    assert view(bob, room_id).head_hash == view(alice, room_id).head_hash
    assert not view(bob, room_id).is_paused


def test_what_was_said_before_a_fork_was_known_is_read_by_all() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice, bob), (carol,))
    of_alice, of_bob = change(alice, room_id, topic="one"), change(bob, room_id, topic="two")
    text = post(bob, room_id)
    take(carol, of_alice, alice)
    take(carol, of_bob, bob)
    assert shown(carol.receive(bob.send(carol, text))) == text


def test_only_what_can_be_is_created_changed_and_merged() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (bob, carol))
    with pytest.raises(NameInvalid):
        rooms_of(alice).create("#ops", NOW_MS)
    with pytest.raises(LocalProtocolError):
        Endpoint.create(NOW_MS).rooms.create("ops", NOW_MS)
    too_many = {each.user_key: each for each in many_members(MAX_MEMBERS)}
    long_names = dict(too_many)
    for number, key in enumerate(long_names):
        long_names[key] = RosterMember(key, False, parse_name("明" * 29 + f"{number:03}"))
    attempts: tuple[Callable[[], object], ...] = (
        lambda: change(bob, room_id, topic="by no admin"),
        lambda: change(alice, UNKNOWN, topic="nowhere"),
        lambda: change(alice, room_id, topic="two\nlines"),
        lambda: change(alice, room_id, listed((), (alice, bob))),
        lambda: change(alice, room_id, {**too_many, **listed((alice,))}),
        lambda: change(alice, room_id, {**listed((alice,)), **dict(list(long_names.items())[1:])}),
        lambda: rooms_of(alice).merge(room_id, NOW_MS),
        lambda: rooms_of(alice).merge(UNKNOWN, NOW_MS),
    )
    for bad in attempts:
        with pytest.raises(UsageError):
            bad()
    assert view(alice, room_id).version == 1


def test_only_an_admin_of_both_rosters_merges_them() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice, bob), (carol,))
    take(carol, change(bob, room_id, listed((alice, bob, carol))), bob)
    take(carol, change(alice, room_id, topic="at once"), alice)
    assert view(carol, room_id).is_forked
    assert view(carol, room_id).am_admin
    with pytest.raises(UsageError):
        rooms_of(carol).merge(room_id, NOW_MS)


def test_what_is_held_is_still_there_after_a_restart_and_more_comes() -> None:
    alice, bob, *_ = people()
    room_id = make_room((alice,), (bob,))
    entry = change(alice, room_id, topic="late")
    texts = [post(alice, room_id, str(number)) for number in range(4)]
    for text in texts[:2]:
        bob.receive(alice.send(bob, text))
    bob = reloaded(bob)
    for text in texts[2:]:
        bob.receive(alice.send(bob, text))
    bob = reloaded(bob)
    take(bob, entry, alice)
    assert [shown(each) for each in rooms_of(bob).release(room_id)] == texts


def test_nothing_is_sealed_for_who_is_not_in_the_room_or_for_an_old_roster() -> None:
    alice, bob, carol, dave = people()
    room_id = make_room((alice,), (bob, carol))
    old = post(alice, room_id)
    take(bob, change(alice, room_id, listed((alice,), (bob,))), alice)
    for peer, text in (
        (bob, old),
        (dave, post(alice, room_id)),
        (carol, post(alice, room_id)),
        (bob, Text("x", room=RoomPlace(UNKNOWN, 0))),
        (bob, Text("x", room=RoomPlace(LOBBY_ID, 1))),
        (bob, RoomNotice(RoomPlace(LOBBY_ID, 0), joined=True)),
    ):
        with pytest.raises(LocalProtocolError):
            alice.send(peer, text)


def test_in_the_lobby_everybody_is_read() -> None:
    alice, bob, *_ = people()
    text = Text("hi all", room=RoomPlace(LOBBY_ID, 0))
    assert shown(bob.receive(alice.send(bob, text))) == text


@pytest.mark.parametrize("lobby", [False, True])
def test_texts_are_changed_and_reacted_to_in_every_room(lobby: bool) -> None:
    alice, bob, *_ = people()
    place = RoomPlace(LOBBY_ID, 0) if lobby else RoomPlace(make_room((alice,), (bob,)), 1)
    for content in (Amendment(ID, "", place), Reaction(ID, "+", place)):
        assert shown(bob.receive(alice.send(bob, content))) == content


def test_a_change_that_overtakes_its_roster_is_held_too() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (bob,))
    entry = change(alice, room_id, listed((alice,), (bob, carol)))
    content = Amendment(ID, "better", RoomPlace(room_id, 2))
    assert shown(bob.receive(alice.send(bob, content))) == Held(room_id, 2)
    with pytest.raises(LocalProtocolError, match="paused"):
        bob.send(alice, Reaction(ID, "+", RoomPlace(room_id, 1)))
    take(bob, entry, alice)
    (released,) = rooms_of(bob).release(room_id)
    assert shown(released) == content


def test_what_filled_a_gap_while_it_was_held_is_late_when_it_is_read() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (bob,))
    entry = change(alice, room_id, listed((alice,), (bob, carol)))
    older, newer = (Amendment(ID, text, RoomPlace(room_id, 2)) for text in ("two", "three"))
    first, second = alice.send(bob, older), alice.send(bob, newer)
    for envelope in (second, first):
        assert shown(bob.receive(envelope)) == Held(room_id, 2)
    bob = reloaded(bob)
    take(bob, entry, alice)
    released = [each for each in rooms_of(bob).release(room_id) if isinstance(each, Opened)]
    assert [(each.content, each.late) for each in released] == [(newer, False), (older, True)]


def test_what_nobody_confirmed_stays_what_it_is() -> None:
    alice, bob, *_ = people()
    room_id = make_room((alice,), (bob,))
    place = RoomPlace(room_id, 1)
    said: list[Content] = [
        Text("post", action=True, room=place),
        Amendment(ID, "better", place),
        Reaction(ID, "+"),
    ]
    for content in said:
        alice.send(bob, content)
    for seat in (alice, next_device(alice)):
        kept = seat.endpoint.unconfirmed_texts(bob.address)
        assert [each.content for each in kept][-3:] == said


def test_the_next_device_of_a_person_is_in_their_rooms() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (bob, carol))
    change(alice, room_id, topic="held")
    bob.receive(alice.send(bob, post(alice, room_id)))
    new = next_device(bob)
    tables = [table for table, _ in new.rows]
    assert (tables.count("room"), "room_held" in tables) == (1, False)
    assert view(new, room_id).joined
    take(new, view(alice, room_id).head, alice)
    text = post(alice, room_id)
    assert shown(new.receive(alice.send(new, text))) == text


def test_an_answer_is_bounded_and_goes_on_where_it_ended() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (bob, carol))
    request = ask(bob, room_id)
    entries = [change(alice, room_id, topic=str(number)) for number in range(MAX_ANSWER + 3)]
    assert rooms_of(alice).since(request, key_of(bob)) == tuple(entries[:MAX_ANSWER])
    last = entries[MAX_ANSWER - 1]
    rest = RosterRequest(room_id, last.version, last.hash)
    assert rooms_of(alice).since(rest, key_of(bob)) == tuple(entries[MAX_ANSWER:])
    elsewhere = RosterRequest(room_id, 5, UNKNOWN)  # type: ignore[arg-type]
    assert rooms_of(alice).since(elsewhere, key_of(bob)) == tuple(entries[-MAX_ANSWER:])
    assert rooms_of(alice).since(RosterRequest(UNKNOWN, 0, NO_HEAD), key_of(bob)) == ()
    assert rooms_of(alice).introduction(UNKNOWN) == ()


def test_who_was_removed_learns_of_it_and_of_nothing_after_it() -> None:
    alice, bob, carol, dave = people()
    room_id = make_room((alice,), (bob, carol))
    request = ask(bob, room_id)
    last = change(alice, room_id, topic="with Bob")
    removal = change(alice, room_id, listed((alice,), (carol,)))
    change(alice, room_id, topic="without Bob")
    assert rooms_of(alice).since(request, key_of(bob)) == (last, removal)
    assert rooms_of(alice).since(request, key_of(dave)) == ()


def test_what_is_held_goes_after_a_day_and_for_an_invitation_after_a_month() -> None:
    alice, bob, *_ = people()
    room_id = make_room((alice,), (bob,))
    change(alice, room_id, topic="not here yet")
    bob.receive(alice.send(bob, post(alice, room_id)))
    invitation = rooms_of(alice).create("dev", NOW_MS).room_id
    change(alice, invitation, listed((alice,), (bob,)))
    introduce(bob, invitation, alice)
    bob.receive(alice.send(bob, post(alice, invitation)))

    def held() -> int:
        bob.commit()
        return [table for table, _ in bob.rows].count("room_held")

    bob.endpoint.drained(NOW_MS + HELD_LIFE_MS)
    assert held() == 2
    bob.endpoint.drained(NOW_MS + HELD_LIFE_MS + 1)
    assert held() == 1
    assert not view(bob, room_id).is_paused
    bob.endpoint.drained(NOW_MS + INVITATION_HELD_LIFE_MS + 1)
    assert held() == 0


def test_little_is_held_of_one_sender() -> None:
    alice, bob, *_ = people()
    room_id = make_room((alice,), (bob,))
    change(alice, room_id, topic="not here yet")
    for _ in range(MAX_OF_A_DEVICE):
        assert shown(bob.receive(alice.send(bob, post(alice, room_id)))) == Held(room_id, 2)
    assert isinstance(bob.receive(alice.send(bob, post(alice, room_id))), Invalid)
    assert bob.read(alice.send(bob, "still heard")) == "still heard"


def test_little_is_held_of_rooms_that_are_not_known() -> None:
    alice, bob, carol, _ = people()
    rooms = [make_room((each,)) for each in (bob, carol)]
    for admin, room_id in zip((bob, carol), rooms, strict=True):
        change(admin, room_id, listed((admin,), (alice,)))
    outcomes = [
        alice.receive(sender.send(alice, post(sender, room_id)))
        for _ in range(MAX_OF_UNKNOWN_ROOMS // 2 + 1)
        for sender, room_id in zip((bob, carol), rooms, strict=True)
    ]
    assert all(isinstance(shown(each), Held) for each in outcomes[:MAX_OF_UNKNOWN_ROOMS])
    assert all(isinstance(each, Invalid) for each in outcomes[MAX_OF_UNKNOWN_ROOMS:])


def test_a_flood_of_rooms_is_bounded() -> None:
    alice, bob, *_ = people()
    joined = make_room((alice,), (bob,))
    for number in range(MAX_UNJOINED + 2):
        sender = UserKey(bytes([number // MAX_UNJOINED_OF_AN_INVITER]) * 32)
        entry = rooms_of(alice).create("flood", NOW_MS)
        rooms_of(bob).take(entry, sender, NOW_MS + number)
    unjoined = [room for room in rooms_of(bob) if not room.joined]
    assert len(unjoined) == MAX_UNJOINED
    assert view(bob, joined).joined
    for _ in range(MAX_UNJOINED_OF_AN_INVITER):
        rooms_of(bob).take(rooms_of(alice).create("flood", NOW_MS), key_of(alice), NOW_MS * 2)
    with pytest.raises(RemoteProtocolError):
        rooms_of(bob).take(rooms_of(alice).create("flood", NOW_MS), key_of(alice), NOW_MS * 2)
    assert len([table for table, _ in reloaded(bob).rows if table == "room"]) == MAX_UNJOINED + 1
