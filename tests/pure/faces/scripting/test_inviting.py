"""One question about invitations: its own answer, and no other one, comes back."""

import json

import pytest

from securechat.client import events as e
from securechat.client.commands import Invites, MakeInvite
from securechat.errors import LimitExceeded, SecureChatError, Unreachable, UsageError
from securechat.faces.scripting.inviting import Asking, await_answer
from securechat.faces.scripting.request_session import RequestSession
from securechat.faces.scripting.requests import encode_request
from securechat.faces.scripting.sources import OwnEvents
from tests.pure.faces.fake_engine import FakeEngine
from tests.pure.faces.sample_events import ready

MADE = e.InviteMade("securechat://a", "SECURECHAT://A", "9f2c41aa", 1, 1000)


def errand_of(engine: FakeEngine) -> str:
    """Return what the one question to an engine is told apart by."""
    ((_, question),) = [call for call in engine.calls if call[0] == "ask"]
    assert isinstance(question, MakeInvite | Invites)
    assert question.errand is not None
    return question.errand


def test_only_the_own_answer_is_told() -> None:
    engine, told = FakeEngine(), list[e.Event]()
    asking = Asking(engine, Invites(), told.append)
    errand = errand_of(engine)
    own, refused = e.InviteList((), errand), e.Problem(UsageError("no"), errand)
    others = (e.InviteList((), "other"), e.InviteList(()), e.Problem(UsageError("no"), None))
    engine.emit(*others, own, refused, errand=True)
    engine.emit(e.Ended(None))
    assert told == [own, refused, e.Ended(None)]
    asking.cancel()
    engine.emit(own, errand=True)
    assert len(told) == 3


def test_the_answer_is_returned() -> None:
    events = OwnEvents()
    events.put(ready())
    events.put(MADE)
    assert await_answer(events, 1.0) is MADE


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (e.Problem(LimitExceeded("full")), LimitExceeded),
        (e.Ended(LimitExceeded("full")), LimitExceeded),
        (e.Ended(None), Unreachable),
    ],
)
def test_why_there_is_no_answer_is_raised(event: e.Event, kind: type[SecureChatError]) -> None:
    events = OwnEvents()
    events.put(event)
    with pytest.raises(kind):
        await_answer(events, 1.0)


def test_nobody_is_waited_for_for_ever() -> None:
    with pytest.raises(Unreachable, match="within 0 s"):
        await_answer(OwnEvents(), 0.0)


def test_a_running_client_answers_another_command() -> None:
    engine, lines = FakeEngine(), list[bytes]()
    session = RequestSession(
        engine, ready(), lambda _id: False, lambda _s, _i: None, lines.append, lambda: None
    )
    session.received(encode_request(MakeInvite(3, 60, "a:1")))
    ((_, question),) = [call for call in engine.calls if call[0] == "ask"]
    errand = errand_of(engine)
    assert question == MakeInvite(3, 60, "a:1", errand)
    engine.emit(MADE, errand=True)
    engine.emit(e.InviteMade("securechat://b", "B", "00000000", 1, 1, errand), errand=True)
    session.closed()
    assert [json.loads(line).get("link") for line in lines] == [None, "securechat://b"]
