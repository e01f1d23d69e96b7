"""The names that a face has heard of."""

import pytest

from securechat.client import commands as c
from securechat.client import events as e
from securechat.faces.session import known
from securechat.faces.session.known import NAMES_MAX, ROOMS_MAX, Known
from tests.pure.faces.sample_events import begun_offline, message, past, peer_ready, ready

OPS = e.RoomInfo("#ops", "", "dora", 3, joined=True, admin=False, paused=False, muted=False)
HOSTILE = (
    "a\x1b[2Jb",
    "a\u202eb",
    "a\u200bb",
    "two words",
    "a\nb",
    "",
    "\x9b2J",
    "x" * 65,
    "a\x07",
)


def hearing(*events: e.Event) -> Known:
    heard = Known()
    for event in events:
        heard.hear(event)
    return heard


@pytest.mark.parametrize(
    ("event", "names", "rooms"),
    [
        (peer_ready("bob"), ["bob"], []),
        (e.Waiting("bob"), ["bob"], []),
        (message(sender="bob"), ["bob"], []),
        (e.PresenceChanged("bob", True), ["bob"], []),
        (e.PresenceChanged("bob", True, room="#lobby"), ["bob"], ["#lobby"]),
        (e.People(("carol", "Bob")), ["Bob", "carol"], []),
        (e.Contacts((e.KnownPerson("b", "bob", e.Trust.NEW, "aa", False, False),)), ["b"], []),
        (e.Renamed("bob", "b0b[9f2c-41aa]"), ["b0b[9f2c-41aa]"], []),
        (e.History("bob", (past(), past(state=e.DeliveryState.SENT))), ["bob"], []),
        (e.Page(c.Page("bob"), (past(),), older=False, newer=False), ["bob"], []),
        (e.Typing("bob", active=True), ["bob"], []),
        (e.Reacted("m1", "bob", "tea", "#ops", room="#ops"), ["bob"], ["#ops"]),
        (e.RoomList((OPS,)), [], ["#ops"]),
        (e.RoomNews("#ops", e.RoomChange.INVITED, "bob", "carol"), ["bob", "carol"], ["#ops"]),
        (e.RoomNews("#ops", e.RoomChange.CREATED), [], ["#ops"]),
        (
            e.Invitation("#ops", "bob", "carol", 3, "", e.Trust.NEW, request=False),
            ["bob", "carol"],
            ["#ops"],
        ),
        (e.RoomPeople("#ops", (e.RoomPerson("bob", e.Trust.NEW),)), ["bob"], ["#ops"]),
        (e.Ready("bob", "relay", "aa", again=False), [], []),
    ],
)
def test_events_hold_names(event: e.Event, names: list[str], rooms: list[str]) -> None:
    heard = hearing(event)
    assert (heard.names, heard.rooms) == (names, rooms)


def test_the_user_is_nobody_to_write_to() -> None:
    for begin in (ready(), begun_offline()):
        assert hearing(begin, e.People(("Alice", "bob"))).names == ["bob"]


def test_a_name_is_known_once_as_it_was_spelled_last() -> None:
    assert hearing(e.Waiting("BOB"), peer_ready("Bob")).names == ["Bob"]


def test_whoever_was_renamed_has_the_old_name_no_more() -> None:
    assert hearing(peer_ready("bob"), e.Renamed("Bob", "Bobby")).names == ["Bobby"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_is_not_safe_to_show_is_not_known(name: str) -> None:
    event = e.RoomNews(f"#{name}" if name else "", e.RoomChange.INVITED, name, name)
    heard = hearing(e.People((name,)), event)
    assert (heard.names, heard.rooms) == ([], [])


def test_the_names_heard_of_longest_ago_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "NAMES_MAX", 2)
    heard = hearing(*(e.Waiting(name) for name in ("a", "b", "a", "c")))
    assert heard.names == ["a", "c"]


def test_a_flood_of_names_is_bounded() -> None:
    heard = hearing(
        e.People(tuple(f"p{number}" for number in range(2 * NAMES_MAX))),
        *(e.RoomNews(f"#r{number}", e.RoomChange.CREATED) for number in range(2 * ROOMS_MAX)),
    )
    assert len(heard.names) == NAMES_MAX
    assert len(heard.rooms) == ROOMS_MAX
