from securechat.relay.watchers import Watchers


def test_case_does_not_count() -> None:
    watchers = Watchers[str]()
    watchers.watch("watcher", ["STRASSE"])
    assert watchers.of("straße") == ("watcher",)
    assert watchers.of("Strasse") == ("watcher",)


def test_a_new_list_replaces_the_old_one() -> None:
    watchers = Watchers[str]()
    watchers.watch("watcher", ["Alice", "Bob"])
    watchers.watch("watcher", ["Bob", "Carol"])
    assert watchers.of("Alice") == ()
    assert watchers.of("Bob") == ("watcher",)
    assert watchers.of("Carol") == ("watcher",)


def test_names_that_are_the_same_are_watched_once() -> None:
    watchers = Watchers[str]()
    watchers.watch("watcher", ["Bob", "BOB"])
    assert watchers.of("Bob") == ("watcher",)
    watchers.unwatch("watcher")
    assert watchers.of("Bob") == ()


def test_nothing_is_left_of_watchers_who_have_gone() -> None:
    watchers = Watchers[str]()
    watchers.watch("one", ["Alice", "Bob"])
    watchers.watch("other", ["Alice"])
    watchers.watch("other", [])
    watchers.unwatch("one")
    watchers.unwatch("never there")
    assert not watchers._watchers
    assert not watchers._watched
