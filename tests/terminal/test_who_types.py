"""That somebody types, from the keys at one screen to the words on it, and back."""

from pathlib import Path

from securechat import Client
from securechat.client import commands as c
from securechat.client import events as e
from tests.processes import FAILURE_S, relaying
from tests.terminal.seat import sitting_at

TYPES = "ben is typing"


def test_two_who_talk_see_one_another_type(tmp_path: Path) -> None:
    with (
        relaying(tmp_path / "relay") as relay,
        Client("ben", relay.address, ca=relay.ca, home=tmp_path / "ben", peer="ann") as ben,
        sitting_at(
            *("client", "--name", "ann", "--peer", "ben", *relay.flags),
            home=tmp_path / "ann",
            full_screen=True,
        ) as ann,
    ):
        hello = ben.send("ann", "hello ann")
        ann.see("hello ann")
        ben.wait_for(
            hello, e.DeliveryState.DELIVERED
        )  # by then ben has a session that she answered
        ann.press("not to be sent")
        typing = (event for event in ben.events(FAILURE_S) if isinstance(event, e.Typing))
        assert next(typing) == e.Typing("ann", active=True)
        ben.ask(c.Composing("ann", active=True))
        ann.see(TYPES)
        ben.send("ann", "there it is")
        ann.see("there it is")
        ann.see_no(TYPES)
        assert "not to be sent" in ann.text
