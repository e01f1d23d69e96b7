"""The history's tables, in a database in memory."""

from collections.abc import Callable, Iterator
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from securechat.config import FOREVER_DAYS
from securechat.store import history as h
from securechat.store.history import (
    Amend,
    Entry,
    Expire,
    HistoryTable,
    Progress,
    Query,
    Reached,
    React,
    Reaction,
    Reindex,
    Retention,
)
from securechat.store.schema import INDEXED_CHARACTERS
from tests.pure.store.entries import BOB, CAROL, entry
from tests.pure.store.memory_history import memory_history

DAY_MS = 24 * 3600 * 1000
BOBS_KEY = b"k" * 32


@pytest.fixture
def table() -> Iterator[HistoryTable]:
    """Return empty tables."""
    with memory_history() as table:
        yield table


def texts(entries: list[Entry]) -> list[str]:
    """Return what was written."""
    return [each.text for each in entries]


def test_the_last_ones_come_back_as_they_were_in_order(table: HistoryTable) -> None:
    given_entries = [
        entry(str(number), message_id=bytes([number]), missing=2, late=True) for number in range(5)
    ]
    for each in given_entries:
        table.apply(each)
    table.apply(entry("elsewhere", conversation=CAROL))
    last = table.last(3, BOB)
    assert [each._replace(sequence=0) for each in last] == given_entries[2:]
    assert texts(table.last(2)) == ["4", "elsewhere"]
    assert table.last(3, b"nobody") == []
    assert table.conversations() == [(BOB, "bob"), (CAROL, "carol")]


