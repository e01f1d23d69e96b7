"""Invitations in the engine: what is asked of the relay, and what a link makes of a new person."""

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.connection.invite_link import (
    InviterHint,
    InviteToken,
    inviter_hint,
    parse_link,
    relay_hint,
)
from securechat.client.keys.expected import expected_row
from securechat.errors import KeyChanged, LimitExceeded, Unreachable, UsageError
from securechat.identity.invite import token_hash
from securechat.identity.types import Name
from securechat.transport.endpoint import Endpoint
from securechat.wire import frames as f
from tests.pure.client.engine_world import (
    OTHER_RELAY,
    MemoryState,
    World,
    alice,
    make_seat,
    published,
)
from tests.pure.e2e.world import NOW_MS, RELAY

WEEK_S = 7 * 24 * 60 * 60
TOKEN = InviteToken(b"t" * 16)
HASH, OTHER_HASH = b"\x9f\x2c\x41\xaa" + b"h" * 28, b"o" * 32


def ask(world: World, question: c.Question) -> None:
    world.engine.ask(question)
    world.settle()


def test_an_invitation_is_told_once_the_relay_has_it() -> None:
    with alice() as world:
        ask(world, c.MakeInvite(2, WEEK_S, "192.168.1.20:5556"))
        asked = world.sent(f.InviteMake)
        assert (asked.uses, asked.lifetime_ms) == (2, WEEK_S * 1000)
        assert world.told(ev.InviteMade) == []
        world.tell(f.Done(asked.request))
        (made,) = world.told(ev.InviteMade)
        link = parse_link(made.link)
        assert link == parse_link(made.qr_text)
        assert (link.address, link.name) == (Endpoint("192.168.1.20", 5556), "alice")
        assert link.relay_hint == relay_hint(RELAY)
        assert link.inviter_hint == inviter_hint(RELAY, world.sent(f.Hello).user_key)
        assert asked.token_hash == token_hash(link.token)
        assert made.id == asked.token_hash.hex()[:8]
        assert (made.uses, made.expires_ms) == (2, NOW_MS + WEEK_S * 1000)
        assert bytes(link.token) not in world.wire


def test_each_invitation_has_a_token_of_its_own() -> None:
    with alice() as world:
        for _ in range(2):
            ask(world, c.MakeInvite(1, WEEK_S))
            world.tell(f.Done(world.sent(f.InviteMake).request))
        links = [parse_link(made.link) for made in world.told(ev.InviteMade)]
        assert links[0].token != links[1].token
        assert {link.address for link in links} == {Endpoint("relay", 5555)}


def test_the_list_has_short_ids_and_the_next_to_end_first() -> None:
    with alice() as world:
        ask(world, c.Invites())
        listed = ((OTHER_HASH, 1, NOW_MS + 2), (HASH, 3, NOW_MS + 1))
        world.tell(f.Invites(world.sent(f.InviteList).request, listed))
        (found,) = world.told(ev.InviteList)
        assert found.invites == (
            ev.InviteInfo("9f2c41aa", 3, NOW_MS + 1),
            ev.InviteInfo("6f6f6f6f", 1, NOW_MS + 2),
        )


def test_an_invitation_is_taken_back_by_its_id() -> None:
    with alice() as world:
        ask(world, c.RevokeInvite("9F2C41AA"))
        first = world.sent(f.InviteList).request
        world.tell(f.Invites(first, ((OTHER_HASH, 1, 1), (HASH, 1, 1))))
        revoke = world.sent(f.InviteRevoke)
        assert revoke.token_hash == HASH
        world.tell(f.Done(revoke.request))
        world.tell(f.Invites(world.sent(f.InviteList).request, ((OTHER_HASH, 1, 1),)))
        (left,) = world.told(ev.InviteList)
        assert [invite.id for invite in left.invites] == ["6f6f6f6f"]


def test_an_id_that_is_not_there_takes_nothing_back() -> None:
    with alice() as world:
        ask(world, c.RevokeInvite("00000000"))
        world.tell(f.Invites(world.sent(f.InviteList).request, ((HASH, 1, 1),)))
        assert world.all_sent(f.InviteRevoke) == []
        assert world.problems == ["No invitation of yours has the id 00000000"]


@pytest.mark.parametrize(
    ("code", "kind"), [("limit", LimitExceeded), ("unknown-invite", UsageError)]
)
def test_what_the_relay_refuses_is_told(code: str, kind: type[Exception]) -> None:
    with alice() as world:
        ask(world, c.MakeInvite(1, WEEK_S))
        world.tell(f.Failed(world.sent(f.InviteMake).request, code, "no"))
        assert [type(problem.error) for problem in world.told(ev.Problem)] == [kind]
        assert world.told(ev.InviteMade) == []


