"""Typing a code: what goes to the relay, what is kept afterwards, and what attackers can do."""

import pytest

from securechat.client import events as ev
from securechat.client.names.contacts import Contact, ContactBook
from securechat.client.pairing.joining import Joining
from securechat.client.pairing.pairing_code import PairingCode
from securechat.client.pairing.pairing_rows import verified_contact
from securechat.e2e.endpoint import Endpoint
from securechat.e2e.pairing import Opener
from securechat.errors import (
    CodeRefused,
    LimitExceeded,
    NameInvalid,
    NameTaken,
    PairingFailed,
    RemoteProtocolError,
    SecureChatError,
    Unreachable,
)
from securechat.identity.chain import Highest
from securechat.identity.names import parse_name
from securechat.identity.types import DeviceId, Digest, Name, RelayId, UserKey, fingerprint
from securechat.transport.endpoint import Endpoint as Address
from securechat.wire import frames as f
from tests.pure.client.engine_world import OTHER_RELAY, alice, make_seat
from tests.pure.client.pairing_world import ADDRESS, SLOT, get_code, introduction
from tests.pure.e2e.world import NOW_MS, RELAY, Seat

AT = Address("192.0.2.1", 5555)
CODE = PairingCode(SLOT, ("otter", "lime", "sofa"))
BOB = Name("bob")


class Table:
    """Bob, who types the code, and whoever made it, on the relays that each of them sees."""

    def __init__(
        self, *, password: bytes = CODE.password, bobs: RelayId = RELAY, hers: RelayId = RELAY
    ) -> None:
        self.endpoint = Endpoint.create(NOW_MS)
        self.joining = Joining(self.endpoint, BOB, CODE, AT, NOW_MS)
        self.maker = make_seat("alice")
        self.opener = Opener(SLOT, password, introduction(self.maker, hers))
        self.begun = self.joining.begin(bobs)

    def hear(self, payload: bytes) -> tuple[f.ClientFrame, ...]:
        return self.joining.hear(f.PairPass(SLOT, payload))

    def answer(self) -> tuple[f.ClientFrame, ...]:
        """Give Bob message 2; return what he says to it."""
        return self.hear(self.opener.answer(self.begun.payload))

    def confirm(self) -> None:
        """Go on until Bob has message 4."""
        (third,) = self.answer()
        assert isinstance(third, f.PairPass)
        assert self.hear(self.opener.finish(third.payload)[1]) == ()

    @property
    def error(self) -> SecureChatError:
        assert self.joining.result is None
        assert self.joining.error is not None
        return self.joining.error


def test_who_made_the_code_is_known_when_both_have_it_and_the_relay_has_ended() -> None:
    table = Table()
    table.confirm()
    was_over = table.joining.is_over
    assert table.joining.hear(f.PairEnd(SLOT, "done")) == ()
    assert (was_over, table.joining.is_over) == (False, True)
    assert table.joining.result == introduction(table.maker)


def test_the_relay_learns_the_name_and_the_key_and_no_word() -> None:
    table = Table()
    begun = table.begun
    assert (begun.slot, begun.name, begun.user_key) == (SLOT, "bob", table.endpoint.user_key)
    (third,) = table.answer()
    assert not any(
        word.encode() in payload
        for word in CODE.words
        for payload in (begun.payload, third.payload)  # type: ignore[union-attr]
    )


def test_alice_and_bob_end_with_each_other() -> None:
    """Both real sides: the engine that made the code, and who types it."""
    with alice() as world:
        code = get_code(world)
        endpoint = Endpoint.create(NOW_MS)
        joining = Joining(endpoint, BOB, code, AT, NOW_MS)
        begun = joining.begin(RELAY)
        world.tell(f.PairKnock(SLOT, ADDRESS, begun.payload))
        (third,) = joining.hear(world.sent(f.PairPass))
        assert isinstance(third, f.PairPass)
        world.tell(third)
        joining.hear(world.sent(f.PairPass))
        joining.hear(f.PairEnd(SLOT, "done"))
        assert joining.result is not None
        assert joining.result.user_key == world.device.address.user_key
        assert joining.result.name == "alice"
        assert world.told(ev.Paired) == [ev.Paired("bob", fingerprint(endpoint.user_key))]


