"""Typed lines about rooms, attention and presence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.client import commands as c
from securechat.client.input.command_line import parse_line
from securechat.client.input.room_command_line import MAX_INVITED
from securechat.errors import SecureChatError, UsageError
from tests.pure.client.refused_lines import assert_asks, assert_names_usage


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/rooms", c.Rooms()),
        ("/who", c.Who()),
        ("  /who  ", c.Who()),
        ("/who #ops", c.Who("#ops")),
        ("/who #ops[9f2c-41aa]", c.Who("#ops[9f2c-41aa]")),
        ("/join #ops", c.Join("#ops")),
        ("/JOIN #Ops", c.Join("#Ops")),
        ("/leave", c.Leave(None)),
        ("/leave #ops", c.Leave("#ops")),
        ("/create #größe", c.Create("#größe")),
        ("/invite bob", c.Invite(None, ("bob",))),
        ("/invite bob carol", c.Invite(None, ("bob", "carol"))),
        ("/invite #ops  bob[9f2c-41aa]\tcarol", c.Invite("#ops", ("bob[9f2c-41aa]", "carol"))),
        ("/kick bob", c.Kick(None, "bob")),
        ("/kick #ops bob", c.Kick("#ops", "bob")),
        ("/admin bob", c.Admin(None, "bob")),
        ("/admin #ops bob", c.Admin("#ops", "bob")),
        ("/topic", c.Topic(None, None)),
        ("/topic  tea and  cake", c.Topic(None, "tea and  cake")),
        ("/topic #ops", c.Topic("#ops", None)),
        ("/topic #ops tea #1", c.Topic("#ops", "tea #1")),
        ("/merge", c.Merge(None)),
        ("/merge #ops", c.Merge("#ops")),
        ("/mute", c.Mute(None, muted=True)),
        ("/mute bob", c.Mute("bob", muted=True)),
        ("/unmute #ops", c.Mute("#ops", muted=False)),
        ("/notify", c.Notify(None)),
        ("/notify DM", c.Notify(c.Level.DM)),
        ("/notify mentions", c.Notify(c.Level.MENTIONS)),
        ("/away", c.Away(away=True)),
        ("/back", c.Away(away=False)),
        ("/presence", c.Presence(None)),
        ("/presence on", c.Presence(visible=True)),
        ("/presence Off", c.Presence(visible=False)),
    ],
)
def test_a_line_is_what_it_looks_like(line: str, command: c.Command) -> None:
    assert parse_line(line) == command


@pytest.mark.parametrize(
    ("line", "what", "try_next"),
    [
        ("/rooms all", "too much after /rooms", "//rooms"),
        ("/who #ops now", "too much after /who", "/who [#ROOM]"),
        ("/who is it", "too much after /who", "//who"),
        ("/who bob", "those begin with #", "/who #bob"),
        ("/join", "needs the name of a room", "/join #lobby, or /rooms"),
        ("/join ops", "those begin with #", "/join #ops"),
        ("/join #ops #dev", "too much after /join", "/join #ROOM"),
        ("/create", "needs the name of a room", "/create #ops"),
        ("/create ops", "those begin with #", "/create #ops"),
        ("/leave ops", "those begin with #", "/leave #ops"),
        ("/invite", "/invite needs a name", "/invite [#ROOM] NAME..."),
        ("/invite #ops", "/invite needs a name", "/invite [#ROOM] NAME..."),
        ("/invite bob #ops", "#ops is a room", "/invite [#ROOM] NAME..."),
        (f"/invite {'bob ' * (MAX_INVITED + 1)}", "no more than 127 others", "/invite"),
        ("/kick", "/kick needs a name", "/kick [#ROOM] NAME"),
        ("/kick #ops bob carol", "too much after /kick", "/kick [#ROOM] NAME"),
        ("/admin #ops", "/admin needs a name", "/admin [#ROOM] NAME"),
        ("/merge ops", "those begin with #", "/merge #ops"),
        ("/mute bob carol", "too much after /mute", "/mute [NAME]"),
        ("/unmute bob carol", "too much after /unmute", "/unmute [NAME]"),
        ("/notify never", "off, dm, mentions or all", "/notify mentions"),
        ("/away lunch", "too much after /away", "//away"),
        ("/back again", "too much after /back", "//back"),
        ("/presence maybe", "on or off", "/presence off"),
    ],
)
def test_an_unusable_command_asks(line: str, what: str, try_next: str) -> None:
    assert_asks(line, what, try_next)


@pytest.mark.parametrize(
    ("line", "usage"),
    [
        ("/join #", "/join #ROOM"),
        ("/join ##ops", "/join #ROOM"),
        ("/create #-ops", "/create #ROOM"),
        ("/create #ops[9f2c-41aa]", "/create #ROOM"),
        ("/invite #o@s bob", "/invite [#ROOM] NAME..."),
        ("/kick b@b", "/kick [#ROOM] NAME"),
        ("/topic #1! is the best", "/topic [#ROOM] [TEXT]"),
        ("/mute b@b", "/mute [NAME]"),
        ("/msg ## hello", "/msg NAME text"),
    ],
)
def test_a_name_that_nobody_can_have_is_answered_with_the_command(line: str, usage: str) -> None:
    assert_names_usage(line, usage)


def test_very_many_names_take_no_time() -> None:
    with pytest.raises(UsageError, match="no more than"):
        parse_line("/invite " + "b " * 500_000)


WORDS = ("join", "leave", "create", "rooms", "invite", "kick", "admin", "topic", "merge", "who")


@given(st.sampled_from(WORDS), st.text())
def test_whatever_follows_a_command_is_an_order_or_an_error(word: str, rest: str) -> None:
    found: object
    try:
        found = parse_line(f"/{word} {rest}")
    except SecureChatError as error:
        found = error
    if isinstance(found, SecureChatError):
        assert found.try_next
        assert not set(found.what) & set("\x1b\n\u202e")
    else:
        assert not isinstance(found, c.Say | c.Msg)
