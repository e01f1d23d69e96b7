"""What a relay, a guesser or the other side can try in a pairing: nobody is ever let in."""

from collections.abc import Callable
from copy import copy, deepcopy
from functools import cache, partial

import msgspec
import pytest

from securechat.crypto.pake import MESSAGE_SIZE_BYTES as POINT_SIZE_BYTES
from securechat.crypto.pake import Pake
from securechat.e2e.pairing import (
    AnotherRelay,
    Introduction,
    Joiner,
    Opener,
    _finish,
    _Secrets,
)
from securechat.errors import PairingFailed
from securechat.identity.device import MAX_DEVICES, NO_PREVIOUS_LIST, DeviceList
from securechat.identity.registration import Registration
from securechat.identity.types import Digest, Name, RelayId
from tests.pure.e2e.test_pairing import ALICE, BOB, SLOT, WORDS, introduce
from tests.pure.identity.objects import RELAY, make_person

MALLORY = make_person("Mallory", seed=3)
OTHER_RELAY = RelayId(b"m" * 32)
MAC_SIZE_BYTES = 32
MAX_MESSAGE_SIZE_BYTES = 3584
WRONG, INVALID = "wrong-code", "invalid"


class Run:
    """An honest pairing of Alice and Bob, stopped after each message to give another instead."""

    def __init__(self) -> None:
        self._alice, self._bob = Opener(SLOT, WORDS, introduce(ALICE)), make_joiner()
        self._answered, self._replied = deepcopy(self._alice), deepcopy(self._bob)
        message1, message2 = self._bob.message, self._answered.answer(self._bob.message)
        _, message3 = self._replied.answer(message2)
        _, message4 = copy(self._answered).finish(message3)
        self.messages = (message1, message2, message3, message4)

    def give(self, number: int, message: bytes) -> None:
        """Let the pairing come as far as message ``number`` and give ``message`` in its place."""
        match number:
            case 1:
                deepcopy(self._bob).answer(deepcopy(self._alice).answer(message))
            case 2:
                deepcopy(self._bob).answer(message)
            case 3:
                copy(self._answered).finish(message)
            case _:
                copy(self._replied).confirm(message)

    def refusal(self, number: int, message: bytes) -> str:
        """Return why the pairing fails; fail when it does not, or with another error."""
        return reason_of(lambda: self.give(number, message))


@cache
def honest() -> Run:
    """The same run for all tests: what they give changes copies only."""
    return Run()


@cache
def earlier() -> Run:
    """A run before it, of the same two with the same code."""
    return Run()


def make_joiner(own: Introduction | None = None, words: bytes = WORDS, slot: int = SLOT) -> Joiner:
    return Joiner(slot, words, own or introduce(BOB))


def reason_of(act: Callable[[], object]) -> str:
    with pytest.raises(PairingFailed) as raised:
        act()
    assert raised.value.exit_status == 4
    assert raised.value.try_next
    return raised.value.reason


def flips(message: bytes) -> list[bytes]:
    """Return ``message`` with each of its bits flipped."""
    number, size_bytes = int.from_bytes(message, "big"), len(message)
    return [(number ^ 1 << bit).to_bytes(size_bytes, "big") for bit in range(8 * size_bytes)]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_the_honest_message_is_taken_where_others_are_given(number: int) -> None:
    honest().give(number, honest().messages[number - 1])


def test_no_flipped_bit_of_either_point_is_taken() -> None:
    message1, message2, *_ = honest().messages
    reasons = {honest().refusal(1, flipped) for flipped in flips(message1)}
    point, sealed = message2[:POINT_SIZE_BYTES], message2[POINT_SIZE_BYTES:]
    reasons |= {honest().refusal(2, flipped + sealed) for flipped in flips(point)}
    assert reasons == {WRONG, INVALID}


