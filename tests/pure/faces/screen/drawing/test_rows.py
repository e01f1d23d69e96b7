"""Rows of messages."""

from msgspec.structs import replace

from securechat.client import events as e
from securechat.faces.screen.drawing.rows import Row, of_message, of_own, of_past
from securechat.faces.session.own_message import OwnMessage
from tests.pure.faces.sample_events import NOON_MS, message

PAST = e.PastMessage(
    "m1", "bob", "alice", "hello", NOON_MS, NOON_MS, True, "verified", None, missing=0, late=False
)


def test_a_message_says_all_that_its_event_says() -> None:
    quote = e.Quote("m0", "alice", "tea?")
    event = message(
        "hi", trust=e.Trust.VERIFIED, e2e=False, late=True, missing=2, request=True, action=True,
        mention=True, reply=quote,
    )  # fmt: skip
    assert of_message(event) == Row(
        "m1", "bob", "hi", NOON_MS, own=False, trust="verified", e2e=False, action=True, late=True,
        mention=True, request=True, missing=2, reply=quote,
    )  # fmt: skip


def test_of_the_history_an_own_one_has_a_state_and_no_trust() -> None:
    assert of_past(PAST) == Row(
        "m1", "bob", "hello", NOON_MS, own=False, trust="verified", e2e=True, position=0
    )
    own = of_past(replace(PAST, sender="alice", state=e.DeliveryState.READ))
    assert (own.own, own.trust, own.state) == (True, "", e.DeliveryState.READ)


def test_what_was_just_written_is_queued() -> None:
    row = of_own(OwnMessage("id1", "bob", "yes", reply_to="m1"), "alice", NOON_MS)
    assert (row.own, row.sender, row.state) == (True, "alice", e.DeliveryState.QUEUED)
    assert row.reply == e.Quote("m1")


def test_deleted_is_edited_to_nothing() -> None:
    row = of_past(PAST)
    assert not replace(row, text="").deleted
    assert not replace(row, edited=True).deleted
    assert replace(row, text="", edited=True).deleted
