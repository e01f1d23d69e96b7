"""Two people compare emoji: what they see, when they are verified, what each state takes."""

from collections.abc import Callable
from copy import copy
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.crypto.sas import EMOJI_COUNT
from securechat.e2e.content import decode_content, encode_content
from securechat.e2e.sas import LIFE_S, SasExchange, State
from securechat.e2e.sas_content import KIND_SAS, Comparing, SasFailure, Step, abort
from securechat.errors import LocalProtocolError, RemoteProtocolError, UsageError
from securechat.identity.types import DeviceAddress, DeviceId, RelayId, UserKey

RELAY = RelayId(b"r" * 32)
ALICE = DeviceAddress(UserKey(b"a" * 32), DeviceId(b"1" * 16))
BOB = DeviceAddress(UserKey(b"b" * 32), DeviceId(b"2" * 16))
TX = b"t" * 16
NOW_S = 1_000.0


def start_both() -> tuple[SasExchange, SasExchange]:
    """Return Alice, who has started one, and Bob, who was asked."""
    alice = SasExchange.begin(ALICE, BOB.user_key, RELAY, NOW_S)
    return alice, SasExchange.asked(BOB, ALICE, RELAY, alice.start, NOW_S)


def show_both() -> tuple[SasExchange, SasExchange]:
    """Return both at the point where they compare."""
    alice, bob = start_both()
    (commit,) = bob.agree()
    (alice_key,) = alice.hear(commit, BOB)
    (bob_key,) = bob.hear(alice_key, ALICE)
    assert alice.hear(bob_key, BOB) == []
    return alice, bob


def test_both_see_the_same_seven_emoji_and_digits() -> None:
    alice, bob = show_both()
    assert alice.state is bob.state is State.SHOWN
    assert alice.shown is not None
    assert alice.shown == bob.shown
    assert len(alice.shown.emoji) == EMOJI_COUNT


@pytest.mark.parametrize("alice_is_first", [True, False])
def test_both_are_verified_once_both_say_that_it_matches(alice_is_first: bool) -> None:
    alice, bob = show_both()
    first, second = (alice, bob) if alice_is_first else (bob, alice)
    addresses = {id(alice): ALICE, id(bob): BOB}
    (confirm,) = first.match()
    assert second.hear(confirm, addresses[id(first)]) == []
    assert (first.state, second.state) == (State.CONFIRMED, State.PEER_CONFIRMED)
    (confirm,) = second.match()
    assert first.hear(confirm, addresses[id(second)]) == []
    assert (first.state, second.state) == (State.DONE, State.DONE)


def test_confirms_may_cross() -> None:
    alice, bob = show_both()
    (from_alice,), (from_bob,) = alice.match(), bob.match()
    alice.hear(from_bob, BOB)
    bob.hear(from_alice, ALICE)
    assert alice.state is bob.state is State.DONE


def test_no_two_comparisons_show_the_same() -> None:
    assert len({show_both()[0].shown for _ in range(4)}) == 4


def in_state(state: State) -> tuple[SasExchange, DeviceAddress, dict[Step, Comparing]]:
    """Return an exchange in a state, its other side, and a good step of each kind from there."""
    alice, bob = start_both()
    good = {Step.START: alice.start, Step.ABORT: abort(alice.tx, SasFailure.DIFFERS)}
    if state is State.ASKED:
        return bob, ALICE, good
    (good[Step.COMMIT],) = bob.agree()
    if state is State.PROMISED:
        good[Step.KEY] = Comparing(bob.tx, Step.KEY, b"\x09" + bytes(31))
        return bob, ALICE, good
    if state is State.STARTED:
        return alice, BOB, good
    (alice_key,) = alice.hear(good[Step.COMMIT], BOB)
    (good[Step.KEY],) = bob.hear(alice_key, ALICE)
    if state is State.COMMITTED:
        return alice, BOB, good
    alice.hear(good[Step.KEY], BOB)
    (good[Step.CONFIRM],) = bob.match()
    if state in (State.PEER_CONFIRMED, State.DONE):
        alice.hear(good[Step.CONFIRM], BOB)
    if state in (State.CONFIRMED, State.DONE):
        alice.match()
    if state is State.ENDED:
        alice.differ()
    return alice, BOB, good


FOLLOWING = {
    (State.STARTED, Step.COMMIT): (State.COMMITTED, [Step.KEY]),
    (State.PROMISED, Step.KEY): (State.SHOWN, [Step.KEY]),
    (State.COMMITTED, Step.KEY): (State.SHOWN, []),
    (State.SHOWN, Step.CONFIRM): (State.PEER_CONFIRMED, []),
    (State.CONFIRMED, Step.CONFIRM): (State.DONE, []),
}
"""What a good step leads to and is answered with; every other step is out of turn."""