def test_no_flipped_bit_of_what_the_opener_sealed_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The key is agreed on once for all of them: that takes a hundred times as long as the rest."""
    monkeypatch.setattr(Pake, "finish", lambda *_: b"k" * 32)
    alice, bob = Opener(SLOT, WORDS, introduce(ALICE)), make_joiner()
    message2 = alice.answer(bob.message)
    bob.answer(message2)
    point, sealed = message2[:POINT_SIZE_BYTES], message2[POINT_SIZE_BYTES:]
    for flipped in flips(sealed):
        assert reason_of(partial(bob.answer, point + flipped)) == WRONG


def test_no_flipped_bit_of_messages_3_and_4_is_taken() -> None:
    *_, message3, message4 = honest().messages
    sealed, mac = message3[:-MAC_SIZE_BYTES], message3[-MAC_SIZE_BYTES:]
    assert {honest().refusal(3, flipped + mac) for flipped in flips(sealed)} == {WRONG}
    assert {honest().refusal(3, sealed + flipped) for flipped in flips(mac)} == {INVALID}
    assert {honest().refusal(4, flipped) for flipped in flips(message4)} == {INVALID}


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_truncated_or_extended_message_is_not_taken(number: int) -> None:
    message = honest().messages[number - 1]
    step = 1 if number != 2 else 29
    for size_bytes in range(0, len(message), step):
        assert honest().refusal(number, message[:size_bytes]) in {WRONG, INVALID}
    for more in (b"\0", bytes(32), message):
        assert honest().refusal(number, message + more) in {WRONG, INVALID}


def guess(words: bytes, slot: int) -> str:
    """Join Alice's code with a guess, seal a view under what it gives; return Alice's reason."""
    alice, guesser = Opener(SLOT, WORDS, introduce(ALICE)), make_joiner(words=words, slot=slot)
    point = alice.answer(guesser.message)[:POINT_SIZE_BYTES]
    secrets = _Secrets.derive(_finish(guesser._pake, point), slot, point, guesser.message)
    message3 = secrets.seal_view(b"joiner", msgspec.msgpack.encode(introduce(MALLORY)))
    return reason_of(lambda: alice.finish(message3 + bytes(MAC_SIZE_BYTES)))


@pytest.mark.parametrize(
    ("words", "slot"), [(b"otter-lime-soda", SLOT), (b"otter-lime", SLOT), (WORDS, SLOT + 1)]
)
def test_other_words_or_another_slot_are_a_wrong_code_on_both_sides(
    words: bytes, slot: int
) -> None:
    alice, guesser = Opener(SLOT, WORDS, introduce(ALICE)), make_joiner(words=words, slot=slot)
    message2 = alice.answer(guesser.message)
    assert reason_of(lambda: guesser.answer(message2)) == WRONG
    assert guess(words, slot) == WRONG
    assert guess(WORDS, SLOT) == INVALID, "the right words open the view"


def test_a_relay_in_the_middle_that_passes_everything_on_is_seen_by_both() -> None:
    """Bob's connection shows another relay id than Alice's."""
    registration = Registration.sign(BOB.user, relay_id=OTHER_RELAY, name=Name("Bob"), time_ms=1)
    there = Introduction(OTHER_RELAY, registration, BOB.device_list, BOB.certificate)
    alice, bob = Opener(SLOT, WORDS, introduce(ALICE)), make_joiner(there)
    message2 = alice.answer(bob.message)
    with pytest.raises(AnotherRelay) as seen_by_bob:
        bob.answer(message2)
    assert seen_by_bob.value.seen == RELAY
    with pytest.raises(AnotherRelay) as seen_by_alice:
        alice.finish(seen_by_bob.value.message3)
    assert (seen_by_alice.value.seen, seen_by_alice.value.message3) == (OTHER_RELAY, b"")
    for error in (seen_by_bob.value, seen_by_alice.value):
        assert (error.reason, error.exit_status) == ("another-relay", 4)
        assert "6d6d-6d6d-6d6d-6d6d" in error.what
        assert "7272-7272-7272-7272" in error.what


def change(**fields: object) -> Introduction:
    return msgspec.structs.replace(introduce(MALLORY), **fields)


def register(relay_id: RelayId, name: str) -> Registration:
    return Registration.sign(MALLORY.user, relay_id=relay_id, name=Name(name), time_ms=1)


def list_hashes(*hashes: Digest) -> DeviceList:
    unsigned = DeviceList.sign(
        MALLORY.user, sequence=1, previous_hash=NO_PREVIOUS_LIST, certificates=()
    )
    listing = msgspec.structs.replace(unsigned, certificate_hashes=hashes)
    signature = MALLORY.user.sign(listing.signed_bytes())
    return msgspec.structs.replace(listing, signature=signature)


LIARS = {
    "the registration of another person": change(registration=ALICE.registration),
    "a registration for another relay": change(registration=register(OTHER_RELAY, "Mallory")),
    "a registration that another key signed": change(
        registration=msgspec.structs.replace(MALLORY.registration, user_key=ALICE.user_key)
    ),
    "a name that is none": change(registration=register(RELAY, "two words")),
    "a name that is not normalised": change(registration=register(RELAY, "\uff2dallory")),
    "the list of another person": change(device_list=ALICE.device_list),
    "a list that nobody signed": change(
        device_list=msgspec.structs.replace(MALLORY.device_list, sequence=2)
    ),
    "a list without the device": change(device_list=list_hashes(ALICE.certificate.hash)),
    "a list of 65 devices": change(
        device_list=list_hashes(*(Digest(bytes([i]) * 32) for i in range(MAX_DEVICES + 1)))
    ),
    "the certificate of another person": change(certificate=ALICE.certificate),
    "a certificate that is listed and that nobody signed": change(
        certificate=msgspec.structs.replace(MALLORY.certificate, signature=bytes(64))
    ),
    "a certificate that was changed": change(
        certificate=msgspec.structs.replace(MALLORY.certificate, created_ms=1)
    ),
}


@pytest.mark.parametrize("view", LIARS.values(), ids=LIARS)
def test_somebody_who_has_the_code_must_show_a_whole_identity(view: Introduction) -> None:
    """From either side: the code lets nobody pass for what they cannot sign."""
    hostile, bob = Opener(SLOT, WORDS, view), make_joiner()
    message2 = hostile.answer(bob.message)
    assert reason_of(lambda: bob.answer(message2)) == INVALID
    alice, hostile_joiner = Opener(SLOT, WORDS, introduce(BOB)), make_joiner(view)
    _, message3 = hostile_joiner.answer(alice.answer(hostile_joiner.message))
    assert reason_of(lambda: alice.finish(message3)) == INVALID


def test_the_honest_view_of_the_same_person_is_taken() -> None:
    """What the liars above change is what they are refused for."""
    hostile, bob = Opener(SLOT, WORDS, introduce(MALLORY)), make_joiner()
    bob.answer(hostile.answer(bob.message))


def test_the_own_identity_is_not_taken_for_somebody_else_s() -> None:
    mirror, bob = Opener(SLOT, WORDS, introduce(BOB)), make_joiner()
    message2 = mirror.answer(bob.message)
    assert reason_of(lambda: bob.answer(message2)) == INVALID


@pytest.mark.parametrize("number", [2, 3, 4])
def test_a_message_of_an_earlier_run_is_not_taken(number: int) -> None:
    assert honest().refusal(number, earlier().messages[number - 1]) in {WRONG, INVALID}


def test_an_earlier_first_message_leads_nowhere() -> None:
    alice, (message1, _, message3, _) = Opener(SLOT, WORDS, introduce(ALICE)), earlier().messages
    alice.answer(message1)
    assert reason_of(lambda: alice.finish(message3)) == WRONG


def test_no_message_is_taken_in_the_place_of_another_one() -> None:
    """Nor is one sent back to whoever sent it, whole or in parts."""
    run = honest()
    for number in (1, 2, 3, 4):
        for other, message in enumerate(run.messages, start=1):
            if other != number:
                assert run.refusal(number, message) in {WRONG, INVALID}
    message1, message2, message3, message4 = run.messages
    sealed_by_alice, mac_of_bob = message2[POINT_SIZE_BYTES:], message3[-MAC_SIZE_BYTES:]
    assert run.refusal(2, b"A" + message1[1:] + sealed_by_alice) == INVALID
    assert run.refusal(3, sealed_by_alice + mac_of_bob) == WRONG
    assert run.refusal(3, message3[:-MAC_SIZE_BYTES] + message4) == INVALID
    assert run.refusal(4, mac_of_bob) == INVALID


def test_the_largest_view_fits_in_what_the_relay_passes() -> None:
    hashes = sorted(Digest(bytes([i]) * 32) for i in range(MAX_DEVICES - 1))
    device_list = list_hashes(*sorted([*hashes, MALLORY.certificate.hash]))
    registration = register(RELAY, "\N{LINEAR B SYLLABLE B008 A}" * 32)
    large = change(device_list=device_list, registration=registration)
    alice, bob = Opener(SLOT, WORDS, large), make_joiner()
    message2 = alice.answer(bob.message)
    assert bob.answer(message2)[0] == large
    assert 2048 < len(message2) <= MAX_MESSAGE_SIZE_BYTES - MAC_SIZE_BYTES
