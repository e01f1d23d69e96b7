"""Invitation links: what is written into one comes out of it, and nothing else is a link."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.client.connection.invite_link import (
    NO_INVITER,
    InviteLink,
    InviterHint,
    InviteToken,
    RelayHint,
    inviter_hint,
    is_link,
    parse_link,
    relay_hint,
)
from securechat.errors import UsageError
from securechat.identity.types import Name, RelayId, UserKey
from securechat.transport.endpoint import Endpoint

ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]+")
"""The characters of which a QR code holds most."""

LINK = InviteLink(
    Endpoint("192.168.1.20", 5555),
    InviteToken(bytes(range(16))),
    RelayHint(b"r" * 16),
    InviterHint(b"i" * 16),
    Name("alice"),
)
TOKEN = "AAAQEAYEAUDAOCAJBIFQYDIOB4"

bytes_16 = st.binary(min_size=16, max_size=16)
hosts = st.sampled_from(["192.168.1.20", "::1", "fd5c:57::1", "chat.example.org", "a"])
links = st.builds(
    InviteLink,
    st.builds(Endpoint, hosts, st.integers(1, 65535)),
    bytes_16.map(InviteToken),
    bytes_16.map(RelayHint),
    bytes_16.map(InviterHint),
    st.sampled_from(["alice", "Bob", "Zo\u00eb", "\u0410\u043d\u043d\u0430", "x" * 32]).map(Name),
)


@given(links)
def test_both_forms_say_all_that_was_written(link: InviteLink) -> None:
    assert parse_link(link.text) == parse_link(link.qr_text) == link
    assert parse_link(f" {link.text.swapcase()}\n") == link


def test_a_link_looks_like_this() -> None:
    assert LINK.text.startswith(f"securechat://192.168.1.20:5555/j/{TOKEN}#OJZHE")
    assert ALPHANUMERIC.fullmatch(LINK.qr_text)


def test_a_link_of_the_operator_has_no_inviter() -> None:
    link = replace(LINK, inviter_hint=NO_INVITER)
    assert LINK.has_inviter
    assert not parse_link(link.qr_text).has_inviter
    assert parse_link(link.text).name == "alice"


def test_the_token_is_seen_in_the_text_only() -> None:
    assert "token" not in repr(LINK)
    assert TOKEN in LINK.text


@given(links, st.data())
def test_a_part_of_a_link_is_none(link: InviteLink, data: st.DataObject) -> None:
    end = data.draw(st.integers(0, len(link.text) - len(link.name.encode()) * 2))
    with pytest.raises(UsageError):
        parse_link(link.text[:end])


@given(st.text().map(lambda text: f"securechat://{text}") | st.text())
def test_garbage_is_no_link(text: str) -> None:
    with pytest.raises(UsageError, match="no invitation link"):
        parse_link(text)


@pytest.mark.parametrize(
    "text",
    [
        LINK.text.replace("192.168.1.20", "0.0.0.0"),
        LINK.text.replace("192.168.1.20", "fe80::1%eth0"),
        LINK.text.replace("192.168.1.20", "*.example.org"),
        LINK.text.replace("192.168.1.20", "me@192.168.1.20"),
        LINK.text.replace(":5555", ""),
        LINK.text.replace(":5555", ":0"),
        LINK.text.replace(":5555", ":05555"),
        LINK.text.replace("/j/", "/k/"),
        LINK.text.replace("/j/", "#j/").replace(f"{TOKEN}#", f"{TOKEN}/"),
        LINK.text.replace(TOKEN, TOKEN[:-2]),
        LINK.text.replace(TOKEN, f"{TOKEN[:-1]}5"),
        LINK.text.replace(TOKEN, f"{TOKEN}======"),
        LINK.text.replace("securechat", "\u017fecurechat"),
        LINK.text.replace("OJZHE", "OJ\u017fHE"),
        InviteLink(LINK.address, LINK.token, LINK.relay_hint, LINK.inviter_hint, Name("a b")).text,
        InviteLink(LINK.address, LINK.token, LINK.relay_hint, LINK.inviter_hint, Name("")).text,
        LINK.text + "/x",
        LINK.text + "A" * 1000,
        LINK.text + "\u0661",
    ],
)
def test_what_is_nearly_a_link_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="no invitation link") as caught:
        parse_link(text)
    assert caught.value.try_next.startswith("the whole link")


@pytest.mark.parametrize(
    ("text", "meant"),
    [(LINK.text, True), (LINK.qr_text, True), ("securechat://", True), ("securechat", False)],
)
def test_what_is_meant_as_a_link(text: str, meant: bool) -> None:
    assert is_link(text) is meant


def test_a_hint_stands_for_one_key_on_one_relay() -> None:
    relay, other = RelayId(b"1" * 32), RelayId(b"2" * 32)
    alice, mallory = UserKey(b"a" * 32), UserKey(b"m" * 32)
    hints = {inviter_hint(relay, alice), inviter_hint(other, alice), inviter_hint(relay, mallory)}
    assert len(hints) == 3
    assert {len(hint) for hint in hints} == {len(relay_hint(relay))} == {16}
