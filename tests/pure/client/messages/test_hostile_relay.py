"""A hostile relay and the engine: what it drops stays undelivered, what it logs shows nothing."""

from securechat.client import events as ev
from securechat.client.connection.link import Answered
from securechat.e2e.content import Receipt
from securechat.e2e.envelope import SIZES_BYTES
from tests.pure.client.engine_world import World, alice, make_seat, published
from tests.pure.e2e.world import Seat


def meet(world: World, seat: Seat) -> None:
    """Let Alice look a person up and pin their key."""
    world.engine.talk_to(seat.name)
    world.settle()
    world.find(seat.name, published(seat))


def say(world: World, seat: Seat, *texts: str) -> list[str]:
    """Let Alice write to somebody and the relay accept it; return the ids of the messages."""
    before = len(world.told(ev.Sent))
    for text in texts:
        world.engine.send(seat.name, text)
    world.settle()
    if not world.told(ev.Sent)[before:]:
        world.find(seat.name, published(seat))
    world.accept_all()
    return [sent.message_id for sent in world.told(ev.Sent)[before:]]


def test_a_dropped_tail_is_never_said_to_be_delivered() -> None:
    """The relay accepts three messages and hands on two, whatever it then says or does."""
    bob = make_seat("bob")
    with alice() as world:
        meet(world, bob)
        ids = say(world, bob, "one", "two", "dropped by the relay")
        read = tuple(opened.message_id for opened in bob.opened(world.mail_for(bob)[:2]))
        assert len(read) == 2
        receipt = world.write(bob, Receipt(read, 1))
        world.deliver(receipt, receipt, last=2)
        accepted = [outgoing.envelope_id for outgoing in world.link.envelopes]
        world.news(Answered(tuple(accepted)), Answered(tuple(accepted)))
        world.lose_connection()
        world.log_in()
        assert [sent.message_id for sent in world.told(ev.Sent)] == ids
        assert [delivered.message_id for delivered in world.told(ev.Delivered)] == ids[:2]


def test_what_the_relay_never_answers_stays_queued() -> None:
    bob = make_seat("bob")
    with alice() as world:
        meet(world, bob)
        world.engine.send("bob", "dropped by the relay")
        world.settle()
        world.find("bob", published(bob))
        assert len(world.mail_for(bob)) == 1
        assert world.told(ev.Accepted) == []
        assert world.told(ev.Delivered) == []
        assert world.engine.queued == 1


def test_a_log_of_all_that_a_client_hands_in_shows_no_text_and_no_sender() -> None:
    """The name and keys of Alice are in what she registers, not in what she writes."""
    bob = make_seat("bob")
    with alice() as world:
        meet(world, bob)
        say(world, bob, "attack at dawn", "attack at dawn")
        for mail in world.mail_for(bob):
            bob.receive(mail)
        world.deliver(world.write(bob, "attack at noon"))
        world.pass_time(2.0)
        device = world.device.certificate
        log = [outgoing.envelope for outgoing in world.link.envelopes]
        assert len(log) == 3  # two texts and the receipt
        assert {len(envelope) for envelope in log} <= set(SIZES_BYTES)
        secrets = [b"alice", b"bob", *device.address, device.signing_key, device.olm_key]
        secrets += [bytes.fromhex(sent.message_id) for sent in world.told(ev.Sent)]
        assert not [secret for secret in secrets for envelope in log if secret in envelope]
        assert b"attack at" not in world.wire
