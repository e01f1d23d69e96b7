"""What relays, strangers, members and former admins try with rooms."""

from typing import Any

import msgspec
import pytest

from securechat.e2e.amend_content import Amendment, Reaction
from securechat.e2e.content import Content, Text, encode_content
from securechat.e2e.endpoint import Endpoint
from securechat.e2e.held import (
    MAX_OF_A_DEVICE,
    MAX_OF_A_ROOM,
    MAX_OF_INVITATIONS,
    HeldTable,
)
from securechat.e2e.plaintext import context_hash, direct_conversation_id
from securechat.e2e.results import Duplicate, Invalid, Opened
from securechat.e2e.room_content import Held, RoomNotice, RoomPlace, Roster, RosterRequest
from securechat.e2e.roster_chain import MAX_LINE, Effect
from securechat.e2e.rows import ChangeLog
from securechat.errors import FileProblem, LocalProtocolError, RemoteProtocolError
from securechat.identity.names import parse_name
from securechat.identity.roster import RosterEntry, RosterMember
from securechat.identity.types import (
    MAX_NUMBER,
    DeviceAddress,
    DeviceId,
    Digest,
    MessageId,
    RelayId,
    RoomId,
    UserKey,
)
from tests.pure.e2e.hostile import craft, plaintext_of
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
from tests.pure.e2e.world import NOW_MS, Seat, copy_seat, is_invalid

ID = MessageId(b"i" * 16)


def forge(seat: Seat, head: RosterEntry, **changes: Any) -> RosterEntry:
    """Return what somebody signs after an entry, whoever may: nothing is checked."""
    fields: dict[str, Any] = {
        "version": head.version + 1,
        "previous": (head.hash,),
        "members": head.members,
        "topic": head.topic,
        "time_ms": NOW_MS,
    }
    device = seat.endpoint._device
    return head.follow(device.signing_key, device.certificate, **fields | changes)


def everything(seat: Seat) -> dict[tuple[str, bytes], bytes]:
    seat.commit()
    return {row: value for row, value in seat.rows.items() if row[0].startswith("room")}


def refuse(victim: Seat, entry: RosterEntry, sender: Seat) -> None:
    """Check that an entry is refused and leaves nothing behind."""
    before = everything(victim)
    with pytest.raises(RemoteProtocolError):
        rooms_of(victim).take(entry, key_of(sender), NOW_MS)
    assert everything(victim) == before


def say(sender: Seat, reader: Seat, content: Content, context: Digest) -> bytes:
    """Return a content under any context hash, on the genuine session of its sender."""
    kind, body = encode_content(content)
    message = plaintext_of(sender, reader, kind=kind, body=body, context_hash=context)
    return craft(sender, reader, message.encode())


def direct_context(sender: Seat, reader: Seat) -> Digest:
    conversation = direct_conversation_id(key_of(sender), key_of(reader))
    return context_hash(conversation, sender.address, reader.address)


def room_context(sender: Seat, reader: Seat, room_id: RoomId) -> Digest:
    roster = view(reader, room_id).head_hash
    return context_hash(Digest(room_id), sender.address, reader.address, roster)


def test_a_member_added_by_no_admin_is_not_in_the_room() -> None:
    alice, bob, carol, mallory = people()
    room_id = make_room((alice,), (bob, carol))
    head = view(bob, room_id).head
    for actor in (mallory, carol):
        more = tuple(listed((alice,), (bob, carol, mallory)).values())
        refuse(bob, forge(actor, head, members=more), actor)
        admin = tuple(listed((actor,), (bob,)).values())
        refuse(bob, forge(actor, head, members=admin), actor)
    mallory_s = RoomPlace(room_id, 1)
    own = (
        room_context(mallory, bob, room_id) if rooms_of(mallory).get(room_id) else Digest(b"c" * 32)
    )
    hostile = say(mallory, bob, Text("let me in", room=mallory_s), own)
    assert is_invalid(bob.receive(hostile), mallory)


