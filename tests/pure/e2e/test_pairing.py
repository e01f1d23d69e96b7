"""Two people pair with a code: the four messages, and what each side has afterwards."""

import pytest

from securechat.e2e.pairing import Introduction, Joiner, Opener
from securechat.errors import LocalProtocolError
from securechat.identity.chain import Highest
from tests.pure.identity.objects import RELAY, Person, make_person

ALICE, BOB = make_person("Alice", seed=1), make_person("Bob", seed=2)
SLOT, WORDS = 7, b"otter-lime-sofa"


def introduce(person: Person) -> Introduction:
    return Introduction(RELAY, person.registration, person.device_list, person.certificate)


def begin() -> tuple[Opener, Joiner]:
    return Opener(SLOT, WORDS, introduce(ALICE)), Joiner(SLOT, WORDS, introduce(BOB))


def test_both_get_the_other_side() -> None:
    opener, joiner = begin()
    alice, message3 = joiner.answer(opener.answer(joiner.message))
    bob, message4 = opener.finish(message3)
    joiner.confirm(message4)
    assert (alice, bob) == (introduce(ALICE), introduce(BOB))


def test_what_is_kept_beside_the_pin_is_the_list_and_no_bundle() -> None:
    alice = introduce(ALICE)
    assert (alice.name, alice.user_key) == ("Alice", ALICE.user_key)
    device_list = ALICE.device_list
    unseen = {ALICE.certificate.device_id: 0}
    assert alice.highest == Highest(device_list.sequence, device_list.hash, unseen)


def test_nothing_is_done_twice_or_too_early() -> None:
    opener, joiner = begin()
    with pytest.raises(LocalProtocolError):
        opener.finish(bytes(80))
    with pytest.raises(LocalProtocolError):
        joiner.confirm(bytes(32))
    message2 = opener.answer(joiner.message)
    with pytest.raises(LocalProtocolError):
        opener.answer(joiner.message)
    _, message3 = joiner.answer(message2)
    with pytest.raises(LocalProtocolError):
        joiner.answer(message2)
    _, message4 = opener.finish(message3)
    with pytest.raises(LocalProtocolError):
        opener.finish(message3)
    joiner.confirm(message4)
    with pytest.raises(LocalProtocolError):
        joiner.confirm(message4)


def test_no_secret_is_shown() -> None:
    opener, joiner = begin()
    assert (repr(opener), repr(joiner)) == ("Opener(secret)", "Joiner(secret)")
