from securechat.relay.presence import PresenceBoard


def test_the_first_device_brings_a_person_and_the_last_takes_them() -> None:
    board = PresenceBoard[str]()
    board.watch("watcher", ["Alice"])
    assert board.arrive("Alice") == {"watcher"}
    assert board.arrive("Alice") == set()
    assert board.leave("Alice") == set()
    assert board.is_online("Alice")
    assert board.leave("Alice") == {"watcher"}
    assert not board.is_online("Alice")


def test_case_does_not_count() -> None:
    board = PresenceBoard[str]()
    board.watch("watcher", ["STRASSE"])
    assert board.arrive("straße") == {"watcher"}
    assert board.is_online("Strasse")


def test_the_names_are_sorted_without_regard_to_case_and_as_written() -> None:
    board = PresenceBoard[str]()
    for name in ("bob", "Alice", "Carol", "anna"):
        board.arrive(name)
    assert board.online() == ("Alice", "anna", "bob", "Carol")


def test_a_new_list_replaces_the_old_one() -> None:
    board = PresenceBoard[str]()
    board.watch("watcher", ["Alice", "Bob"])
    board.watch("watcher", ["Bob", "Carol"])
    assert board.arrive("Alice") == set()
    assert board.arrive("Bob") == {"watcher"}
    assert board.arrive("Carol") == {"watcher"}


def test_names_that_are_the_same_are_watched_once() -> None:
    board = PresenceBoard[str]()
    board.watch("watcher", ["Bob", "BOB"])
    board.unwatch("watcher")
    assert board.arrive("Bob") == set()


def test_nothing_is_left_of_watchers_who_have_gone() -> None:
    board = PresenceBoard[str]()
    board.watch("one", ["Alice", "Bob"])
    board.watch("other", ["Alice"])
    board.watch("other", [])
    board.unwatch("one")
    board.unwatch("never there")
    assert not board._watchers
    assert not board._watched