def test_a_relay_cannot_change_one_bit_of_a_roster() -> None:
    alice, bob, *_ = people()
    room_id = make_room((alice,), (bob,))
    entry = change(alice, room_id, topic="genuine")
    changes: list[dict[str, Any]] = [
        {"members": entry.members[:1]},
        {"members": tuple(RosterMember(m.user_key, True, m.name) for m in entry.members)},
        {"topic": "forged"},
        {"version": 3},
        {"time_ms": 1},
        {"signature": bytes(64)},
        {"actor": bob.endpoint.certificate},
    ]
    for each in changes:
        refuse(bob, msgspec.structs.replace(entry, **each), alice)
    assert take(bob, entry, alice).effect is Effect.ADVANCED


def test_an_old_roster_brought_again_changes_nothing() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (bob, carol))
    with_carol = view(bob, room_id).head
    take(bob, change(alice, room_id, listed((alice,), (bob,))), alice)
    before = everything(bob)
    for entry in (*rooms_of(alice).introduction(room_id), with_carol):
        assert take(bob, entry, alice).effect is Effect.KNOWN
    assert everything(bob) == before
    refuse(bob, forge(alice, with_carol, version=1), alice)
    assert key_of(carol) not in view(bob, room_id).members


def test_a_removal_that_a_relay_drops_pauses_whoever_hears_of_it() -> None:
    """Carol is removed; Bob does not get to know, and still says nothing to her."""
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (bob, carol))
    removal = change(alice, room_id, listed((alice,), (bob,)))
    bob.receive(alice.send(bob, post(alice, room_id)))
    with pytest.raises(LocalProtocolError):
        bob.send(carol, post(bob, room_id))
    room = view(bob, room_id)
    answer = rooms_of(alice).since(RosterRequest(room_id, 1, room.head_hash), key_of(bob))
    assert answer == (removal,)
    take(bob, removal, alice)
    with pytest.raises(LocalProtocolError):
        bob.send(carol, post(bob, room_id))
    assert shown(alice.receive(bob.send(alice, post(bob, room_id))))


def test_a_removed_member_who_keeps_sending_is_not_shown() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (bob, carol))
    late = carol.send(bob, post(carol, room_id, "sealed before"))
    take(bob, change(alice, room_id, listed((alice,), (bob,))), alice)
    assert is_invalid(bob.receive(late), carol)
    for version in (1, 2):
        text = Text("again", room=RoomPlace(room_id, version))
        context = room_context(carol, bob, room_id)
        assert is_invalid(bob.receive(say(carol, bob, text, context)), carol)
    notice = RoomNotice(RoomPlace(room_id, 1), joined=True)
    assert is_invalid(bob.receive(carol.send(bob, notice)), carol)
    assert bob.read(carol.send(bob, "as a person I may")) == "as a person I may"


def test_a_removed_member_cannot_pause_the_room() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (bob, carol))
    take(bob, change(alice, room_id, listed((alice,), (bob,))), alice)
    text = Text("from the future", room=RoomPlace(room_id, MAX_NUMBER))
    context = Digest(b"c" * 32)
    assert shown(bob.receive(say(carol, bob, text, context))) == Held(room_id, MAX_NUMBER)
    assert not view(bob, room_id).is_paused


def test_who_pauses_the_room_can_be_removed_meanwhile() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (bob, carol))
    text = Text("from the future", room=RoomPlace(room_id, MAX_NUMBER))
    alice.receive(say(carol, alice, text, Digest(b"c" * 32)))
    assert view(alice, room_id).is_paused
    change(alice, room_id, listed((alice,), (bob,)))
    assert not view(alice, room_id).is_paused
    assert shown(bob.receive(alice.send(bob, post(alice, room_id))))


