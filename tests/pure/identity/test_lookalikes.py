import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.errors import NameInvalid
from securechat.identity.lookalikes import name_skeletons
from securechat.identity.names import name_key, parse_name
from securechat.identity.types import Name

MANY = 12_000


def names(text: str) -> list[Name]:
    return [parse_name(word) for word in text.split()]


def are_alike(one: str, other: str) -> bool:
    return bool(name_skeletons(parse_name(one)) & name_skeletons(parse_name(other)))


@pytest.mark.parametrize(
    "alike",
    [
        "alice ALICE aIice ALlCE al1ce",
        "ALICE alice aIice ALlCE al1ce",
        "Ivan lvan 1van ivan",
        "ivan lvan 1van Ivan",
        "user.io User.lo",
        "bob BOB b0b B0B",
        "user1 userl userI USER1",
        "user10 user1O userl0",
        "mallory rnallory MALLORY rnaIlory",
        "modern modem",
        "coco сосо СОСО",
        "scope ѕсоре",
        "mom МОМ",
        "NINA ΝΙΝΑ",
        "ilhan i\u0307lhan \u0131lhan \u0131\u0307lhan İlhan",
        "ia іа і\u0307а",
        "straße STRASSE",
        "ZO ΖΟ",
        "o ο о օ ס 0",
        "五ロ 五口",
        "bob bob. bob_ BOB- b0b._-",
        "jean-luc jean--luc Jean-_luc jean-luc-",
        "ааа ααα aaa",
    ],
)
def test_names_that_look_alike_share_a_skeleton(alike: str) -> None:
    first, *others = names(alike)
    for other in others:
        assert are_alike(first, other)


@pytest.mark.parametrize(
    "different",
    [
        "alice alicia alise",
        "bob rob",
        "zoe zoë",
        "u1 u2",
        "Анна Анин",
        "mei mel Mel",
        "kai KAL",
        "明 朋",
        "jean-luc jeanluc jean.luc",
        "user-1 user1 user_1",
    ],
)
def test_names_that_look_different_do_not(different: str) -> None:
    first, *others = names(different)
    assert not any(are_alike(first, other) for other in others)


@pytest.mark.parametrize("stem", ["u", "user", "guest-", "l", "O", "", "m"])
def test_no_two_numbers_look_alike(stem: str) -> None:
    skeletons = [name_skeletons(Name(f"{stem}{number}")) for number in range(0, MANY, 7)]
    assert len(frozenset().union(*skeletons)) == sum(map(len, skeletons))


def test_a_mark_is_seen_unless_it_is_the_dot_of_an_i() -> None:
    assert not are_alike("a\u0307", "a")
    assert not are_alike("i\u0323", "i")


@given(st.text("aAiIlLoOmMnNrR01ßıİ\u0307οОаА", min_size=1, max_size=6))
def test_names_with_one_key_look_alike(text: str) -> None:
    try:
        one, other = parse_name(text), parse_name(text.swapcase())
    except NameInvalid:
        return
    if name_key(one) == name_key(other):
        assert are_alike(one, other)
