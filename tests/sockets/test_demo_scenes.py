"""The demo in this process: that it shows the true bytes, and ends in order whatever comes."""

import re
import signal
import tempfile
from pathlib import Path
from unittest.mock import patch

import pytest

from securechat.cli.demonstration import seat
from securechat.cli.demonstration.page import Page
from securechat.cli.demonstration.scenes import SCRIPT, play_script
from securechat.cli.demonstration.signals import deferring_signals, leaving_on_signals
from securechat.cli.demonstration.stage import open_stage
from securechat.client.events import Ready
from securechat.client.state.outbox import Changes, Outbox, Parcel
from securechat.errors import SecureChatError


def test_the_bytes_shown_are_those_that_the_senders_sealed() -> None:
    sealed: list[Parcel] = []
    add = Outbox.add

    def note(*arguments: object) -> tuple[Parcel, Changes]:
        parcel, changes = add(*arguments)  # type: ignore[arg-type]
        if parcel.message_id:
            sealed.append(parcel)
        return parcel, changes

    lines: list[str] = []
    with patch.object(Outbox, "add", note):
        play_script(Page(lines.append, 79))

    shown = "\n".join(lines)
    sizes = re.findall(r"([\d,]+) bytes$", shown, re.MULTILINE)
    mailboxes = re.findall(r"for mailbox ([0-9a-f]{8})\.\.\. \((\w+)'s\)$", shown, re.MULTILINE)
    beginnings = re.findall(r"\| ((?:[0-9a-f]{8} ?){3})\.\.\.$", shown, re.MULTILINE)
    assert len(sealed) == len(SCRIPT)
    assert sizes == [f"{len(parcel.envelope):,}" for parcel in sealed]
    assert mailboxes == [(parcel.mailbox[:4].hex(), parcel.recipient) for parcel in sealed]
    assert [bytes.fromhex(each) for each in beginnings] == [p.envelope[:12] for p in sealed]


def test_the_stage_clears_up_after_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        with open_stage() as stage:
            stage.seat("Alice", "Bob").start()
            assert list(tmp_path.iterdir())
            raise ZeroDivisionError

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_waiting_in_vain_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seat, "PATIENCE_S", 0.0)
    with open_stage() as stage:
        alice = stage.seat("Alice", "Bob")
        with pytest.raises(SecureChatError, match=r"Alice's client waited .*Ready") as caught:
            alice.expect(Ready)
    assert caught.value.try_next


def test_a_signal_waits_for_the_end_of_a_set_up() -> None:
    steps = []

    def set_up() -> None:
        with deferring_signals():
            signal.raise_signal(signal.SIGINT)
            steps.append("set up")
        steps.append("went on")

    with pytest.raises(KeyboardInterrupt):
        set_up()
    assert steps == ["set up"]


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with leaving_on_signals(), deferring_signals():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_that_would_kill_becomes_a_way_out() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as caught, leaving_on_signals():
        signal.raise_signal(signal.SIGTERM)
    assert caught.value.code == 143
    assert signal.getsignal(signal.SIGTERM) == before
