"""What is typed to find messages: words and what narrows them, or a word of what is wrong."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.client.searching import EXAMPLE, SearchWords, parse_search
from securechat.errors import UsageError


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("tea", SearchWords(("tea",))),
        (" green\ttea ", SearchWords(("green", "tea"))),
        ('"green tea" cup', SearchWords(("green tea", "cup"))),
        ('tea "" cup', SearchWords(("tea", "cup"))),
        ('"green tea', SearchWords(('"green', "tea"))),
        ("green\0tea", SearchWords(("green", "tea"))),
        ('"green\0tea"', SearchWords(("green tea",))),
        ("from:bob", SearchWords(sender="bob")),
        ("FROM:Bob tea", SearchWords(("tea",), sender="Bob")),
        ('in:"bob" from:me', SearchWords(within="bob", sender="me")),
        ("to:bob https://tea.example", SearchWords(("to:bob", "https://tea.example"))),
        ("infrom:bob", SearchWords(("infrom:bob",))),
        ("tea from:", SearchWords(("tea", "from:"))),
        (
            'since:2026-01-31 before:"2026-12-31 18:00"',
            SearchWords(since=datetime(2026, 1, 31), before=datetime(2026, 12, 31, 18)),
        ),
    ],
)
def test_what_is_looked_for(typed: str, expected: SearchWords) -> None:
    assert parse_search(typed) == expected


@pytest.mark.parametrize(
    ("typed", "what", "try_next"),
    [
        ("", "/search needs something to look for", EXAMPLE),
        ('"" \0', "/search needs something to look for", EXAMPLE),
        ("from:bob FROM:carol", "There is more than one from: in it", EXAMPLE),
        ("before:2026 before:2027", "There is more than one before: in it", EXAMPLE),
        (
            "before:yesterday",
            "yesterday is no date for before:",
            "before:2026-12-31, or before:2026-12-31T18:00",
        ),
        (
            "since:2026-02-30",
            "2026-02-30 is no date for since:",
            "since:2026-12-31, or since:2026-12-31T18:00",
        ),
        (
            "since:0001-01-01",  # a date, but no time that a computer counts to
            "0001-01-01 is no date for since:",
            "since:2026-12-31, or since:2026-12-31T18:00",
        ),
        (
            f"since:\x1b[31m{'x' * 99}",
            "since:",
            "since:2026-12-31, or since:2026-12-31T18:00",
        ),
    ],
)
def test_what_cannot_be_read(typed: str, what: str, try_next: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_search(typed)
    assert error.value.what.endswith(what)
    assert error.value.try_next == try_next
    assert "\x1b" not in error.value.what
    assert len(error.value.what) < 60


@given(st.text(alphabet='from:inbefore since"\0 2026-12', max_size=30) | st.text(max_size=30))
def test_whatever_is_typed_is_read_or_refused_and_no_word_has_a_nul(typed: str) -> None:
    try:
        search = parse_search(typed)
    except UsageError:
        return
    assert all(search.words)
    assert "\0" not in "".join(search.words)
    for time in (search.since, search.before):
        if time is not None:
            time.timestamp()
