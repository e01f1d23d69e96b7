"""Who has come and gone, as a chat in lines tells it: the lobby and the people who are followed."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from securechat.client import events as e
from securechat.client.names.typed_names import LOBBY
from securechat.faces.chat.line_chat import LineChat
from tests.pure.faces.fake_engine import FakeEngine
from tests.pure.faces.sample_events import NOON_MS, peer_ready, ready

JOINED, LEFT = "[SERVER] bob joined the chat!", "[SERVER] bob left the chat!"
ENTERED = e.RoomNews(LOBBY, e.RoomChange.ENTERED)
COMES, GOES = (
    e.PresenceChanged("bob", True, room=LOBBY),
    e.PresenceChanged("bob", False, room=LOBBY),
)
RESTS = e.PresenceChanged("bob", True, away=True, room=LOBBY)
HERE, GONE = e.PresenceChanged("bob", True), e.PresenceChanged("bob", False)


class Listener:
    """A chat that is in the lobby, and the notices that it shows."""

    def __init__(self) -> None:
        self._shown: list[str] = []
        self.chat = LineChat(
            FakeEngine(),
            peer=None,
            lobby=True,
            show=lambda entry: self._shown.append(entry.text),
            now=lambda: datetime.fromtimestamp(NOON_MS / 1000, UTC),
        )
        self.hear(ready(), ENTERED)

    def hear(self, *events: e.Event) -> list[str]:
        """Return the notices of the server that these make it show."""
        self._shown.clear()
        for event in events:
            self.chat.hear(event)
        return [line for line in self._shown if line.startswith("[SERVER]")]


def test_who_comes_and_goes_is_told_once_each() -> None:
    listener = Listener()
    assert listener.hear(COMES, COMES, GOES, GOES, COMES) == [JOINED, LEFT, JOINED]


@pytest.mark.parametrize("coming", tuple(permutations((COMES, HERE, peer_ready()))))
@pytest.mark.parametrize("going", tuple(permutations((GOES, GONE))))
def test_one_who_is_followed_too_comes_and_goes_once(
    coming: tuple[e.Event, ...], going: tuple[e.Event, ...]
) -> None:
    listener = Listener()
    listener.hear(COMES)
    assert listener.hear(*coming) == []
    assert listener.hear(*going) == [LEFT]
    assert listener.hear(*coming) == [JOINED]
    assert listener.hear(*going) == [LEFT]


@pytest.mark.parametrize("going", tuple(permutations((GOES, GONE))))
def test_one_who_was_there_before_the_user_has_not_just_come(going: tuple[e.Event, ...]) -> None:
    listener = Listener()
    assert listener.hear(peer_ready(), HERE) == []
    assert listener.hear(*going) == [LEFT]


def test_one_who_was_never_spoken_to_is_told_to_leave() -> None:
    assert Listener().hear(GOES) == [LEFT]


def test_who_stays_connected_after_the_lobby_has_not_left() -> None:
    listener = Listener()
    assert listener.hear(COMES, HERE, GOES) == [JOINED]
    assert listener.hear(GONE) == [LEFT]


def test_those_who_rest_in_the_lobby_have_neither_come_nor_gone() -> None:
    listener = Listener()
    assert listener.hear(RESTS, COMES, RESTS) == []
    assert listener.hear(GOES) == [LEFT]


def test_somebody_in_the_lobby_is_not_said_to_be_elsewhere() -> None:
    assert Listener().hear(COMES, GONE, peer_ready()) == [JOINED]


def test_nobody_is_held_to_be_in_a_lobby_that_the_user_has_left() -> None:
    listener = Listener()
    me = ready().name
    listener.hear(COMES)
    assert listener.hear(e.RoomNews(LOBBY, e.RoomChange.LEFT, me)) == ["[SERVER] You left #lobby."]
    assert listener.hear(ENTERED, COMES)[-1] == JOINED
    listener.hear(HERE, e.RoomNews(LOBBY, e.RoomChange.LEFT, me))
    assert listener.hear(GONE) == [LEFT]


def test_who_is_waited_for_comes_even_if_they_were_there_at_once() -> None:
    shown: list[str] = []
    chat = LineChat(FakeEngine(), peer="Bob", show=lambda entry: shown.append(entry.text))
    chat.hear(HERE)
    assert shown == [JOINED]
    listener = Listener()
    assert listener.hear(e.Waiting("bob"), HERE) == [JOINED]
