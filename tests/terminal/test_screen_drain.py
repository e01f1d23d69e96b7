"""A relay that is stopped in good order, while two people on the full screen are writing."""

import re
import signal
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.processes import relaying
from tests.terminal.full_screen import FullScreen, on_full_screen
from tests.terminal.seat import ENTER

TEXTS = ["before", "written", "meanwhile"]
PAIR = (("ann", "ben"), ("ben", "ann"))


def type_at_once(seats: Sequence[FullScreen], text: str) -> None:
    """Let all type at the same time, letter by letter."""
    for letter in text:
        for seat in seats:
            seat.press(letter)
            seat.rest(0.01)


def received(seat: FullScreen, peer: str) -> list[str]:
    """Return which of the texts are shown as messages of a peer, in order."""
    return re.findall(rf"\d {peer}(?: \(\w+\))?: ({'|'.join(TEXTS)})\b", seat.text)


def test_nothing_typed_is_lost_while_a_relay_drains_and_comes_back(tmp_path: Path) -> None:
    place = tmp_path / "relay"
    with ExitStack() as stack:
        relay = stack.enter_context(relaying(place))
        seats = [
            stack.enter_context(
                on_full_screen("--name", name, "--peer", peer, *relay.flags, home=tmp_path / name)
            )
            for name, peer in PAIR
        ]
        for seat in seats:
            seat.see("(new)")
        type_at_once(seats, f"before{ENTER}wri")
        relay.process.signal(signal.SIGTERM)
        type_at_once(seats, f"tten{ENTER}")
        for seat in seats:
            seat.wait_until("calm", lambda s=seat: s.rows[-1].startswith("no connection, again in"))
            assert "(the relay is stopping)" in seat.rows[-1]
        assert relay.process.finish() == 0
        type_at_once(seats, f"meanwhile{ENTER}a dra")
        stack.enter_context(relaying(place, port=relay.port))
        type_at_once(seats, "ft")
        for seat, (name, peer) in zip(seats, PAIR, strict=True):
            seat.wait_until("all texts", lambda s=seat, p=peer: received(s, p) == TEXTS)
            seat.see_input("a draft")
            seat.wait_until("status", lambda s=seat, n=name: s.rows[-1].startswith(f"{n} on "))
