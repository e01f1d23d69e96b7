"""People who write to one another through a relay in memory, and a ledger that checks each step.

The ledger knows what was written and what each reader has been told. Whatever opens has to be what
was written, once, in its place in the order; whatever does not open needs an excuse in E2E.md.
"""

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from itertools import chain

from securechat.e2e.content import Content, ReadReceipt, Receipt, Recovery, Text
from securechat.e2e.copies import COPY_LIFE_MS
from securechat.e2e.endpoint import Endpoint
from securechat.e2e.epochs import BUNDLE_LIFE_MS, ROTATED_GRACE_MS
from securechat.e2e.recovery import ASK_EVERY_MS
from securechat.e2e.results import Duplicate, Opened, Unreadable
from securechat.e2e.session import RENEW_AFTER_MESSAGES, State
from securechat.e2e.session_table import MAX_ACTIVE, MAX_RETIRED, RETIRED_LIFE_MS
from securechat.errors import CannotOpen
from securechat.identity.chain import ROTATE_AFTER_MS, PeerDevice
from securechat.identity.prekeys import OneTimeKey
from securechat.identity.types import DeviceAddress, MessageId
from tests.pure.e2e.world import DAY_MS, NOW_MS, Seat, copy_seat, make_seat

MAILBOX_LIFE_MS = 30 * DAY_MS
KEPT_TURNS = 5
"""The ratchet keeps the keys of so many turns: what is overtaken by more may not open."""

SILENCE = "its session was retired and silent for 21 days"
FAIR_ROUNDS = 4
MAX_ROUNDS = 20

Pair = tuple[int, int]
"""Who writes and who reads."""


@dataclass(frozen=True)
class Written:
    """A message as its sender sealed it; its index in the ledger is its counter."""

    message_id: MessageId
    content: Content
    time_ms: int


@dataclass
class Letter:
    """An envelope under way, with what the test knows of its inside."""

    pair: Pair
    envelope: bytes
    counter: int
    number: int
    sealed_ms: int
    session_id: bytes
    withheld: bool = False


@dataclass
class View:
    """What a reader has been told of somebody's messages."""

    next: int = 0
    missing: set[int] = field(default_factory=set)
    shown: set[int] = field(default_factory=set)
    numbers: list[int] = field(default_factory=list)

    def note(self, opened: Opened) -> None:
        counter = opened.counter
        assert counter not in self.shown
        assert not opened.forked
        if opened.late:
            assert opened.missing == 0
            self.missing.remove(counter)
        else:
            assert opened.missing == counter - self.next >= 0
            self.missing.update(range(self.next, counter))
            self.next = counter + 1
        self.shown.add(counter)


@cache
def newcomers() -> tuple[Seat, ...]:
    return tuple(make_seat(name) for name in ("Alice", "Bob", "Carol"))