def test_a_former_admin_with_their_old_keys_changes_nothing() -> None:
    alice, bob, carol, mallory = people()
    room_id = make_room((alice, mallory), (bob, carol))
    past = view(bob, room_id).head
    removal = change(alice, room_id, listed((alice,), (bob, carol)))
    take(bob, removal, alice)
    coup = tuple(listed((mallory,), (bob, carol)).values())
    refuse(bob, forge(mallory, past, members=coup), mallory)
    refuse(bob, forge(mallory, removal, members=coup), mallory)
    both = tuple(sorted((past.hash, removal.hash)))
    refuse(bob, forge(mallory, removal, version=3, previous=both, members=coup), mallory)
    guess = forge(mallory, past, version=3, previous=(Digest(b"u" * 32),), members=coup)
    assert take(bob, guess, mallory).effect is Effect.BEHIND
    assert view(bob, room_id).head == removal
    assert not view(bob, room_id).is_paused


def test_an_entry_of_the_highest_version_is_not_taken() -> None:
    alice, bob, *_ = people()
    room_id = make_room((alice,), (bob,))
    head = view(bob, room_id).head
    refuse(bob, forge(alice, head, version=MAX_NUMBER), alice)
    both = tuple(sorted((head.hash, Digest(b"u" * 32))))
    refuse(bob, forge(alice, head, version=MAX_NUMBER, previous=both), alice)


def test_a_room_at_the_highest_version_says_that_it_cannot_change() -> None:
    """Only who has not joined yet can be shown such a version, by an admin."""
    alice, bob, *_ = people()
    first = rooms_of(alice).create("ops", NOW_MS)
    both = tuple(sorted(listed((alice, bob)).values(), key=lambda member: member.user_key))
    end = forge(alice, first, version=MAX_NUMBER, previous=(Digest(b"u" * 32),), members=both)
    for entry in (first, end):
        take(bob, entry, alice)
    rooms_of(bob).join(first.room_id)
    with pytest.raises(Exception, match="cannot change any more"):
        change(bob, first.room_id, topic="more")


def test_two_admins_at_once_pause_the_room_for_everybody() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice, bob), (carol,))
    of_alice, of_bob = change(alice, room_id, topic="one"), change(bob, room_id, topic="two")
    take(carol, of_alice, alice)
    assert take(carol, of_bob, bob).effect is Effect.FORKED
    assert view(carol, room_id).is_paused
    with pytest.raises(LocalProtocolError):
        carol.send(alice, post(carol, room_id))


def test_a_member_removed_on_one_side_of_a_fork_is_not_shown_on_the_other() -> None:
    alice, bob, carol, dave = people()
    room_id = make_room((alice, bob), (carol, dave))
    removal = change(alice, room_id, listed((alice, bob), (dave,)))
    topic = change(bob, room_id, topic="with Carol")
    take(carol, topic, bob)
    text = carol.send(dave, post(carol, room_id))
    take(dave, topic, bob)
    take(dave, removal, alice)
    assert is_invalid(dave.receive(text), carol)


def test_the_plaintext_of_a_conversation_of_two_is_not_shown_in_a_room() -> None:
    alice, bob, *_ = people()
    room_id = make_room((alice,), (bob,))
    place = RoomPlace(room_id, 1)
    for content in (Text("for one only", room=place), RoomNotice(place, joined=True)):
        hostile = say(alice, bob, content, direct_context(alice, bob))
        assert is_invalid(bob.receive(hostile), alice)
    assert bob.opened([say(alice, bob, Text("x"), room_context(alice, bob, room_id))]) == []


def test_a_post_of_one_room_is_not_shown_in_another_or_in_the_lobby() -> None:
    alice, bob, *_ = people()
    one, other = make_room((alice,), (bob,)), make_room((alice,), (bob,))
    lobby = LOBBY_ID
    for said, meant in ((one, other), (other, lobby), (lobby, one)):
        version = 0 if said == lobby else 1
        text = Text("elsewhere", room=RoomPlace(said, version))
        if meant == lobby:
            context = context_hash(Digest(lobby), alice.address, bob.address)
        else:
            context = room_context(alice, bob, meant)
        for content in (text, Amendment(ID, "x", text.room), Reaction(ID, "+", text.room)):
            assert is_invalid(bob.receive(say(alice, bob, content, context)), alice)


