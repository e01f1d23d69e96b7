"""What a chat in lines says and does when somebody pairs with a code, and of invitations."""

from datetime import UTC, datetime

import pytest

from securechat.client import events as e
from securechat.faces.entries import Tone
from securechat.faces.wording import pairing as pairing_wording
from tests.pure.faces.desk import Desk
from tests.pure.faces.sample_events import FINGERPRINT, NOON_MS, peer_ready, ready

NOW = datetime.fromtimestamp(NOON_MS / 1000, UTC)
ADDRESS = "192.0.2.66"


def ended(reason: e.CodeEnd, *, again: bool = True) -> e.CodeEnded:
    return e.CodeEnded(reason, ADDRESS, again, shown=FINGERPRINT)


def test_a_code_says_how_long_it_works_and_what_to_type() -> None:
    desk = Desk()
    assert desk.hear(e.CodeReady("7-otter-lime-sofa", NOON_MS + 600_000)) == [
        "Code 7-otter-lime-sofa works once, until 15:16. There: securechat join"
    ]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            e.CodeEnd.WRONG_CODE,
            "tried this code with wrong words. Nobody was let in; the code is used up.",
        ),
        (
            e.CodeEnd.ANOTHER_RELAY,
            f"had the right words but is on another relay ({FINGERPRINT}): somebody may be in "
            "between. Nobody was let in.",
        ),
        (e.CodeEnd.INVALID, "took the code and sent what is not valid. Nobody was let in."),
        (e.CodeEnd.GONE, "took the code and went away in the middle. Nobody was let in."),
    ],
)
def test_a_burnt_code_is_loud(reason: e.CodeEnd, words: str) -> None:
    entry = pairing_wording.code_ended(ended(reason))
    assert entry.tone is Tone.ALERT
    assert entry.text == f"[WARNING] Somebody at {ADDRESS} {words}"
    last = pairing_wording.code_ended(ended(reason, again=False))
    assert last.text == f"{entry.text} /code makes another."


def test_a_code_that_nobody_took_is_no_warning() -> None:
    expired = pairing_wording.code_ended(ended(e.CodeEnd.EXPIRED, again=False))
    assert expired.text == "The code has expired. /code makes another."
    lost = pairing_wording.code_ended(ended(e.CodeEnd.LOST))
    assert lost.text == "The relay does not have the code any more."
    assert {expired.tone, lost.tone} == {Tone.NOTE}


def test_who_paired_is_written_to_and_verified() -> None:
    desk = Desk(peer=None)
    desk.hear(ready())
    told = desk.hear(e.Paired("bob", FINGERPRINT))
    assert told == ["bob is verified: you both used the code. Type a message."]
    assert desk.chat.prompt() == "bob ✓ > "
    assert desk.engine.calls == [("talk_to", "bob")]
    assert desk.hear(peer_ready(trust=e.Trust.VERIFIED)) == []


def test_who_paired_and_is_blocked_stays_so_and_is_not_written_to() -> None:
    desk = Desk(peer=None)
    desk.hear(ready())
    assert desk.hear(e.Paired("bob", FINGERPRINT, blocked=True)) == [
        "bob is verified (you both used the code) but still blocked here: nothing comes or goes. "
        "/unblock bob"
    ]
    assert desk.engine.calls == []
    assert desk.hear(e.Blocked("bob", blocked=False)) == ["bob is not blocked any more."]


def test_who_paired_and_logs_in_a_moment_later_is_not_said_to_be_away() -> None:
    desk = Desk(peer=None)
    desk.hear(ready(), e.Paired("bob", FINGERPRINT))
    away, here = e.PresenceChanged("bob", False), e.PresenceChanged("bob", True)
    assert desk.hear(peer_ready(trust=e.Trust.VERIFIED), away) == []
    assert desk.hear(here) == ["[SERVER] bob joined the chat!"]
    assert desk.hear(away) == ["[SERVER] bob left the chat!"]


def test_pairing_takes_nobody_out_of_their_conversation() -> None:
    desk = Desk(peer="carol")
    desk.hear(ready())
    told = desk.hear(e.Paired("bob", FINGERPRINT))
    assert told == ["bob is verified: you both used the code. Write with /msg bob text."]
    assert desk.chat.prompt().startswith("carol")
    assert desk.engine.calls == []


def test_invitations() -> None:
    made = e.InviteMade("securechat://a/j/b#c", "SECURECHAT://", "9f2c41aa", 1, NOON_MS)
    assert pairing_wording.answer(made, NOW).text == (
        "Invitation securechat://a/j/b#c works once, until 15:06. There: securechat join LINK. "
        "To take it back: securechat invite --revoke 9f2c41aa"
    )
    assert pairing_wording.invite_list(e.InviteList(()), NOW).text.startswith("No invitation")
    listed = e.InviteList((e.InviteInfo("9f2c41aa", 3, NOON_MS + 86_400_000),))
    assert pairing_wording.answer(listed, NOW).text == (
        "Your invitations:\n9f2c41aa works 3 times, until 2025-06-16 15:06"
    )
