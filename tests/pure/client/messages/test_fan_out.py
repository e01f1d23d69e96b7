"""A post in a room: sealed for everybody in it, handed over together, told once."""

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.connection.link import Answered
from securechat.wire import frames as f
from tests.pure.client.crowd import ROOM, crowd
from tests.pure.client.town import town

OTHERS = 5


def answered(*envelopes: f.Outgoing) -> Answered:
    return Answered(tuple(each.envelope_id for each in envelopes))


def test_a_post_is_handed_over_as_one_row_of_envelopes_of_512_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with crowd(OTHERS) as made:
        rows: list[list[f.Outgoing]] = []
        monkeypatch.setattr(made.world.link, "send_envelopes", rows.append)
        made.world.engine.send(ROOM, "x" * 100)
        made.world.settle()
        (row,) = rows
        assert [len(each.envelope) for each in row] == [512] * OTHERS
        assert {each.mailbox for each in row} == {seat.endpoint.mailbox for seat in made.seats}


def test_a_post_is_told_as_sent_once_and_accepted_when_all_of_it_is() -> None:
    with crowd(OTHERS) as made:
        message_id = made.world.engine.send(ROOM, "hello")
        made.world.settle()
        assert made.world.told(ev.Sent) == [ev.Sent(message_id, ROOM)]
        *most, last = made.world.link.envelopes[-OTHERS:]
        made.world.news(answered(*most))
        assert made.world.told(ev.Accepted) == []
        made.world.news(answered(last))
        assert made.world.told(ev.Accepted) == [ev.Accepted(message_id, ROOM)]


def test_a_post_with_nobody_there_is_sent_and_accepted_at_once() -> None:
    with town("alice") as made:
        made.do("alice", c.Create(ROOM))
        message_id = made.say("alice", ROOM, "hello")
        alice = made.citizens["alice"].world
        assert alice.told(ev.Sent) == [ev.Sent(message_id, ROOM)]
        assert alice.told(ev.Accepted) == [ev.Accepted(message_id, ROOM)]
