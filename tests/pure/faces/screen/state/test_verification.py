"""Comparing keys on the screen."""

from securechat.client import commands as c
from securechat.client import events as e
from securechat.faces.screen.state.verification import Verification
from tests.pure.faces.sample_events import FINGERPRINT

DIGITS = e.SafetyNumber("bob", "1" * 60, e.Trust.NEW, FINGERPRINT)
EMOJI = e.ComparingShown("bob", (1,) * 7, "1111 2222 3333")
CHANGED = e.PeerKeyChanged("bob", "9f2c", "41aa")


def asked() -> tuple[Verification, list[c.Question]]:
    questions: list[c.Question] = []
    return Verification(questions.append), questions


def test_digits_are_trusted_for_whom_they_are_of() -> None:
    verification, questions = asked()
    verification.trust()
    verification.begin("bob", c.How.DIGITS)
    verification.hear(DIGITS)
    verification.trust()
    assert questions == [c.Verify("bob", c.How.DIGITS), c.Decide(c.Decision.TRUST, "bob")]


def test_digits_of_an_earlier_time_or_key_count_no_more() -> None:
    verification, questions = asked()
    verification.hear(DIGITS)
    verification.begin("carol", c.How.DIGITS)
    verification.trust()
    verification.hear(DIGITS)
    verification.hear(e.PeerKeyChanged("carol", "9f2c", "41aa"))
    assert verification.safety == DIGITS
    verification.hear(CHANGED)
    verification.trust()
    assert questions == [c.Verify("carol", c.How.DIGITS)]


def test_emoji_are_answered_for_whom_they_are_with() -> None:
    verification, questions = asked()
    verification.match()
    verification.differ()
    assert questions == []
    verification.hear(EMOJI)
    verification.match()
    verification.differ()
    assert questions == [c.Match("bob"), c.Differ("bob")]


def test_emoji_of_somebody_else_stay() -> None:
    verification, _ = asked()
    verification.hear(EMOJI)
    verification.hear(e.ComparingEnded("carol", e.ComparingEnd.TIMEOUT, alarm=False))
    assert verification.comparing == EMOJI
    verification.hear(e.ComparingEnded("Bob", e.ComparingEnd.DIFFERS, alarm=True))
    assert verification.comparing is None


def test_who_wants_to_compare_waits_until_it_goes_on() -> None:
    verification, _ = asked()
    verification.hear(e.ComparingAsked("bob", own=True))
    assert verification.asked_by == ""
    verification.hear(e.ComparingAsked("bob", own=False))
    assert verification.asked_by == "bob"
    verification.hear(EMOJI)
    assert verification.asked_by == ""


def test_who_was_asked_is_known_until_they_agree_or_it_is_over() -> None:
    verification, _ = asked()
    ended = e.ComparingEnded("bob", e.ComparingEnd.TIMEOUT, alarm=False)
    for end in (EMOJI, ended):
        verification.hear(e.ComparingAsked("bob", own=True))
        assert verification.asked == "bob"
        verification.hear(end)
        assert verification.asked == ""


def test_the_digits_stay_while_emoji_are_asked_for() -> None:
    verification, _ = asked()
    verification.begin("bob", c.How.DIGITS)
    verification.hear(DIGITS)
    verification.begin("bob", c.How.EMOJI)
    assert verification.safety == DIGITS