def test_in_the_lobby_there_is_one_version_and_only_texts() -> None:
    alice, bob, *_ = people()
    lobby = LOBBY_ID
    context = context_hash(Digest(lobby), alice.address, bob.address)
    for content in (
        Text("x", room=RoomPlace(lobby, 1)),
        Amendment(ID, "x", RoomPlace(lobby, 1)),
        RoomNotice(RoomPlace(lobby, 0), joined=True),
    ):
        assert is_invalid(bob.receive(say(alice, bob, content, context)), alice)


def test_nothing_of_a_room_is_taken_without_encryption() -> None:
    alice, bob, *_ = people()
    room_id = make_room((alice,), (bob,))
    entry = view(alice, room_id).head
    contents = (
        Text("x", room=RoomPlace(room_id, 1)),
        Text("x", room=RoomPlace(LOBBY_ID, 0)),
        Amendment(ID, "x", RoomPlace(room_id, 1)),
        RoomNotice(RoomPlace(room_id, 1), joined=True),
        Roster(entry),
        RosterRequest(room_id, 1, entry.hash),
    )
    for content in contents:
        kind, body = encode_content(content)
        place = getattr(content, "room", getattr(content, "place", None))
        context = direct_context(alice, bob)
        if place is not None and place.room_id == room_id:
            context = room_context(alice, bob, room_id)
        elif place is not None:
            context = context_hash(Digest(place.room_id), alice.address, bob.address)
        message = plaintext_of(alice, bob, kind=kind, body=body, context_hash=context)
        conversation = direct_conversation_id(key_of(alice), key_of(bob))
        copy = copy_seat(bob)
        reader = copy_seat(bob).endpoint._plain._reader
        with pytest.raises(RemoteProtocolError, match="without encryption"):
            reader.read(alice.address, conversation, message.encode(), NOW_MS, encrypted=False)
        assert shown(copy.receive(copy_seat(alice).send(copy, content))) == content


def test_nothing_of_a_room_is_sealed_without_encryption() -> None:
    alice, bob, *_ = people()
    room_id = make_room((alice,), (bob,))
    for place in (RoomPlace(room_id, 1), RoomPlace(LOBBY_ID, 0)):
        with pytest.raises(LocalProtocolError, match="never without encryption"):
            alice.endpoint.seal_plain(
                bob.shown(claim=False), Text("x", room=place), NOW_MS, written_ms=NOW_MS
            )


def test_what_was_said_before_somebody_came_is_not_theirs_to_read() -> None:
    alice, bob, *_ = people()
    room_id = make_room((alice,), (bob,))
    first = rooms_of(bob).introduction(room_id)[0]
    context = context_hash(Digest(room_id), alice.address, bob.address, first.hash)
    hostile = say(alice, bob, Text("of version 0", room=RoomPlace(room_id, 0)), context)
    assert is_invalid(bob.receive(hostile), alice)


def test_a_log_of_every_envelope_shows_no_room_no_name_and_no_member() -> None:
    alice, bob, carol, _ = people()
    room_id = rooms_of(alice).create("watercooler", NOW_MS).room_id
    entry = change(alice, room_id, listed((alice,), (bob, carol)), topic="gossip")
    contents = (Roster(entry), post(alice, room_id), RosterRequest(room_id, 1, entry.hash))
    log = [alice.send(bob, content) for content in contents]
    traces = (b"watercooler", b"gossip", room_id, entry.hash, entry.salt, key_of(carol), b"Carol")
    assert all(trace in msgspec.msgpack.encode(entry) + entry.hash for trace in traces)
    for envelope in (*log, *map(bob.unseal, log)):
        assert not any(bytes(trace) in envelope for trace in traces)


