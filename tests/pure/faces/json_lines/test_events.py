"""The objects of ``--json``, and the page that describes them."""

import json
import re
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from securechat.client import commands as c
from securechat.client import events as e
from securechat.errors import KeyChanged, SecureChatError, UsageError
from securechat.faces.json_lines.events import encode_error, encode_event, encode_help
from tests.pure.faces.sample_events import FINGERPRINT, NOON_MS, message, past, peer_ready, ready

TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}

KNOWN = e.KnownPerson("Bobby", "bob", e.Trust.VERIFIED, FINGERPRINT, request=False, blocked=True)

OPS = e.RoomInfo(
    "#ops", "tea", "alice", 3, joined=True, admin=True, paused=False, muted=False
)  # fmt: skip

MADE = e.InviteMade("securechat://a", "SECURECHAT://A", "9f2c41aa", 1, NOON_MS)

SIGHTING = e.Sighting(NOON_MS, outgoing=True, mailbox="1" * 32, size_bytes=512, ephemeral=True)

FULLEST: tuple[e.Event, ...] = (
    ready(),
    e.Offline("timed out", 1.25),
    e.Waiting("bob"),
    peer_ready(first_use=True),
    message(request=True, missing=2, late=True),
    message(room="#ops", action=True, mention=True, alert=True, reply=e.Quote("m0", "alice", "hi")),
    e.Sent("id1", "bob"),
    e.Accepted("id1", "bob"),
    e.Delivered("id1", "bob"),
    e.Read("id1", "bob"),
    e.PresenceChanged("bob", True, away=True, last_seen_ms=NOON_MS, room="#lobby"),
    e.EncryptionChanged("bob", False, False),
    e.People(("alice", "bob"), {"bob": e.Trust.NEW}),
    e.Contacts((KNOWN,)),
    e.SafetyNumber("bob", "1" * 60, e.Trust.VERIFIED, FINGERPRINT),
    e.PeerKeyChanged("bob", "aaaa", "bbbb", verified=True),
    e.TrustChanged("bob", e.Trust.NEW, FINGERPRINT, e.Reason.ACCEPTED),
    e.DevicesChanged("bob", e.Trust.VERIFIED),
    e.DeviceRenewed("d" * 32),
    e.Blocked("bob", blocked=True),
    e.Renamed("bob", "Bobby"),
    e.History("bob", (past(), past("out", state=e.DeliveryState.READ))),
    e.SearchResult((past(),), more=True),
    e.Retention("bob", 30),
    e.Withdrawn("bob", ("id1", "id2")),
    e.Resumed(),
    e.RoomNews("#ops", e.RoomChange.TOPIC, "alice", "bob", "tea"),
    e.Invitation("#ops", "bob", "carol", 3, "tea", e.Trust.NEW, request=True),
    e.RoomList((OPS,)),
    e.RoomPeople("#ops", (e.RoomPerson("alice", None, admin=True),)),
    e.Notifications("dm", ("#ops",)),
    e.OwnPresence(visible=True, away=False),
    e.CodeReady("7-otter-lime-sofa", NOON_MS),
    e.CodeEnded(e.CodeEnd.ANOTHER_RELAY, "192.0.2.66", again=True, shown=FINGERPRINT),
    e.Paired("bob", FINGERPRINT),
    e.ComparingAsked("bob", own=True),
    e.ComparingShown("bob", (0, 1, 2, 3, 4, 62, 63), "1234 5678 9012"),
    e.ComparingAgreed("bob"),
    e.ComparingEnded("bob", e.ComparingEnd.MAC, alarm=True),
    MADE,
    e.InviteList((e.InviteInfo("9f2c41aa", 2, NOON_MS),)),
    e.Amended("m1", "bob", "alice", "better", NOON_MS),
    e.Amended("m1", "alice", "#ops", "better", NOON_MS, room="#ops", own=True),
    e.Amended("m1", "bob", "alice", "", NOON_MS),
    e.Amended("m1", "alice", "#ops", "", NOON_MS, room="#ops", own=True),
    e.Reacted("m1", "bob", "tea", "alice"),
    e.Reacted("m1", "alice", "tea", "#ops", room="#ops", own=True),
    e.Typing("bob", active=True, room="#ops"),
    e.OwnTyping(shown=True),
    e.RelayView("bob", "0" * 32, (SIGHTING,)),
    e.Problem(UsageError("Bad", "good"), "id1"),
)
"""Every kind of event, with every optional field in one of those of its kind."""

