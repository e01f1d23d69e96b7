"""The board of who is there, and a machine that compares it with the plainest model of it."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from securechat.relay.presence import HIDDEN, PresenceBoard, Seen
from securechat.wire.frames import Status

HERE = Status(visible=True, lobby=False, away=False)
AWAY = Status(visible=True, lobby=False, away=True)
IN_LOBBY = Status(visible=True, lobby=True, away=False)
NOBODY = Seen()


def board_with(*devices: tuple[int, str, Status]) -> PresenceBoard[int]:
    board = PresenceBoard[int]()
    for device, name, status in devices:
        board.arrive(device, name)
        board.show(device, status, 0)
    return board


def test_the_first_device_brings_a_person_and_the_last_takes_them() -> None:
    board = PresenceBoard[int]()
    assert board.arrive(1, "Alice")
    assert not board.arrive(2, "alice")
    assert not board.leave(1, 0)
    assert board.name(2) == "Alice"
    assert board.name(1) is None
    assert board.leave(2, 0)
    assert board.name(2) is None


def test_a_device_is_hidden_until_it_is_shown() -> None:
    board = PresenceBoard[int]()
    board.arrive(1, "Alice")
    assert board.seen("Alice") == NOBODY
    board.show(1, HERE, 0)
    assert board.seen("Alice") == Seen(online=True)
    assert not board.arrive(1, "Alice")
    assert board.seen("Alice") == Seen(online=True)


def test_case_does_not_count() -> None:
    board = board_with((1, "straße", AWAY))
    assert board.seen("STRASSE") == Seen(online=True, away=True)


def test_the_names_are_sorted_without_regard_to_case_and_as_written() -> None:
    board = board_with(
        *((n, name, HERE) for n, name in enumerate(["bob", "Alice", "Carol", "ann"]))
    )
    board.show(2, HIDDEN, 0)
    assert board.online() == ("Alice", "ann", "bob")


def test_somebody_is_away_while_all_visible_devices_are() -> None:
    board = board_with((1, "Alice", AWAY), (2, "Alice", HERE), (3, "Alice", HIDDEN))
    assert board.seen("Alice") == Seen(online=True, away=False)
    board.leave(2, 0)
    assert board.seen("Alice") == Seen(online=True, away=True)


def test_somebody_is_in_the_lobby_while_one_device_is_and_nobody_is_there_unseen() -> None:
    board = board_with((1, "Alice", Status(visible=False, lobby=True, away=False)))
    assert board.seen("Alice") == Seen(online=True, in_lobby=True)
    board.arrive(2, "Alice")
    board.show(2, HERE, 0)
    assert board.seen("Alice").in_lobby
    board.leave(1, 0)
    assert board.seen("Alice") == Seen(online=True)


def test_hiding_looks_like_leaving() -> None:
    board = board_with((1, "Alice", IN_LOBBY), (2, "Bob", IN_LOBBY))
    board.show(1, HIDDEN, 5)
    board.leave(2, 5)
    assert board.seen("Alice") == board.seen("Bob") == Seen(last_seen_ms=5)
    assert board.online() == ()


def test_what_a_hidden_device_does_changes_nothing_that_others_see() -> None:
    board = board_with((1, "Alice", HERE))
    board.leave(1, 5)
    board.arrive(1, "Alice")
    assert board.seen("Alice") == Seen(last_seen_ms=5)
    board.show(1, Status(visible=False, lobby=False, away=True), 6)
    assert board.seen("Alice") == Seen(last_seen_ms=5)
    board.leave(1, 7)
    assert board.seen("Alice") == Seen(last_seen_ms=5)


def test_whoever_was_always_hidden_was_never_seen() -> None:
    board = board_with((1, "Alice", HIDDEN))
    board.leave(1, 5)
    assert board.seen("Alice") == NOBODY


NAMES = ("Alice", "Bob")
DEVICES = st.integers(0, 4)
STATUSES = st.builds(Status, st.booleans(), st.booleans(), st.booleans())


class Boards(RuleBasedStateMachine):
    """Five devices of two people, in any order of coming, showing and going."""

    def __init__(self) -> None:
        super().__init__()
        self.board = PresenceBoard[int]()
        self.now_ms = 0
        self.devices: dict[int, Status] = {}
        self.was_online = dict.fromkeys(NAMES, False)
        self.last_seen_ms: dict[str, int] = {}

    @rule(device=DEVICES)
    def arrive(self, device: int) -> None:
        is_first = not self.of(NAMES[device % 2])
        assert self.board.arrive(device, NAMES[device % 2]) == is_first
        self.devices.setdefault(device, HIDDEN)
        self.note()

    @precondition(lambda self: self.devices)
    @rule(data=st.data(), status=STATUSES)
    def show(self, data: st.DataObject, status: Status) -> None:
        device = data.draw(st.sampled_from(sorted(self.devices)))
        self.now_ms += 1
        self.board.show(device, status, self.now_ms)
        self.devices[device] = status
        self.note()

    @precondition(lambda self: self.devices)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        device = data.draw(st.sampled_from(sorted(self.devices)))
        self.now_ms += 1
        del self.devices[device]
        assert self.board.leave(device, self.now_ms) == (not self.of(NAMES[device % 2]))
        self.note()

    def of(self, name: str) -> list[Status]:
        return [status for device, status in self.devices.items() if NAMES[device % 2] == name]

    def visible(self, name: str) -> list[Status]:
        return [status for status in self.of(name) if status.visible or status.lobby]

    def note(self) -> None:
        for name in NAMES:
            is_online = bool(self.visible(name))
            if self.was_online[name] and not is_online:
                self.last_seen_ms[name] = self.now_ms
            self.was_online[name] = is_online

    @invariant()
    def it_says_what_the_model_says(self) -> None:
        assert self.board.online() == tuple(name for name in NAMES if self.visible(name))
        for name in NAMES:
            visible = self.visible(name)
            expected = Seen(
                online=bool(visible),
                away=bool(visible) and all(status.away for status in visible),
                in_lobby=any(status.lobby for status in visible),
                last_seen_ms=None if visible else self.last_seen_ms.get(name),
            )
            assert self.board.seen(name) == expected


TestBoards = Boards.TestCase
