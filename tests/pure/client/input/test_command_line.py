"""Typed lines: what each asks for, and that nothing with a slash is ever sent by accident."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.client import commands as c
from securechat.client.command_help import HELP, HELP_GROUPS
from securechat.client.commands import Decision
from securechat.client.input.command_line import TEXT_MAX_BYTES, parse_line
from securechat.client.searching import SearchWords
from securechat.config import FOREVER_DAYS
from securechat.errors import UsageError
from tests.pure.client.refused_lines import assert_asks, assert_names_usage


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("hello", c.Say("hello")),
        ("  indented text", c.Say("  indented text")),
        ("hello\r\n", c.Say("hello")),
        ("two\nlines", c.Say("two\nlines")),
        ("1/2", c.Say("1/2")),
        ("//etc/hosts", c.Say("/etc/hosts")),
        ("  // remark", c.Say("/ remark")),
        ("///", c.Say("//")),
        ("/msg bob hello there", c.Msg("bob", "hello there")),
        ("/MSG bob\thello ", c.Msg("bob", "hello")),
        ("/msg  bob  one\ntwo", c.Msg("bob", "one\ntwo")),
        ("/msg bob /quit", c.Msg("bob", "/quit")),
        ("/msg #ops two words", c.Msg("#ops", "two words")),
        ("/msg #ops[9f2c-41aa] hi", c.Msg("#ops[9f2c-41aa]", "hi")),
        ("/me waves", c.Say("waves", action=True)),
        ("/ME  waves\nand bows ", c.Say("waves\nand bows", action=True)),
        ("/me /quit", c.Say("/quit", action=True)),
        ("//me x", c.Say("/me x")),
        ("/reply bob so do I", c.Reply("bob", "so do I")),
        (f"/reply {'0a' * 16} so do I", c.Reply("0a" * 16, "so do I")),
        ("/verify", c.Verify(None)),
        ("/verify bob", c.Verify("bob")),
        ("/verify bob emoji", c.Verify("bob", c.How.EMOJI)),
        ("/VERIFY bob Emoji", c.Verify("bob", c.How.EMOJI)),
        ("/verify emoji", c.Verify("emoji")),
        ("/verify bob QR", c.Verify("bob", c.How.QR)),
        ("/verify qr", c.Verify("qr")),
        ("/match", c.Match(None)),
        ("/match bob", c.Match("bob")),
        ("/differ bob", c.Differ("bob")),
        ("/contacts", c.Contacts()),
        ("/code", c.MakeCode()),
        ("/trust", c.Decide(Decision.TRUST, None)),
        ("/TRUST bob", c.Decide(Decision.TRUST, "bob")),
        ("/accept-key", c.Decide(Decision.ACCEPT_KEY, None)),
        ("/block bob", c.Decide(Decision.BLOCK, "bob")),
        ("/unblock bob", c.Decide(Decision.UNBLOCK, "bob")),
        ("/petname bob Bobby", c.Call("bob", "Bobby")),
        ("/petname bob", c.Call("bob", None)),
        ("/history", c.History(None, None)),
        ("/history bob", c.History("bob", None)),
        ("/history #ops 5", c.History("#ops", 5)),
        ("/search tea in:#ops", c.Search(SearchWords(("tea",), within="#ops"))),
        ("/keep #ops 3", c.Keep("#ops", 3)),
        ("/history 50", c.History(None, 50)),
        ("/history bob 5", c.History("bob", 5)),
        ("/search tea", c.Search(SearchWords(("tea",)))),
        ("/unsend", c.Unsend(None)),
        ("/unsend bob", c.Unsend("bob")),
        ("/unsend #ops", c.Unsend("#ops")),
        ("/keep", c.Keep(None, None)),
        ("/keep 30", c.Keep(None, 30)),
        ("/keep Forever", c.Keep(None, FOREVER_DAYS)),
        ("/keep bob", c.Keep("bob", None)),
        ("/keep bob 0", c.Keep("bob", 0)),
        ("/keep bob 9999999999999999999999", c.Keep("bob", FOREVER_DAYS)),
        (f"/keep bob {'9' * 5000}", c.Keep("bob", FOREVER_DAYS)),
        (f"/keep bob {'0' * 5000}30", c.Keep("bob", 30)),
        ("/help", c.Help()),
        ("/quit", c.Quit()),
    ],
)
def test_a_line_is_what_it_looks_like(line: str, command: c.Command) -> None:
    assert parse_line(line) == command


@pytest.mark.parametrize("line", ["", " ", "\n", " \t\r\n"])
def test_an_empty_line_is_nothing(line: str) -> None:
    assert parse_line(line) is None


@pytest.mark.parametrize(
    ("line", "what", "try_next"),
    [
        ("/frobnicate now", "no command /frobnicate", "//frobnicate"),
        ("/", "no command /", "/help"),
        ("/ who", "no command /", "/help"),
        (" /tmp/x", "no command /tmp/x", "//tmp/x"),
        ("/msg", "a name and a text", "/msg bob hello"),
        ("/msg carol", "a text", "/msg carol hello"),
        ("/quit smoking", "too much after /quit", "//quit"),
        ("/me", "/me needs what you do", "/me waves"),
        ("/reply", "a name and a text", "/reply bob hello"),
        ("/reply bob", "a text", "/reply bob hello"),
        ("/reply #ops hello", "#ops is a room", "/reply NAME text"),
        ("/verify #ops", "#ops is a room", "/verify [NAME [emoji|qr]]; /who #ops"),
        ("/trust #ops", "#ops is a room", "/trust [NAME]"),
        ("/accept-key #ops", "#ops is a room", "/accept-key [NAME]"),
        ("/petname #ops Ops", "#ops is a room", "/petname NAME [NEW]"),
        ("/petname bob #ops", "#ops is a room", "/petname NAME [NEW]"),
        ("/block #ops", "#ops is a room", "/block NAME"),
        ("/help me", "too much after /help", "//help"),
        ("/verify bob carol", "too much after /verify", "/verify"),
        ("/verify bob digits", "too much after /verify", "/verify"),
        ("/verify #ops qr", "#ops is a room", "/verify [NAME [emoji|qr]]"),
        ("/verify #ops emoji", "#ops is a room", "/verify [NAME [emoji|qr]]"),
        ("/match bob carol", "too much after /match", "/match"),
        ("/differ #ops", "#ops is a room", "/differ [NAME]"),
        ("/code 7", "too much after /code", "//code"),
        ("/contacts all", "too much after /contacts", "//contacts"),
        ("/accept-key bob now", "too much after /accept-key", "//accept-key"),
        ("/block", "/block needs a name", "/block bob"),
        ("/petname", "/petname needs a name", "/petname bob Bobby"),
        ("/history bob carol", "a name and a number", "/history bob 50"),
        ("/history 0", "1 to 1,000", "/history 50"),
        ("/history bob 1001", "1 to 1,000", "/history 50"),
        ("/history 99999999999999999999", "1 to 1,000", "/history 50"),
        (f"/history {'9' * 5000}", "1 to 1,000", "/history 50"),
        ("/keep bob long", "a number of days", "/keep bob 30"),
        ("/keep bob 3 days", "a number of days", "/keep bob 30"),
        ("/search", "something to look for", "/search tea"),
        ("/search caf\udce9", "not UTF-8", "set the terminal"),
        ("/history \udce9", "not UTF-8", "set the terminal"),
        ("/petname bob Uncle Bob", "/petname needs a name", "/petname bob Bobby"),
    ],
)
def test_an_unusable_command_asks(line: str, what: str, try_next: str) -> None:
    assert_asks(line, what, try_next)


@pytest.mark.parametrize(
    ("line", "usage"),
    [
        ("/msg b@b hello", "/msg NAME text"),
        ("/verify -bob", "/verify [NAME [emoji|qr]]"),
        ("/accept-key b@b", "/accept-key [NAME]"),
        ("/block b@b[9f2c-41aa]", "/block NAME"),
        ("/petname b@b", "/petname NAME [NEW]"),
        ("/petname bob B@b", "/petname NAME [NEW]"),
    ],
)
def test_a_name_that_nobody_can_have_is_answered_with_the_command(line: str, usage: str) -> None:
    assert_names_usage(line, usage)


def test_a_name_may_have_a_key_id() -> None:
    assert parse_line("/msg bob[9f2c-41aa] hello") == c.Msg("bob[9f2c-41aa]", "hello")


def test_the_answer_to_a_pasted_path_shows_little_of_it() -> None:
    with pytest.raises(UsageError) as caught:
        parse_line("/\x1b]0;title\x07" + "x" * 5000 + "\nand more")
    assert len(caught.value.what) < 80
    assert "\x1b" not in str(caught.value)
    assert "\n" not in caught.value.what


@pytest.mark.parametrize("prefix", ["", "/msg bob "])
def test_a_message_has_a_size(prefix: str) -> None:
    parse_line(prefix + "é" * (TEXT_MAX_BYTES // 2))
    with pytest.raises(UsageError, match="8,194 bytes") as caught:
        parse_line(prefix + "é" * (TEXT_MAX_BYTES // 2 + 1))
    assert caught.value.try_next


def test_bytes_of_another_encoding_are_refused() -> None:
    with pytest.raises(UsageError, match="UTF-8"):
        parse_line("caf\udce9")


@given(st.text())
def test_what_begins_with_one_slash_is_never_text(rest: str) -> None:
    line = f"/x{rest}"
    with pytest.raises(UsageError):
        parse_line(line)


WRITTEN = st.text(st.characters(exclude_categories=["Cs"]), max_size=200).filter(
    lambda text: text.strip() and not text.lstrip().startswith("/")
)


@given(WRITTEN)
def test_text_arrives_as_it_was_typed(text: str) -> None:
    assert parse_line(text) == c.Say(text.strip("\r\n"))


@given(WRITTEN)
def test_two_slashes_are_one_in_the_text(text: str) -> None:
    assert parse_line(f"//{text}") == c.Say(f"/{text}".rstrip("\r\n"))


EXAMPLES = {
    "msg": "/msg bob hello",
    "reply": "/reply bob hello",
    "me": "/me waves",
    "search": "/search tea",
    "join": "/join #ops",
    "create": "/create #ops",
    "edit": "/edit hello",
    "react": "/react bob +",
    **{word: f"/{word} bob" for word in ("petname", "block", "unblock", "invite", "kick", "admin")},
}


def test_the_help_lists_every_command() -> None:
    listed = [match[1] for command, _ in HELP if (match := re.match(r"/([\w-]+)", command))]
    asked = {type(parse_line(EXAMPLES.get(word, f"/{word}"))) for word in listed}
    with_command_of_its_own = set(c.InviteQuestion.__args__)  # securechat invite
    never_typed = set(c.ScreenQuestion.__args__)
    assert asked | {c.Say} == set(c.Command.__args__) - with_command_of_its_own - never_typed
    assert set(Decision) < set(listed)
    assert len(set(listed)) == len(listed) == len(HELP) - 1


def test_the_help_fits_on_a_screen_line_by_line() -> None:
    assert HELP_GROUPS[0][1][0][0].startswith("/msg ")
    assert all(len(f"    {command}: {meaning}") < 80 for command, meaning in HELP)
