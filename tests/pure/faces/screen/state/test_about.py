"""Which conversation an event is about."""

import pytest

from securechat.client import events as e
from securechat.errors import UsageError
from securechat.faces.screen.state.about import about
from tests.pure.faces.sample_events import FINGERPRINT, message, peer_ready, ready


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (message(), "bob"),
        (message(room="#ops"), "#ops"),
        (e.RoomNews("#ops", e.RoomChange.JOINED, "bob"), "#ops"),
        (e.PresenceChanged("bob", True), "bob"),
        (e.PresenceChanged("bob", True, room="#lobby"), "#lobby"),
        (peer_ready(), "bob"),
        (e.PeerKeyChanged("bob", "9f2c", "41aa"), "bob"),
        (e.TrustChanged("bob", e.Trust.NEW, FINGERPRINT, e.Reason.ACCEPTED), "bob"),
        (e.Withdrawn("#ops", ("id1",)), "#ops"),
        (e.Accepted("id1", "bob"), "bob"),
        (ready(), None),
        (e.Contacts(()), None),
        (e.Retention("bob", 30), None),
        (e.Problem(UsageError("Bad"), "id1"), None),
    ],
)
def test_what_it_is_about(event: e.Event, name: str | None) -> None:
    assert about(event) == name
