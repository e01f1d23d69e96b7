"""The models of a relay's store do what every store does."""

from collections import deque
from collections.abc import Callable

from securechat.store.mailboxes import Outcome
from securechat.store.memory import MemoryStore
from tests.pure.store.conformance import Bench, StoreConformance, entry
from tests.pure.store.delayed import DelayedStore


class TestMemory(StoreConformance):
    def make_bench(self) -> Bench:
        calls: deque[Callable[[], None]] = deque()

        def run() -> None:
            while calls:
                calls.popleft()()

        return Bench(MemoryStore(calls.append), run)


class TestDelayed(StoreConformance):
    def make_bench(self) -> Bench:
        store = DelayedStore()
        store.soon = store._answers
        return Bench(store, store.run)

    # Its rows are saved at once, before envelopes.
    test_saves_and_puts_are_answered_in_the_order_of_the_calls = None  # type: ignore[assignment]


def test_a_failing_model_takes_nothing() -> None:
    bench = TestMemory().make_bench()
    assert isinstance(bench.store, MemoryStore)
    bench.store.is_failing = True
    bench.put(entry(1))
    assert not bench.save({("a", b"1"): b"x"})
    assert bench.outcomes == [[Outcome.FAILED]]
    assert bench.store.rows() == {}
    assert bench.store.mailboxes() == {}
