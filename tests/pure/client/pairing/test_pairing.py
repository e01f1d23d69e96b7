"""Codes that Alice gives out, and those who use them: as they should, and as attackers do."""

import msgspec
import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.names.contacts import Contact
from securechat.client.pairing.pairing import MAX_LIFETIME_MS, MAX_MADE_ANEW, PAIRING_S
from securechat.client.pairing.pairing_code import PairingCode
from securechat.e2e.pairing import AnotherRelay
from securechat.errors import LimitExceeded, PairingFailed, Unreachable
from securechat.identity.types import RelayId, fingerprint
from securechat.wire import frames as f
from tests.pure.client.engine_world import (
    OTHER_RELAY,
    MemoryState,
    World,
    alice,
    befriend,
    make_seat,
    published,
)
from tests.pure.client.pairing_world import (
    ADDRESS,
    SLOT,
    Guest,
    get_code,
    give_slot,
    introduction,
    pair,
)
from tests.pure.e2e.world import NOW_MS, Seat

SECRET = "for bob only"


def contacts(state: MemoryState) -> dict[str, Contact]:
    """Return who is known, as the disk has it."""
    decoded = (
        msgspec.msgpack.decode(value, type=Contact)
        for (table, _), value in state.rows.items()
        if table == "contact"
    )
    return {contact.name: contact for contact in decoded}


def other_words(code: PairingCode) -> PairingCode:
    first, second, third = code.words
    return PairingCode(code.slot, (third, first, second))


def burn(world: World, code: PairingCode) -> None:
    """Let somebody take the code and go."""
    Guest.knock(world, code, introduction(make_seat("eve")))
    world.tell(f.PairEnd(code.slot, "gone"))


def reasons(world: World) -> list[ev.CodeEnd]:
    return [ended.reason for ended in world.told(ev.CodeEnded)]


# A code that works --------------------------------------------------------------------------------


def test_a_code_is_told_when_the_relay_has_a_slot_for_it() -> None:
    with alice() as world:
        world.engine.ask(c.MakeCode())
        world.settle()
        assert world.told(ev.CodeReady) == []
        code = give_slot(world)
        (ready,) = world.told(ev.CodeReady)
        assert ready == ev.CodeReady(code.text, NOW_MS + 600_000)
        assert code.slot == SLOT


def test_a_code_that_was_asked_for_before_the_login_is_made_after_it() -> None:
    with alice(logged_in=False) as world:
        world.engine.ask(c.MakeCode())
        world.settle()
        assert world.link.frames == []
        world.log_in()
        assert give_slot(world).slot == SLOT


def test_the_words_never_go_to_the_relay(bob: Seat) -> None:
    with alice() as world:
        code = get_code(world)
        pair(world, code, introduction(bob))
        assert not any(word.encode() in world.wire for word in code.words)


def test_who_uses_the_code_is_pinned_and_verified_before_any_look_up(bob: Seat) -> None:
    with alice() as world:
        guest = pair(world, get_code(world), introduction(bob))
        assert world.told(ev.Paired) == [ev.Paired("bob", fingerprint(bob.endpoint.user_key))]
        assert world.all_sent(f.Lookup) == []
        kept = contacts(world.state)["bob"]
        assert kept.user_key == bob.endpoint.user_key
        assert (kept.is_pinned, kept.accepted, kept.verified) == (True, True, True)
        guest.joiner.confirm(world.sent(f.PairPass).payload)
        assert world.sent(f.PairEnd) == f.PairEnd(SLOT, "done", bob.endpoint.user_key)
        assert world.told(ev.TrustChanged) == []


