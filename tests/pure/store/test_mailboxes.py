"""What every MailboxStore does; a new store joins by a line in STORES."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.identity.types import EnvelopeId, MailboxId
from securechat.store.mailboxes import Entry, MailboxStore, MemoryMailboxStore, charge
from tests.pure.store.delayed import DelayedMailboxStore

ALICE, BOB = MailboxId(b"a" * 16), MailboxId(b"b" * 16)


@dataclass
class Bench:
    """A store, and how to wait until it has answered everything."""

    store: MailboxStore
    run: Callable[[], object] = lambda: None
    commits: list[list[int]] = field(default_factory=list)

    def put(self, *entries: Entry) -> None:
        sequences = [entry.sequence for entry in entries]
        self.store.put(list(entries), lambda: self.commits.append(sequences))

    def load(self, mailbox: MailboxId, after: int = 0, limit_bytes: int = 10**6) -> list[Entry]:
        pages: list[list[Entry]] = []
        self.store.load(mailbox, after, limit_bytes, pages.append)
        self.run()
        [page] = pages
        return page

    def sequences(self, mailbox: MailboxId, after: int = 0, limit_bytes: int = 10**6) -> list[int]:
        return [entry.sequence for entry in self.load(mailbox, after, limit_bytes)]


def memory() -> Bench:
    return Bench(MemoryMailboxStore())


def delayed() -> Bench:
    store = DelayedMailboxStore()
    return Bench(store, store.run)


STORES = [memory, delayed]
each_store = pytest.mark.parametrize("make", STORES)


def entry(sequence: int, mailbox: MailboxId = ALICE, size_bytes: int = 10) -> Entry:
    envelope_id = EnvelopeId(sequence.to_bytes(16, "big"))
    return Entry(mailbox, sequence, BOB, envelope_id, bytes([sequence % 256]) * size_bytes, 12.5)


@each_store
def test_a_mailbox_that_was_never_used_is_empty(make: Callable[[], Bench]) -> None:
    assert make().load(ALICE) == []


@each_store
def test_what_was_put_is_loaded_whole_and_in_order(make: Callable[[], Bench]) -> None:
    bench, first, second = make(), entry(1), entry(2)
    bench.put(first, second)
    bench.put(entry(3))
    page = bench.load(ALICE)
    assert [each.sequence for each in page] == [1, 2, 3]
    for found, kept in zip(page, (first, second), strict=False):
        assert (found.mailbox, found.sender) == (kept.mailbox, kept.sender)
        assert (found.envelope_id, found.envelope) == (kept.envelope_id, kept.envelope)
        assert found.queued_at == kept.queued_at


@each_store
def test_every_put_is_confirmed_once_and_in_order(make: Callable[[], Bench]) -> None:
    bench = make()
    bench.put(entry(1), entry(2))
    bench.put(entry(3))
    bench.run()
    assert bench.commits == [[1, 2], [3]]


@each_store
def test_one_put_may_be_for_several_mailboxes(make: Callable[[], Bench]) -> None:
    bench = make()
    bench.put(entry(1, ALICE), entry(1, BOB), entry(2, ALICE))
    assert bench.sequences(ALICE) == [1, 2]
    assert bench.sequences(BOB) == [1]


@each_store
def test_loading_goes_on_after_a_sequence(make: Callable[[], Bench]) -> None:
    bench = make()
    bench.put(*(entry(number) for number in (1, 2, 5, 9)))
    assert bench.sequences(ALICE, after=2) == [5, 9]
    assert bench.sequences(ALICE, after=3) == [5, 9]
    assert bench.sequences(ALICE, after=9) == []


@each_store
def test_a_page_holds_what_fits_and_at_least_one(make: Callable[[], Bench]) -> None:
    bench = make()
    bench.put(*(entry(number, size_bytes=1000) for number in range(1, 6)))
    assert bench.sequences(ALICE, limit_bytes=3000) == [1, 2, 3]
    assert bench.sequences(ALICE, limit_bytes=2999) == [1, 2]
    assert bench.sequences(ALICE, limit_bytes=1) == [1]


@each_store
def test_what_was_removed_is_gone_and_removing_it_again_is_no_error(
    make: Callable[[], Bench],
) -> None:
    bench = make()
    entries = [entry(number) for number in range(1, 5)]
    bench.put(*entries)
    bench.store.remove(entries[1:3])
    bench.store.remove([*entries[:2], entry(77), entry(1, BOB)])
    assert bench.sequences(ALICE) == [4]


@each_store
def test_an_emptied_mailbox_takes_entries_again(make: Callable[[], Bench]) -> None:
    bench = make()
    bench.put(entry(1))
    bench.store.remove([entry(1)])
    assert bench.sequences(ALICE) == []
    bench.put(entry(1, size_bytes=20))
    assert [len(each.envelope) for each in bench.load(ALICE)] == [20]


@each_store
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(1, 20)), max_size=25), data=st.data())
def test_it_behaves_as_a_dictionary_would(
    make: Callable[[], Bench], steps: list[tuple[bool, int]], data: st.DataObject
) -> None:
    bench, model, last = make(), dict[int, Entry](), 0
    for is_put, number in steps:
        if is_put:
            last += 1
            model[last] = entry(last, size_bytes=number * 50)
            bench.put(model[last])
        else:
            model.pop(number, None)
            bench.store.remove([entry(number)])
    after, limit = data.draw(st.integers(0, 25)), data.draw(st.integers(1, 5000))
    fitting: list[int] = []
    for sequence in (each for each in sorted(model) if each > after):
        size_bytes = sum(charge(model[each].envelope) for each in (*fitting, sequence))
        if fitting and size_bytes > limit:
            break
        fitting.append(sequence)
    assert bench.sequences(ALICE, after, limit) == fitting


def test_memory_promises_nothing_beyond_the_process() -> None:
    assert not MemoryMailboxStore.durable
