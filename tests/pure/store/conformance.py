"""What every store of a relay does; a new store joins by a subclass that makes a `Bench`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from securechat.identity.types import EnvelopeId, MailboxId, UserKey
from securechat.relay.relay import RelayStore
from securechat.store.mailboxes import Entry, Expired, Outcome, charge
from securechat.store.rows import RowChanges

ALICE, BOB = MailboxId(b"a" * 16), MailboxId(b"b" * 16)
ACCOUNT, OTHER = UserKey(b"u" * 32), UserKey(b"v" * 32)
KEPT, KNOWN, MISMATCH = Outcome.KEPT, Outcome.KNOWN, Outcome.MISMATCH


@dataclass
class Bench:
    """A store, and how to wait until it has answered everything."""

    store: RelayStore
    run: Callable[[], object]
    outcomes: list[list[Outcome]] = field(default_factory=list)

    def put(self, *entries: Entry) -> None:
        self.store.put(list(entries), lambda outcomes: self.outcomes.append(list(outcomes)))

    def load(self, mailbox: MailboxId, after: int = 0, limit_bytes: int = 10**6) -> list[Entry]:
        pages: list[list[Entry]] = []
        self.store.load(mailbox, after, limit_bytes, pages.append)
        self.run()
        [page] = pages
        return page

    def sequences(self, mailbox: MailboxId, after: int = 0, limit_bytes: int = 10**6) -> list[int]:
        return [entry.sequence for entry in self.load(mailbox, after, limit_bytes)]

    def expire(self, before_ms: int, *spared: MailboxId) -> Expired:
        gone: list[Expired] = []
        self.store.expire(before_ms, spared, gone.append)
        self.run()
        return gone[0]

    def save(self, changes: RowChanges) -> bool:
        saved: list[bool] = []
        self.store.save(changes, saved.append)
        self.run()
        return saved[0]


def entry(
    sequence: int,
    mailbox: MailboxId = ALICE,
    size_bytes: int = 10,
    *,
    number: int | None = None,
    account: UserKey = ACCOUNT,
    queued_ms: int = 12,
) -> Entry:
    """Return an entry; ``number`` makes its id, if that does not follow from the sequence."""
    number = sequence if number is None else number
    body = bytes([number % 256]) * size_bytes
    envelope_id = EnvelopeId(number.to_bytes(16, "big"))
    return Entry(mailbox, sequence, BOB, envelope_id, body, account, queued_ms)


def columns(entries: Sequence[Entry]) -> list[tuple[object, ...]]:
    return [
        (e.mailbox, e.sequence, e.sender, e.envelope_id, e.envelope, e.account, e.queued_ms)
        for e in entries
    ]


class StoreConformance:
    """The tests; `make_bench` gives an empty store."""

    def make_bench(self) -> Bench:
        raise NotImplementedError

    # Envelopes ------------------------------------------------------------------------------------

    def test_a_mailbox_that_was_never_used_is_empty(self) -> None:
        bench = self.make_bench()
        assert bench.store.mailboxes() == {}
        assert bench.load(ALICE) == []

    def test_what_was_put_is_loaded_whole_and_in_order(self) -> None:
        bench, first, second = self.make_bench(), entry(1), entry(2)
        bench.put(first, second)
        bench.put(entry(3))
        assert columns(bench.load(ALICE)) == columns([first, second, entry(3)])

    def test_every_put_is_answered_once_and_in_order_and_never_at_once(self) -> None:
        bench = self.make_bench()
        bench.put(entry(1), entry(2))
        bench.put(entry(3))
        assert bench.outcomes == []
        bench.run()
        assert bench.outcomes == [[KEPT, KEPT], [KEPT]]

    def test_one_put_may_be_for_several_mailboxes(self) -> None:
        bench = self.make_bench()
        bench.put(entry(1, ALICE), entry(1, BOB), entry(2, ALICE))
        assert bench.sequences(ALICE) == [1, 2]
        assert bench.sequences(BOB) == [1]

    def test_the_same_envelope_again_is_known_and_kept_once(self) -> None:
        bench = self.make_bench()
        bench.put(entry(1), entry(2))
        bench.put(entry(3, number=1), entry(4))
        assert bench.sequences(ALICE) == [1, 2, 4]
        assert bench.outcomes[1] == [KNOWN, KEPT]

    def test_other_bytes_under_a_known_id_are_not_kept(self) -> None:
        bench = self.make_bench()
        bench.put(entry(1))
        bench.put(entry(2, number=1, size_bytes=11))
        assert columns(bench.load(ALICE)) == columns([entry(1)])
        assert bench.outcomes[1] == [MISMATCH]

    def test_the_same_id_in_another_mailbox_is_another_envelope(self) -> None:
        bench = self.make_bench()
        bench.put(entry(1, ALICE), entry(1, BOB))
        bench.run()
        assert bench.outcomes == [[KEPT, KEPT]]

    def test_an_id_is_free_again_once_its_entry_is_removed(self) -> None:
        bench = self.make_bench()
        bench.put(entry(1))
        bench.store.remove([entry(1)])
        bench.put(entry(2, number=1))
        assert bench.sequences(ALICE) == [2]
        assert bench.outcomes == [[KEPT], [KEPT]]

    def test_loading_goes_on_after_a_sequence(self) -> None:
        bench = self.make_bench()
        bench.put(*(entry(number) for number in (1, 2, 5, 9)))
        assert bench.sequences(ALICE, after=2) == [5, 9]
        assert bench.sequences(ALICE, after=3) == [5, 9]
        assert bench.sequences(ALICE, after=9) == []

    def test_a_page_holds_what_fits_and_at_least_one(self) -> None:
        bench = self.make_bench()
        bench.put(*(entry(number, size_bytes=1000) for number in range(1, 6)))
        assert bench.sequences(ALICE, limit_bytes=3000) == [1, 2, 3]
        assert bench.sequences(ALICE, limit_bytes=2999) == [1, 2]
        assert bench.sequences(ALICE, limit_bytes=1) == [1]

    def test_what_was_removed_is_gone_and_removing_it_again_is_no_error(self) -> None:
        bench = self.make_bench()
        entries = [entry(number) for number in range(1, 5)]
        bench.put(*entries)
        bench.store.remove(entries[1:3])
        bench.store.remove([*entries[:2], entry(77), entry(1, BOB)])
        assert bench.sequences(ALICE) == [4]

    def test_an_emptied_mailbox_takes_entries_again(self) -> None:
        bench = self.make_bench()
        bench.put(entry(1))
        bench.store.remove([entry(1)])
        assert bench.sequences(ALICE) == []
        bench.put(entry(1, size_bytes=20))
        assert [len(each.envelope) for each in bench.load(ALICE)] == [20]

    def test_what_is_kept_is_counted_by_mailbox_and_account(self) -> None:
        bench = self.make_bench()
        bench.put(entry(3), entry(4, size_bytes=2000, account=OTHER), entry(5), entry(9, BOB))
        bench.store.remove([entry(5)])
        bench.run()
        found = bench.store.mailboxes()
        assert {mailbox: stored.last_sequence for mailbox, stored in found.items()} == {
            ALICE: 4,
            BOB: 9,
        }
        fills = found[ALICE].fills
        assert {account: (fill.messages, fill.size_bytes) for account, fill in fills.items()} == {
            ACCOUNT: (1, charge(b"")),
            OTHER: (1, 2000),
        }

    def test_what_is_too_old_expires_unless_its_mailbox_is_spared(self) -> None:
        bench = self.make_bench()
        bench.put(entry(1, queued_ms=1), entry(2, queued_ms=2))
        bench.put(entry(1, BOB, size_bytes=700, queued_ms=2))
        bench.put(entry(3, queued_ms=3), entry(4, queued_ms=4), entry(2, BOB, queued_ms=9))
        assert bench.expire(3, ALICE, BOB) == {}
        gone = bench.expire(3, ALICE)
        assert [(fill.messages, fill.size_bytes) for fill in gone[BOB].fills.values()] == [(1, 700)]
        assert bench.expire(3).keys() == {ALICE}
        assert bench.expire(3) == {}
        assert bench.sequences(ALICE) == [3, 4]
        assert bench.sequences(BOB) == [2]

    @settings(
        max_examples=15, deadline=None, suppress_health_check=[HealthCheck.differing_executors]
    )
    @given(
        steps=st.lists(st.tuples(st.booleans(), st.integers(1, 20)), max_size=25), data=st.data()
    )
    def test_it_behaves_as_a_dictionary_would(
        self, steps: list[tuple[bool, int]], data: st.DataObject
    ) -> None:
        bench, model, last = self.make_bench(), dict[int, Entry](), 0
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

    # Rows -----------------------------------------------------------------------------------------

    def test_rows_are_written_replaced_and_deleted(self) -> None:
        bench = self.make_bench()
        assert bench.store.rows() == {}
        assert bench.save({("a", b"1"): b"one", ("a", b"2"): b"two", ("b", b"1"): b""})
        assert bench.save({("a", b"1"): b"three", ("a", b"2"): None, ("c", b"9"): None})
        assert bench.store.rows() == {("a", b"1"): b"three", ("b", b"1"): b""}

    def test_saves_and_puts_are_answered_in_the_order_of_the_calls(self) -> None:
        bench, answers = self.make_bench(), list[str]()
        bench.store.save({("a", b"1"): b"x"}, lambda saved: answers.append(f"save {saved}"))
        bench.store.put([entry(1)], lambda _: answers.append("put"))
        bench.store.save({("a", b"1"): None}, lambda saved: answers.append(f"delete {saved}"))
        bench.run()
        assert answers == ["save True", "put", "delete True"]