def test_other_words_pin_nothing_and_the_other_side_is_told() -> None:
    table = Table(password=b"other-words-here")
    assert table.answer() == (f.PairEnd(SLOT, "wrong-code"),)
    assert isinstance(table.error, PairingFailed)
    assert table.error.reason == "wrong-code"
    assert (table.error.exit_status, "the code is used up" in table.error.what) == (4, True)


def test_a_relay_in_the_middle_is_seen_on_both_sides() -> None:
    """It passes the messages on, under a certificate of its own: Bob sees another id than Alice."""
    table = Table(bobs=OTHER_RELAY)
    third, end = table.answer()
    assert isinstance(third, f.PairPass)
    assert end == f.PairEnd(SLOT, "another-relay")
    for seen in (RELAY, OTHER_RELAY):
        assert fingerprint(seen) in table.error.what
    assert str(AT) in table.error.what
    assert "somebody is in between" in table.error.what
    with pytest.raises(PairingFailed) as caught:
        table.opener.finish(third.payload)
    assert caught.value.reason == "another-relay"


def test_a_relay_that_plays_alice_itself_has_one_guess() -> None:
    table = Table()
    assert table.hear(b"x" * 500) == (f.PairEnd(SLOT, "invalid"),)
    assert isinstance(table.error, PairingFailed)
    assert table.answer() == ()
    assert table.joining.hear(f.PairEnd(SLOT, "done")) == ()
    assert table.joining.result is None


def test_the_end_counts_for_nothing_before_the_other_side_has_confirmed() -> None:
    table = Table()
    table.answer()
    table.joining.hear(f.PairEnd(SLOT, "done"))
    assert isinstance(table.error, PairingFailed)


@pytest.mark.parametrize("code", ["name-taken", "name-invalid"])
def test_a_name_is_no_reason_any_more_once_the_code_is_used_up(code: str) -> None:
    table = Table()
    table.answer()
    table.joining.hear(f.PairEnd(SLOT, code))
    assert isinstance(table.error, PairingFailed)


def test_a_confirmation_that_is_none() -> None:
    table = Table()
    table.answer()
    assert table.hear(b"x" * 32) == (f.PairEnd(SLOT, "invalid"),)
    assert isinstance(table.error, PairingFailed)
    assert table.error.reason == "invalid"


def test_a_message_more_than_there_are() -> None:
    table = Table()
    table.confirm()
    with pytest.raises(RemoteProtocolError):
        table.hear(b"x" * 32)
    assert table.joining.result is None


def test_a_message_before_the_first() -> None:
    joining = Joining(Endpoint.create(NOW_MS), BOB, CODE, AT, NOW_MS)
    with pytest.raises(RemoteProtocolError):
        joining.hear(f.PairPass(SLOT, b"x" * 32))


@pytest.mark.parametrize(
    ("code", "kind", "exit_status", "words"),
    [
        ("no-slot", CodeRefused, 6, "no code with the number 7"),
        ("used", CodeRefused, 6, "if not by you, a stranger has tried it"),
        ("expired", CodeRefused, 6, "has expired"),
        ("replaced", CodeRefused, 6, "a newer code"),
        ("cancelled", CodeRefused, 6, "given up"),
        ("limit", LimitExceeded, 5, "takes no more codes from here"),
        ("name-taken", NameTaken, 6, "The name bob is taken"),
        ("name-invalid", NameInvalid, 6, "does not take the name bob"),
        ("wrong-code", PairingFailed, 4, "The words do not match"),
        ("another-relay", PairingFailed, 4, "sees another relay"),
        ("invalid", PairingFailed, 4, "ended in the middle"),
        ("gone", PairingFailed, 4, "ended in the middle"),
        ("done", PairingFailed, 4, "ended in the middle"),
        ("of-a-newer-relay", PairingFailed, 4, "ended in the middle"),
    ],
)
def test_what_the_relay_says_is_told_with_what_to_do(
    code: str, kind: type[SecureChatError], exit_status: int, words: str
) -> None:
    table = Table()
    table.joining.hear(f.PairEnd(SLOT, code))
    error = table.error
    assert (type(error), error.exit_status) == (kind, exit_status)
    assert words in error.what
    assert error.try_next
    assert (str(AT) in error.what) == (code in {"no-slot", "limit", "name-taken", "name-invalid"})


