import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.errors import NameInvalid
from securechat.identity.names import MAX_LENGTH_CHARACTERS, name_key, parse_name


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "Alice",
        "7of9",
        "jean-luc",
        "o_o.b",
        "Zoë",
        "Анна",
        "明",
        "अनिता",
        "a" * 32,
        "שרה-2",
        "علی۲",
        "مهدي٢",
    ],
)
def test_names_of_all_scripts_are_taken(name: str) -> None:
    assert parse_name(name) == unicodedata.normalize("NFKC", name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a" * 33,
        "a" * 10_000_000,
        ".a",
        "-a",
        "_a",
        "a b",
        "a\n",
        "a\x1b[2J",
        "a\u202eb",
        "a\u200bb",
        "a\ufe0fb",
        "\u3164",
        "a\u3164b",
        "#lobby",
        "a/b",
        "a@b",
        "\u0301a",
        "\ud800",
        "😀",
        "a\0",
        "\u0430lice",
        "\u0391lice",
        "a\u05d0",
        "1\u05d0",
        "\u05d0a",
        "\u05d01\u0661",
        "a\u0661",
        "Zoe\u0308\u0308",
    ],
)
def test_what_could_mislead_or_break_is_refused(name: str) -> None:
    with pytest.raises(NameInvalid) as refused:
        parse_name(name)
    assert refused.value.what
    assert refused.value.try_next


def test_the_length_counts_after_normalisation() -> None:
    assert parse_name("ﬁ" * 16) == "fi" * 16
    with pytest.raises(NameInvalid):
        parse_name("ﬁ" * 17)


@given(st.text(max_size=40))
def test_a_parsed_name_stays_itself(text: str) -> None:
    try:
        name = parse_name(text)
    except NameInvalid:
        return
    assert parse_name(name) == name
    assert 1 <= len(name) <= MAX_LENGTH_CHARACTERS


@pytest.mark.parametrize(
    ("one", "other"),
    [("Alice", "aLICE"), ("Straße", "STRASSE"), ("ＡＢＣ", "abc"), ("Zoë", "ZOE\u0308")],
)
def test_look_ups_ignore_case_and_form(one: str, other: str) -> None:
    assert name_key(parse_name(one)) == name_key(parse_name(other))


def test_other_names_have_other_keys() -> None:
    assert name_key(parse_name("alice")) != name_key(parse_name("alicia"))