SPARSE: tuple[e.Event, ...] = (
    message(),
    message(room="#ops"),
    e.PresenceChanged("bob", True),
    e.RoomNews("#ops", e.RoomChange.CREATED),
    e.Invitation("#ops", "bob", "bob", 3, "", e.Trust.NEW, request=False),
    e.History(None, ()),
    e.CodeEnded(e.CodeEnd.EXPIRED, "", again=False),
    e.Amended("m1", "bob", "alice", "better", NOON_MS),
    e.Amended("m1", "bob", "#ops", "", NOON_MS, room="#ops"),
    e.Reacted("m1", "bob", "", "alice"),
    e.Typing("bob", active=False),
    e.RelayView(None, "0" * 32, ()),
    e.Problem(SecureChatError("Bad")),
)
"""The events that have optional fields, without them."""

EITHER = {"to", "room"}
"""A message has one of these."""


def decoded(event: e.Event) -> dict[str, Any]:
    line = encode_event(event)
    assert line is not None
    assert "\n" not in line
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def documented() -> dict[str, dict[str, tuple[type, bool]]]:
    """Return what JSON.md says: for each event its fields, with type and whether optional."""
    page = (files("securechat.faces.json_lines") / "JSON.md").read_text(encoding="utf-8")
    sections = re.split(r"^### `([a-z-]+)`$", page, flags=re.MULTILINE)[1:]
    row = re.compile(r"^\| `(\w+)` \| (\w+) \| (optional)?", re.MULTILINE)
    return {
        event: {name: (TYPES[kind], bool(optional)) for name, kind, optional in row.findall(text)}
        for event, text in zip(sections[::2], sections[1::2], strict=True)
    }


def objects() -> list[dict[str, Any]]:
    return [*map(decoded, FULLEST), json.loads(encode_help())]


def test_the_page_knows_every_event_and_no_other() -> None:
    assert sorted({found["event"] for found in objects()}) == sorted(documented())


def test_the_page_knows_every_field_and_its_type() -> None:
    types: dict[str, dict[str, type]] = {}
    for found in objects():
        assert found.pop("v") == 1
        kind = types.setdefault(found.pop("event"), {})
        kind.update({name: type(value) for name, value in found.items()})
    assert types == {
        event: {name: kind for name, (kind, _) in fields.items()}
        for event, fields in documented().items()
    }


@pytest.mark.parametrize("event", SPARSE)
def test_only_what_the_page_calls_optional_is_left_out(event: e.Event) -> None:
    found = decoded(event)
    fields = documented()[found["event"]]
    optional = {name for name, (_, optional) in fields.items() if optional}
    if isinstance(event, e.Message | e.Amended | e.Reacted):
        assert len(EITHER & set(found)) == 1
        optional -= EITHER & set(found)
    assert set(fields) - set(found) == optional


def test_a_message_in_a_room() -> None:
    found = decoded(message(room="#ops", action=True, reply=e.Quote("m0")))
    assert (found["room"], found["action"], found["reply"]) == ("#ops", True, {"id": "m0"})
    assert "to" not in found
    reply = decoded(message(reply=e.Quote("m0", "alice", "hi")))["reply"]
    assert reply == {"id": "m0", "from": "alice", "text": "hi"}
    (past_found,) = decoded(e.History("#ops", (past(room="#ops", action=True),)))["messages"]
    assert (past_found["room"], past_found["action"]) == ("#ops", True)
    assert "to" not in past_found


