"""Warnings that stand in every conversation."""

from securechat.client import events as e
from securechat.faces.screen.drawing.spans import Look
from securechat.faces.screen.state.alarms import Alarms
from tests.pure.faces.sample_events import FINGERPRINT, message

CHANGED = e.PeerKeyChanged("bob", "9f2c", "41aa", verified=True)
ENDED = e.ComparingEnded("carol", e.ComparingEnd.MAC, alarm=True)
TAKEN = e.TrustChanged("Bob", e.Trust.NEW, FINGERPRINT, e.Reason.ACCEPTED)
BOB_CHANGED = "[WARNING] THE KEY OF bob HAS CHANGED: nothing is sent to bob"


def words(alarms: Alarms, current: str | None) -> list[str]:
    lines = alarms.lines(current)
    assert all(part.look is Look.ALERT for line in lines for part in line)
    return ["".join(part.text for part in line) for line in lines]


def test_a_changed_key_stands_everywhere_and_says_what_to_do() -> None:
    alarms = Alarms("Alt-A")
    assert alarms.hear(CHANGED)
    for current in ("bob", "carol", None):
        assert words(alarms, current) == [
            BOB_CHANGED,
            "Known (verified): 9f2c   Shown: 41aa",
            "/verify bob compares, Alt-A takes note.",
        ]


def test_one_that_was_noted_stays_where_it_is_about_until_the_trust_changes() -> None:
    alarms = Alarms("Alt-A")
    alarms.hear(CHANGED)
    alarms.note()
    assert words(alarms, "carol") == []
    assert words(alarms, "BOB") == [BOB_CHANGED]
    assert alarms.hear(TAKEN)
    assert words(alarms, "bob") == []


def test_of_several_the_newest_stands_first_and_they_are_counted() -> None:
    alarms = Alarms("Alt-A")
    alarms.hear(CHANGED)
    alarms.hear(ENDED)
    first = words(alarms, None)[0]
    assert first == "[WARNING] WHAT YOU AND carol SEE DOES NOT MATCH (1 of 2 warnings)"
    alarms.note()
    assert words(alarms, None)[0] == BOB_CHANGED
    alarms.note()
    alarms.note()
    assert words(alarms, None) == []


def test_one_of_a_person_is_there_once() -> None:
    alarms = Alarms("Alt-A")
    for _ in range(3):
        alarms.hear(CHANGED)
    assert "warnings" not in words(alarms, None)[0]
    alarms.note()
    assert len(words(alarms, "bob")) == 1


def test_it_follows_the_name_of_its_person() -> None:
    alarms = Alarms("Alt-A")
    alarms.hear(CHANGED)
    alarms.note()
    alarms.hear(e.Renamed("bob", "Bobby"))
    assert len(words(alarms, "bobby")) == 1
    assert words(alarms, "bob") == []


def test_what_needs_nobody_to_do_anything_is_no_alarm() -> None:
    alarms = Alarms("Alt-A")
    assert not alarms.hear(e.PeerKeyChanged("bob", "9f2c", "41aa", accepted=True))
    assert not alarms.hear(e.ComparingEnded("bob", e.ComparingEnd.TIMEOUT, alarm=False))
    assert not alarms.hear(message("[WARNING] THE KEY OF carol HAS CHANGED"))
    assert words(alarms, "bob") == []
