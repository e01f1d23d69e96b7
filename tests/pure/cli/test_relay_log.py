"""What the operator reads, and a program around the relay, of the store and of accounts."""

import json
from pathlib import Path

import pytest

from securechat.cli.relay_log import JsonLog, PlainLog, what_to_type
from securechat.errors import FileProblem
from securechat.relay.events import (
    AuditEvent,
    InviteChanged,
    Registered,
    RegisteredBy,
    Replaced,
    SlotEnded,
)
from securechat.store.news import Damaged, Failing, StoreNews, Working
from securechat.transport.addresses import Host
from securechat.transport.endpoint import Endpoint

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


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("open", "open to anybody"),
        ("invite", "by invitation"),
        ("code", "by code"),
        ("near", "on this machine"),
    ],
)
def test_people_read_how_somebody_has_become_new(
    by: RegisteredBy, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    PlainLog().event(Registered("bob", "192.0.2.7", by))
    assert capsys.readouterr().out == f"[SERVER] bob registered from 192.0.2.7 ({words})\n"


@pytest.mark.parametrize(
    ("event", "line", "fields"),
    [
        (
            Registered("bob", "192.0.2.7", "code"),
            "bob registered from 192.0.2.7 (by code)",
            {"event": "registered", "name": "bob", "address": "192.0.2.7", "by": "code"},
        ),
        (
            Replaced("bob", "192.0.2.7"),
            "bob logged in again from 192.0.2.7: the earlier connection ends",
            {"event": "replaced", "name": "bob", "address": "192.0.2.7"},
        ),
        (
            SlotEnded("192.0.2.7", "wrong-code"),
            "A pairing with 192.0.2.7 ended: wrong-code",
            {"event": "pairing", "address": "192.0.2.7", "code": "wrong-code"},
        ),
        (
            InviteChanged("alice", "made"),
            "alice: invitation made",
            {"event": "invite", "name": "alice", "what": "made"},
        ),
    ],
)
def test_what_happens_to_accounts_is_told_to_people_and_programs(
    event: AuditEvent,
    line: str,
    fields: dict[str, object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    PlainLog().event(event)
    assert capsys.readouterr().out == f"[SERVER] {line}\n"
    JsonLog().event(event)
    assert json.loads(capsys.readouterr().out) == {"v": 1} | fields


def to_type(host: str, *, takes_anybody: bool) -> str:
    address = Endpoint(Host(host), 5555)
    return "\n".join(what_to_type([address], Path("certs"), takes_anybody=takes_anybody))


def test_a_relay_for_the_network_says_how_new_people_come() -> None:
    told = to_type("192.0.2.7", takes_anybody=False)
    assert "New people   securechat invite, here, after that; there: securechat join LINK" in told
    assert "Elsewhere    securechat client --name YOU --server 192.0.2.7\n" in told
    assert "or /code in a chat; there: securechat join 192.0.2.7:5555" in told
    assert told.index("New people") < told.index("Elsewhere")
    assert "ca.pem" not in told


def test_a_relay_for_anybody_needs_no_invitation_and_no_file() -> None:
    told = to_type("192.0.2.7", takes_anybody=True)
    assert "invite" not in told
    assert "it asks for the fingerprint above once; with a copy of" in told
    assert "certs/ca.pem" in told


def test_a_relay_of_one_machine_says_how_to_let_others_in() -> None:
    told = to_type("127.0.0.1", takes_anybody=True)
    assert told.endswith("to let them: securechat server --host 0.0.0.0")