def test_the_rooms_with_what_is_unread_in_them() -> None:
    line = encode_event(e.RoomList((OPS,)), {"#ops": 7}.__getitem__)
    assert line is not None
    assert json.loads(line)["rooms"] == [
        {
            "name": "#ops",
            "topic": "tea",
            "creator": "alice",
            "members": 3,
            "joined": True,
            "admin": True,
            "paused": False,
            "muted": False,
            "unread": 7,
        }
    ]


def test_people_of_a_room() -> None:
    people = (e.RoomPerson("alice", None, admin=True), e.RoomPerson("bob", e.Trust.NEW, away=True))
    assert decoded(e.RoomPeople("#ops", people))["people"] == [
        {"name": "alice", "trust": None, "admin": True, "away": False},
        {"name": "bob", "trust": "new", "admin": False, "away": True},
    ]


def test_only_news_that_are_about_a_topic_have_one() -> None:
    assert decoded(e.RoomNews("#ops", e.RoomChange.TOPIC, "alice"))["topic"] == ""
    assert decoded(e.RoomNews("#ops", e.RoomChange.ENTERED, text="tea"))["topic"] == "tea"
    assert "topic" not in decoded(e.RoomNews("#ops", e.RoomChange.JOINED, "bob"))


def test_the_page_names_every_change_of_a_room() -> None:
    page = (files("securechat.faces.json_lines") / "JSON.md").read_text(encoding="utf-8")
    section = page.split("### `room`")[1].split("###")[0]
    assert {f"`{change.value}`" for change in e.RoomChange} <= set(re.findall(r"`\w+`", section))


def test_a_message() -> None:
    assert decoded(message("hi\nthere", trust=e.Trust.VERIFIED)) == {
        "v": 1,
        "event": "message",
        "id": "m1",
        "from": "bob",
        "to": "alice",
        "text": "hi\nthere",
        "ts": NOON_MS,
        "e2e": True,
        "verified": True,
        "trust": "verified",
    }
    assert decoded(message(request=True))["request"] is True
    assert decoded(message(e2e=False))["e2e"] is False


def test_the_others_say_what_happened() -> None:
    assert decoded(ready(again=True))["again"] is True
    assert decoded(e.Offline("x", 1.25))["retry_ms"] == 1250
    assert decoded(peer_ready())["fingerprint"] == FINGERPRINT
    assert decoded(e.Accepted("id7", "bob")) == {
        "v": 1,
        "event": "accepted",
        "id": "id7",
        "to": "bob",
    }


def test_a_contact() -> None:
    (known,) = decoded(e.Contacts((KNOWN,)))["contacts"]
    assert known == {
        "name": "Bobby",
        "relay_name": "bob",
        "trust": "verified",
        "fingerprint": FINGERPRINT,
        "request": False,
        "blocked": True,
    }


def test_messages_of_the_history() -> None:
    of_bob, own = decoded(e.History("bob", (past("in"), past("out", state=e.DeliveryState.READ))))[
        "messages"
    ]
    assert of_bob == {
        "id": "m1",
        "from": "bob",
        "to": "alice",
        "text": "in",
        "ts": NOON_MS,
        "kept": NOON_MS + 5,
        "e2e": True,
        "verified": False,
        "trust": "new",
        "missing": 2,
        "late": True,
    }
    assert own == {
        "id": "m1",
        "from": "alice",
        "to": "bob",
        "text": "out",
        "ts": NOON_MS,
        "kept": NOON_MS + 5,
        "e2e": True,
        "state": "read",
    }


def test_the_page_names_every_end_of_a_code() -> None:
    page = (files("securechat.faces.json_lines") / "JSON.md").read_text(encoding="utf-8")
    section = page.split("### `code-ended`")[1].split("###")[0]
    assert {f"`{end.value}`" for end in e.CodeEnd} <= set(re.findall(r"`[\w-]+`", section))