def test_all_of_a_conversation_comes_in_pages(
    table: HistoryTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(h, "PAGE_ENTRIES", 3)
    for number in range(7):
        table.apply(entry(str(number)))
        table.apply(entry("elsewhere", conversation=CAROL))
    assert texts([*chain.from_iterable(table.pages(BOB))]) == [str(number) for number in range(7)]


def test_a_page_is_next_to_a_place(table: HistoryTable) -> None:
    for number in range(7):
        table.apply(entry(str(number)))
        table.apply(entry("elsewhere", conversation=CAROL))
    places = [each.sequence for each in table.page(BOB, 9).entries]

    def page(count: int, **at: int) -> tuple[list[str], bool, bool]:
        found = table.page(BOB, count, **{key: places[index] for key, index in at.items()})
        return texts(found.entries), found.older, found.newer

    assert page(3) == (["4", "5", "6"], True, False)
    assert page(7) == ([*"0123456"], False, False)
    assert page(2, before=4) == (["2", "3"], True, True)
    assert page(2, before=2) == (["0", "1"], False, True)
    assert page(2, before=0) == ([], False, True)
    assert page(2, after=2) == (["3", "4"], True, True)
    assert page(2, after=4) == (["5", "6"], True, False)
    assert page(2, after=6) == ([], True, False)
    assert table.page(b"nobody", 3) == ([], False, False)
    assert texts(table.page(BOB, 9, after=0).entries) == [*"0123456"]


def plan_of(table: HistoryTable, read: Callable[[], object]) -> str:
    """Return how the database looks for what is read."""
    statements: list[str] = []
    table._database.set_trace_callback(statements.append)
    read()
    table._database.set_trace_callback(None)
    plans = [
        table._database.execute(f"EXPLAIN QUERY PLAN {each}").fetchall()
        for each in statements
        if "FROM history" in each or "FROM unindexed" in each
    ]
    return "; ".join(step for plan in plans for *_, step in plan)


@pytest.mark.parametrize(
    ("read", "index"),
    [
        (lambda table: table.page(BOB, 3), "history_order (conversation=? AND sequence<?)"),
        (lambda table: table.page(BOB, 3, before=9), "history_order (conversation=? AND sequence<"),
        (lambda table: table.page(BOB, 3, after=9), "history_order (conversation=? AND sequence>"),
        (lambda table: table.of_id(BOB, b"1"), "history_ids (message_id=?)"),
        (lambda table: table.find_all(BOB, [b"1", b"2"]), "history_ids (message_id=?)"),
        (lambda table: table.search(Query(words=("word",)), 9), "h USING INTEGER PRIMARY KEY"),
        (
            lambda table: table.search(Query(words=("word",), conversation=BOB), 9),
            "history_order (conversation=? AND sequence=?)",
        ),
        (lambda table: table.apply(Reindex(1)), "u USING INDEX unindexed_order"),
    ],
)
def test_nothing_takes_longer_the_more_messages_there_are(
    table: HistoryTable, read: Callable[[HistoryTable], object], index: str
) -> None:
    table.apply(entry())
    plan = plan_of(table, lambda: read(table))
    assert index in plan
    assert "SCAN h;" not in f"{plan};"
    assert "SCAN history;" not in f"{plan};"


def test_a_text_is_replaced_where_it_stands_and_in_the_index(table: HistoryTable) -> None:
    table.apply(entry("before", message_id=b"1"))
    table.apply(entry("other", message_id=b"2"))
    table.apply(Amend(BOB, b"1", BOBS_KEY, "behind", 5))
    first, second = table.last(9)
    assert (first.text, first.edited_ms, second.edited_ms) == ("behind", 5, 0)
    for _ in range(2):  # before the index has followed, and after
        assert table.search(Query(words=("before",)), 9) == []
        assert table.search(Query(words=("behind",)), 9) == [first]
        table.apply(Reindex(1))
    assert not table.has_unindexed()


def words_in_index(table: HistoryTable) -> bytes:
    table._database.execute("INSERT INTO history_text (history_text) VALUES ('integrity-check')")
    blocks = table._database.execute("SELECT block FROM history_text_data").fetchall()
    return b"".join(block for (block,) in blocks)


def test_what_is_changed_a_hundred_times_is_indexed_once(table: HistoryTable) -> None:
    table.apply(entry("first-words", message_id=b"1"))
    for number in range(100):
        table.apply(Amend(BOB, b"1", BOBS_KEY, f"version {number}", 5))
    assert b"irs" in words_in_index(table)
    assert len(table._database.execute("SELECT * FROM unindexed").fetchall()) == 1
    table.apply(Reindex(1))
    assert b"irs" not in words_in_index(table)
    assert texts(table.search(Query(words=("version 99",)), 9)) == ["version 99"]
    assert table.search(Query(words=("version 98",)), 9) == []


def test_the_index_follows_for_so_many_characters_and_the_deleted_first(
    table: HistoryTable,
) -> None:
    for number in range(6):
        table.apply(entry("x" * 100, message_id=bytes([number])))
    for number in range(6):
        table.apply(Amend(BOB, bytes([number]), BOBS_KEY, "" if number == 4 else "y" * 100, 5))
    left = []
    while table.has_unindexed():
        table.apply(Reindex(300))
        left.append([row[0] for row in table._database.execute("SELECT sequence FROM unindexed")])
    assert left == [[2, 3, 4, 6], [4, 6], []]
    assert b"xxx" not in words_in_index(table)


def test_nobody_makes_wait_what_the_user_has_deleted_or_replaced(table: HistoryTable) -> None:
    for number in range(3):
        table.apply(entry("x" * 100, message_id=bytes([number])))
        table.apply(Amend(BOB, bytes([number]), BOBS_KEY, "", 5))
    for number, text in enumerate(("first-words", "second-words"), 10):
        table.apply(entry(text, sender="", user_key=b"", message_id=bytes([number])))
    table.apply(Amend(BOB, bytes([10]), b"", "now", 6))
    table.apply(Amend(BOB, bytes([11]), b"", "", 6))
    table.apply(Reindex(1))
    assert b"sec" not in words_in_index(table)
    table.apply(Reindex(1))
    assert b"irs" not in words_in_index(table)
    assert b"xxx" in words_in_index(table)


def test_what_goes_before_the_index_has_followed_leaves_no_word(table: HistoryTable) -> None:
    table.apply(entry("first-words", message_id=b"1", kept_ms=1))
    table.apply(Amend(BOB, b"1", BOBS_KEY, "second-words", 5))
    table.apply(Expire(DAY_MS * 9, 1))
    assert table.last(9) == []
    assert not table.has_unindexed()
    assert b"wor" not in words_in_index(table)


def test_only_who_wrote_a_message_changes_it(table: HistoryTable) -> None:
    table.apply(entry("of bob", message_id=b"1"))
    table.apply(entry("mine to bob", sender="", message_id=b"2", user_key=BOBS_KEY))
    table.apply(entry("bob elsewhere", conversation=CAROL, message_id=b"3"))
    for message_id, user_key in (
        (b"1", b""),
        (b"1", b"c" * 32),
        (b"2", BOBS_KEY),
        (b"3", BOBS_KEY),
    ):
        table.apply(Amend(BOB, message_id, user_key, "forged", 5))
    assert texts(table.last(9)) == ["of bob", "mine to bob", "bob elsewhere"]
    table.apply(Amend(BOB, b"2", b"", "changed", 5))
    assert texts(table.last(9)) == ["of bob", "changed", "bob elsewhere"]


def test_of_two_with_one_id_each_writer_changes_their_own(table: HistoryTable) -> None:
    table.apply(entry("of bob", message_id=b"1"))
    table.apply(entry("of carol", sender="carol", user_key=b"c" * 32, message_id=b"1"))
    table.apply(Amend(BOB, b"1", b"c" * 32, "changed", 5))
    table.apply(React(BOB, b"1", b"d" * 32, "dave", "+"))
    assert texts(table.last(9)) == ["of bob", "changed"]
    assert table.reactions([1, 2]) == []
    assert table.find_all(BOB, [b"1"]) == {}


def test_what_is_deleted_stays_so(table: HistoryTable) -> None:
    table.apply(entry("a-very-rare-word", message_id=b"1"))
    table.apply(React(BOB, b"1", b"", "", "+"))
    table.apply(Amend(BOB, b"1", BOBS_KEY, "", 5))
    table.apply(Amend(BOB, b"1", BOBS_KEY, "back again", 6))
    table.apply(React(BOB, b"1", b"", "", "+"))
    (deleted,) = table.last(9)
    assert deleted.is_deleted
    assert table.reactions([deleted.sequence]) == []
    assert table.search(Query(words=("rare",)), 9) == []
    table.apply(Reindex(1))
    assert b"ver" not in words_in_index(table)


def test_the_last_reaction_of_each_counts(table: HistoryTable) -> None:
    table.apply(entry(message_id=b"1"))
    for symbol in "abc":
        table.apply(React(BOB, b"1", BOBS_KEY, "bob", symbol))
        table.apply(React(BOB, b"1", b"", "", symbol * 2))
    table.apply(React(BOB, b"unknown", b"", "", "d"))
    table.apply(React(CAROL, b"1", b"", "", "d"))
    own = Reaction(1, b"", "", "cc")
    assert table.reactions([1]) == [own, Reaction(1, BOBS_KEY, "bob", "c")]
    table.apply(React(BOB, b"1", BOBS_KEY, "bob", ""))
    assert table.reactions([1]) == [own]
    table.apply(Expire(1000, 0))
    assert table._database.execute("SELECT * FROM reactions").fetchall() == []


def test_so_many_react_and_no_more(table: HistoryTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h, "MAX_REACTIONS", 2)
    table.apply(entry(message_id=b"1"))
    for key in (b"1", b"2", b"3"):
        table.apply(React(BOB, b"1", key, "bob", "+"))
    table.apply(React(BOB, b"1", b"1", "bob", "-"))
    assert [(each.user_key, each.symbol) for each in table.reactions([1])] == [
        (b"1", "-"),
        (b"2", "+"),
    ]


def test_progress_only_goes_on(table: HistoryTable) -> None:
    table.apply(entry("mine", sender="", message_id=b"1"))
    table.apply(entry("of bob, who drew the same id", message_id=b"1"))

    def progress_after(change: Reached) -> int:
        table.apply(change)
        own = table.own(b"1")
        assert own is not None
        assert table.last(1)[0].progress is None
        assert own.progress is not None
        return own.progress

    assert progress_after(Reached(b"1", Progress.SENT, b"key")) == Progress.SENT
    assert progress_after(Reached(b"1", Progress.FAILED)) == Progress.FAILED
    assert progress_after(Reached(b"1", Progress.DELIVERED)) == Progress.DELIVERED
    assert progress_after(Reached(b"1", Progress.ACCEPTED)) == Progress.DELIVERED
    assert progress_after(Reached(b"1", Progress.FAILED)) == Progress.DELIVERED
    assert progress_after(Reached(b"1", Progress.READ)) == Progress.READ
    own = table.own(b"1")
    assert own is not None
    assert own.user_key == b"key"
    assert table.own(b"2") is None


def test_what_was_once_not_encrypted_never_counts_as_encrypted(table: HistoryTable) -> None:
    table.apply(entry("for all to see", sender="", message_id=b"1"))
    for change in (
        Reached(b"1", Progress.SENT, b"key", encrypted=False),
        Reached(b"1", Progress.ACCEPTED),
    ):
        table.apply(change)
        own = table.own(b"1")
        assert own is not None
        assert (own.progress, own.encrypted) == (change.progress, False)


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("ffe", "Coffee"),
        ("COFF", "Coffee"),
        ("cafe", "Café"),
        ("CAFE\u0301", "Café"),
        ("世", "你好世界"),
        ("好世界", "你好世界"),
        ("δοσ", "ΟΔΟΣ"),
        ('say "hi"', 'to say "hi" OR NOT'),
        ("or not", 'to say "hi" OR NOT'),
        ("ß", "Straße"),
        ("50%", "50% off_"),
        ("f_", "50% off_"),
        ("*", "a * b"),
    ],
)
def test_a_part_of_a_word_is_found(table: HistoryTable, word: str, found: str) -> None:
    for text in (
        "Coffee",
        "Café",
        "你好世界",
        "ΟΔΟΣ",
        'to say "hi" OR NOT',
        "Straße",
        "50% off_",
        "a * b",
    ):
        table.apply(entry(text))
    assert texts(table.search(Query(words=(word,)), 10)) == [found]


