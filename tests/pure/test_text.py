import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import iter_graphemes, wcswidth, wcwidth

from securechat.text import MARKS_MAX, clip, cluster_width, is_narrow, safe_text, text_width

FORBIDDEN = {
    *range(0x20),
    *range(0x7F, 0xA0),
    0x61C,
    *range(0x200E, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
    0x200B,
    0x2060,
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    *range(0xD800, 0xE000),
    *range(0xE0000, 0xE0080),
    *range(0xE0100, 0xE01F0),
}

hostile_texts = st.text(
    st.one_of(
        st.sampled_from([chr(code) for code in sorted(FORBIDDEN)]),
        st.sampled_from("a\u0301\u0302\u20e3\u200d\u200c\ufe0f\u1161\U0001e944\t\r\n字👩❤"),
        st.characters(exclude_categories=()),
    ),
    max_size=80,
)

HARMLESS = [
    "Hello, Server!",
    "naïve façade — “quoted” … €",
    "cafe\u0301 Việt Nam Vie\u0323\u0302t",
    "Привет, как дела?",
    "你好,世界 こんにちは 안녕하세요 \u1112\u1161\u11ab",
    "שָׁלוֹם עֲלֵיכֶם",
    "مَرْحَبًا بِكُم",
    "سلام، می\u200cخواهم",
    "नमस्ते क्षत्रिय",
    "สวัสดีครับ ที่นี่",
    "བོད་སྐད་ ཧྐྵྨླྺྼྻྂ",
    "မြန်မာ ကြိုဆိုပါတယ်",
    "👩‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 ❤️ 👩🏻‍❤️‍💋‍👨🏿 🇫🇷 1️⃣",
    "\U0001e900\U0001e923\U0001e944 \U00012000",
    "\ue0b0 private use",
    "",
]

ATTACKS = [
    ("\x1b]0;title\x07", "\ufffd]0;title\ufffd"),
    ("\x1b]52;c;aGk=\x1b\\", "\ufffd]52;c;aGk=\ufffd\\"),
    ("\x1b[2J\x9b2J", "\ufffd[2J\ufffd2J"),
    ("mine\rYou (Client): yes", "mine\ufffdYou (Client): yes"),
    ("\b\b\x7f", "\ufffd\ufffd\ufffd"),
    ("a\tb", "a b"),
    ("a\u202eb\u202c", "a\ufffdb\ufffd"),
    ("\u2067a\u2069", "\ufffda\ufffd"),
    ("a\u2028b\u2029c\x85d", "a\ufffdb\ufffdc\ufffdd"),
    ("a\u200fb\u200ec\u061cd", "abcd"),
    ("al\u200bi\u2060ce\ufeff", "alice"),
    ("\U000e0041\U000e007f", ""),
    ("\ud83d", "\ufffd"),
    ("\ufffe", "\ufffd"),
    ("e" + "\u0301" * 99, "e" + "\u0301" * MARKS_MAX),
    ("e" + "\u0301\u200b" * 99, "e" + "\u0301" * MARKS_MAX),
    ("e" + "\u0301\u200d" * 99, "e" + "\u0301\u200d" * (MARKS_MAX // 2 - 1) + "\u0301"),
    ("👩\u200d", "👩"),
    ("👩\u200d\u200d b\u200d\u200bc\u200d", "👩 bc"),
    ("字\u200d🚀\u200d", "字\u200d🚀"),
    ("e" + "\U0001e944\u0301" * 99, "e" + "\U0001e944\u0301" * (MARKS_MAX // 2)),
]


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert safe_text(text) == text
    assert safe_text(text, multiline=True) == text


@pytest.mark.parametrize(("text", "shown"), ATTACKS)
def test_attacks_lose_their_power(text: str, shown: str) -> None:
    assert safe_text(text) == shown
    assert safe_text(text, multiline=True) == shown


def test_newlines_stay_only_in_multiline_text() -> None:
    assert safe_text("a\nb\r\nc\rd", multiline=True) == "a\nb\nc\ufffdd"
    assert safe_text("a\nb\r\nc\rd") == "a\ufffdb\ufffd\ufffdc\ufffdd"


@given(hostile_texts, st.booleans())
def test_nothing_forbidden_is_left(text: str, multiline: bool) -> None:
    left = {ord(character) for character in safe_text(text, multiline=multiline)} & FORBIDDEN
    assert left <= ({ord("\n")} if multiline else set())


@given(hostile_texts, st.booleans())
def test_what_is_safe_stays_as_it_is(text: str, multiline: bool) -> None:
    once = safe_text(text, multiline=multiline)
    assert safe_text(once, multiline=multiline) == once
    assert len(once) <= len(text)


@given(hostile_texts, st.booleans())
def test_every_joiner_has_something_to_join(text: str, multiline: bool) -> None:
    shown = safe_text(text, multiline=multiline)
    followers = {after for one, after in pairwise(f"{shown}\n") if one == "\u200d"}
    assert not any(map(str.isascii, followers))


@given(hostile_texts)
def test_a_safe_line_always_has_a_width_and_encodes(text: str) -> None:
    assert wcswidth(safe_text(text)) >= 0
    safe_text(text).encode()


@given(hostile_texts)
def test_runs_without_width_are_bounded(text: str) -> None:
    run = 0
    for character in safe_text(text):
        run = run + 1 if wcwidth(character) == 0 else 0
        assert run <= MARKS_MAX


def test_every_invisible_format_character_of_unicode_is_dealt_with() -> None:
    visible = {"ARABIC", "SYRIAC", "KAITHI"}  # signs that stand before a number
    joiners = {"\u200c", "\u200d"}
    for code in (*range(0x40000), *range(0xE0000, 0xF0000)):  # planes with characters of Unicode
        character = chr(code)
        if unicodedata.category(character) == "Cf" and character not in joiners:
            name = unicodedata.name(character).split()[0]
            is_kept = safe_text(f"a{character}b") == f"a{character}b"
            assert is_kept == (name in visible and code != 0x61C), hex(code)


@pytest.mark.parametrize("unit", ["\x1b", "e\u0301", "👩\u200d", "\u0301", "\u200b", "字", "a\n"])
def test_the_time_is_linear(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    start = time.process_time()
    safe_text(text)
    assert time.process_time() - start < 2  # a quadratic one would take a minute


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("hello", 5, "hello"),
        ("hello", 4, "hel…"),
        ("hello", 1, "…"),
        ("hello", 0, ""),
        ("hello", -1, ""),
        ("", 0, ""),
        ("你好吗", 6, "你好吗"),
        ("你好吗", 5, "你好…"),
        ("你好吗", 4, "你…"),
        ("cafe\u0301s", 5, "cafe\u0301s"),
        ("cafe\u0301s!", 5, "cafe\u0301…"),
        ("a👩\u200d🚀b", 4, "a…"),
        ("❤\ufe0fx", 2, "…"),
    ],
)
def test_clip_keeps_clusters_whole(text: str, width: int, shown: str) -> None:
    assert clip(text, width) == shown


@given(hostile_texts, st.integers(0, 40))
def test_clip_never_exceeds_the_width(text: str, width: int) -> None:
    safe = safe_text(text)
    shown = clip(safe, width)
    assert wcswidth(shown) <= width
    assert shown == safe or shown in ("", "…") or safe.startswith(shown.removesuffix("…"))


NARROW = [chr(code) for code in range(0x3000) if is_narrow(chr(code))]


def test_what_is_called_narrow_is_one_column_wide() -> None:
    assert len(NARROW) > 1000
    assert {cluster_width(character) for character in NARROW} == {1}


@given(st.text(NARROW) | hostile_texts)
def test_a_text_is_as_wide_as_its_clusters(text: str) -> None:
    safe = safe_text(text)
    assert text_width(safe) == sum(map(cluster_width, iter_graphemes(safe)))
    assert not is_narrow(safe) or list(iter_graphemes(safe)) == list(safe)


def test_long_rows_of_flags_are_cut() -> None:
    flags = "\U0001f1e6\U0001f1fa" * 32
    assert safe_text(flags) == flags
    assert safe_text(flags * 32) == flags


@pytest.mark.parametrize(
    ("cluster", "width"),
    [
        ("a" + "\N{DEVANAGARI VOWEL SIGN AA}" * 8, 9),
        ("\N{HANGUL SYLLABLE GA}\N{HANGUL SINGLE DOT TONE MARK}", 4),
        ("a\N{COMBINING ACUTE ACCENT}", 1),
        ("\N{CIRCLED NUMBER TEN ON BLACK SQUARE}", 2),
    ],
)
def test_a_cluster_is_as_wide_as_the_terminal_that_draws_it_widest(
    cluster: str, width: int
) -> None:
    assert cluster_width(cluster) == width