def test_who_is_blocked_is_verified_and_stays_blocked(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        world.engine.ask(c.Decide(c.Decision.BLOCK, "bob"))
        pair(world, get_code(world), introduction(bob))
        key = fingerprint(bob.endpoint.user_key)
        assert world.told(ev.Paired) == [ev.Paired("bob", key, blocked=True)]
        kept = contacts(world.state)["bob"]
        assert (kept.verified, kept.blocked) == (True, True)


def test_the_last_message_comes_before_the_end_of_the_slot(bob: Seat) -> None:
    with alice() as world:
        pair(world, get_code(world), introduction(bob))
        assert [type(frame) for frame in world.link.frames[-2:]] == [f.PairPass, f.PairEnd]


def test_what_is_written_after_that_is_sealed_for_the_verified_key(bob: Seat) -> None:
    with alice() as world:
        pair(world, get_code(world), introduction(bob))
        world.engine.send("bob", SECRET)
        world.settle()
        world.find("bob", published(bob))
        assert bob.read(world.mail_for(bob)[-1]) == SECRET
        assert [ready.trust for ready in world.told(ev.PeerReady)] == [ev.Trust.VERIFIED]


def test_nobody_is_told_to_be_paired_who_is_not_on_the_disk(bob: Seat) -> None:
    world: World
    with alice() as world:
        code = get_code(world)
        guest = Guest.knock(world, code, introduction(bob))
        world.state.broken = True
        world.tell(f.PairPass(SLOT, guest.answer()))
        assert world.told(ev.Paired) == []
        assert world.all_sent(f.PairEnd) == []
        assert world.has_ended()


def test_a_relay_that_swaps_the_keys_afterwards_gets_nothing(bob: Seat, mallory: Seat) -> None:
    with alice() as world:
        pair(world, get_code(world), introduction(bob))
        world.engine.send("bob", SECRET)
        world.settle()
        world.find("bob", published(mallory, "bob"))
        (changed,) = world.told(ev.PeerKeyChanged)
        assert changed.verified
        assert world.link.envelopes == []
        world.engine.ask(c.Decide(c.Decision.ACCEPT_KEY, "bob"))
        world.settle()
        assert contacts(world.state)["bob"].user_key == bob.endpoint.user_key


def test_somebody_known_becomes_verified(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        before = contacts(world.state)["bob"]
        pair(world, get_code(world), introduction(bob))
        after = contacts(world.state)["bob"]
        assert (before.verified, after.verified) == (False, True)
        assert (after.highest, after.met_ms) == (before.highest, before.met_ms)
        (trust,) = world.told(ev.TrustChanged)
        assert (trust.trust, trust.reason) == (ev.Trust.VERIFIED, ev.Reason.PAIRED)


# A code that lets nobody in -----------------------------------------------------------------------


def test_wrong_words_let_nobody_in_and_another_code_follows(mallory: Seat) -> None:
    with alice() as world:
        code = get_code(world)
        guest = Guest.knock(world, other_words(code), introduction(mallory))
        with pytest.raises(PairingFailed):
            guest.answer()
        world.tell(f.PairEnd(SLOT, "wrong-code"))
        (ended,) = world.told(ev.CodeEnded)
        assert ended == ev.CodeEnded(ev.CodeEnd.WRONG_CODE, ADDRESS, again=True)
        assert contacts(world.state) == {}
        assert give_slot(world, 8) != code


def test_a_forged_third_message_is_a_wrong_code(mallory: Seat) -> None:
    """The relay itself guesses: what it sends does not open, and there is no second guess."""
    with alice() as world:
        code = get_code(world)
        Guest.knock(world, other_words(code), introduction(mallory))
        world.tell(f.PairPass(SLOT, b"x" * 500), f.PairPass(SLOT, b"y" * 500))
        assert reasons(world) == [ev.CodeEnd.WRONG_CODE]
        assert world.sent(f.PairEnd) == f.PairEnd(SLOT, "wrong-code")
        assert contacts(world.state) == {}


def test_somebody_on_another_relay_is_named_by_what_their_own_screen_shows(bob: Seat) -> None:
    with alice() as world:
        guest = Guest.knock(world, get_code(world), introduction(bob, OTHER_RELAY))
        with pytest.raises(AnotherRelay) as caught:
            guest.answer()
        world.tell(f.PairPass(SLOT, caught.value.message3))
        (ended,) = world.told(ev.CodeEnded)
        assert ended.reason is ev.CodeEnd.ANOTHER_RELAY
        assert ended.shown == fingerprint(OTHER_RELAY)
        assert world.sent(f.PairEnd) == f.PairEnd(SLOT, "another-relay")
        assert contacts(world.state) == {}


def test_another_relay_is_no_warning_that_the_relay_could_make_up(bob: Seat) -> None:
    """Without a message that proves it, it is told as somebody who went away."""
    with alice() as world:
        Guest.knock(world, get_code(world), introduction(bob))
        world.tell(f.PairEnd(SLOT, "another-relay"))
        assert reasons(world) == [ev.CodeEnd.GONE]


def test_a_first_message_that_is_none() -> None:
    with alice() as world:
        get_code(world)
        world.tell(f.PairKnock(SLOT, ADDRESS, b"x" * 33))
        assert reasons(world) == [ev.CodeEnd.INVALID]
        assert world.all_sent(f.PairPass) == []
        assert world.sent(f.PairEnd) == f.PairEnd(SLOT, "invalid")


def test_each_code_has_words_of_its_own() -> None:
    with alice() as world:
        codes = [get_code(world)]
        for slot in (8, 9, 10):
            burn(world, codes[-1])
            codes.append(give_slot(world, slot))
        assert len({code.words for code in codes}) == len(codes)


def test_so_many_codes_follow_and_no_more() -> None:
    """Somebody who burns codes cannot make the screen scroll for ever."""
    with alice() as world:
        code = get_code(world)
        for _ in range(MAX_MADE_ANEW):
            burn(world, code)
            code = give_slot(world)
        burn(world, code)
        again = [ended.again for ended in world.told(ev.CodeEnded)]
        assert again == [True] * MAX_MADE_ANEW + [False]
        assert len(world.all_sent(f.PairOpen)) == MAX_MADE_ANEW + 1
        assert get_code(world).slot == SLOT


def test_a_relay_that_takes_codes_back_for_ever_is_not_followed() -> None:
    with alice() as world:
        get_code(world)
        for _ in range(MAX_MADE_ANEW + 5):
            world.tell(f.PairEnd(SLOT, "replaced"))
            world.tell(f.PairOpened(world.sent(f.PairOpen).request, SLOT, 600_000))
        assert reasons(world) == [ev.CodeEnd.LOST] * (MAX_MADE_ANEW + 1)
        assert len(world.all_sent(f.PairOpen)) == MAX_MADE_ANEW + 1


def test_a_code_that_nobody_used_expires() -> None:
    with alice() as world:
        get_code(world)
        world.pass_time(599)
        assert world.told(ev.CodeEnded) == []
        world.pass_time(1)
        assert world.told(ev.CodeEnded) == [ev.CodeEnded(ev.CodeEnd.EXPIRED, "", again=False)]
        assert world.sent(f.PairEnd) == f.PairEnd(SLOT, "expired")
        world.tell(f.PairEnd(SLOT, "expired"))
        assert len(world.told(ev.CodeEnded)) == 1


def test_the_relay_says_that_it_has_expired() -> None:
    with alice() as world:
        get_code(world)
        world.tell(f.PairEnd(SLOT, "expired"))
        assert reasons(world) == [ev.CodeEnd.EXPIRED]
        assert len(world.all_sent(f.PairOpen)) == 1


def test_no_relay_can_make_a_code_live_for_longer() -> None:
    with alice() as world:
        world.engine.ask(c.MakeCode())
        world.settle()
        give_slot(world, lifetime_ms=10 * MAX_LIFETIME_MS)
        assert world.told(ev.CodeReady)[0].expires_ms == NOW_MS + MAX_LIFETIME_MS


def test_somebody_who_takes_the_code_and_stays_silent(bob: Seat) -> None:
    with alice() as world:
        Guest.knock(world, get_code(world), introduction(bob))
        world.pass_time(PAIRING_S)
        (ended,) = world.told(ev.CodeEnded)
        assert (ended.reason, ended.address) == (ev.CodeEnd.GONE, ADDRESS)
        assert world.sent(f.PairEnd) == f.PairEnd(SLOT, "cancelled")


def test_a_second_knock_is_no_second_guess(bob: Seat, mallory: Seat) -> None:
    with alice() as world:
        code = get_code(world)
        guest = Guest.knock(world, code, introduction(bob))
        Guest.knock(world, code, introduction(mallory))
        assert len(world.all_sent(f.PairPass)) == 1
        world.tell(f.PairPass(SLOT, guest.answer()))
        assert [paired.name for paired in world.told(ev.Paired)] == ["bob"]


def test_a_slot_that_is_over_takes_nothing(bob: Seat) -> None:
    with alice() as world:
        code = get_code(world)
        guest = pair(world, code, introduction(bob))
        count = len(world.link.frames)
        world.tell(
            f.PairKnock(SLOT, ADDRESS, guest.joiner.message),
            f.PairPass(SLOT, b"x" * 100),
            f.PairEnd(SLOT, "gone"),
            f.PairOpened(world.sent(f.PairOpen).request, SLOT, 600_000),
        )
        assert len(world.link.frames) == count
        assert world.told(ev.CodeEnded) == []
        assert len(world.told(ev.CodeReady)) == 1


@pytest.mark.parametrize(
    "frame",
    [
        f.PairKnock(SLOT + 1, ADDRESS, b"x" * 33),
        f.PairPass(SLOT + 1, b"x" * 33),
        f.PairPass(SLOT, b"x" * 33),
        f.PairEnd(SLOT + 1, "gone"),
        f.PairOpened(0, SLOT, 600_000),
    ],
)
def test_frames_about_no_code_of_hers(frame: f.RelayFrame) -> None:
    with alice() as world:
        get_code(world)
        count = len(world.link.frames)
        world.tell(frame)
        assert len(world.link.frames) == count
        assert world.told(ev.CodeEnded) == []


def test_what_the_relay_says_of_an_address_is_made_safe(mallory: Seat) -> None:
    with alice() as world:
        code = get_code(world)
        knock = Guest.knock(world, code, introduction(mallory))
        burnt = f.PairKnock(8, "\x1b[2J\n[SERVER] " + "x" * 400, knock.joiner.message)
        world.tell(f.PairEnd(SLOT, "gone"))
        give_slot(world, 8)
        world.tell(burnt, f.PairEnd(8, "gone"))
        address = world.told(ev.CodeEnded)[-1].address
        assert len(address) <= 50
        assert address.isprintable()


# Who is known already -----------------------------------------------------------------------------


def test_a_name_that_is_pinned_to_another_key_is_refused(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        before = contacts(world.state)
        pair(world, get_code(world), introduction(make_seat("bob")))
        assert world.problems == ["bob was known here with another key; nothing has changed"]
        assert contacts(world.state) == before
        assert world.told(ev.Paired) == []
        assert world.sent(f.PairEnd) == f.PairEnd(SLOT, "cancelled")
        assert len(world.all_sent(f.PairOpen)) == 1


def test_a_key_that_is_pinned_under_another_name_is_refused(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        before = contacts(world.state)
        pair(world, get_code(world), introduction(bob, name="carol"))
        assert "has the key of bob" in world.problems[0]
        assert contacts(world.state) == before


def test_somebody_changed_is_not_settled_by_a_code(bob: Seat, mallory: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        world.tell(f.Presence("bob", False), f.Presence("bob", True))
        world.find("bob", published(mallory, "bob"))
        assert world.told(ev.PeerKeyChanged)
        pair(world, get_code(world), introduction(bob))
        assert world.told(ev.Paired) == []
        assert not contacts(world.state)["bob"].verified


def test_the_own_name_is_nobody_elses(mallory: Seat) -> None:
    with alice() as world:
        pair(world, get_code(world), introduction(mallory, name="Alice"))
        assert "called Alice, as you are" in world.problems[0]
        assert contacts(world.state) == {}


def test_who_looks_like_somebody_known_is_told_apart(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        world.pass_time(1)
        pair(world, get_code(world), introduction(make_seat("b0b")))
        (paired,) = world.told(ev.Paired)
        assert paired.name.startswith("b0b[")


# Connections --------------------------------------------------------------------------------------


def test_without_a_connection_there_is_no_code() -> None:
    with alice() as world:
        world.lose_connection()
        world.engine.ask(c.MakeCode())
        world.settle()
        assert [type(each.error) for each in world.told(ev.Problem)] == [Unreachable]
        world.log_in()
        assert world.all_sent(f.PairOpen) == []


def test_a_code_that_goes_with_the_connection_is_made_anew() -> None:
    with alice() as world:
        code = get_code(world)
        world.lose_connection()
        assert world.told(ev.CodeEnded) == []
        world.log_in()
        assert world.told(ev.CodeEnded) == [ev.CodeEnded(ev.CodeEnd.LOST, "", again=True)]
        assert give_slot(world, 8).words != code.words


def test_a_question_for_a_code_that_goes_with_the_connection_is_asked_again() -> None:
    with alice() as world:
        world.engine.ask(c.MakeCode())
        world.settle()
        world.lose_connection()
        world.log_in()
        assert len(world.all_sent(f.PairOpen)) == 2
        assert give_slot(world).slot == SLOT
        assert world.told(ev.CodeEnded) == []


def test_a_code_that_was_taken_when_the_connection_went_is_used_up(bob: Seat) -> None:
    with alice() as world:
        Guest.knock(world, get_code(world), introduction(bob))
        world.lose_connection()
        world.log_in()
        (ended,) = world.told(ev.CodeEnded)
        assert (ended.reason, ended.address) == (ev.CodeEnd.GONE, ADDRESS)


def test_a_code_that_was_taken_is_given_up_without_a_connection(bob: Seat) -> None:
    with alice() as world:
        Guest.knock(world, get_code(world), introduction(bob))
        world.lose_connection()
        count = len(world.link.frames)
        world.pass_time(PAIRING_S)
        assert world.told(ev.CodeEnded) == [ev.CodeEnded(ev.CodeEnd.GONE, ADDRESS, again=True)]
        assert len(world.link.frames) == count
        world.log_in()
        assert give_slot(world, 8).slot == 8
        assert len(world.told(ev.CodeEnded)) == 1


def test_a_code_that_expires_without_a_connection_is_not_made_anew() -> None:
    with alice() as world:
        get_code(world)
        world.lose_connection()
        world.pass_time(600)
        assert reasons(world) == [ev.CodeEnd.EXPIRED]
        world.log_in()
        assert len(world.all_sent(f.PairOpen)) == 1


def test_a_relay_that_has_no_slot_says_so() -> None:
    with alice() as world:
        world.engine.ask(c.MakeCode())
        world.settle()
        world.tell(f.Failed(world.sent(f.PairOpen).request, "limit", "no"))
        (problem,) = world.told(ev.Problem)
        assert isinstance(problem.error, LimitExceeded)
        assert problem.error.try_next == "/code, in a minute"


def test_the_end_of_the_client_waits_for_the_code_that_was_asked_for() -> None:
    with alice() as world:
        world.engine.ask(c.MakeCode())
        world.engine.stop(5.0)
        world.settle()
        assert not world.has_ended()
        give_slot(world)
        assert world.has_ended()


@pytest.mark.parametrize("relay", [OTHER_RELAY, RelayId(bytes(32))])
def test_a_registration_for_another_relay_is_worth_nothing(bob: Seat, relay: RelayId) -> None:
    """Bob says that he sees this relay, with a registration that he made for another one."""
    with alice() as world:
        own = msgspec.structs.replace(
            introduction(bob), registration=introduction(bob, relay).registration
        )
        pair(world, get_code(world), own)
        assert reasons(world) == [ev.CodeEnd.INVALID]
        assert contacts(world.state) == {}
