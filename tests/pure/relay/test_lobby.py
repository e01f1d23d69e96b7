from securechat.relay.lobby import Lobby
from securechat.wire.codec import MAX_FRAME_BYTES, encode
from securechat.wire.frames import MAX_LOBBY
from securechat.wire.frames import Lobby as LobbyNews

News = list[tuple[str, LobbyNews]]


def lobby_of(*names: str) -> Lobby[str, str]:
    """Return a lobby in which each of these has one device, named as they are."""
    lobby = Lobby[str, str]()
    for name in names:
        lobby.put(name, away=False)
        lobby.listen(name, name, name)
    lobby.news()
    return lobby


def begins(*here: tuple[str, bool]) -> LobbyNews:
    return LobbyNews(here, (), begins=True, full=False)


def change(*here: tuple[str, bool], gone: tuple[str, ...] = ()) -> LobbyNews:
    return LobbyNews(here, gone, begins=False, full=False)


def test_who_comes_is_told_who_is_there_and_the_others_who_has_come() -> None:
    lobby = lobby_of("Alice", "Bob")
    lobby.put("Carol", away=True)
    assert lobby.listen("c1", "Carol", "c1") == begins(("Alice", False), ("Bob", False))
    assert lobby.news() == [
        ("Alice", change(("Carol", True))),
        ("Bob", change(("Carol", True))),
    ]
    assert lobby.news() == []


def test_nobody_is_told_of_themselves() -> None:
    lobby = lobby_of("Alice", "Bob")
    assert lobby.listen("a2", "ALICE", "a2") == begins(("Bob", False))
    lobby.put("alice", away=True)
    lobby.put("Bob", away=True)
    assert lobby.news() == [
        ("Alice", change(("Bob", True))),
        ("Bob", change(("alice", True))),
        ("a2", change(("Bob", True))),
    ]


def test_whoever_listens_already_is_not_told_again() -> None:
    lobby = lobby_of("Alice", "Bob")
    assert lobby.listen("Alice", "Alice", "Alice") is None


def test_who_is_muted_hears_nothing_and_begins_anew() -> None:
    lobby = lobby_of("Alice", "Bob")
    lobby.mute("Alice")
    lobby.mute("never there")
    lobby.put("Bob", away=True)
    assert lobby.news() == []
    assert lobby.listen("Alice", "Alice", "again") == begins(("Bob", True))


def test_what_is_undone_before_it_was_told_is_no_news() -> None:
    lobby = lobby_of("Alice", "Bob")
    lobby.remove("Bob")
    lobby.put("Bob", away=False)
    lobby.put("Carol", away=False)
    lobby.remove("Carol")
    assert lobby.news() == []
    assert not lobby._changed


def test_whoever_comes_between_two_news_is_told_who_is_there_at_once() -> None:
    lobby = lobby_of("Alice", "Bob")
    lobby.mute("Bob")
    lobby.remove("Bob")
    lobby.put("Dave", away=True)
    lobby.put("Carol", away=False)
    assert lobby.listen("Carol", "Carol", "Carol") == begins(("Alice", False), ("Dave", True))
    assert lobby.news() == [
        ("Alice", change(("Dave", True), ("Carol", False), gone=("Bob",))),
        ("Carol", change(("Dave", True), gone=("Bob",))),
    ]


def test_what_is_undone_is_news_to_whoever_came_while_it_was_not() -> None:
    lobby = lobby_of("Alice", "Bob")
    lobby.remove("Bob")
    lobby.put("Eve", away=False)
    assert lobby.listen("Dave", "Dave", "Dave") == begins(("Alice", False), ("Eve", False))
    lobby.put("Bob", away=False)
    lobby.remove("Eve")
    assert lobby.news() == [("Dave", change(("Bob", False), gone=("Eve",)))]
    assert lobby.news() == []


def test_the_lobby_has_room_for_256_people_however_many_devices_they_have() -> None:
    lobby = Lobby[str, str]()
    for number in range(MAX_LOBBY):
        assert lobby.has_room_for(f"p{number}")
        lobby.put(f"p{number}", away=False)
    assert not lobby.has_room_for("one more")
    assert lobby.has_room_for("P7")
    lobby.remove("p3")
    assert lobby.has_room_for("one more")


def test_the_longest_news_fit_a_frame() -> None:
    longest = "\U0001d5ba" * 29
    lobby = lobby_of(*(f"{number:03}{longest}" for number in range(MAX_LOBBY)))
    lobby.listen("other", "other", "other")
    for number in range(MAX_LOBBY):
        lobby.remove(f"{number:03}{longest}")
        lobby.put(f"x{number:03}{longest}", away=True)
    frames = [news for _, news in lobby.news()]
    assert max(len(frame.here) for frame in frames) == MAX_LOBBY
    assert max(len(frame.gone) for frame in frames) == MAX_LOBBY
    assert max(len(encode(frame)) for frame in frames) < MAX_FRAME_BYTES / 2
