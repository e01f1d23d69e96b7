"""Lines of events, read back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat import errors
from securechat.client import events as e
from securechat.errors import SecureChatError
from securechat.faces.json_lines.decoding import decode_error, decode_event
from securechat.faces.json_lines.events import encode_error, encode_event
from tests.pure.faces.sample_events import NOON_MS, message, peer_ready, ready


@pytest.mark.parametrize(
    "event",
    [
        ready(again=True),
        e.Offline("timed out", 1.25),
        message("hi\n\x1b[31m", trust=e.Trust.VERIFIED),
        message(e2e=False, request=True, missing=2, late=True),
        message(room="#ops", action=True, mention=True, alert=True, reply=e.Quote("m0")),
        message(reply=e.Quote("m0", "alice", "hi")),
        e.Sent("id1", "#ops"),
        e.Sent("id1", "bob"),
        e.Accepted("id1", "bob"),
        e.Delivered("id1", "bob"),
        e.Read("id1", "bob"),
        e.PeerKeyChanged("bob", "aaaa", "bbbb", verified=True),
        e.PeerKeyChanged("bob", "aaaa", "bbbb", accepted=True),
        e.TrustChanged("bob", e.Trust.NEW, "aaaa", e.Reason.ACCEPTED, by_itself=True),
        e.InviteMade("securechat://a", "SECURECHAT://A", "9f2c41aa", 1, NOON_MS),
        e.InviteList((e.InviteInfo("9f2c41aa", 2, NOON_MS),)),
        e.DevicesChanged("bob", e.Trust.VERIFIED),
        e.DeviceRenewed("d" * 32),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_event_comes_back(event: e.Event) -> None:
    line = encode_event(event)
    assert line is not None
    assert decode_event(line.encode()) == event


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    line = encode_event(message(text))
    assert line is not None
    found = decode_event(line.encode())
    assert isinstance(found, e.Message)
    assert found.text == text


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, SecureChatError)
    ],
)
def test_an_error_keeps_its_code_and_its_exit_status(kind: type[SecureChatError]) -> None:
    found = decode_event(encode_error(kind("what", "next"), "id1").encode())
    assert isinstance(found, e.Problem)
    assert found.message_id == "id1"
    error = found.error
    assert (error.code, error.exit_status) == (kind.code, kind.exit_status)
    assert (error.what, error.try_next) == ("what", "next")


def test_an_error_of_a_newer_version_is_an_error() -> None:
    error = decode_error({"code": "news", "message": "what"})
    assert (type(error), error.what) == (SecureChatError, "what")


def test_what_answers_no_request_is_passed_over() -> None:
    line = encode_event(peer_ready())
    assert line is not None
    assert decode_event(line.encode()) is None
    assert decode_event(json.dumps({"v": 1, "event": "news"}).encode()) is None
