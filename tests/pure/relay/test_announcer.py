"""Who is told what, how often, and that all who listen end up with the truth."""

import heapq
from collections.abc import Callable
from itertools import count

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from securechat.identity.types import MailboxId
from securechat.relay.announcer import HOLD_BACK_S, LOBBY_TOLD_PER_S, PRESENCE_TOLD_PER_S, Announcer
from securechat.relay.lobby import FULL
from securechat.relay.presence import HIDDEN
from securechat.wire import frames as f

HERE = f.Status(visible=True, lobby=False, away=False)
AWAY = f.Status(visible=True, lobby=False, away=True)
IN_LOBBY = f.Status(visible=True, lobby=True, away=False)
AWAY_IN_LOBBY = f.Status(visible=True, lobby=True, away=True)


class Clock:
    """Seconds that a test moves, and what is planned for later."""

    def __init__(self) -> None:
        self.now = 0.0
        self._order = count()
        self._planned: list[tuple[float, int, Callable[[], None]]] = []

    def read(self) -> float:
        return self.now

    def call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._planned, (self.now + delay_s, next(self._order), call))

    @property
    def planned(self) -> int:
        return len(self._planned)

    def advance(self, seconds: float) -> None:
        until = self.now + seconds
        while self._planned and self._planned[0][0] <= until:
            self.now, _, call = heapq.heappop(self._planned)
            call()
        self.now = until


class Screen:
    """A client as the announcer sees it: what it was told, and what it believes after that."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.told: list[f.Presence | f.Lobby] = []
        self.here: dict[str, bool] = {}
        self.presence: dict[str, f.Presence] = {}

    def tell(self, news: f.Presence | f.Lobby) -> None:
        self.told.append(news)
        if isinstance(news, f.Presence):
            self.presence[news.name] = news
            return
        assert news.begins or news.here or news.gone
        if news.begins:
            self.here.clear()
        for name in news.gone:
            self.here.pop(name, None)
        self.here.update(news.here)
        assert self.name not in self.here


class Town:
    """An announcer, and one device for each name that comes."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.announcer = Announcer(
            self.clock.read, lambda: int(self.clock.now * 1000), self.clock.call_later
        )
        self._devices = count(1)

    def come(self, name: str, status: f.Status) -> tuple[MailboxId, Screen]:
        device = MailboxId(next(self._devices).to_bytes(16, "big"))
        screen = Screen(name)
        self.announcer.arrive(device, name)
        self.announcer.show(device, screen, status)
        return device, screen


def test_a_crowd_that_changes_all_the_time_is_told_of_a_few_times_a_second() -> None:
    town = Town()
    _, watching = town.come("Watching", IN_LOBBY)
    town.announcer.watch(watching, [f"p{number}" for number in range(50)])
    crowd = [town.come(f"p{number}", IN_LOBBY) for number in range(50)]
    watching.told.clear()
    for round_ in range(100):
        town.clock.advance(0.1)
        for device, screen in crowd:
            away = round_ % 2 == 0
            town.announcer.show(device, screen, AWAY_IN_LOBBY if away else IN_LOBBY)
        assert town.clock.planned <= 2
    seconds = 10
    lobby = [news for news in watching.told if isinstance(news, f.Lobby)]
    of_one = [news for news in watching.told if isinstance(news, f.Presence) and news.name == "p7"]
    assert seconds <= len(lobby) <= (seconds + 1) * (LOBBY_TOLD_PER_S + 1)
    assert seconds <= len(of_one) <= (seconds + 1) * (PRESENCE_TOLD_PER_S + 1)
    town.clock.advance(HOLD_BACK_S)
    assert set(watching.here.values()) == {False}
    assert not watching.presence["p7"].away


def test_what_is_held_back_is_told_even_if_it_is_as_it_was() -> None:
    """Whoever began to watch in between was told something else."""
    town = Town()
    bob, screen = town.come("Bob", HERE)
    for _ in range(PRESENCE_TOLD_PER_S):
        town.announcer.show(bob, screen, AWAY)
        town.announcer.show(bob, screen, HERE)
    town.announcer.show(bob, screen, AWAY)
    late = Screen("Late")
    town.announcer.watch(late, ["Bob"])
    assert town.announcer.presence("Bob") == f.Presence("Bob", True, True)
    town.announcer.show(bob, screen, HERE)
    town.clock.advance(HOLD_BACK_S)
    assert late.told == [f.Presence("Bob", True, False)]


