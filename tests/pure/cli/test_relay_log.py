"""What the operator reads, and a program around the relay, about the store."""

import json

import pytest

from securechat.cli.relay_log import JsonLog, PlainLog
from securechat.errors import FileProblem
from securechat.store.news import Damaged, Failing, StoreNews, Working

ERROR = FileProblem("Cannot write relay.db: disk full", "df -h relay")


@pytest.mark.parametrize(
    ("news", "line"),
    [
        (Damaged(3, ERROR), "Warning: Cannot write"),
        (Failing(ERROR), "Warning: nothing can be stored now. Cannot write"),
        (Working(), "The store works again."),
    ],
)
def test_people_read_a_sentence_and_what_to_try(
    news: StoreNews, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    PlainLog().event(news)
    told = capsys.readouterr().out
    assert told.startswith(f"[SERVER] {line}")
    assert ("try: df -h relay" in told) == (news != Working())


@pytest.mark.parametrize(
    ("news", "event"),
    [
        (Damaged(3, ERROR), {"event": "store-damaged", "rows": 3}),
        (Failing(ERROR), {"event": "store-failing", "code": "file"}),
        (Working(), {"event": "store-working"}),
    ],
)
def test_programs_read_an_object(
    news: StoreNews, event: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    JsonLog().event(news)
    told = json.loads(capsys.readouterr().out)
    assert event.items() <= told.items()
    assert told["v"] == 1
    assert ("disk full" in told.get("message", "")) == (news != Working())
