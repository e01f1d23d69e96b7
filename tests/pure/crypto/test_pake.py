import pytest

from securechat.crypto.pake import MESSAGE_SIZE_BYTES, Pake
from securechat.errors import LocalProtocolError, RemoteProtocolError
from tests.pure.crypto.reference import spake2

WORDS, IDS = b"otter-lime-sofa", (b"slot 7, opener", b"slot 7, joiner")
FIELD = 2**255 - 19
SIGN = 1 << 255


def pake(
    *, opener: bool, password: bytes = WORDS, ids: tuple[bytes, bytes] = IDS, entropy: bytes = b"x"
) -> Pake:
    return Pake(
        opener=opener,
        password=password,
        opener_id=ids[0],
        joiner_id=ids[1],
        draw=lambda size_bytes: (entropy * size_bytes)[:size_bytes],
    )


def keys(opener: Pake, joiner: Pake) -> tuple[bytes, bytes]:
    return opener.finish(joiner.message), joiner.finish(opener.message)


def test_the_same_words_give_the_same_key_and_those_of_the_definition() -> None:
    opener, joiner = pake(opener=True, entropy=b"a"), pake(opener=False, entropy=b"b")
    x, y, key = spake2(WORDS, IDS, (b"a" * 64, b"b" * 64))
    assert (opener.message, joiner.message) == (b"A" + x, b"B" + y)
    assert len(opener.message) == MESSAGE_SIZE_BYTES
    assert keys(opener, joiner) == (key, key)


def test_the_system_s_randomness_is_drawn_anew_each_time() -> None:
    first, second = (
        Pake(opener=True, password=WORDS, opener_id=b"", joiner_id=b"") for _ in range(2)
    )
    assert first.message != second.message


@pytest.mark.parametrize("password", [b"otter-lime-soda", b"", WORDS + b"\0"])
def test_other_words_give_other_keys(password: bytes) -> None:
    one, other = keys(pake(opener=True, entropy=b"a"), pake(opener=False, password=password))
    assert one != other


@pytest.mark.parametrize("ids", [(IDS[0], b"slot 8, joiner"), (b"slot 8", IDS[1]), IDS[::-1]])
def test_the_same_words_for_another_slot_give_other_keys(ids: tuple[bytes, bytes]) -> None:
    one, other = keys(pake(opener=True, entropy=b"a"), pake(opener=False, ids=ids))
    assert one != other


@pytest.mark.parametrize("opener", [True, False])
def test_the_own_message_sent_back_is_refused(opener: bool) -> None:
    with pytest.raises(RemoteProtocolError):
        (side := pake(opener=opener)).finish(side.message)


@pytest.mark.parametrize("opener", [True, False])
def test_the_own_point_under_the_letter_of_the_other_side_is_refused(opener: bool) -> None:
    side = pake(opener=opener)
    letter = b"B" if opener else b"A"
    with pytest.raises(RemoteProtocolError):
        side.finish(letter + side.message[1:])


def test_two_of_one_side_do_not_agree() -> None:
    with pytest.raises(RemoteProtocolError):
        pake(opener=True).finish(pake(opener=True, entropy=b"y").message)


@pytest.mark.parametrize("size_bytes", [size for size in range(41) if size != MESSAGE_SIZE_BYTES])
def test_another_size_is_refused(size_bytes: int) -> None:
    whole = pake(opener=False, entropy=b"y").message + bytes(10)
    with pytest.raises(RemoteProtocolError):
        pake(opener=True).finish(whole[:size_bytes])


@pytest.mark.parametrize(
    "point",
    [
        1,
        1 | SIGN,
        FIELD + 1,
        (FIELD + 1) | SIGN,
        FIELD - 1,
        0,
        SIGN,
        FIELD,
        2,
        2**256 - 1,
    ],
    ids=[
        "zero",
        "zero with a sign",
        "zero, not reduced",
        "zero, not reduced, with a sign",
        "order 2",
        "order 4",
        "order 4 with a sign",
        "order 4, not reduced",
        "not on the curve",
        "all ones",
    ],
)
def test_what_is_no_point_of_the_prime_order_in_its_one_encoding_is_refused(point: int) -> None:
    with pytest.raises(RemoteProtocolError):
        pake(opener=True).finish(b"B" + point.to_bytes(32, "little"))


def test_a_point_with_a_part_of_low_order_is_refused() -> None:
    """Minus a point of prime order, plus the one of order 2: (x, y) becomes (x, -y)."""
    y = int.from_bytes(pake(opener=False).message[1:], "little")
    mixed = (FIELD - (y & (SIGN - 1))) | (y & SIGN)
    with pytest.raises(RemoteProtocolError):
        pake(opener=True, entropy=b"a").finish(b"B" + mixed.to_bytes(32, "little"))


def test_a_second_message_is_not_taken_whether_the_first_was_good_or_not() -> None:
    good = pake(opener=False, entropy=b"y").message
    after_good, after_bad = pake(opener=True), pake(opener=True)
    after_good.finish(good)
    with pytest.raises(RemoteProtocolError):
        after_bad.finish(b"")
    for side in (after_good, after_bad):
        with pytest.raises(LocalProtocolError):
            side.finish(good)


def test_it_shows_nothing() -> None:
    assert repr(pake(opener=True)) == "Pake(secret)"