def test_coming_to_the_lobby_is_no_news_outside_it() -> None:
    town = Town()
    bob, screen = town.come("Bob", HERE)
    watching = Screen("Watching")
    town.announcer.watch(watching, ["Bob"])
    town.announcer.show(bob, screen, IN_LOBBY)
    town.announcer.show(bob, screen, HERE)
    assert watching.told == []


def test_the_257th_is_told_that_it_is_full_and_may_come_once_somebody_has_left() -> None:
    town = Town()
    first, _ = town.come("first", IN_LOBBY)
    for number in range(f.MAX_LOBBY - 1):
        town.come(f"p{number}", IN_LOBBY)
    device, late = town.come("late", AWAY_IN_LOBBY)
    assert late.told == [FULL]
    assert town.announcer.presence("late") == f.Presence("late", True, True)
    _, second = town.come("first", IN_LOBBY)
    assert len(second.here) < f.MAX_LOBBY
    town.clock.advance(HOLD_BACK_S)
    assert len(second.here) == f.MAX_LOBBY - 1
    assert late.told == [FULL]
    town.announcer.leave(first)
    town.announcer.show(device, late, IN_LOBBY)
    assert late.told[1:] == [FULL]
    town.announcer.leave(MailboxId((2).to_bytes(16, "big")))
    town.announcer.show(device, late, IN_LOBBY)
    town.clock.advance(HOLD_BACK_S)
    assert set(late.here) == {"first", *(f"p{number}" for number in range(1, f.MAX_LOBBY - 1))}


def test_a_device_that_has_not_arrived_can_neither_be_shown_nor_leave() -> None:
    town = Town()
    device, screen = MailboxId(bytes(16)), Screen("Alice")
    town.announcer.show(device, screen, IN_LOBBY)
    assert not town.announcer.leave(device)
    assert screen.told == []


NAMES = ("Alice", "Bob", "Carol")
STATUSES = st.sampled_from([HIDDEN, HERE, AWAY, IN_LOBBY, AWAY_IN_LOBBY])
DEVICES = st.integers(0, 5)


class Announcing(RuleBasedStateMachine):
    """Six devices of three people; each is one client after another, some of them watching."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.announcer = Announcer(
            self.clock.read, lambda: int(self.clock.now * 1000), self.clock.call_later
        )
        self.statuses: dict[int, f.Status] = {}
        self.screens: dict[int, Screen] = {}
        self.watching: dict[int, Screen] = {}

    @rule(device=DEVICES, status=STATUSES)
    def show(self, device: int, status: f.Status) -> None:
        self.announcer.arrive(mailbox(device), name(device))
        screen = self.screens.setdefault(device, Screen(name(device)))
        self.announcer.show(mailbox(device), screen, status)
        self.statuses[device] = status

    @precondition(lambda self: self.statuses)
    @rule(data=st.data())
    def hand_over(self, data: st.DataObject) -> None:
        device = data.draw(st.sampled_from(sorted(self.statuses)))
        self.announcer.hand_over(mailbox(device))
        self.screens.pop(device, None)

    @precondition(lambda self: self.statuses)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        device = data.draw(st.sampled_from(sorted(self.statuses)))
        self.announcer.leave(mailbox(device))
        del self.statuses[device]
        self.screens.pop(device, None)

    @rule(device=DEVICES)
    def watch(self, device: int) -> None:
        screen = self.watching[device] = Screen("")
        self.announcer.watch(screen, NAMES)
        for each in NAMES:
            screen.tell(self.announcer.presence(each))

    @rule(seconds=st.sampled_from([0.1, 0.6]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule()
    def rest(self) -> None:
        """Whoever is in the lobby, and whoever watches, knows the truth soon."""
        self.clock.advance(HOLD_BACK_S)
        there = {
            each: all(status.away for status in self.of(each) if status.visible)
            for each in NAMES
            if any(status.lobby for status in self.of(each))
        }
        for device, status in self.statuses.items():
            if status.lobby and device in self.screens:
                others = {each: away for each, away in there.items() if each != name(device)}
                assert self.screens[device].here == others
        for screen in self.watching.values():
            for each in NAMES:
                assert screen.presence[each] == self.announcer.presence(each)

    def of(self, who: str) -> list[f.Status]:
        return [status for device, status in self.statuses.items() if name(device) == who]


def mailbox(device: int) -> MailboxId:
    return MailboxId(device.to_bytes(16, "big"))


def name(device: int) -> str:
    return NAMES[device % len(NAMES)]


TestAnnouncing = Announcing.TestCase