def test_what_is_held_is_held_once() -> None:
    alice, bob, *_ = people()
    room_id = make_room((alice,), (bob,))
    entry = change(alice, room_id, topic="news")
    envelope = alice.send(bob, post(alice, room_id))
    assert isinstance(bob.receive(envelope), Opened)
    assert bob.receive(envelope) == Duplicate()
    take(bob, entry, alice)
    assert len(rooms_of(bob).release(room_id)) == 1
    assert bob.receive(envelope) == Duplicate()


def test_a_room_of_another_relay_is_refused() -> None:
    alice, bob, *_ = people()
    elsewhere = copy_seat(alice)
    relay_id = RelayId(b"R" * 32)
    elsewhere.endpoint.registration(relay_id, parse_name("Alice"), NOW_MS)
    refuse(bob, rooms_of(elsewhere).create("ops", NOW_MS), alice)


def test_a_room_begins_once_and_only_by_its_creator() -> None:
    alice, bob, mallory, _ = people()
    room_id = make_room((alice,), (bob,))
    first = rooms_of(alice).introduction(room_id)[0]
    refuse(bob, msgspec.structs.replace(first, creator=key_of(mallory)), mallory)
    refuse(bob, forge(mallory, first, version=0, previous=()), mallory)
    refuse(bob, forge(alice, first, version=0, previous=(), topic="anew"), alice)


def test_an_entry_of_a_room_that_is_not_known_and_lists_others_is_refused() -> None:
    alice, bob, carol, _ = people()
    room_id = make_room((alice,), (bob,))
    refuse(carol, view(alice, room_id).head, alice)


def test_a_hostile_inviter_cannot_lead_who_has_joined_astray() -> None:
    """Before joining, an admin may leave versions out; afterwards each has to follow."""
    alice, bob, mallory, _ = people()
    room_id = rooms_of(alice).create("ops", NOW_MS).room_id
    change(alice, room_id, listed((alice, mallory), (bob,)))
    introduce(bob, room_id, alice)
    skipped = forge(mallory, view(bob, room_id).head, version=9, previous=(Digest(b"u" * 32),))
    unjoined = copy_seat(reloaded(bob))
    assert take(unjoined, skipped, mallory).effect is Effect.ADVANCED
    rooms_of(bob).join(room_id)
    assert take(bob, skipped, mallory).effect is Effect.BEHIND
    assert view(bob, room_id).version == 1


def test_a_flood_of_entries_that_follow_nothing_is_bounded() -> None:
    alice, bob, mallory, _ = people()
    room_id = make_room((alice,), (bob,))
    before = len(everything(bob))
    head = view(bob, room_id).head
    for number in range(40):
        stray = forge(mallory, head, version=9, previous=(Digest(bytes([number]) * 32),))
        assert take(bob, stray, mallory).ask is not None
    assert len(everything(bob)) == before + 16
    assert take(bob, change(alice, room_id, topic="news"), alice).effect is Effect.ADVANCED
    assert not reloaded(bob).endpoint.rooms.get(room_id).is_paused  # type: ignore[union-attr]


def test_what_waits_is_dropped_when_it_turns_out_to_be_forged() -> None:
    alice, bob, mallory, _ = people()
    room_id = make_room((alice,), (bob,))
    entry = change(alice, room_id, topic="news")
    assert take(bob, forge(mallory, entry), mallory).effect is Effect.BEHIND
    assert take(bob, entry, alice).effect is Effect.ADVANCED
    assert view(bob, room_id).head == entry
    assert len([row for row in everything(bob) if row[0] == "room_entry"]) == 3


