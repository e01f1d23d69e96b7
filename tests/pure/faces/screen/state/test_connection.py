"""How the session stands."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from securechat.client import events as e
from securechat.errors import DiskFull, LimitExceeded, UsageError
from securechat.faces.screen.state.connection import Connection
from tests.pure.faces.sample_events import ready


def test_it_is_offline_until_it_is_ready_again() -> None:
    connection = Connection(lambda: datetime(2026, 11, 21, tzinfo=UTC))
    connection.hear(replace(ready(), clock_off_s=420))
    assert (connection.relay, connection.clock_off_s) == ("127.0.0.1:5555", 420)
    connection.hear(e.Offline("the relay is stopping.", 4.0))
    assert (connection.offline, connection.retry_in_s) == ("the relay is stopping", 4.0)
    connection.hear(ready(again=True))
    assert (connection.offline, connection.retry_in_s, connection.clock_off_s) == ("", 0.0, 0)


def test_a_full_disk_is_told_until_there_is_room() -> None:
    connection = Connection(lambda: datetime(2026, 11, 21, tzinfo=UTC))
    connection.hear(e.Problem(DiskFull("The disk is full", "df -h /home")))
    assert connection.no_room
    connection.hear(ready(again=True))
    assert connection.no_room
    connection.hear(e.Resumed())
    assert not connection.no_room


def test_trouble_with_the_relay_is_told_for_a_while() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    connection = Connection(lambda: now)
    connection.hear(e.Problem(UsageError("There is no command /dance")))
    assert connection.trouble == ""
    connection.hear(e.Problem(LimitExceeded("The mailbox of bob is full.")))
    assert connection.trouble == "The mailbox of bob is full"
    now += timedelta(seconds=9)
    assert not connection.tick()
    now += timedelta(seconds=1)
    assert connection.tick()
    assert connection.trouble == ""
    assert not connection.tick()


def test_a_clock_that_is_set_back_does_not_make_trouble_last() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    connection = Connection(lambda: now)
    connection.hear(e.Problem(LimitExceeded("The mailbox of bob is full.")))
    now -= timedelta(hours=1)
    assert connection.tick()