def test_a_query_narrows(table: HistoryTable) -> None:
    for time_ms, (conversation, sender, text) in enumerate(
        [
            (BOB, "Bob", "tea at five"),
            (BOB, "", "five it is"),
            (CAROL, "carol", "five of us"),
            (BOB, "Bob", "make it six"),
        ]
    ):
        table.apply(entry(text, conversation=conversation, sender=sender, time_ms=time_ms))

    def found(query: Query, count: int = 10) -> list[str]:
        return texts(table.search(query, count))

    assert found(Query(words=("five",))) == ["tea at five", "five it is", "five of us"]
    assert found(Query(words=("five",)), 2) == ["five it is", "five of us"]
    assert found(Query(words=("five", "it"))) == ["five it is"]
    assert found(Query(words=("five",), conversation=BOB)) == ["tea at five", "five it is"]
    assert found(Query(sender="bob")) == ["tea at five", "make it six"]
    assert found(Query(sender="")) == ["five it is"]
    assert found(Query(since_ms=1, before_ms=3)) == ["five it is", "five of us"]


def test_each_conversation_is_kept_for_its_time(table: HistoryTable) -> None:
    for kept_ms in (0, 5 * DAY_MS, 10 * DAY_MS):
        for conversation in (BOB, CAROL):
            table.apply(entry(f"{kept_ms // DAY_MS}", conversation=conversation, kept_ms=kept_ms))
    table.apply(Retention(CAROL, "carol", 5))
    assert table.retention(CAROL) == 5
    assert table.retention(BOB) is None
    table.apply(Expire(10 * DAY_MS, FOREVER_DAYS))
    assert texts(table.last(9, BOB)) == ["0", "5", "10"]
    assert texts(table.last(9, CAROL)) == ["10"]
    table.apply(Retention(CAROL, "carol", FOREVER_DAYS))
    table.apply(Expire(12 * DAY_MS, 3))
    assert texts(table.last(9)) == ["10", "10"]
    table.apply(Expire(13 * DAY_MS, 3))
    assert texts(table.last(9)) == ["10"]
    table.apply(Retention(CAROL, "carol", 0))
    table.apply(Expire(10 * DAY_MS, 3))
    assert table.last(9) == []