@pytest.mark.parametrize(
    "question",
    [
        c.MakeInvite(0, WEEK_S),
        c.MakeInvite(1001, WEEK_S),
        c.MakeInvite(1, 0),
        c.MakeInvite(1, 30 * 24 * 60 * 60 + 1),
        c.MakeInvite(1, WEEK_S, "fe80::1%eth0"),
        c.MakeInvite(1, WEEK_S, "relay:0"),
        c.MakeInvite(1, WEEK_S, "0.0.0.0"),
    ],
)
def test_what_no_invitation_can_be_is_not_asked_for(question: c.MakeInvite) -> None:
    with alice() as world:
        ask(world, question)
        assert world.all_sent(f.InviteMake) == []
        assert [type(problem.error) for problem in world.told(ev.Problem)] == [UsageError]


def test_who_waits_for_an_answer_hears_that_the_connection_is_gone() -> None:
    with alice() as world:
        ask(world, c.Invites())
        world.lose_connection()
        ask(world, c.Invites())
        assert [type(problem.error) for problem in world.told(ev.Problem)] == [Unreachable] * 2
        world.tell(f.Invites(world.sent(f.InviteList).request, ()))
        assert world.told(ev.InviteList) == []


def test_only_the_command_that_asked_hears_the_answer() -> None:
    with alice() as world:
        errands: list[ev.Event] = []
        world.hear(errands.append, errands=True)
        ask(world, c.MakeInvite(1, WEEK_S, errand="e1"))
        ask(world, c.MakeInvite(0, WEEK_S, errand="e2"))
        world.tell(f.Done(world.sent(f.InviteMake).request))
        assert (world.told(ev.InviteMade), world.told(ev.Problem)) == ([], [])
        made = [event.errand for event in errands if isinstance(event, ev.InviteMade)]
        refused = [event.message_id for event in errands if isinstance(event, ev.Problem)]
        assert (made, refused) == (["e1"], ["e2"])


def test_an_engine_that_is_to_end_waits_for_the_answer() -> None:
    with alice() as world:
        ask(world, c.Invites())
        world.engine.stop(5.0)
        world.settle()
        assert not world.has_ended()
        world.tell(f.Invites(world.sent(f.InviteList).request, ()))
        assert world.told(ev.InviteList) == [ev.InviteList(())]
        assert world.has_ended()


# Who comes with a link ----------------------------------------------------------------------------


def test_the_token_goes_into_the_registration_and_nowhere_else() -> None:
    world = World(invite=TOKEN)
    world.log_in()
    assert world.sent(f.Register).invite == TOKEN
    assert bytes(TOKEN) not in b"".join(world.state.rows.values())
    assert world.wire.count(TOKEN) == 1
    world.engine.stop()


def announced(hint: InviterHint) -> MemoryState:
    state = MemoryState()
    with alice(state=state):
        pass
    state.commit(expected_row(RELAY, Name("Bob"), hint))
    return state


def test_the_inviter_is_who_the_link_said() -> None:
    bob, other = make_seat("bob"), make_seat("bob")
    state = announced(inviter_hint(RELAY, bob.address.user_key))
    with alice(state=state) as world:
        world.engine.talk_to("bob")
        world.settle()
        world.find("bob", published(bob))
        (ready,) = world.told(ev.PeerReady)
        assert (ready.trust, world.problems) == (ev.Trust.NEW, [])
        world.engine.talk_to("bob")
        world.settle()
    assert not [row for row in state.rows if row[0] == "expected"]
    with alice(state=state) as world:  # from now on he is known by his key
        world.engine.talk_to("bob")
        world.settle()
        world.find("bob", published(other))
        assert len(world.told(ev.PeerKeyChanged)) == 1


def test_nobody_else_is_taken_for_the_inviter() -> None:
    bob, mallory = make_seat("bob"), make_seat("bob")
    state = announced(inviter_hint(RELAY, bob.address.user_key))
    for _ in range(2):
        with alice(state=state) as world:
            world.engine.send("bob", "secret")
            world.settle()
            world.find("bob", published(mallory))
            assert [type(problem.error) for problem in world.told(ev.Problem)] == [KeyChanged]
            assert "not the one of the invitation" in world.problems[0]
            assert world.link.envelopes == []
    with alice(state=state) as world:
        world.find("bob", published(bob))
        assert len(world.told(ev.PeerReady)) == 1
        assert world.mail_for(bob)


def test_the_hint_of_another_relay_says_nothing() -> None:
    bob = make_seat("bob")
    state = MemoryState()
    state.commit(expected_row(OTHER_RELAY, Name("bob"), InviterHint(b"x" * 16)))
    with alice() as fresh:
        state.rows.update(fresh.state.rows)
    with alice(state=state) as world:
        world.engine.talk_to("bob")
        world.settle()
        world.find("bob", published(bob))
        assert len(world.told(ev.PeerReady)) == 1
