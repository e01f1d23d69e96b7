"""Two and three devices, a relay that loses, delays, repeats and reorders, crashes, and time."""

from random import Random

import pytest
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from securechat.e2e import sending
from securechat.e2e.content import Text
from tests.pure.e2e.profiles import profile
from tests.pure.e2e.town import Pair, Town
from tests.pure.e2e.world import DAY_MS

HOUR_MS = 60 * 60 * 1000
DRAWS = Random(0)
"""Which of two starts that cross has the smaller session id must be the same in a repetition."""

PICKS = st.integers(0, 5)


class Life(RuleBasedStateMachine):
    """Every message is shown once, in its place, or stands as missing; in the end it is there."""

    @initialize(people=st.sampled_from([2, 3]), hostile=st.booleans(), one_time_keys=st.booleans())
    def settle(self, people: int, hostile: bool, one_time_keys: bool) -> None:
        DRAWS.seed(0)
        self.town = Town(people, hostile=hostile, one_time_keys=one_time_keys)

    def pair(self, pick: int) -> Pair:
        return self.town.pairs[pick % len(self.town.pairs)]

    def person(self, pick: int) -> int:
        return pick % len(self.town.seats)

    @rule(pick=PICKS, size=st.sampled_from([1, 300]), crash=st.sampled_from([False] * 7 + [True]))
    def write(self, pick: int, size: int, crash: bool) -> None:
        self.town.write(self.pair(pick), Text("x" * size), crash=crash)

    @rule(pick=PICKS, turns=st.integers(1, 6))
    def converse(self, pick: int, turns: int) -> None:
        writer, reader = self.pair(pick)
        for _ in range(turns):
            self.town.write((writer, reader), Text("word"))
            self.town.read(reader, count=100)
            writer, reader = reader, writer

    @rule(picks=st.lists(PICKS, min_size=2, max_size=6))
    def write_across(self, picks: list[int]) -> None:
        for pick in picks:
            self.town.write(self.pair(pick), Text("across"))

    @rule(
        pick=PICKS, count=st.sampled_from([1, 2, 100]), crash=st.sampled_from([False] * 7 + [True])
    )
    def read(self, pick: int, count: int, crash: bool) -> None:
        self.town.read(self.person(pick), count=count, crash=crash)

    @rule(pick=PICKS, read=st.booleans())
    def send_receipt(self, pick: int, read: bool) -> None:
        (self.town.read_receipt if read else self.town.receipt)(*self.pair(pick))

    @rule(pick=PICKS)
    def ask_recovery(self, pick: int) -> None:
        self.town.ask(*self.pair(pick))

    @precondition(lambda self: self.town.hostile)
    @rule(pick=PICKS, first=st.sampled_from([0, 0, 1, 2]), count=st.sampled_from([1, 2, 100]))
    def withhold(self, pick: int, first: int, count: int) -> None:
        mailbox = self.town.mailboxes[self.person(pick)]
        self.town.shelf += mailbox[first : first + count]
        del mailbox[first : first + count]

    @precondition(lambda self: self.town.shelf)
    @rule(which=PICKS, again=st.booleans())
    def bring_late(self, which: int, again: bool) -> None:
        shelf = self.town.shelf
        letter = shelf[which % len(shelf)]
        if not again:
            shelf.remove(letter)
        self.town.mailboxes[letter.pair[1]].append(letter)

    @precondition(lambda self: self.town.hostile)
    @rule(pick=PICKS, again=st.booleans())
    def reorder(self, pick: int, again: bool) -> None:
        mailbox = self.town.mailboxes[self.person(pick)]
        mailbox.reverse()
        if again:
            mailbox += mailbox[:3]

    @rule(pick=PICKS, again=st.booleans())
    def run_out_of_one_time_keys(self, pick: int, again: bool) -> None:
        self.town.seats[self.person(pick)].one_time_keys.clear()
        if again and self.town.hostile:
            self.town.give_again(self.person(pick))

    @rule(pick=PICKS)
    def wear_out(self, pick: int) -> None:
        self.town.wear(self.pair(pick))

    @rule(time_ms=st.sampled_from([HOUR_MS, DAY_MS, 3 * DAY_MS, 9 * DAY_MS]))
    def wait(self, time_ms: int) -> None:
        self.town.wait(time_ms)

    @rule(pick=PICKS)
    def go_offline(self, pick: int) -> None:
        self.town.offline.add(self.person(pick))

    @rule(pick=PICKS)
    def log_in(self, pick: int) -> None:
        self.town.log_in(self.person(pick))

    @rule(pick=PICKS, empty=st.booleans())
    def replace_keys(self, pick: int, empty: bool) -> None:
        self.town.publish(self.person(pick))
        if empty:
            self.town.drain(self.person(pick))

    @rule(away=PICKS, publishes=st.booleans())
    def be_away_for_three_weeks(self, away: int, publishes: bool) -> None:
        """Everybody comes once a week but one, who does not read, or does not come at all."""
        for _ in range(3):
            self.town.wait(7 * DAY_MS)
            for writer, reader in self.town.pairs:
                if reader == self.person(away):
                    self.town.log_in(writer)
                    self.town.write((writer, reader), Text("are you there?"))
            if publishes:
                self.town.publish(self.person(away))

    @rule()
    def live_three_weeks(self) -> None:
        for _ in range(3):
            self.town.wait(7 * DAY_MS)
            for person in range(len(self.town.seats)):
                self.town.log_in(person)

    @rule(pick=PICKS)
    def start_anew(self, pick: int) -> None:
        self.town.crash(self.person(pick))

    @invariant()
    def few_sessions(self) -> None:
        self.town.check_sessions()

    def teardown(self) -> None:
        if hasattr(self, "town"):
            self.town.be_fair()
            for excuse in self.town.excuses:
                event(excuse)
            self.town.check_all_readable()
            self.town.check_sessions()


def test_everything_is_shown_once_and_in_order_or_missing_until_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "random_bytes", DRAWS.randbytes)
    run_state_machine_as_test(Life, settings=profile(max_examples=15, steps=30))
