"""What may stand on the command line of join: an address or a link, and never a code."""

import pytest

from securechat.cli.finding import read_place
from securechat.client.connection.invite_link import (
    HINT_BYTES,
    TOKEN_BYTES,
    InviteLink,
    InviterHint,
    InviteToken,
    RelayHint,
    parse_link,
)
from securechat.errors import UsageError
from securechat.identity.names import parse_name
from securechat.transport.endpoint import Endpoint


@pytest.mark.parametrize(
    "typed",
    [
        "7-otter-lime-sofa",
        "7-ottre-lime-sofa",
        "7ottlimsof",
        "12 otter lime sofa",
        "7-OTTER-lime",
        "7-ot-lime-sofa",
        "7_otter_lime_sofa",
        "7, otter, lime, sofa",
        "107-otter-lime-sofa",
    ],
)
def test_a_code_with_or_without_typos_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match="A code is typed at the prompt"):
        read_place(typed)


@pytest.mark.parametrize(
    "typed", ["192.168.1.20", "lab-pc", "lab-pc.local", "7-otter.example.org", "3com.com"]
)
def test_an_address_is_one(typed: str) -> None:
    assert read_place(typed) == Endpoint(typed, 5555)


def test_a_link_is_one() -> None:
    link = InviteLink(
        Endpoint("192.168.1.20", 5555),
        InviteToken(b"t" * TOKEN_BYTES),
        RelayHint(b"r" * HINT_BYTES),
        InviterHint(b"i" * HINT_BYTES),
        parse_name("alice"),
    )
    assert read_place(link.text) == parse_link(link.text)
    assert read_place(link.qr_text) == link
