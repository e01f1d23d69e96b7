"""What the screen knows of rooms."""

from securechat.client import events as e
from securechat.faces.screen.state.room_facts import RoomFacts

OPS = e.RoomInfo(
    "#ops", "tea", "alice", 3, joined=True, admin=True, paused=False, muted=False
)  # fmt: skip


def test_the_newest_counts() -> None:
    rooms = RoomFacts()
    assert (rooms.people("#ops"), rooms.topic("#ops")) == ((), "")
    rooms.hear(e.RoomList((OPS,)))
    assert rooms.topic("#OPS") == "tea"
    rooms.hear(e.RoomNews("#ops", e.RoomChange.TOPIC, "bob", text="cake"))
    rooms.hear(e.RoomNews("#ops", e.RoomChange.JOINED, "bob"))
    assert rooms.topic("#ops") == "cake"
    rooms.hear(
        e.RoomPeople("#ops", (e.RoomPerson("alice", None), e.RoomPerson("bob", e.Trust.VERIFIED)))
    )
    assert rooms.people("#Ops") == (("alice", ""), ("bob", "verified"))
