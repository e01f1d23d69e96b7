"""Two people compare emoji: what they see, when they are verified, what each state takes."""

from itertools import pairwise

import pytest

from securechat.crypto.sas import EMOJI_COUNT
from securechat.e2e.sas import SasExchange, State
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
    assert first.state is State.CONFIRMED
    assert second.hear(confirm, addresses[id(first)]) == []
    assert second.state is State.PEER_CONFIRMED
    (confirm,) = second.match()
    assert first.hear(confirm, addresses[id(second)]) == []
    assert first.state is second.state is State.DONE


def test_confirms_may_cross() -> None:
    alice, bob = show_both()
    (from_alice,), (from_bob,) = alice.match(), bob.match()
    alice.hear(from_bob, BOB)
    bob.hear(from_alice, ALICE)
    assert alice.state is bob.state is State.DONE


def test_no_two_comparisons_show_the_same() -> None:
    shown = [show_both()[0].shown for _ in range(4)]
    assert all(one != other for one, other in pairwise(shown))
