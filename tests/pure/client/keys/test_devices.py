"""Bob goes on as a new device: Alice hears of it, and what the old one never got reaches him."""

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.commands import Decision
from securechat.client.connection.link import Answered, NotTaken
from securechat.e2e.content import Receipt, Text
from securechat.identity.chain import PublishedUser
from securechat.identity.device import DeviceList
from securechat.identity.types import MessageId
from securechat.wire import frames as f
from tests.pure.client.engine_world import World, alice, befriend, make_seat, published
from tests.pure.e2e.world import Seat, copy_seat, next_device

BOB = make_seat("bob")


@pytest.fixture
def bob() -> Seat:
    return copy_seat(BOB)


def find_twice(world: World, seat: Seat) -> None:
    """Show a seat's keys, and once more with one-time keys when they are claimed."""
    world.find(seat.name, published(seat))
    world.find(seat.name, published(seat))


def meet_again(world: World, seat: Seat) -> None:
    """Let somebody come, which makes Alice look them up."""
    world.tell(f.Presence(seat.name, False), f.Presence(seat.name, True))
    find_twice(world, seat)


def texts_for(world: World, seat: Seat) -> list[str]:
    """Open the mail of a seat; return the texts that it has not shown before."""
    contents = [each.content for each in seat.opened(world.mail_for(seat))]
    return [content.text for content in contents if isinstance(content, Text)]


def say(world: World, *texts: str, to: str = "bob") -> list[str]:
    ids = [world.engine.send(to, text) for text in texts]
    world.settle()
    return ids


# What is told -------------------------------------------------------------------------------------


