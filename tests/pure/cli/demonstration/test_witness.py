from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from securechat.cli.demonstration.witness import Sighting, Witness
from securechat.identity.types import Name
from tests.pure.cli.demonstration.connections import NOW_MS, Person, envelope_id

ALICE, BOB = Person("Alice"), Person("Bob")
HELLO_ALICE, HELLO_BOB = ALICE.register(), BOB.register()
SENT = ALICE.send(BOB, (1, b"first"), (2, b"second"))


def witnessed(*connections: list[bytes]) -> Witness:
    """Return a witness of connections, one after the other."""
    witness = Witness(lambda: NOW_MS)
    for connection in connections:
        take = witness.open_stream()
        for data in connection:
            take(data)
    return witness


def test_an_envelope_is_seen_with_all_that_the_relay_knows_of_it() -> None:
    witness = witnessed([HELLO_BOB], [HELLO_ALICE, SENT])
    expected = [
        Sighting(NOW_MS, Name("Alice"), Name("Bob"), BOB.mailbox, envelope_id(number), envelope)
        for number, envelope in ((1, b"first"), (2, b"second"))
    ]
    assert witness.sightings == tuple(expected)
    assert witness.find(envelope_id(2)) == expected[1]


def test_every_byte_is_kept() -> None:
    witness = witnessed([HELLO_BOB], [HELLO_ALICE, SENT[:7]])
    assert witness.streams == (HELLO_BOB, HELLO_ALICE + SENT[:7])


@given(st.lists(st.integers(0, len(HELLO_ALICE + SENT)), max_size=10))
def test_it_does_not_matter_how_the_bytes_are_cut(cuts: list[int]) -> None:
    whole = HELLO_ALICE + SENT
    edges = [0, *sorted(cuts), len(whole)]
    pieces = [whole[low:high] for low, high in pairwise(edges)]
    witness, expected = witnessed([HELLO_BOB], pieces), witnessed([HELLO_BOB], [whole])
    assert witness.sightings == expected.sightings
    assert witness.streams == expected.streams


def test_an_envelope_that_comes_again_is_one_envelope() -> None:
    witness = witnessed([HELLO_BOB], [HELLO_ALICE, SENT], [HELLO_ALICE, SENT])
    assert len(witness.sightings) == 2
    assert len(witness.streams) == 3


def test_what_is_public_is_told() -> None:
    witness = witnessed([HELLO_BOB], [HELLO_ALICE])
    assert witness.names == ("Bob", "Alice")
    assert witness.public_words == ("Bob", "Alice", "securechat/0.1.0")


def test_the_bytes_of_an_envelope_do_not_show_in_a_log() -> None:
    assert "first" not in repr(witnessed([HELLO_BOB], [HELLO_ALICE, SENT]).sightings)
