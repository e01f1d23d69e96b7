"""The sentences about messages that are changed."""

import pytest
from msgspec.structs import replace

from securechat.client import events as e
from securechat.faces.entries import Tone
from securechat.faces.wording import amendments as amend_wording
from securechat.faces.wording import messages as message_wording
from tests.pure.faces.desk import NOW, Desk
from tests.pure.faces.sample_events import NOON_MS, past


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (e.Amended("m1", "bob", "alice", "tea?", NOON_MS), "bob has edited: tea?"),
        (e.Amended("m1", "bob", "alice", "", NOON_MS), "bob has deleted a message."),
        (
            e.Amended("m1", "bob", "#ops", "tea?", NOON_MS, room="#ops"),
            "In #ops bob has edited: tea?",
        ),
        (
            e.Amended("m1", "alice", "bob", "tea?", NOON_MS, own=True),
            "Your message to bob is edited.",
        ),
        (
            e.Amended("m1", "alice", "#ops", "", NOON_MS, room="#ops", own=True),
            "Your message in #ops is deleted.",
        ),
        (e.Reacted("m1", "bob", "tea", "alice"), 'bob reacts with "tea".'),
        (e.Reacted("m1", "bob", "", "alice"), "bob takes a reaction back."),
        (
            e.Reacted("m1", "alice", "tea", "#ops", room="#ops", own=True),
            'You react in #ops with "tea".',
        ),
        (
            e.Reacted("m1", "alice", "", "bob", own=True),
            "You have taken your reaction to bob back.",
        ),
    ],
)
def test_what_is_told_of_a_change(event: e.Amended | e.Reacted, words: str) -> None:
    assert Desk().hear(event) == [words]


def test_only_the_text_of_an_edit_may_have_markdown_in_it() -> None:
    entry = amend_wording.amended(e.Amended("m1", "bob", "alice", "**tea**", NOON_MS))
    assert (entry.tone, entry.body) == (Tone.MESSAGE, "**tea**")


def test_a_symbol_cannot_end_its_quotation_marks() -> None:
    entry = amend_wording.reacted(e.Reacted("m1", "bob", 'a".\n[SERVER] x', "alice"))
    assert entry.text == "bob reacts with \"a'. 'SERVER' x\"."


def test_muted_conversations_are_changed_without_a_word() -> None:
    desk = Desk()
    desk.hear(e.Notifications("all", ("#ops", "bob")))
    assert desk.hear(e.Amended("m1", "bob", "alice", "tea?", NOON_MS)) == []
    assert desk.hear(e.Reacted("m1", "carol", "tea", "#ops", room="#ops")) == []
    assert desk.hear(e.Reacted("m1", "carol", "tea", "alice")) != []


def test_that_somebody_types_is_not_told_in_lines() -> None:
    assert Desk().hear(e.Typing("bob", active=True), e.Typing("bob", active=False)) == []


def test_who_sees_that_somebody_types() -> None:
    assert Desk().hear(e.OwnTyping(shown=True), e.OwnTyping(shown=False)) == [
        "Others see that you type, and you that they do. /typing off changes that.",
        "Nobody sees that you type, nor you that others do. /typing on changes that.",
    ]


def test_what_the_relay_has_seen() -> None:
    seen = (
        e.Sighting(NOON_MS, True, "9f2c41aa" + 24 * "0", 512, ephemeral=False),
        e.Sighting(NOON_MS, False, 32 * "1", 1024, ephemeral=True),
    )
    (words,) = Desk().hear(e.RelayView("bob", 32 * "1", seen))
    first, out, coming = words.split("\n")
    assert "2 envelopes of what you and bob write, 1,536 bytes" in first
    assert out == "15:06 to mailbox 9f2c41aa, 512 bytes"
    assert coming == "15:06 to you, 1,024 bytes, which says that somebody types"


def test_only_the_last_sightings_are_listed() -> None:
    seen = (e.Sighting(NOON_MS, False, 32 * "1", 512, ephemeral=False),) * 1000
    entry = amend_wording.relay_view(e.RelayView(None, 32 * "1", seen), NOW)
    assert "1000 envelopes, 512,000 bytes" in entry.text
    assert len(entry.text.split("\n")) == 22


def test_a_message_of_the_history_says_that_it_was_changed() -> None:
    changed = replace(past("tea?"), edited=True, reactions=(("alice", "yes"),))
    assert message_wording.past_message(changed, NOW).text.endswith(
        'late, edited, alice reacts with "yes"): tea?'
    )
    deleted = replace(past(""), edited=True, reply=e.Quote("m0", "alice", "tea?"))
    assert message_wording.past_message(deleted, NOW).text.endswith(
        'late, deleted, answers alice "tea?"): '
    )
