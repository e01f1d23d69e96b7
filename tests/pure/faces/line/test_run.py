"""Sessions in lines through pipes: no prompt, no escape sequence, one event a line."""

import io
from datetime import UTC, datetime

import pytest

from securechat.client import events as e
from securechat.errors import StillQueued, Unreachable
from securechat.faces.line.run import run_streams
from securechat.faces.streams import LineWriter
from tests.pure.faces.fake_engine import FakeEngine
from tests.pure.faces.sample_events import FINGERPRINT, NOON_MS, message, peer_ready, ready

NOW = datetime.fromtimestamp(NOON_MS / 1000, UTC)


def session(
    engine: FakeEngine, stdin: bytes, peer: str | None = "bob", *, colored: bool = False
) -> tuple[list[str], list[str]]:
    """Return the lines that a session wrote to stdout and to stderr."""
    out, err = io.BytesIO(), io.BytesIO()
    run_streams(
        engine,
        peer=peer,
        source=io.BytesIO(stdin),
        out=LineWriter(out),
        err=LineWriter(err),
        colored=colored,
        flush_s=0.1,
        now=lambda: NOW,
    )
    return out.getvalue().decode().splitlines(), err.getvalue().decode().splitlines()


def test_a_conversation_is_one_line_for_each_event() -> None:
    engine = FakeEngine(
        ready(),
        peer_ready(first_use=True),
        e.PresenceChanged("bob", True),
        message("hello"),
        message("two\nlines"),
        e.PresenceChanged("bob", False),
    )
    out, err = session(engine, b"hi\n")
    assert out == [
        f"You are alice on 127.0.0.1:5555 (relay {FINGERPRINT}). "
        "Messages are end-to-end encrypted.",
        "Type a message to bob, or /help.",
        f"bob is new (key {FINGERPRINT}): compare safety numbers with /verify bob.",
        "[SERVER] bob joined the chat!",
        "bob: hello",
        "bob: two",
        "    lines",
        "[SERVER] bob left the chat!",
        "1 message waits for bob.",
    ]
    assert err == []
    assert engine.sent == [("bob", "hi")]


def test_problems_go_to_stderr() -> None:
    out, err = session(FakeEngine(), b"/nonsense\n\xff\n")
    assert out == []
    assert len(err) == 2
    assert all(line.startswith("[Problem] ") for line in err)


def test_nothing_that_a_terminal_obeys_gets_through() -> None:
    hostile = message("\x1b]0;x\x07\x1b[2J\x9b31m\u202e")
    engine = FakeEngine(hostile, e.Problem(Unreachable("\x1b[2J")))
    out, err = session(engine, b"")
    assert out
    assert err
    assert not set("".join(out + err)) & set("\x1b\x07\x9b\u202e")


def test_colour_only_when_it_is_asked_for() -> None:
    engine = FakeEngine(e.PresenceChanged("bob", True), message())
    [joined, said], _ = session(engine, b"", colored=True)
    assert joined == "\x1b[36m[SERVER] bob joined the chat!\x1b[0m"
    assert said == "bob (new): hello"


def test_the_marks_of_markdown_show_with_colour_only() -> None:
    marked = message("so **very** good")
    [said], _ = session(FakeEngine(marked), b"", colored=True)
    assert "\x1b[1mvery\x1b[0m" in said
    [said], _ = session(FakeEngine(marked), b"")
    assert said == "bob (new): so **very** good"


def test_leaving_with_something_queued() -> None:
    with pytest.raises(StillQueued, match="1 message is still queued for bob"):
        session(FakeEngine(queued=1), b"hi\n/quit\n")


def test_the_error_that_ends_the_engine() -> None:
    engine = FakeEngine(e.Ended(Unreachable("Cannot reach the relay", "doctor")))
    with pytest.raises(Unreachable):
        session(engine, b"")


def test_a_message_that_is_not_shown_stays_unread() -> None:
    engine = FakeEngine(e.Notifications("all", ("bob",)), message(), message(sender="carol"))
    out, _ = session(engine, b"")
    assert out == ["carol (new): hello"]
    assert engine.read == [("carol", "m1")]