class Town:
    """Up to three people with a device each, and the relay between them.

    Unless that is ``hostile``, everything has to open but what the table of sessions gives up.
    """

    def __init__(self, people: int, *, hostile: bool, one_time_keys: bool) -> None:
        self.hostile = hostile
        self.one_time_keys = one_time_keys
        self.now_ms = NOW_MS
        self.seats = [copy_seat(seat) for seat in newcomers()[:people]]
        self.pairs = [(one, other) for one in range(people) for other in range(people)]
        self.pairs = [(one, other) for one, other in self.pairs if one != other]
        self.mailboxes: list[list[Letter]] = [[] for _ in self.seats]
        self.outboxes: list[list[Letter]] = [[] for _ in self.seats]
        self.offline: set[int] = set()
        self.shelf: list[Letter] = []
        self.claimed: list[list[OneTimeKey]] = [[] for _ in self.seats]
        self.used_keys: dict[bytes, OneTimeKey] = {}
        self.retired_ms: dict[tuple[int, bytes], int] = {}
        self.keys: dict[Pair, PeerDevice] = {}
        self.written: dict[Pair, list[Written]] = {pair: [] for pair in self.pairs}
        self.views = {pair: View() for pair in self.pairs}
        self.suspects: set[Pair] = set()
        self.excuses: Counter[str] = Counter()
        self.number = 0

    def write(self, pair: Pair, content: Content, *, crash: bool = False) -> None:
        """Seal and hand over; after a ``crash`` before the commit it was never written."""
        seat = self.seats[pair[0]]
        if not self._prepare(pair):
            return
        sealed = seat.endpoint.seal(self._keys(pair), content, self.now_ms, written_ms=self.now_ms)
        if crash:
            self.crash(pair[0])
            return
        seat.commit()
        self.written[pair].append(Written(sealed.message_id, content, self.now_ms))
        self._post(pair, sealed.envelope, len(self.written[pair]) - 1)

    def read(self, reader: int, *, count: int = 1, crash: bool = False) -> None:
        """Open the first letters of a mailbox; after a ``crash`` before the commit none was."""
        for letter in self.mailboxes[reader][:count]:
            if crash:
                self._try_opening(letter)
            else:
                self.mailboxes[reader].remove(letter)
                self._open(letter)
        if crash:
            self.crash(reader)

    def crash(self, person: int) -> None:
        seat = self.seats[person]
        seat.endpoint = Endpoint.load(seat.rows)

    def ask(self, reader: int, writer: int) -> None:
        """Ask for a recovery as a client does: when something is missing or did not open."""
        seat, pair = self.seats[reader], (reader, writer)
        address = self.seats[writer].address
        if (writer, reader) not in self.suspects and not seat.endpoint.has_gaps(address):
            return
        keys = self._keys(pair)
        if keys.is_expired(self.now_ms):
            return
        recovery = seat.endpoint.ask_recovery(address, self.now_ms)
        if recovery is None:
            return
        self.suspects.discard((writer, reader))
        view = self.views[writer, reader]
        assert {n for n in range(view.next) if recovery.lacks(n)} == view.missing
        self._start(pair, recovery=True)
        self.write(pair, recovery)

    def receipt(self, reader: int, writer: int) -> None:
        """Tell a writer what has come."""
        written = self.written[writer, reader]
        ids = tuple(written[n].message_id for n in sorted(self.views[writer, reader].shown))
        self.write((reader, writer), self.seats[reader].endpoint.receipt(ids[-256:]))

    def read_receipt(self, reader: int, writer: int) -> None:
        """Tell a writer which of the last texts were read, if there were any."""
        written = self.written[writer, reader]
        ids = tuple(written[n].message_id for n in sorted(self.views[writer, reader].shown))
        if ids:
            self.write((reader, writer), ReadReceipt(ids[-256:]))

    def publish(self, person: int) -> None:
        self.seats[person].publish(self.now_ms)

    def log_in(self, person: int) -> None:
        """Hand over what waits, replace keys if that is due, then read everything."""
        self.offline.discard(person)
        for letter in self.outboxes[person]:
            self.mailboxes[letter.pair[1]].append(letter)
        self.outboxes[person].clear()
        self.publish(person)
        self.read(person, count=len(self.mailboxes[person]))
        self.drain(person)

    def drain(self, person: int) -> None:
        """Tell a device that its mailbox is empty, if the relay holds nothing in it."""
        if self.mailboxes[person]:
            return
        for letter in chain(self.shelf, *self.outboxes):
            late = letter in self.shelf or self.now_ms >= letter.sealed_ms + ROTATED_GRACE_MS
            letter.withheld |= letter.pair[1] == person and late
        self.seats[person].endpoint.drained(self.now_ms)
        self.seats[person].commit()
        self.check_sessions()

    def wait(self, time_ms: int) -> None:
        self.now_ms += time_ms
        for mailbox in self.mailboxes:
            mailbox[:] = [s for s in mailbox if self.now_ms - s.sealed_ms < MAILBOX_LIFE_MS]

    def wear(self, pair: Pair) -> None:
        """Use up the session that sends."""
        seat = self.seats[pair[0]]
        sessions = seat.endpoint._sessions
        session = sessions.choose_sending(self.seats[pair[1]].address, self.now_ms)
        if session is not None:
            session.sent = RENEW_AFTER_MESSAGES
            sessions.note_changed(session)
            seat.commit()

    def give_again(self, person: int) -> None:
        """Let the relay give out a one-time key that it has given to somebody before."""
        seat = self.seats[person]
        seat.one_time_keys += self.claimed[person][-1:]

    def be_fair(self) -> None:
        """From here on nothing is lost; time goes on, and everybody may ask."""
        self.shelf.clear()
        for seat, claimed in zip(self.seats, self.claimed, strict=True):
            seat.one_time_keys = [key for key in seat.one_time_keys if key not in claimed]
        for _ in range(FAIR_ROUNDS):
            self.wait(ASK_EVERY_MS)
            for person in range(len(self.seats)):
                self.log_in(person)
            self.deliver_all()
            for pair in self.pairs:
                self.write(pair, Text("the last"))
            self.deliver_all()
            for reader, writer in self.pairs:
                self.ask(reader, writer)
            self.deliver_all()

    def deliver_all(self) -> None:
        for _ in range(MAX_ROUNDS):
            for reader in range(len(self.seats)):
                self.read(reader, count=len(self.mailboxes[reader]))
            if not any(self.mailboxes):
                return
        raise AssertionError("they write to one another without end")

    def check_all_readable(self) -> None:
        """Check that what is not too old has been shown, and the rest is told as missing."""
        for pair, written in self.written.items():
            view = self.views[pair]
            assert view.next == len(written)
            assert view.shown | view.missing == set(range(view.next))
            for counter in view.missing:
                assert self.now_ms - written[counter].time_ms >= COPY_LIFE_MS

    def check_sessions(self) -> None:
        """Check that there are not too many; note which are retired."""
        for reader, writer in self.pairs:
            sessions = self.seats[reader].endpoint._sessions._of(self.seats[writer].address)
            retired = [s.session_id for s in sessions if s.state is State.RETIRED]
            for session_id in retired:
                self.retired_ms.setdefault((reader, session_id), self.now_ms)
            assert len(retired) <= MAX_RETIRED
            assert len(sessions) - len(retired) <= MAX_ACTIVE

    def _keys(self, pair: Pair) -> PeerDevice:
        keys = self.keys.get(pair)
        if keys is None or keys.is_refresh_due(self.now_ms):
            keys = self.keys[pair] = self.seats[pair[1]].shown(claim=False)
        return keys

    def _prepare(self, pair: Pair) -> bool:
        """Return whether a message can be sealed; start a session if one is needed."""
        if self._keys(pair).is_expired(self.now_ms):
            return False
        if self.seats[pair[0]].endpoint.needs_session(self.seats[pair[1]].address, self.now_ms):
            self._start(pair)
        return True

    def _start(self, pair: Pair, *, recovery: bool = False) -> None:
        seat, peer = self.seats[pair[0]], self.seats[pair[1]].shown(claim=self.one_time_keys)
        self.keys[pair] = peer
        seat.endpoint.start_session(peer, self.now_ms, recovery=recovery)
        if peer.one_time_key is not None:
            self.used_keys[self._sending(pair)] = peer.one_time_key
            self.claimed[pair[1]].append(peer.one_time_key)

    def _sending(self, pair: Pair) -> bytes:
        """Return the id of the session that sends."""
        sessions = self.seats[pair[0]].endpoint._sessions
        session = sessions.choose_sending(self.seats[pair[1]].address, self.now_ms)
        assert session is not None
        return session.session_id

    def _post(self, pair: Pair, envelope: bytes, counter: int) -> None:
        self.number += 1
        letter = Letter(
            pair,
            envelope,
            counter,
            self.number,
            self.now_ms,
            self._sending(pair),
        )
        if pair[0] in self.offline:
            self.outboxes[pair[0]].append(letter)
        else:
            self.mailboxes[pair[1]].append(letter)

    def _try_opening(self, letter: Letter) -> None:
        try:
            self.seats[letter.pair[1]].endpoint.open(letter.envelope, self.now_ms)
        except CannotOpen:
            self._excuse(letter)

    def _open(self, letter: Letter) -> None:
        reader = letter.pair[1]
        seat, view = self.seats[reader], self.views[letter.pair]
        try:
            outcome = seat.receive(letter.envelope, self.now_ms)
        except CannotOpen as refused:
            self._excuse(letter)
            if isinstance(refused, Unreadable):
                self.suspects.add((self._person(refused.claimed), reader))
            return
        view.numbers.append(letter.number)
        if outcome == Duplicate():
            assert letter.counter in view.shown
            return
        assert isinstance(outcome, Opened)
        written = self.written[letter.pair][letter.counter]
        assert outcome.counter == letter.counter
        assert Written(outcome.message_id, outcome.content, outcome.time_ms) == written  # type: ignore[arg-type]
        view.note(outcome)
        self._act(letter.pair, outcome)

    def _person(self, address: DeviceAddress) -> int:
        return [seat.address for seat in self.seats].index(address)

    def _act(self, pair: Pair, opened: Opened) -> None:
        """Do what a client does with what is no text."""
        writer, reader = pair
        seat = self.seats[reader]
        match opened.content:
            case Receipt(message_ids, epoch):
                seat.endpoint.note_delivered(opened.sender, message_ids)
                seat.commit()
                known = self.keys.get((reader, writer))
                if known is not None and known.bundle.epoch < epoch:
                    del self.keys[reader, writer]
            case ReadReceipt(message_ids):
                seat.endpoint.note_delivered(opened.sender, message_ids)
                seat.commit()
            case Recovery() if self._prepare((reader, writer)):
                self._answer((reader, writer), opened.content)

    def _answer(self, pair: Pair, recovery: Recovery) -> None:
        seat = self.seats[pair[0]]
        counters = {each.message_id: n for n, each in enumerate(self.written[pair])}
        copies = seat.endpoint.resend(self._keys(pair), recovery, self.now_ms)
        seat.commit()
        for sealed in copies:
            assert recovery.lacks(counters[sealed.message_id])
            self._post(pair, sealed.envelope, counters[sealed.message_id])

    def _excuse(self, letter: Letter) -> None:
        """Check that E2E.md lets this letter be unreadable."""
        writer, reader = letter.pair
        seat = self.seats[reader]
        known = seat.endpoint._sessions.find(self.seats[writer].address, letter.session_id)
        overtakers = sum(number > letter.number for number in self.views[letter.pair].numbers)
        used_key = self.used_keys.get(letter.session_id)
        retired_ms = self.retired_ms.get((reader, letter.session_id), self.now_ms)
        outlived = self.now_ms - letter.sealed_ms >= BUNDLE_LIFE_MS - ROTATE_AFTER_MS
        sessions = seat.endpoint._sessions._of(self.seats[writer].address)
        retired = sum(session.state is State.RETIRED for session in sessions)
        crowded = known is None and retired == MAX_RETIRED
        excuses = {
            "its session was pushed out by sixteen others": crowded,
            "it was withheld until its keys were gone": letter.withheld or outlived,
            "too many have overtaken it": overtakers >= KEPT_TURNS,
            "its one-time key was given out twice": known is None
            and used_key is not None
            and self.claimed[reader].count(used_key) > 1,
            SILENCE: known is None and self.now_ms - retired_ms >= RETIRED_LIFE_MS,
        }
        self.excuses.update(name for name, holds in excuses.items() if holds)
        if not self.hostile:
            assert excuses[SILENCE] or letter.withheld or outlived or crowded
        assert any(excuses.values())