def test_a_relay_of_before_pairing() -> None:
    table = Table()
    table.joining.hear(f.Fault("protocol", "no such frame"))
    assert isinstance(table.error, RemoteProtocolError)


def test_a_goodbye_in_the_middle() -> None:
    table = Table()
    table.joining.hear(f.Bye("draining"))
    assert isinstance(table.error, PairingFailed)


def test_a_connection_that_breaks_is_what_is_told() -> None:
    table = Table()
    table.joining.give_up(Unreachable("Nobody answers", "ping"))
    assert isinstance(table.error, Unreachable)


def test_what_happens_after_the_end_changes_nothing() -> None:
    table = Table()
    table.confirm()
    table.joining.hear(f.PairEnd(SLOT, "done"))
    table.joining.give_up(Unreachable("The relay closed"))
    assert table.joining.error is None
    assert table.joining.hear(f.PairEnd(SLOT, "gone")) == ()
    assert table.joining.result is not None


# Who is kept --------------------------------------------------------------------------------------


def kept(*contacts: Contact) -> ContactBook:
    book = ContactBook(RELAY, {})
    for contact in contacts:
        book.put(contact)
    return book


def pinned(seat: Seat, name: str | None = None, sequence: int = 0) -> Contact:
    device = seat.endpoint.device_id
    highest = Highest(sequence, Digest(b"h" * 32), {device: 3, DeviceId(b"d" * 16): 2})
    return Contact(Name(name or seat.name), seat.endpoint.user_key, highest=highest)


def test_whoever_is_new_is_pinned_accepted_and_verified() -> None:
    seat = make_seat("alice")
    contact = verified_contact(kept(), BOB, introduction(seat), NOW_MS)
    assert contact == Contact(
        parse_name("alice"),
        seat.endpoint.user_key,
        accepted=True,
        verified=True,
        highest=introduction(seat).highest,
        met_ms=NOW_MS,
    )


@pytest.mark.parametrize("sequence", [0, 1, 5])
def test_nothing_that_was_seen_of_somebody_is_forgotten(sequence: int) -> None:
    seat = make_seat("alice")
    known = pinned(seat, sequence=sequence)
    assert known.highest is not None
    theirs = introduction(seat).highest
    contact = verified_contact(kept(known), BOB, introduction(seat), NOW_MS)
    assert contact.highest is not None
    assert contact.highest.epochs == known.highest.epochs
    newer = known.highest if sequence >= theirs.list_sequence else theirs
    assert contact.highest.list_hash == newer.list_hash
    assert contact.highest.list_sequence == max(sequence, theirs.list_sequence)


def test_what_the_user_has_decided_stays() -> None:
    seat = make_seat("alice")
    known = Contact(Name("alice"), seat.endpoint.user_key, petname="Al", blocked=True)
    contact = verified_contact(kept(known), BOB, introduction(seat), NOW_MS)
    assert (contact.petname, contact.blocked, contact.verified) == ("Al", True, True)


@pytest.mark.parametrize(
    ("known", "try_next"),
    [
        (Contact(Name("ALICE"), UserKey(b"k" * 32)), None),
        (pinned(make_seat("alice")), "/verify alice"),
        (pinned(make_seat("ALICE")), "/verify ALICE"),
    ],
)
def test_a_name_stands_for_one_key(known: Contact, try_next: str | None) -> None:
    """What only claims the name, without a pin, is in nobody's way."""
    book, theirs = kept(known), introduction(make_seat("alice"))
    if try_next is None:
        assert verified_contact(book, BOB, theirs, NOW_MS).verified
        return
    with pytest.raises(PairingFailed) as caught:
        verified_contact(book, BOB, theirs, NOW_MS)
    assert (caught.value.reason, caught.value.try_next) == ("known", try_next)


def test_a_key_has_one_name() -> None:
    seat = make_seat("alice")
    with pytest.raises(PairingFailed, match="has the key of carol"):
        verified_contact(kept(pinned(seat, "carol")), BOB, introduction(seat), NOW_MS)
