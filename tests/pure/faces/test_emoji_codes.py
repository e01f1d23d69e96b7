"""Codes for emoji in what is typed."""

import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.client.input.command_line import TEXT_MAX_BYTES
from securechat.faces.chat.line_chat import LineChat
from securechat.faces.emoji_codes import codes_beginning, with_emoji
from securechat.faces.json_lines.chat import JsonChat
from securechat.faces.streams import LineWriter
from tests.pure.faces.fake_engine import FakeEngine


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (":thumbs_up:", "👍"),
        ("so :+1: be it", "so 👍 be it"),
        (":smile:", "😄"),
        (":SMILE:", "😄"),
        (":dog: :sunglasses:", "🐶 😎"),
        (":turkey: :Turkey: :germany: :Germany:", "🦃 🇹🇷 🇩🇪 🇩🇪"),
        (":smile::+1:", "😄👍"),
        ("(:smile:)!", "(😄)!"),
        ("好:smile:好", "好😄好"),
        ("one\n:smile:", "one\n😄"),
        ("/msg bob :smile:", "/msg bob 😄"),
        (":smile: `:smile:`", "😄 `:smile:`"),
        ("``:smile: ` :smile:`` :smile:", "``:smile: ` :smile:`` 😄"),
        ("```\n:smile:\n```\n:smile:", "```\n:smile:\n```\n😄"),
        ("```\n:smile:\n`` `", "```\n:smile:\n`` `"),
        ("it`s :smile:", "it`s 😄"),
        ("`` :smile: `:+1:`", "`` 😄 `:+1:`"),
    ],
)
def test_a_known_code_is_its_emoji(typed: str, meant: str) -> None:
    assert with_emoji(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        *("", ":", "::", ":nosuchcode:", "10:100:30", "a:smile:", ":smile:d", "std::x::y"),
        *(" ::x:: ", "[::1]:100:1", ": smile:", ":smile", "http://host:100:smile:/"),
    ],
)
def test_what_is_no_code_stays(typed: str) -> None:
    assert with_emoji(typed) == typed


@given(st.text(alphabet=":`+1smile \n", max_size=40))
def test_a_text_without_codes_outside_of_code_is_not_touched(text: str) -> None:
    assert with_emoji(text.replace(":", "")) == text.replace(":", "")
    assert with_emoji(f"```{text.replace('`', '')}```") == f"```{text.replace('`', '')}```"


@pytest.mark.parametrize(
    "text",
    [
        ":" * 100_000,
        ":a" * 50_000,
        ":smile" * 20_000,
        ":x:y" * 25_000,
        ":smile: " + "".join("`" * count + "a" for count in range(1, 450)),
        ":smile: " + "`a" * 50_000,
        ":unknown: " * 10_000,
    ],
)
def test_a_huge_paste_does_not_hold_up_the_line(text: str) -> None:
    with_emoji(":smile:")
    started_s = time.process_time()
    with_emoji(text)
    assert time.process_time() - started_s < 2.0  # quadratic work takes minutes


def test_codes_to_choose_from() -> None:
    codes = codes_beginning("SMI")
    assert codes[0] == "smile"
    assert {"smiley", "smile_cat"} <= set(codes)
    assert "+1" in codes_beginning("+")
    assert not any("skin_tone" in code for code in codes_beginning("thumbs_up"))
    assert "thumbs_up_dark_skin_tone" in codes_beginning("thumbs_up_d")
    assert all(code == code.lower() for code in codes_beginning("flag_for_"))
    assert codes_beginning("germany") == ["germany"]
    assert codes_beginning("nosuchcode") == []


def test_every_code_that_is_offered_is_understood() -> None:
    assert not [code for code in codes_beginning("s") if with_emoji(f":{code}:") == f":{code}:"]


def test_what_is_typed_in_lines_is_sent_with_emoji_and_measured_so() -> None:
    engine, shown = FakeEngine(), list[str]()
    chat = LineChat(engine, peer="bob", show=lambda entry: shown.append(entry.text))
    chat.enter("well :+1:")
    chat.enter(":thumbs_up: " * (TEXT_MAX_BYTES // 6))
    chat.enter(":a: " * (TEXT_MAX_BYTES // 5))
    assert [text for _, text in engine.sent] == ["well 👍", "👍 " * (TEXT_MAX_BYTES // 6)]
    assert any("a message holds 8,192" in text for text in shown)


def test_a_program_says_what_it_means() -> None:
    engine = FakeEngine()
    JsonChat(engine, peer="bob", out=LineWriter(io.BytesIO())).enter("well :+1:")
    assert engine.sent == [("bob", "well :+1:")]
