"""What a relay, a guesser or the other side can try in a pairing: nobody is ever let in."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import msgspec
import pytest

from securechat.crypto.signing import SigningKey
from securechat.e2e.pairing import AnotherRelay, Introduction, Joiner, Opener
from securechat.errors import PairingFailed
from securechat.identity.device import MAX_DEVICES, NO_PREVIOUS_LIST, DeviceList
from securechat.identity.registration import Registration
from securechat.identity.types import Name, RelayId, UserKey
from tests.pure.e2e.test_pairing import ALICE, BOB, SLOT, WORDS, introduce
from tests.pure.identity.objects import RELAY, Person, make_certificate, make_person

MALLORY = make_person("Mallory", seed=3)
OTHER_RELAY = RelayId(b"m" * 32)
MAX_MESSAGE_SIZE_BYTES = 3584
SECRETS = {True: b"\x0a", False: b"\x0b"}
POINT_SIZE_BYTES, MAC_SIZE_BYTES = 33, 32


def opener(own: Introduction, words: bytes = WORDS, slot: int = SLOT) -> Opener:
    return Opener(slot, words, own, lambda size_bytes: SECRETS[True] * size_bytes)


def joiner(own: Introduction, words: bytes = WORDS, slot: int = SLOT) -> Joiner:
    return Joiner(slot, words, own, lambda size_bytes: SECRETS[False] * size_bytes)


@cache
def honest_messages() -> tuple[bytes, bytes, bytes, bytes]:
    """The four messages of Alice and Bob, whose secrets are always the same here."""
    return run(opener(introduce(ALICE)), joiner(introduce(BOB)))


def run(alice: Opener, bob: Joiner) -> tuple[bytes, bytes, bytes, bytes]:
    """Let two sides pair and return the messages."""
    message2 = alice.answer(bob.message)
    _, message3 = bob.answer(message2)
    _, message4 = alice.finish(message3)
    bob.confirm(message4)
    return bob.message, message2, message3, message4


def hand_over(number: int, message: bytes) -> None:
    """Run the pairing up to the message with this number, and give ``message`` instead."""
    alice, bob = opener(introduce(ALICE)), joiner(introduce(BOB))
    _, message2, message3, _ = honest_messages()
    match number:
        case 1:
            bob.answer(alice.answer(message))
        case 2:
            bob.answer(message)
        case 3:
            alice.answer(bob.message)
            alice.finish(message)
        case _:
            bob.answer(message2)
            bob.confirm(message)


def reason_of(act: Callable[[], object]) -> str:
    """Return why the pairing failed; a message that is taken, and any other error, fails."""
    with pytest.raises(PairingFailed) as raised:
        act()
    assert raised.value.exit_status == 4
    assert raised.value.try_next
    return raised.value.reason


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_the_honest_message_is_taken_where_the_others_are_tried(number: int) -> None:
    hand_over(number, honest_messages()[number - 1])


@pytest.mark.parametrize("number", [1, 4])
def test_no_flipped_bit_of_a_short_message_is_taken(number: int) -> None:
    message = honest_messages()[number - 1]
    for bit in range(8 * len(message)):
        flipped = flip(message, bit)
        reason = reason_of(lambda flipped=flipped: hand_over(number, flipped))  # type: ignore[misc]
        assert reason in {"wrong-code", "invalid"}


def flip(message: bytes, bit: int) -> bytes:
    changed = bytearray(message)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