def test_not_all_goes_at_once(table: HistoryTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h, "EXPIRED_AT_ONCE", 2)
    for number in range(5):
        conversation = CAROL if number % 2 else BOB
        table.apply(entry(str(number), conversation=conversation))
    everything = Expire(2000, 0)
    left = []
    while table.has_expired(everything):
        table.apply(everything)
        left.append(len(table.last(9)))
    assert left == [3, 1, 0]


@pytest.mark.parametrize("place", [0, INDEXED_CHARACTERS - 2, INDEXED_CHARACTERS, 8000])
def test_a_long_text_is_found_wherever_the_word_stands(table: HistoryTable, place: int) -> None:
    table.apply(entry("x" * place + "Needle" + "y" * 10))
    table.apply(entry("z" * 8000))
    (found,) = table.search(Query(words=("needle",)), 9)
    assert "Needle" in found.text
    table.apply(Expire(1000, 0))
    assert table.search(Query(words=("needle",)), 9) == []
    assert table.search(Query(words=("xxx",)), 9) == []


def test_of_strangers_the_newest_are_kept(
    table: HistoryTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(h, "MAX_REQUESTS", 3)
    table.apply(entry("a friend"))
    for number in range(5):
        conversation = CAROL if number % 2 else BOB
        table.apply(entry(str(number), conversation=conversation)._replace(request=True))
    assert texts(table.last(9)) == ["a friend", "2", "3", "4"]
    assert [each.request for each in table.last(2, BOB)] == [True, True]


def test_what_has_gone_is_not_in_the_index_either(table: HistoryTable) -> None:
    table.apply(entry("a-very-rare-word"))
    table.apply(Expire(1000, 0))
    blocks = table._database.execute("SELECT block FROM history_text_data").fetchall()
    assert b"ver" not in b"".join(block for (block,) in blocks)


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=5)


@given(st.lists(st.text(max_size=12), max_size=8), WORDS)
@settings(max_examples=60)
def test_whatever_is_typed_finds_what_holds_it(written: list[str], word: str) -> None:
    with memory_history() as table:
        for text in written:
            table.apply(entry(text))
        found = texts(table.search(Query(words=(word,)), 100))
    missed = [text for text in written if word in text and text not in found]
    assert not missed
