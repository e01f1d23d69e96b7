"""What a person is told whose pairing failed."""

import pytest

from securechat.e2e.pairing import Opener
from securechat.errors import PairingFailed
from tests.pure.e2e.test_hostile_pairing import make_joiner
from tests.pure.e2e.test_pairing import ALICE, SLOT, WORDS, introduce


def test_wrong_words_say_why_and_what_to_do() -> None:
    alice, bob = Opener(SLOT, WORDS, introduce(ALICE)), make_joiner(words=b"otter-lime-cake")
    with pytest.raises(PairingFailed) as raised:
        bob.answer(alice.answer(bob.message))
    what = "The words do not match, or somebody is in between; the code is used up"
    assert raised.value.what == what
    assert "ask for a new code" in raised.value.try_next
    assert raised.value.exit_status == 4
