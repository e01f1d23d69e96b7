"""What a chat in lines says while two people compare emoji."""

import pytest

from securechat.client import commands as c
from securechat.client import events as e
from securechat.faces.entries import Tone
from securechat.faces.wording import sas as sas_wording
from tests.pure.faces.desk import Desk
from tests.pure.faces.sample_events import FINGERPRINT, ready

SHOWN = e.ComparingShown("bob", (0, 1, 2, 3, 4, 5, 6), "1234 5678 9012")
END_OF_IT = "Nothing has changed."


def test_who_asks_and_who_is_asked_learn_what_to_type() -> None:
    desk = Desk()
    desk.hear(ready())
    assert desk.hear(e.ComparingAsked("bob", own=True)) == [
        "bob is asked to compare emoji with you. There, within 10 minutes: /verify alice emoji"
    ]
    assert desk.hear(e.ComparingAsked("bob", own=False)) == [
        "[NOTICE] bob wants to compare emoji with you: /verify bob emoji, within 10 minutes."
    ]


def test_seven_emoji_are_shown_with_their_words() -> None:
    [told] = Desk().hear(SHOWN)
    before, first, second, decimals, then = told.split("\n")
    assert before == "Compare with bob, by voice or in person:"
    assert first.split("  ")[0] == "\N{OCTOPUS} octopus"
    assert (len(first.split("  ")), len(second.split("  "))) == (4, 3)
    assert decimals == "or 1234 5678 9012"
    assert then == "The same on both sides: /match bob   Anything else: /differ bob"


def test_whoever_has_said_that_it_is_the_same_learns_what_is_still_to_come() -> None:
    desk = Desk()
    desk.hear(ready())
    told = desk.hear(e.ComparingAgreed("bob"))
    assert told == ["Now bob has to say so too: /match alice, there."]


def test_words_suffice_where_emoji_cannot_be_shown() -> None:
    text = sas_wording.shown(SHOWN, unicode=False).text
    assert text.isascii()
    assert "octopus  key  snail  turtle\nelephant  penguin  dolphin\n" in text


@pytest.mark.parametrize("reason", list(e.ComparingEnd))
def test_an_end_says_that_nothing_has_changed(reason: e.ComparingEnd) -> None:
    calm = sas_wording.ended(e.ComparingEnded("bob", reason, alarm=False))
    assert calm.text.startswith("Comparing with bob ended: ")
    assert calm.text.endswith(END_OF_IT)
    assert calm.tone is Tone.NOTE
    loud = sas_wording.ended(e.ComparingEnded("bob", reason, alarm=True))
    assert loud.text.startswith("[WARNING] What you and bob see does not match: somebody may be")
    assert loud.tone is Tone.ALERT


def test_comparing_is_about_whom_one_writes_to_unless_a_name_is_typed() -> None:
    desk = Desk(peer="bob")
    for line in ("/match", "/differ carol", "/verify carol emoji"):
        desk.chat.enter(line)
    asked = [call[1] for call in desk.engine.calls if call[0] == "ask"]
    assert asked == [c.Match("bob"), c.Differ("carol"), c.Verify("carol", c.How.EMOJI)]


def test_the_digits_name_the_other_way_while_the_key_is_the_known_one() -> None:
    desk = Desk()
    digits = "1" * 60
    [new] = desk.hear(e.SafetyNumber("bob", digits, e.Trust.NEW, FINGERPRINT))
    assert new.endswith(". Or both type: /verify NAME emoji")
    [changed] = desk.hear(e.SafetyNumber("bob", digits, e.Trust.CHANGED, FINGERPRINT))
    assert "emoji" not in changed