def test_the_first_device_of_somebody_is_no_news(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        meet_again(world, bob)
        assert world.told(ev.DevicesChanged) == []


def test_a_new_device_in_the_list_is_told_once_with_the_trust_word(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        world.engine.ask(c.Verify("bob"))
        world.settle()
        world.engine.ask(c.Decide(Decision.TRUST, "bob"))
        new = next_device(bob)
        meet_again(world, new)
        assert world.told(ev.DevicesChanged) == [ev.DevicesChanged("bob", ev.Trust.VERIFIED)]
        third = next_device(new)
        meet_again(world, third)
        assert len(world.told(ev.DevicesChanged)) == 2
    with alice(state=world.state) as again:
        again.engine.talk_to("bob")
        again.settle()
        find_twice(again, third)
        assert again.told(ev.DevicesChanged) == []


def test_a_new_device_that_writes_is_told_before_its_message_and_looked_up(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        new = next_device(bob)
        asked = len(world.all_sent(f.Lookup))
        world.deliver(world.write(new, "it is me"), world.write(new, "again"))
        kinds = [type(event) for event in world.events]
        assert kinds.index(ev.DevicesChanged) < kinds.index(ev.Message)
        assert len(world.all_sent(f.Lookup)) == asked + 1
        find_twice(world, new)
        assert world.texts == ["it is me", "again"]
        assert world.told(ev.DevicesChanged) == [ev.DevicesChanged("bob", ev.Trust.NEW)]


def test_its_messages_are_confirmed_to_the_new_device(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        new = next_device(bob)
        envelope = world.write(new, "it is me")
        world.deliver(envelope)
        world.pass_time(1)  # receipts are due before the list has come
        find_twice(world, new)
        world.pass_time(1)
        opened = new.opened(world.mail_for(new))
        receipts = [each.content for each in opened if isinstance(each.content, Receipt)]
        assert [len(receipt.message_ids) for receipt in receipts] == [1]


def test_of_a_strangers_devices_nothing_is_told(bob: Seat) -> None:
    with alice() as world:
        world.deliver(world.write(bob, "hello"))
        world.find("bob", published(bob))
        new = next_device(bob)
        world.deliver(world.write(new, "hello again"))
        world.find("bob", published(new))
        assert len(world.texts) == 2
        world.engine.ask(c.Verify("bob"))
        world.lose_connection()
        world.log_in()
        world.find("bob", published(next_device(new)))
        assert len(world.told(ev.SafetyNumber)) == 1
        assert world.told(ev.DevicesChanged) == []


def test_a_message_of_the_old_device_is_shown_still(bob: Seat) -> None:
    """It may have been written before, and whoever has that device could make another one."""
    with alice() as world:
        befriend(world, bob)
        late = world.write(bob, "written before")
        meet_again(world, next_device(bob))
        world.deliver(late)
        assert world.texts == ["written before"]
        assert len(world.told(ev.DevicesChanged)) == 1


# What the old device never got --------------------------------------------------------------------


def test_what_was_not_confirmed_goes_to_the_new_device_with_its_ids(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        ids = say(world, "one", "two", "three")
        world.accept_all()
        written_ms = world.now_ms
        world.pass_time(3600)
        bob.read(world.mail_for(bob)[1], world.now_ms)
        receipt = bob.endpoint.receipt((MessageId(bytes.fromhex(ids[0])),))
        world.deliver(world.write(bob, receipt))
        new = next_device(bob)
        meet_again(world, new)
        opened = new.opened(world.mail_for(new))
        again = [(each.message_id.hex(), each.content) for each in opened]
        assert again == [(ids[1], Text("two")), (ids[2], Text("three"))]
        assert {each.time_ms for each in opened} == {written_ms}


def test_it_is_sealed_anew_once(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        say(world, "one")
        world.accept_all()
        new = next_device(bob)
        meet_again(world, new)
        handed = len(world.link.envelopes)
        meet_again(world, new)
        assert len(world.link.envelopes) == handed


def test_it_comes_before_what_was_typed_since(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        say(world, "before")
        world.accept_all()
        world.lose_connection()
        say(world, "since")
        new = next_device(bob)
        world.log_in()
        find_twice(world, new)
        assert texts_for(world, new) == ["before", "since"]


def test_it_is_kept_until_the_new_device_confirms_it(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        say(world, "one")
        world.accept_all()
        world.tell(f.Presence("bob", True))
        new = next_device(bob)
        world.find("bob", published(new))  # and the engine ends before it can claim
    with alice(state=world.state) as again:
        find_twice(again, new)
        assert texts_for(again, new) == ["one"]


def test_nothing_is_taken_back_while_a_device_only_hides(bob: Seat) -> None:
    """A relay that leaves out a device that is on the list gets nothing sealed anew."""
    with alice() as world:
        befriend(world, bob)
        say(world, "one")
        world.accept_all()
        new = next_device(bob)
        shown = published(new)
        both = DeviceList.sign(
            bob.endpoint._device._user_key,
            sequence=3,
            previous_hash=new.endpoint.device_list.hash,
            certificates=(bob.endpoint.certificate, new.endpoint.certificate),
        )
        user = PublishedUser(shown.registration, both, shown.devices)
        world.tell(f.Presence("bob", True))
        world.find("bob", user)
        assert world.mail_for(new) == []
        assert world.engine._here.desk.endpoint.unconfirmed_devices(bob.endpoint.user_key) != ()


def test_it_never_goes_to_another_key(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        say(world, "for bob alone")
        world.accept_all()
        mallory = make_seat("mallory")
        world.tell(f.Presence("bob", True))
        world.find("bob", published(mallory, "bob"))
        assert world.told(ev.PeerKeyChanged) != []
        assert world.mail_for(mallory) == []


def test_nothing_is_sealed_anew_for_whom_the_user_has_blocked(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        say(world, "one")
        world.accept_all()
        world.engine.ask(c.Decide(Decision.BLOCK, "bob"))
        world.lose_connection()
        world.log_in()
        new = next_device(bob)
        find_twice(world, new)
        assert world.mail_for(new) == []
        assert world.engine.queued == 0


def test_an_unknown_mailbox_makes_the_owner_looked_up_once(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        world.accept_all()
        ids = say(world, "one", "two")
        lost = world.link.envelopes[-2:]
        asked = len(world.all_sent(f.Lookup))
        world.news(*(NotTaken(each.envelope_id, "unknown-mailbox") for each in lost))
        assert len(world.all_sent(f.Lookup)) == asked + 1
        new = next_device(bob)
        find_twice(world, new)
        assert texts_for(world, new) == ["one", "two"]
        to_new = [out for out in world.link.envelopes if out.mailbox == new.endpoint.mailbox]
        world.news(Answered(tuple(each.envelope_id for each in to_new)))
        assert world.engine.queued == 0
        handed = len(world.link.envelopes)
        world.pass_time(60)
        assert len(world.link.envelopes) == handed  # nothing goes to the old mailbox any more
        assert set(ids) <= {accepted.message_id for accepted in world.told(ev.Accepted)}


def test_a_mailbox_that_stays_unknown_makes_nobody_ask_again_and_again(bob: Seat) -> None:
    with alice() as world:
        lost = say_one_to(bob, world)
        asked = len(world.all_sent(f.Lookup))
        for _ in range(5):
            world.news(NotTaken(lost.envelope_id, "unknown-mailbox"))
            if len(world.all_sent(f.Lookup)) > asked:
                world.find("bob", published(bob))
            world.pass_time(6)
        assert len(world.all_sent(f.Lookup)) == asked + 1


def say_one_to(bob: Seat, world: World) -> f.Outgoing:
    """Let Alice know Bob; return the envelope of a text that the relay has not answered for."""
    befriend(world, bob)
    world.accept_all()
    say(world, "one")
    return world.link.envelopes[-1]


def refuse(world: World, outgoing: f.Outgoing) -> None:
    """Let the relay say that it does not know the mailbox of an envelope."""
    world.news(NotTaken(outgoing.envelope_id, "unknown-mailbox"))


def shown_together(seat: Seat, other: Seat, *, both: bool) -> PublishedUser:
    """Return two devices of one list as the relay shows them: ``both``, or only the first."""
    shown, hidden = published(seat), published(other)
    device_list = DeviceList.sign(
        seat.endpoint._device._user_key,
        sequence=3,
        previous_hash=shown.device_list.hash,
        certificates=(seat.endpoint.certificate, other.endpoint.certificate),
    )
    devices = (*shown.devices, *(hidden.devices if both else ()))
    return PublishedUser(shown.registration, device_list, devices)


def test_a_look_up_that_fails_is_repeated_with_the_retry_timer(bob: Seat) -> None:
    """Bob's new device is registered, and has not published its keys yet."""
    with alice() as world:
        lost = say_one_to(bob, world)
        asked = len(world.all_sent(f.Lookup))
        for repeated in range(4):
            refuse(world, lost)
            refuse(world, lost)
            assert len(world.all_sent(f.Lookup)) == asked + 1 + repeated
            world.fail("bob", "no-prekeys")
            refuse(world, lost)
            assert len(world.all_sent(f.Lookup)) == asked + 1 + repeated
            world.pass_time(6)
        new = next_device(bob)
        find_twice(world, new)
        assert texts_for(world, new) == ["one"]


def test_a_look_up_that_does_not_show_all_devices_is_repeated(bob: Seat) -> None:
    with alice() as world:
        lost = say_one_to(bob, world)
        new = next_device(bob)
        other = next_device(new)
        refuse(world, lost)
        world.find("bob", shown_together(new, other, both=False))
        asked = len(world.all_sent(f.Lookup))
        world.pass_time(6)
        assert len(world.all_sent(f.Lookup)) == asked + 1
        world.find("bob", shown_together(new, other, both=True))
        world.find("bob", shown_together(new, other, both=True))  # the one that claims
        assert texts_for(world, new) == texts_for(world, other) == ["one"]
        world.pass_time(60)
        assert len(world.all_sent(f.Lookup)) == asked + 2


def test_nothing_more_is_sealed_for_a_mailbox_that_is_unknown(bob: Seat) -> None:
    with alice() as world:
        refuse(world, say_one_to(bob, world))
        handed = len(world.mail_for(bob))
        say(world, "two")
        world.fail("bob", "no-prekeys")
        say(world, "three")
        assert len(world.mail_for(bob)) == handed
        world.pass_time(6)  # the first one is tried again, and nothing else
        assert set(world.mail_for(bob)[handed:]) == {world.mail_for(bob)[handed - 1]}
        new = next_device(bob)
        find_twice(world, new)
        assert texts_for(world, new) == ["one", "two", "three"]


def test_a_reconnect_lets_nothing_be_sealed_for_it_either(bob: Seat) -> None:
    with alice() as world:
        refuse(world, say_one_to(bob, world))
        sealed = set(world.mail_for(bob))
        world.lose_connection()
        world.log_in()
        say(world, "two")
        world.fail("bob", "no-prekeys")
        world.pass_time(6)
        assert set(world.mail_for(bob)) == sealed
        new = next_device(bob)
        find_twice(world, new)
        assert texts_for(world, new) == ["one", "two"]


def test_after_a_login_an_unknown_mailbox_is_news_again(bob: Seat) -> None:
    with alice() as world:
        lost = say_one_to(bob, world)
        refuse(world, lost)
        world.find("bob", published(bob))
        world.lose_connection()
        world.log_in()
        world.find("bob", published(bob))
        asked = len(world.all_sent(f.Lookup))
        refuse(world, lost)
        assert len(world.all_sent(f.Lookup)) == asked + 1


def test_a_refused_text_that_expires_does_not_end_the_repeating(bob: Seat) -> None:
    with alice() as world:
        lost = say_one_to(bob, world)
        refuse(world, lost)
        world.fail("bob", "no-prekeys")
        say(world, "two")
        world.pass_time(6)
        world.news(NotTaken(lost.envelope_id, "expired"))
        world.fail("bob", "no-prekeys")
        asked = len(world.all_sent(f.Lookup))
        world.pass_time(6)
        assert len(world.all_sent(f.Lookup)) == asked + 1
        new = next_device(bob)
        find_twice(world, new)
        assert "two" in texts_for(world, new)


def test_a_relay_that_shows_the_device_of_an_unknown_mailbox_holds_nothing_up(bob: Seat) -> None:
    with alice() as world:
        refuse(world, say_one_to(bob, world))
        say(world, "two")
        world.find("bob", published(bob))
        world.pass_time(6)
        assert texts_for(world, bob) == ["one", "two"]


def test_who_owes_a_receipt_is_looked_up_after_a_login(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        say(world, "one")
        world.accept_all()
    with alice(state=world.state) as again:
        assert [look.claim for look in again.all_sent(f.Lookup)] == [False]
        new = next_device(bob)
        find_twice(again, new)
        assert texts_for(again, new) == ["one"]


def test_who_is_blocked_is_not_looked_up_for_a_receipt(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        world.accept_all()
        world.engine.ask(c.Decide(Decision.BLOCK, "bob"))
        world.settle()
    with alice(state=world.state) as again:
        assert again.all_sent(f.Lookup) == []


def test_who_owes_nothing_is_not_looked_up(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        world.accept_all()
        (sent,) = world.told(ev.Sent)
        receipt = bob.endpoint.receipt((MessageId(bytes.fromhex(sent.message_id)),))
        world.deliver(world.write(bob, receipt))
    with alice(state=world.state) as again:
        assert again.all_sent(f.Lookup) == []


def test_a_text_that_comes_again_is_confirmed_and_not_shown(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        message_id = MessageId(b"m" * 16)
        device = world.device
        bob.endpoint.start_session(device, world.now_ms)
        first = bob.endpoint.seal(
            device, Text("once"), world.now_ms, message_id, written_ms=world.now_ms
        )
        world.deliver(first.envelope)
        new = next_device(bob)
        new.endpoint.start_session(device, world.now_ms)
        again = new.endpoint.seal(
            device, Text("once"), world.now_ms, message_id, written_ms=world.now_ms
        )
        world.deliver(again.envelope)
        find_twice(world, new)
        world.pass_time(1)
        assert world.texts == ["once"]
        opened = new.opened(world.mail_for(new))
        named = [each.content.message_ids for each in opened if isinstance(each.content, Receipt)]
        assert named == [(message_id,)]
