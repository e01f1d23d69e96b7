"""One message, followed as far as the user wants to wait."""

from collections import deque

import pytest

from securechat.client import events as e
from securechat.errors import (
    DiskFull,
    KeyChanged,
    LimitExceeded,
    LoginRefused,
    RemoteProtocolError,
    SecureChatError,
    StillQueued,
    TimedOut,
    Unreachable,
    UsageError,
)
from securechat.faces.json_lines.events import encode_event
from securechat.faces.scripting.following import Following
from securechat.faces.scripting.requests import SendRequest
from securechat.faces.scripting.sources import Answers, OwnEvents
from securechat.faces.scripting.waiting import Wait
from tests.pure.faces.sample_events import message, ready

SENT, ACCEPTED, DELIVERED, READ = (
    e.Sent("id1", "bob"),
    e.Accepted("id1", "bob"),
    e.Delivered("id1", "bob"),
    e.Read("id1", "bob"),
)


def follow(wait: Wait, *events: e.Event) -> tuple[list[e.Event], SecureChatError | None]:
    """Return what was shown, and what was raised, when this happens and then nothing more."""
    shown: list[e.Event] = []
    source = OwnEvents()
    for event in events:
        source.put(event)
    try:
        Following(SendRequest("bob", "x"), wait, 0.0, shown.append, lambda: 0.0).follow(source)
    except SecureChatError as error:
        return shown, error
    return shown, None


@pytest.mark.parametrize("wait", Wait)
def test_it_waits_as_far_as_it_is_told(wait: Wait) -> None:
    states: list[e.Event] = [SENT, ACCEPTED, DELIVERED, READ]
    expected = states[: list(Wait).index(wait) + 1]
    assert follow(wait, *states) == (expected, None)


def test_delivered_is_accepted_too() -> None:
    assert follow(Wait.ACCEPTED, SENT, DELIVERED) == ([SENT, DELIVERED], None)


def test_read_is_delivered_too() -> None:
    assert follow(Wait.DELIVERED, SENT, READ) == ([SENT, READ], None)


@pytest.mark.parametrize(
    ("wait", "events", "kind"),
    [
        (Wait.SENT, [], StillQueued),
        (Wait.ACCEPTED, [SENT], StillQueued),
        (Wait.DELIVERED, [SENT], StillQueued),
        (Wait.DELIVERED, [SENT, ACCEPTED], TimedOut),
        (Wait.READ, [SENT], StillQueued),
        (Wait.READ, [SENT, ACCEPTED], TimedOut),
        (Wait.READ, [SENT, ACCEPTED, DELIVERED], TimedOut),
        (Wait.ACCEPTED, [SENT, e.Problem(LimitExceeded("mailbox full"))], LimitExceeded),
        (Wait.ACCEPTED, [e.Problem(DiskFull("the disk is full"))], DiskFull),
        (Wait.ACCEPTED, [e.Problem(UsageError("somebody else's"))], StillQueued),
        (Wait.ACCEPTED, [e.Problem(LimitExceeded("expired"), "id1")], LimitExceeded),
        (Wait.ACCEPTED, [e.Problem(KeyChanged("CHANGED"), "id1"), SENT], KeyChanged),
        (Wait.ACCEPTED, [e.Ended(LoginRefused("no"))], LoginRefused),
        (Wait.ACCEPTED, [SENT, e.Ended(None)], SecureChatError),
    ],
)
def test_what_is_in_the_way_is_raised(
    wait: Wait, events: list[e.Event], kind: type[SecureChatError]
) -> None:
    _, error = follow(wait, *events)
    assert type(error) is kind


@pytest.mark.parametrize(
    ("events", "what", "next_command"),
    [
        (
            [SENT],
            "was not accepted within 0 s. It waits in your outbox",
            "securechat listen --timeout 60",
        ),
        (
            [SENT, ACCEPTED],
            "was accepted, and not confirmed within 0 s",
            "ask bob to come online",
        ),
    ],
)
def test_too_late_says_how_far_it_came_and_what_to_do(
    events: list[e.Event], what: str, next_command: str
) -> None:
    wait = Wait.ACCEPTED if events == [SENT] else Wait.DELIVERED
    _, error = follow(wait, *events)
    assert error is not None
    assert error.exit_status == 7
    assert what in error.what
    assert next_command in error.try_next