def test_the_page_names_every_end_of_comparing() -> None:
    page = (files("securechat.faces.json_lines") / "JSON.md").read_text(encoding="utf-8")
    section = page.split("### `comparing-ended`")[1].split("###")[0]
    assert {f"`{end.value}`" for end in e.ComparingEnd} <= set(re.findall(r"`[\w-]+`", section))


def test_the_emoji_that_two_people_compare_have_words() -> None:
    shown = decoded(e.ComparingShown("bob", (0, 1), "1234 5678 9012"))
    assert shown["emoji"] == [
        {"number": 0, "emoji": "\N{OCTOPUS}", "word": "octopus"},
        {"number": 1, "emoji": "\N{KEY}", "word": "key"},
    ]


def test_invitations() -> None:
    invites = e.InviteList((e.InviteInfo("9f2c41aa", 2, NOON_MS),))
    assert decoded(invites)["invites"] == [{"id": "9f2c41aa", "uses": 2, "expires": NOON_MS}]
    made = decoded(MADE)
    assert (made["link"], made["qr"], made["uses"]) == ("securechat://a", "SECURECHAT://A", 1)


def test_messages_that_are_kept_for_ever() -> None:
    assert decoded(e.Retention("bob", None))["days"] is None


def test_an_end_is_an_error_or_nothing() -> None:
    assert encode_event(e.Ended(None)) is None
    assert decoded(e.Ended(KeyChanged("Changed", "ask")))["code"] == "key-changed"
    assert json.loads(encode_error(UsageError("Bad")))["message"] == "Bad"


@given(st.text())
def test_any_text_arrives_and_is_harmless_on_the_way(text: str) -> None:
    line = encode_event(message(text))
    assert line is not None
    assert line.isascii()
    assert not any(ord(character) < 0x20 for character in line)
    assert json.loads(line)["text"] == text


def test_a_changed_message() -> None:
    assert decoded(e.Amended("m1", "bob", "#ops", "b\nc", NOON_MS, room="#ops")) == {
        "v": 1,
        "event": "edited",
        "id": "m1",
        "from": "bob",
        "room": "#ops",
        "text": "b\nc",
        "ts": NOON_MS,
    }
    deleted = decoded(e.Amended("m1", "alice", "bob", "", NOON_MS, own=True))
    assert (deleted["event"], deleted["to"], deleted["own"]) == ("deleted", "bob", True)
    assert "text" not in deleted


def test_a_changed_message_of_the_history() -> None:
    changed = replace(past("better"), edited=True, mention=True, reactions=(("alice", "tea"),))
    (found,) = decoded(e.History("bob", (replace(changed, reply=e.Quote("m0")),)))["messages"]
    assert (found["edited"], found["mention"]) == (True, True)
    assert found["reactions"] == [{"from": "alice", "symbol": "tea"}]
    assert found["reply"] == {"id": "m0"}
    assert "deleted" not in found
    (found,) = decoded(e.History("bob", (replace(changed, text=""),)))["messages"]
    assert found["deleted"] is True
    assert "edited" not in found


def test_what_the_relay_sees() -> None:
    view = decoded(e.RelayView(None, "0" * 32, (SIGHTING,)))
    assert view["sightings"] == [
        {"ts": NOON_MS, "outgoing": True, "mailbox": "1" * 32, "bytes": 512, "ephemeral": True}
    ]


def test_all_kinds_of_events_are_covered() -> None:
    without_a_line = {e.Page, e.StoredTexts, e.BegunOffline}
    covered = {type(event) for event in FULLEST} | {e.Ended}
    assert covered == set(e.Event.__args__) - without_a_line


def test_what_the_chat_in_json_never_tells_has_no_line() -> None:
    assert encode_event(e.BegunOffline("alice", "127.0.0.1:5555", "9f2c-41aa")) is None
    assert encode_event(e.Page(c.Page("bob"), (past(),), older=True, newer=False)) is None
    assert encode_event(e.StoredTexts((("bob", "hi"),))) is None
