"""What a relay says of numbers, names and people, true or not."""

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.connection.link import Answered, NotTaken
from securechat.client.messages.sending import RETRY_S
from securechat.identity.types import EnvelopeId
from securechat.wire import frames as f
from tests.pure.client.engine_world import SECRET, MemoryState, alice, befriend, published
from tests.pure.e2e.world import Seat


def test_answers_for_envelopes_that_were_never_sent(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        unknown = EnvelopeId(b"u" * 16)
        world.news(Answered((unknown, unknown)))
        for code in ("unknown-mailbox", "mailbox-full", "order", "expired", "\x1b[2J"):
            world.news(NotTaken(unknown, code))
        assert world.told(ev.Accepted) == []
        assert world.problems == []
        envelope_id = world.link.envelopes[0].envelope_id
        world.news(Answered((envelope_id, envelope_id)), Answered((envelope_id,)))
        assert len(world.told(ev.Accepted)) == 1


def test_a_refused_envelope_is_sent_again_before_later_ones(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        world.engine.send("bob", "two")
        world.settle()
        first, second = [outgoing.envelope_id for outgoing in world.link.envelopes]
        world.news(NotTaken(first, "unknown-mailbox"), NotTaken(second, "order"))
        world.find("bob", published(bob))
        world.engine.send("bob", "three")
        world.settle()
        assert len(world.link.envelopes) == 2
        world.pass_time(RETRY_S + 1.0)
        again = [outgoing.envelope_id for outgoing in world.link.envelopes[2:]]
        assert again[:2] == [first, second]
        assert len(again) == 3
        assert world.problems == []


def test_order_is_kept_when_a_retry_overtakes_a_refusal(bob: Seat) -> None:
    """Bob comes between two refusals: the second message must not be passed by the third."""
    with alice() as world:
        befriend(world, bob)
        world.engine.send("bob", "two")
        world.settle()
        first, second = [outgoing.envelope_id for outgoing in world.link.envelopes]
        world.news(NotTaken(first, "unknown-mailbox"))
        world.tell(f.Presence("bob", True))
        world.find("bob", published(bob))
        world.engine.send("bob", "three")
        world.news(NotTaken(second, "order"))
        world.pass_time(RETRY_S + 1.0)
        again = [outgoing.envelope_id for outgoing in world.link.envelopes[2:]]
        assert again[:2] == [first, second]
        assert len(again) == 3


def test_presence_of_strangers_and_of_nobody() -> None:
    with alice("bob") as world:
        for name in ("mallory", "alice", "\u202e", "\x1b]0;x\x07", "x" * 128, " "):
            world.tell(f.Presence(name, True), f.Presence(name, False))
        assert world.told(ev.PresenceChanged) == []
        world.tell(f.Presence("BOB", True), f.Presence("bob", True))
        assert world.told(ev.PresenceChanged) == [ev.PresenceChanged("bob", True)]


def test_the_absence_of_nobody_is_no_news(bob: Seat) -> None:
    with alice("BOB") as world:
        world.tell(f.Presence("BOB", False))
        assert world.told(ev.PresenceChanged) == []
        world.find("bob", published(bob))
        assert world.told(ev.PresenceChanged) == [ev.PresenceChanged("bob", False)]
        world.tell(f.Presence("BOB", True), f.Presence("BOB", False))
        assert world.told(ev.PresenceChanged)[1:] == [
            ev.PresenceChanged("bob", True),
            ev.PresenceChanged("bob", False),
        ]


def test_presence_of_somebody_known_is_spelled_as_they_do(bob: Seat) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        befriend(world, bob)
    with alice("BOB", state) as world:
        world.tell(f.Presence("BOB", True))
        assert world.told(ev.PresenceChanged) == [ev.PresenceChanged("bob", True)]


def test_somebody_whom_the_relay_forgot_is_still_known(bob: Seat) -> None:
    with alice("BOB") as world:
        befriend(world, bob)
        world.lose_connection()
        world.log_in()
        world.fail("bob")
        assert world.told(ev.Waiting) == [ev.Waiting("bob", known=True)]
        world.tell(f.Presence("bob", True))
        world.find("bob", published(bob))
        assert [ready.first_use for ready in world.told(ev.PeerReady)] == [True, False]


def test_nobody_to_write_to_and_nobody_to_verify_are_both_told() -> None:
    with alice() as world:
        world.engine.send("nope", SECRET)
        world.engine.ask(c.Verify("nope"))
        world.settle()
        world.fail("nope")
        assert world.told(ev.Waiting) == [ev.Waiting("nope")]
        assert world.problems == ["Nobody on this relay is called nope"]


def test_who_was_only_asked_about_is_not_waited_for() -> None:
    with alice() as world:
        world.engine.ask(c.Verify("nope"))
        world.settle()
        world.fail("nope")
        world.lose_connection()
        world.log_in()
        assert world.told(ev.Waiting) == []
        assert world.problems == ["Nobody on this relay is called nope"]
        world.engine.talk_to("nope")
        world.settle()
        world.fail("nope")
        assert world.told(ev.Waiting) == [ev.Waiting("nope")]


def test_nobody_is_muted_by_a_name_that_is_not_known() -> None:
    with alice() as world:
        world.engine.ask(c.Mute("nope", muted=True))
        world.settle()
        assert world.problems == ["Nobody known here is called nope"]
        assert world.told(ev.Notifications) == []


def test_names_that_are_none_are_not_shown() -> None:
    names = ("bob", "\x1b]52;c;x\x07", "eve (verified)", "\u202eecila", "", "ﬁ", "Änne")
    with alice() as world:
        world.engine.ask(c.Who())
        world.settle()
        world.tell(f.People(world.sent(f.Who).request, names, 7))
        assert world.told(ev.People) == [ev.People(("bob", "Änne"))]


def test_more_people_than_a_relay_watches() -> None:
    with alice() as world:
        for number in range(f.MAX_NAMES + 10):
            world.engine.talk_to(f"person{number}")
        world.settle()
        names = world.sent(f.Watch).names
        assert len(names) == f.MAX_NAMES
        assert names[-1] == f"person{f.MAX_NAMES + 9}"