def test_a_full_mailbox_that_empties_in_time_is_no_error() -> None:
    full = e.Problem(LimitExceeded("mailbox full"))
    assert follow(Wait.ACCEPTED, SENT, full, ACCEPTED) == ([SENT, ACCEPTED], None)


def test_it_is_followed_for_a_while_and_then_on() -> None:
    source, shown = OwnEvents(), list[e.Event]()
    following = Following(SendRequest("bob", "x"), Wait.ACCEPTED, 9.0, shown.append, lambda: 0.0)
    source.put(SENT)
    assert not following.follow_for(0.0, source)
    source.put(ACCEPTED)
    following.follow(source)
    assert shown == [SENT, ACCEPTED]


def test_who_is_not_confirmed_to_may_be_a_stranger() -> None:
    _, error = follow(Wait.DELIVERED, SENT, ACCEPTED)
    assert error is not None
    assert "confirms nothing to people whom bob has not accepted" in error.what


def test_who_does_not_say_what_they_have_read_is_no_stranger() -> None:
    _, error = follow(Wait.READ, SENT, ACCEPTED, DELIVERED)
    assert error is not None
    assert "to bob was delivered, and not confirmed as read within 0 s" in error.what
    assert "--wait delivered" in error.try_next


def test_what_is_still_queued_says_that_it_is_kept() -> None:
    _, error = follow(Wait.ACCEPTED)
    assert error is not None
    assert "to bob was not accepted within 0 s. It waits in your outbox" in error.what


def await_ready(*events: e.Event) -> None:
    source = OwnEvents()
    for event in events:
        source.put(event)
    Following(SendRequest("bob", "x"), Wait.SENT, 0.0, lambda _: None, lambda: 0.0).await_ready(
        source
    )


def test_nothing_begins_before_the_login() -> None:
    await_ready(ready())
    with pytest.raises(LoginRefused):
        await_ready(e.Ended(LoginRefused("no")))
    with pytest.raises(Unreachable, match="nothing was sent"):
        await_ready()
    with pytest.raises(Unreachable, match="nothing was sent"):
        await_ready(e.Ended(None))


class Lines:
    """A connection on which these lines come, and then its end."""

    def __init__(self, *lines: bytes) -> None:
        self._lines = deque(lines)

    def read_line(self, timeout_s: float | None) -> bytes:
        if not self._lines:
            raise Unreachable("gone")
        return self._lines.popleft()


def encoded(event: e.Event) -> bytes:
    line = encode_event(event)
    assert line is not None
    return line.encode()


def test_answers_are_events_and_their_end_is_one() -> None:
    lines = map(encoded, (ready(), e.PresenceChanged("bob", True), message()))
    answers = Answers(Lines(*lines))
    assert [answers.next(None) for _ in range(3)] == [ready(), message(), e.Ended(None)]


def test_an_error_that_comes_last_is_why_it_ends() -> None:
    problem = e.Problem(LoginRefused("no"))
    answers = Answers(Lines(encoded(problem)))
    assert type(answers.next(None).error) is LoginRefused  # type: ignore[union-attr]
    ended = answers.next(None)
    assert isinstance(ended, e.Ended)
    assert type(ended.error) is LoginRefused
    answers = Answers(Lines(encoded(problem), encoded(message())))
    assert [answers.next(None) for _ in range(3)][-1] == e.Ended(None)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"x",
        b"[]",
        b"1",
        b"{}",
        b"\xff",
        b'{"event":"message"}',
        b'{"event":"error","v":1}',
        b'{"event":["a"]}',
        b'{"event":"offline","message":"x","retry_ms":"x"}',
    ],
)
def test_what_is_no_answer_is_an_error(line: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        Answers(Lines(line)).next(None)
