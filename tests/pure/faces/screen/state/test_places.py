"""The conversations that there are, and what the side pane and the title say of them."""

from msgspec.structs import replace

from securechat.client import events as e
from securechat.faces.screen.drawing.facts import Heading
from securechat.faces.screen.state.places import Places
from securechat.faces.screen.state.room_facts import RoomFacts
from securechat.faces.screen.state.unshown import Unshown
from tests.pure.faces.desk import Desk
from tests.pure.faces.sample_events import message, peer_ready

OPS = e.RoomInfo(
    "#ops", "tea", "alice", 3, joined=True, admin=True, paused=True, muted=False
)  # fmt: skip


class Town:
    """The places of a chat in lines, which hears the same events."""

    def __init__(self, *events: e.Event) -> None:
        self.desk = Desk()
        self.unshown = Unshown()
        self.places = Places(self.desk.chat, self.unshown, RoomFacts(), lambda: 0)
        for event in events:
            self.places.hear(event)
            self.desk.hear(event)


def test_rooms_come_first_and_each_conversation_once() -> None:
    invited = e.Invitation("#tea", "bob", "bob", 3, "", e.Trust.NEW, request=False)
    town = Town(peer_ready("Zoe"), e.RoomList((OPS,)), invited, peer_ready("bob"))
    town.places.add("BOB")
    assert [(place.name, place.is_room) for place in town.places.all()] == [
        ("#ops", True),
        ("#tea", True),
        ("BOB", False),
        ("Zoe", False),
    ]


def test_where_something_waits_to_be_sent_since_an_earlier_run_there_is_a_place() -> None:
    town = Town(e.StoredTexts((("bob", "half a text"),), waiting=("#ops", "zoe")))
    assert [place.name for place in town.places.all()] == ["#ops", "bob", "zoe"]


def test_a_place_says_what_is_known_of_it() -> None:
    town = Town(
        peer_ready("bob", e.Trust.VERIFIED),
        e.PresenceChanged("bob", True),
        e.PeerKeyChanged("carol", "9f2c", "41aa"),
        e.Notifications("all", ("carol",)),
    )
    town.unshown.add(message(mention=True))
    town.unshown.add(replace(message(), message_id="m2"))
    bob, carol = town.places.all()
    assert (bob.unread, bob.mention, bob.trust, bob.online) == (2, True, "verified", True)
    assert (carol.unread, carol.trust, carol.online, carol.muted) == (0, "CHANGED", None, True)


def test_the_title_of_a_person() -> None:
    town = Town(
        peer_ready(),
        e.PresenceChanged("bob", False),
        e.EncryptionChanged("bob", encrypted=False, once=False),
        e.Blocked("bob", blocked=True),
    )
    assert town.places.heading("bob") == Heading(
        "bob", encrypted=False, trust="new", remarks=("blocked", "not here")
    )
    assert town.places.heading(None) == Heading(None)


def test_the_title_of_a_room_says_when_nothing_goes_out_there() -> None:
    heading = Town(e.RoomList((OPS,))).places.heading("#ops")
    assert (heading.is_room, heading.remarks) == (True, ("paused",))


def test_who_is_blocked_is_no_place_unless_they_were_one() -> None:
    known = e.KnownPerson("eve", "eve", e.Trust.NEW, "9f2c", request=False, blocked=True)
    town = Town(e.Contacts((known,)))
    assert town.places.all() == []
    assert not town.places.begin_to_watch("eve")


def test_what_is_unread_elsewhere_is_counted_without_the_current_conversation() -> None:
    town = Town(peer_ready("bob"), peer_ready("carol"))
    for sender in ("bob", "carol"):
        town.unshown.add(message(sender=sender))
    assert town.places.unread_elsewhere("Bob") == (1, 0)
    assert town.places.unread_elsewhere(None) == (2, 0)
