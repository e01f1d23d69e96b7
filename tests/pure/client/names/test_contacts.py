"""The book of contacts: its indexes follow every change."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.client.names import contacts
from securechat.client.names.contacts import Contact, ContactBook, accept, split_key_id
from securechat.identity.chain import Highest
from securechat.identity.types import Digest, Name, UserKey, fingerprint
from tests.pure.e2e.world import RELAY

HIGHEST = Highest(1, Digest(b"d" * 32), {})


def user_key(number: int) -> UserKey:
    return UserKey(bytes([number]) * 32)


def person(name: str, number: int, **fields: object) -> Contact:
    fields = {"highest": HIGHEST, "accepted": True, "met_ms": number, **fields}
    return Contact(Name(name), user_key(number), **fields)  # type: ignore[arg-type]


def book(*people: Contact) -> ContactBook:
    made = ContactBook(RELAY, {})
    for each in people:
        made.put(each)
    return made


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("alice[9f2c-41aa]", ("alice", "9f2c-41aa")),
        ("alice", ("alice", "")),
        ("[9f2c-41aa]", ("[9f2c-41aa]", "")),
        ("alice[9F2C-41AA]", ("alice[9F2C-41AA]", "")),
        ("alice[9f2c-41aa-07be]", ("alice[9f2c-41aa-07be]", "")),
    ],
)
def test_a_key_id_stands_in_brackets(text: str, parts: tuple[str, str]) -> None:
    assert split_key_id(text) == parts


def test_a_name_is_only_that_of_the_one_who_is_pinned() -> None:
    known = book(person("bob", 1))
    assert known.by_name("BOB") == known.find("Bob") == person("bob", 1)
    known.put(person("bob", 1, highest=None))
    assert known.by_name("bob") is None
    assert known.find("bob") is None
    known.put(person("bob", 2))
    known.put(person("bob", 1, highest=None, verified=True))
    assert known.by_name("bob") == person("bob", 2)


def test_a_petname_that_was_taken_away_means_nobody() -> None:
    known = book(person("bob", 1, petname="Bobby"))
    assert known.find("bobby") == known.find("bob")
    known.put(person("bob", 1))
    assert known.find("bobby") is None
    assert known.lookalikes(Name("b0bby")) == []


def test_whoever_claims_a_name_is_not_found_by_it_but_the_blocked_are() -> None:
    claims = {"highest": None, "accepted": False}
    known = book(person("bob", 1, **claims), person("carol", 2, blocked=True, **claims))
    assert known.find("bob") is None
    assert known.find(f"bob[{fingerprint(user_key(1))[:9]}]") is None
    assert known.find("carol") == known.by_key(user_key(2))


def test_of_two_who_look_alike_the_later_one_has_a_key_id() -> None:
    first, later = person("bob", 1), person("b0b", 2)
    stranger = person("BoB0", 3, accepted=False)
    for known in (book(first, later, stranger), book(stranger, later, first)):
        assert known.shown_name(first) == "bob"
        assert known.shown_name(later) == f"b0b[{fingerprint(user_key(2))[:9]}]"
        assert known.find(known.shown_name(later)) == later
        assert known.shown_name(stranger) == "BoB0"
    known.put(person("b0b", 2, petname="Robert"))
    assert known.shown_name(known.find("b0b") or first) == "Robert"


def test_a_stranger_takes_no_name_from_anybody() -> None:
    stranger, later = person("b0b", 1, accepted=False), person("bob", 2)
    known = book(stranger, later)
    assert known.shown_name(later) == "bob"
    assert known.shown_name(stranger).startswith("b0b[")


def test_being_accepted_begins_once() -> None:
    stranger = person("bob", 1, accepted=False)
    accepted = accept(stranger, 50)
    assert (accepted.accepted, accepted.met_ms) == (True, 50)
    assert accept(accepted, 60) is accepted


NAMES = ["bob", "b0b", "carol", "car0l", "dave", "eve"]


@st.composite
def people(draw: st.DrawFn) -> Contact:
    """Draw one of six people in any state; names and petnames are unique, as the callers see to."""
    number = draw(st.integers(0, 5))
    return person(
        NAMES[number],
        number,
        accepted=draw(st.booleans()),
        blocked=draw(st.booleans()),
        petname=draw(st.sampled_from(["", f"mate{number}", f"rnate{number}"])),
        highest=draw(st.sampled_from([None, HIGHEST])),
        met_ms=draw(st.integers(0, 3)),
    )


@given(st.lists(people(), max_size=12))
def test_a_book_is_what_its_rows_say(changes: list[Contact]) -> None:
    """Whatever came before: what was replaced or forgotten leaves no trace in an index."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contacts, "MAX_STRANGERS", 2)
        known, rows = ContactBook(RELAY, {}), {}
        for change in changes:
            for row, value in known.put(change).items():
                rows[row] = value
        kept = {row: value for row, value in rows.items() if value is not None}
        again = ContactBook(RELAY, kept)
        assert {each.user_key: each for each in known} == {each.user_key: each for each in again}
        assert sum(each.is_stranger for each in known) <= 2
        assert known._looks == again._looks
        assert set(known._by_name) == set(again._by_name)
        assert set(known._by_petname) == set(again._by_petname)


class OldContact(msgspec.Struct, frozen=True, array_like=True):
    """A row of the first version."""

    name: str
    user_key: bytes
    accepted: bool = False
    verified: bool = False
    highest: object = None


def test_contacts_of_the_first_version_are_still_known() -> None:
    old = msgspec.msgpack.encode(OldContact("bob", b"k" * 32, True, True, None))
    book = ContactBook(RELAY, {("contact", RELAY + b"k" * 32): old})
    assert book.by_key(UserKey(b"k" * 32)) == Contact(
        Name("bob"), UserKey(b"k" * 32), accepted=True, verified=True
    )