ACTIONS: dict[str, Callable[[SasExchange], list[Comparing]]] = {
    "agree": SasExchange.agree,
    "match": SasExchange.match,
    "differ": SasExchange.differ,
}
ACTED = {
    (State.ASKED, "agree"): (State.PROMISED, Step.COMMIT),
    (State.SHOWN, "match"): (State.CONFIRMED, Step.CONFIRM),
    (State.PEER_CONFIRMED, "match"): (State.DONE, Step.CONFIRM),
    (State.SHOWN, "differ"): (State.ENDED, Step.ABORT),
    (State.CONFIRMED, "differ"): (State.ENDED, Step.ABORT),
    (State.PEER_CONFIRMED, "differ"): (State.ENDED, Step.ABORT),
}
"""What the user can do, and what goes out."""


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("state", State)
def test_each_state_takes_its_own_step_and_no_other(state: State, step: Step) -> None:
    exchange, peer, good = in_state(state)
    assert exchange.state is state
    heard = good.get(step, Comparing(exchange.tx, step, bytes(32)))
    answers = exchange.hear(heard, peer)
    if exchange.is_over and state in (State.DONE, State.ENDED):
        assert (exchange.state, answers) == (state, [])
    elif (state, step) in FOLLOWING:
        assert (exchange.state, [each.step for each in answers]) == FOLLOWING[state, step]
    elif step is Step.ABORT:
        assert (exchange.failure, answers) == (SasFailure.DIFFERS, [])
    else:
        assert exchange.failure is SasFailure.OUT_OF_TURN
        assert answers == [abort(exchange.tx, SasFailure.OUT_OF_TURN)]
    assert (exchange.failure is not None) == (exchange.state is State.ENDED)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("state", State)
def test_each_state_lets_the_user_do_what_belongs_to_it(state: State, action: str) -> None:
    exchange, _, _ = in_state(state)
    if (state, action) not in ACTED:
        with pytest.raises(LocalProtocolError):
            ACTIONS[action](exchange)
        assert exchange.state is state
    else:
        (sent,) = ACTIONS[action](exchange)
        assert (exchange.state, sent.step) == ACTED[state, action]


@given(st.lists(st.sampled_from(["deliver", "alice match", "bob match", "bob differ"]), max_size=9))
def test_nobody_is_verified_unless_both_said_so(acts: list[str]) -> None:
    alice, bob = (copy(each) for each in shown_once())
    said, wire = set(), list[tuple[SasExchange, Comparing, DeviceAddress]]()
    for act in acts:
        name, _, action = act.partition(" ")
        own, other, address = (alice, bob, ALICE) if name == "alice" else (bob, alice, BOB)
        if act == "deliver":
            if wire:
                hearer, step, sender = wire.pop(0)
                assert hearer.hear(step, sender) == []
        elif (own.state, action) in ACTED:
            said.add(act)
            wire += [(other, step, address) for step in ACTIONS[action](own)]
        if State.DONE in (alice.state, bob.state):
            assert {"alice match", "bob match"} <= said


@cache
def shown_once() -> tuple[SasExchange, SasExchange]:
    return show_both()


def test_its_time_is_ten_minutes() -> None:
    alice, bob = show_both()
    assert alice.expire(NOW_S + LIFE_S - 1) == []
    assert alice.expire(alice.deadline_s) == [abort(alice.tx, SasFailure.TIMEOUT)]
    assert alice.failure is SasFailure.TIMEOUT
    assert alice.expire(alice.deadline_s) == []
    bob.hear(abort(alice.tx, SasFailure.TIMEOUT), ALICE)
    assert bob.failure is SasFailure.TIMEOUT


def test_of_two_starts_that_cross_the_one_of_the_smaller_key_stays() -> None:
    alice = SasExchange.begin(ALICE, BOB.user_key, RELAY, NOW_S)
    bob = SasExchange.begin(BOB, ALICE.user_key, RELAY, NOW_S)
    assert not alice.yields
    assert bob.yields
    assert alice.hear(bob.start, BOB) == bob.hear(alice.start, ALICE) == []
    bob = SasExchange.asked(BOB, ALICE, RELAY, alice.start, NOW_S)
    assert not bob.yields
    (key,) = alice.hear(bob.agree()[0], BOB)
    alice.hear(bob.hear(key, ALICE)[0], BOB)
    assert alice.shown is not None
    assert alice.shown == bob.shown


def test_the_failures_that_mean_somebody_in_between() -> None:
    alarms = {SasFailure.DIFFERS, SasFailure.COMMITMENT, SasFailure.MAC, SasFailure.KEY}
    assert {why for why in SasFailure if why.is_alarm} == alarms


def test_a_repr_shows_nothing_secret() -> None:
    assert repr(shown_once()[0]) == "SasExchange(SHOWN)"


@pytest.mark.parametrize(
    "step",
    [Comparing(TX, Step.START), Comparing(TX, Step.KEY, b"k" * 32), abort(TX, SasFailure.BUSY)],
)
def test_a_step_is_a_content(step: Comparing) -> None:
    assert decode_content(*encode_content(step)) == step


@given(st.binary(min_size=16, max_size=16), st.integers(0, 255), st.binary(max_size=34))
def test_only_the_five_steps_with_their_sizes_are_taken(tx: bytes, step: int, data: bytes) -> None:
    sizes_bytes = {1: 0, 2: 32, 3: 32, 4: 32, 5: 1}
    body = tx + bytes([step]) + data
    if len(data) != sizes_bytes.get(step) or (step == 5 and not 1 <= data[0] <= 8):
        with pytest.raises(RemoteProtocolError):
            decode_content(KIND_SAS, body)
    else:
        assert decode_content(KIND_SAS, body) == Comparing(tx, Step(step), data)


@pytest.mark.parametrize("body", [b"", TX, TX[:-1] + b"\1"])
def test_a_step_that_is_cut_is_refused(body: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_content(KIND_SAS, body)


def test_a_step_of_another_size_is_not_sent() -> None:
    with pytest.raises(UsageError):
        encode_content(Comparing(TX, Step.KEY, bytes(31)))