def test_what_is_held_has_bounds_for_a_room_and_for_all_invitations() -> None:
    held = HeldTable(ChangeLog(), {})
    alice, bob, *_ = people()
    message, place = plaintext_of(alice, bob), RoomPlace(RoomId(b"r" * 32), 1)

    def sender(number: int) -> DeviceAddress:
        return DeviceAddress(UserKey(number.to_bytes(32, "big")), DeviceId(bytes(16)))

    for number in range(MAX_OF_A_ROOM):
        held.add(sender(number // MAX_OF_A_DEVICE), place, message, NOW_MS)
    with pytest.raises(RemoteProtocolError):
        held.add(sender(99), place, message, NOW_MS)
    held.add(sender(99), RoomPlace(RoomId(b"s" * 32), 1), message, NOW_MS)
    held.require_room([place.room_id], MAX_OF_A_ROOM + 1)
    with pytest.raises(RemoteProtocolError):
        held.require_room([place.room_id], MAX_OF_A_ROOM)
    assert MAX_OF_INVITATIONS > MAX_OF_A_ROOM


def test_invitations_together_hold_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("securechat.e2e.room_talk.MAX_OF_INVITATIONS", 2)
    alice, bob, *_ = people()
    outcomes = []
    for _ in range(3):
        room_id = rooms_of(alice).create("ops", NOW_MS).room_id
        change(alice, room_id, listed((alice,), (bob,)))
        introduce(bob, room_id, alice)
        outcomes.append(bob.receive(alice.send(bob, post(alice, room_id))))
    assert [isinstance(each, Invalid) for each in outcomes] == [False, False, True]


def test_damaged_rows_of_rooms_are_told() -> None:
    alice, bob, *_ = people()
    make_room((alice,), (bob,))
    for row in everything(alice):
        for value in (b"", b"\xc1"):
            with pytest.raises(FileProblem):
                Endpoint.load({**alice.rows, row: value})
        if row[0] == "room_entry":
            with pytest.raises(FileProblem):
                Endpoint.load({each: alice.rows[each] for each in alice.rows if each != row})


def test_a_fork_that_outgrows_what_is_kept_is_merged_all_the_same() -> None:
    """A hostile admin adds to one branch until nobody has what both come from any more."""
    alice, mallory, carol, dave = people()
    room_id = make_room((alice, mallory), (carol,))
    before = view(alice, room_id).head
    change(alice, room_id, listed((alice, mallory), (carol, dave)))
    entry = forge(
        mallory, before, topic="0", members=list(listed((alice, mallory), (carol,)).values())
    )
    rooms = rooms_of(alice)
    for number in range(MAX_LINE + 2):
        try:
            rooms.take(entry, key_of(mallory), NOW_MS)
        except RemoteProtocolError:
            break
        entry = forge(mallory, entry, topic=str(number))
    alice = reloaded(alice)
    merged = rooms_of(alice).merge(room_id, NOW_MS)
    assert not view(alice, room_id).is_paused
    assert merged.member_keys == {key_of(each) for each in (alice, mallory, carol)}
    assert merged.admins == {key_of(alice), key_of(mallory)}
    assert rooms_of(alice).change(room_id, NOW_MS, members=listed((alice,), (carol,)))


def test_a_merge_vouches_for_nothing_that_is_newer_than_itself() -> None:
    """An admin plants an entry which later merges and invitations would go back to."""
    alice, mallory, carol, dave = people()
    room_id = make_room((alice, mallory), (carol,))
    before = view(alice, room_id).head
    alone = [RosterMember(key_of(mallory), True, parse_name("Mallory"))]
    planted = forge(mallory, before, version=2**40, members=alone)
    merge = forge(mallory, before, previous=(before.hash, planted.hash))
    assert take(alice, merge, mallory).effect is Effect.ADVANCED
    refuse(alice, planted, mallory)
    base = change(alice, room_id, listed((alice, carol), (dave,)))
    of_carol = forge(carol, base, topic="at once")
    change(alice, room_id, listed((alice, carol)))
    assert take(alice, of_carol, carol).effect is Effect.FORKED
    assert key_of(dave) not in rooms_of(alice).merge(room_id, NOW_MS).member_keys
