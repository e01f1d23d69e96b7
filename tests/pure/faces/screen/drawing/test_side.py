"""The list of conversations: what is where, and what is said when there is no room for all."""

from hypothesis import given
from hypothesis import strategies as st

from securechat.faces.screen.drawing.facts import Place
from securechat.faces.screen.drawing.side import side_lines
from securechat.faces.screen.drawing.spans import Line, Look
from tests.pure.faces.screen.drawn import check_drawable, texts_of


def place(
    name: str,
    unread: int = 0,
    *,
    mention: bool = False,
    trust: str = "",
    online: bool | None = None,
    muted: bool = False,
) -> Place:
    return Place(name, name.startswith("#"), unread, mention, trust, online, muted)


PLACES = [
    place("#lobby"),
    place("#ops", 2, muted=True),
    place("bob", 1, trust="verified", online=True),
    place("carol", 3, mention=True, trust="new", online=True),
    place("alexandria", 120, trust="verified", online=False),
    place("dave", trust="CHANGED"),
]


def look_of(lines: list[Line], text: str) -> Look:
    return next(part.look for line in lines for part in line if text in part.text)


def test_rooms_stand_above_people_with_all_that_is_known() -> None:
    assert texts_of(side_lines(PLACES, "#ops", 26, 10, unicode=True)) == [
        "ROOMS                    │",
        "  #lobby                 │",
        "▸ #ops          muted   2│",
        "PEOPLE                   │",
        " •bob        verified   1│",
        " •carol           new  @3│",
        "  alexandria verified 99+│",
        "  dave        CHANGED    │",
        "                         │",
        "                         │",
    ]


def test_where_there_is_little_room_and_only_ascii() -> None:
    assert texts_of(side_lines(PLACES, "bob", 20, 8, unicode=False)) == [
        "ROOMS              |",
        "  #lobby           |",
        "  #ops    muted   2|",
        "PEOPLE             |",
        ">+bob  verified   1|",
        " +carol     new  @3|",
        "  alexandria  * 99+|",
        "  dave  CHANGED    |",
    ]
    long = place("maximiliane.von.hohenstein", trust="CHANGED")
    assert texts_of(side_lines([long], None, 20, 2, unicode=True))[1] == "  maxi… CHANGED    │"
    verified = place("maximiliane.von.hohenstein", 9, trust="verified")
    assert texts_of(side_lines([verified], None, 20, 2, unicode=True))[1] == "  maximilian… ✓   9│"


def test_of_too_many_those_around_the_current_one_are_shown() -> None:
    people = [place(f"p{number:02}", number % 2, trust="new") for number in range(20)]
    lines = texts_of(side_lines(people, "p10", 26, 5, unicode=True))
    assert [line[:-1].rstrip() for line in lines] == [
        "  9 above, 4 unread",
        "  p09             new   1",
        "▸ p10             new",
        "  p11             new   1",
        "  8 below, 4 unread",
    ]
    quiet = [place(f"p{number:02}") for number in range(20)]
    assert texts_of(side_lines(quiet, None, 20, 3, unicode=True))[2] == "  19 below         │"


def test_what_is_current_unread_or_changed_has_its_look() -> None:
    lines = side_lines(PLACES, "#lobby", 26, 9, unicode=True)
    assert look_of(lines, "#lobby") is Look.SIDE_CURRENT
    assert look_of(lines, "#ops") is Look.SIDE  # it is muted
    assert look_of(lines, "carol") is Look.SIDE_UNREAD
    assert look_of(lines, "CHANGED") is Look.CHANGED
    loud = place("#ops", 1, mention=True, muted=True)
    assert look_of(side_lines([loud], None, 26, 9, unicode=True), "#ops") is Look.SIDE_UNREAD


def test_no_number_stands_behind_a_name_that_is_read_from_the_right() -> None:
    """A terminal that reorders would draw it, and the time beside it, before the name."""
    names = (
        "#\u05e9\u05dc\u05d5\u05dd",
        "\u05e9\u05dc\u05d5\u05dd" * 8,
        "\u0633\u0644\u0627\u0645",
    )
    places = [place(names[0], 3), place(names[1], 2, trust="verified"), place(names[2], 1)]
    lines = texts_of(side_lines(places, None, 20, 5, unicode=True))
    assert [line.split()[-2] for line in (lines[1], lines[3], lines[4])] == [
        "room", "verified", "person",
    ]  # fmt: skip


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 30), st.integers(-1, 30))
def test_it_fills_its_place(width: int, height: int, count: int, current: int) -> None:
    places = [place(f"{'#' * (n < 5)}日本{n}", n, trust="verified") for n in range(count)]
    name = places[current].name if 0 <= current < count else None
    lines = side_lines(places, name, width, height, unicode=True)
    check_drawable(lines, width)
    assert len(lines) == height
    if name is not None and height >= 3 and width >= 20:
        assert sum(text.startswith("▸") for text in texts_of(lines)) == 1
