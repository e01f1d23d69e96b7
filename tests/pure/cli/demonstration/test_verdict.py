from base64 import b64encode

import pytest

from securechat.cli.demonstration.page import Page
from securechat.cli.demonstration.verdict import conclude, tell_what_to_type
from securechat.cli.demonstration.witness import Witness
from securechat.errors import SecureChatError
from tests.pure.cli.demonstration.connections import Person

TEXT = "the cake is at noon"
ALICE, BOB = Person("Alice"), Person("Bob")


def witness_of(*envelopes: bytes) -> Witness:
    witness = Witness()
    witness.open_stream()(BOB.register())
    take = witness.open_stream()
    take(ALICE.register())
    for number, envelope in enumerate(envelopes):
        take(ALICE.send(BOB, (number, envelope)))
    return witness


def verdict(witness: Witness, *texts: str) -> str:
    lines: list[str] = []
    conclude(Page(lines.append, 100), witness, texts)
    return " ".join(" ".join(lines).split())


def test_the_good_end() -> None:
    witness = witness_of(bytes(512), bytes(600), bytes(512))
    said = verdict(witness, TEXT, "another text")
    assert "The relay saw 3 envelopes, 1,624 bytes; none of the 2 texts is in them." in said
    assert f"all {sum(map(len, witness.streams)):,} bytes" in said
    assert "does find Alice and Bob" in said
    assert "but for" not in said


@pytest.mark.parametrize(
    ("leak", "form"),
    [
        (TEXT.encode(), "as typed"),
        (TEXT.encode().hex().encode(), "in hex"),
        (b64encode(b"x" + TEXT.encode()), "in base64"),
    ],
)
def test_a_text_that_the_relay_could_read_is_an_error(leak: bytes, form: str) -> None:
    with pytest.raises(SecureChatError, match=f"could read '{TEXT}'.*{form}") as caught:
        verdict(witness_of(bytes(512), bytes(99) + leak), "another text", TEXT)
    assert caught.value.try_next


def test_texts_that_would_turn_up_anyway_are_left_out_and_that_is_said() -> None:
    said = verdict(witness_of(bytes(512)), "hi", "secure", TEXT)
    assert "1 envelope, 512 bytes; the one text is not in them." in said
    assert "but for 2 texts shorter than 6 bytes" in said


def test_without_any_text_nothing_is_claimed() -> None:
    said = verdict(witness_of())
    assert "The relay saw 0 envelopes, 0 bytes; there was no text to search them for." in said


def test_a_search_that_finds_nothing_at_all_is_an_error() -> None:
    class Blind(Witness):
        streams = ()

    blind = Blind()
    blind.open_stream()(ALICE.register())
    with pytest.raises(SecureChatError, match="search misses what is there: Alice"):
        verdict(blind, TEXT)


@pytest.mark.parametrize("offered", [True, False])
def test_a_seat_is_offered_to_those_who_had_none(offered: bool) -> None:
    lines: list[str] = []
    tell_what_to_type(Page(lines.append, 100), offer_seat=offered)
    assert any("demo --interactive" in line for line in lines) is offered
