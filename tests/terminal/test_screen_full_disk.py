"""A full disk, the user's own or the relay's: a calm status, and nothing that is typed is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes import Relay, chatting, relaying
from tests.small_disk import fill_up, on_small_disk, seen_by
from tests.terminal.full_screen import LEFT, FullScreen, on_full_screen
from tests.terminal.seat import CTRL_Q, ENTER

SIZE = "4m"


@contextmanager
def on_full_disk(relay: Relay, home: Path) -> Iterator[tuple[FullScreen, Path]]:
    """Seat somebody whose disk is full, and who has found out; provide what fills it, too."""
    flags = ("--name", "abe", "--peer", "bea", *relay.flags)
    with on_full_screen(*flags, home=home, prefix=on_small_disk(home, SIZE)) as abe:
        abe.see("bea (new)")
        filler = seen_by(abe.process.pid, home / "filler")
        fill_up(filler)
        abe.press(f"one{ENTER}two{ENTER}thr")
        abe.wait_until("the status", lambda: "the disk is full" in abe.rows[-1])
        yield abe, filler


def test_what_is_typed_on_a_full_disk_goes_out_once_there_is_room(tmp_path: Path) -> None:
    with (
        relaying(tmp_path / "relay") as relay,
        chatting(tmp_path / "bea", "--name", "bea", "--peer", "abe", *relay.flags) as bea,
        on_full_disk(relay, tmp_path / "abe") as (abe, filler),
    ):
        assert abe.rows[-1].startswith("the disk is full (df -h); ")
        bea.types("are you there?")
        abe.see_input("thr")
        filler.unlink()
        abe.see("There is room on the disk again")
        abe.press(f"ee{ENTER}")
        assert [bea.expect("message")["text"] for _ in range(3)] == ["one", "two", "three"]
        abe.see("are you there?")
        assert "the disk is full" not in abe.rows[-1]
        abe.press(CTRL_Q)
        assert abe.finish() == 0


def test_nobody_leaves_a_full_disk_unawares(tmp_path: Path) -> None:
    with (
        relaying(tmp_path / "relay") as relay,
        chatting(tmp_path / "bea", "--name", "bea", *relay.flags) as bea,
    ):
        bea.expect("ready")
        with on_full_disk(relay, tmp_path / "abe") as (abe, _):
            abe.press(CTRL_Q)
            abe.see("Leave again to lose it")
            abe.press(CTRL_Q)
            assert abe.finish() == 1
            assert abe.echoes
            after = abe.raw.rpartition(LEFT.encode())[2].decode()
            assert "the disk is full" in after
            assert "try: df -h /" in after.replace("\r\n", " ")


def test_what_the_relay_has_no_room_for_waits(tmp_path: Path) -> None:
    place = tmp_path / "relay"
    with (
        relaying(place, prefix=on_small_disk(place / "relay", SIZE)) as relay,
        on_full_screen("--name", "abe", *relay.flags, home=tmp_path / "abe") as abe,
    ):
        flags = ("--name", "bea", *relay.flags)
        with chatting(tmp_path / "bea", *flags) as bea:
            bea.expect("ready")
        abe.press(f"/msg bea first{ENTER}")
        abe.see("(accepted): first")
        filler = seen_by(relay.process.pid, place / "relay" / "filler")
        fill_up(filler)
        abe.press(f"one{ENTER}two{ENTER}thr")
        abe.wait_until("the status", lambda: "cannot store" in abe.rows[-1])
        abe.see_input("thr")
        filler.unlink()
        abe.see("(accepted): two")
        abe.press(f"ee{ENTER}")
        abe.see("(accepted): three")
        with chatting(tmp_path / "bea", *flags) as bea:
            texts = [bea.expect("message")["text"] for _ in range(4)]
        assert texts == ["first", "one", "two", "three"]
