"""What Tab makes of a line."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.client import events as e
from securechat.client.command_help import HELP
from securechat.faces import completion
from securechat.faces.completion import SHOWN_MAX, Completion, complete
from securechat.faces.session.known import Known

ROOM_HELP = (
    ("/msg TARGET text", ""),
    ("/invite [ROOM] NAME…", ""),
    ("/kick [#ROOM] NAME", ""),
    ("/topic [ROOM] [TEXT]", ""),
    ("/mute [TARGET], /unmute [NAME|ROOM]", ""),
    ("/notify [off|dm|mentions|all]", ""),
    ("/join ROOM", ""),
    ("/reply TO text", ""),
    ("/pair ROOM NAME", ""),
    ("//text", ""),
)
NAMES, ROOMS = ("Bob", "bobby", "carol"), ("#lobby", "#ops")


@pytest.fixture
def known() -> Known:
    heard = Known()
    heard.hear(e.People(NAMES))
    for room in ROOMS:
        heard.hear(e.RoomNews(room, e.RoomChange.ENTERED))
    return heard


@pytest.fixture
def _rooms(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have a help with all kinds of arguments."""
    monkeypatch.setattr(completion, "HELP", ROOM_HELP)
    completion._arguments.cache_clear()
    yield
    completion._arguments.cache_clear()


def candidates(line: str, known: Known) -> tuple[str, ...]:
    found = complete(line, known)
    return () if found is None else found.candidates


def completed(line: str, known: Known) -> str:
    """Return the line after Tab."""
    found = complete(line, known)
    return line if found is None else line.removesuffix(found.typed) + found.insertion


@pytest.mark.parametrize("usage", [usage for usage, _ in HELP if not usage.startswith("//")])
def test_every_command_of_the_help_is_typed_to_its_end(usage: str, known: Known) -> None:
    command = usage.split()[0].rstrip(",")
    assert command in candidates(command[:-1], known)
    assert command in candidates("/", known)
    assert completed(f"  {command.upper()}", known) in (f"  {command} ", f"  {command.upper()}")


@pytest.mark.parametrize("line", ["//", "/nothing", "", " ", "hello", "hello /", "/usr/lib/", "b"])
def test_what_is_no_beginning_stays(line: str, known: Known) -> None:
    assert complete(line, known) is None


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("/msg c", "/msg carol "),
        ("/MSG CAR", "/MSG carol "),
        ("  /msg\tc", "  /msg\tcarol "),
        ("/verify b", "/verify Bob"),
        ("/verify q", "/verify q"),
        ("/verify Bob q", "/verify Bob qr "),
        ("/verify Bob e", "/verify Bob emoji "),
        ("/petname carol c", "/petname carol c"),
        ("/msg carol c", "/msg carol c"),
        ("/who c", "/who c"),
        ("@c", "@carol "),
        ("ask (@CA", "ask (@carol "),
        ("/msg bobby hi @c", "/msg bobby hi @carol "),
        ("line one\n@c", "line one\n@carol "),
        ("me@c", "me@c"),
        ("ca", "carol "),
        ("thanks CAR", "thanks carol "),
        ("bo", "Bob"),
        ("see #o", "see #ops "),
        ("thanks c", "thanks c"),
        ("cargo", "cargo"),
        ("@@c", "@@c"),
    ],
)
def test_names(line: str, after: str, known: Known) -> None:
    assert completed(line, known) == after


def test_what_all_have_in_common_is_typed_and_then_they_are_listed(known: Known) -> None:
    assert completed("/msg b", known) == "/msg Bob"
    again = complete("/msg Bob", known)
    assert again is not None
    assert again.insertion == again.typed
    assert again.listing.text == "Bob, bobby"


@pytest.mark.usefixtures("_rooms")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/msg ", (*ROOMS, *NAMES)),
        ("/msg #", ROOMS),
        ("/msg #ops ", ()),
        ("/invite ", (*ROOMS, *NAMES)),
        ("/invite #ops ", NAMES),
        ("/invite #ops bob ca", ("carol",)),
        ("/kick #o", ("#ops",)),
        ("/kick #ops car", ("carol",)),
        ("/kick #ops carol ", ()),
        ("/topic ", ROOMS),
        ("/topic #ops ", ()),
        ("/mute ", (*ROOMS, *NAMES)),
        ("/unmute #l", ("#lobby",)),
        ("/un", ("/unmute",)),
        ("/notify ", ("off", "dm", "mentions", "all")),
        ("/notify m", ("mentions",)),
        ("/notify dm ", ()),
        ("/join ", ROOMS),
        ("/pair ", ROOMS),
        ("/pair #ops ", NAMES),
        ("/reply c", ("carol",)),
        ("/reply carol c", ()),
    ],
)
def test_arguments_are_those_of_the_help(
    line: str, expected: tuple[str, ...], known: Known
) -> None:
    assert candidates(line, known) == expected


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("well :thumbs_u", "well :thumbs_up:"),
        (":SMILE_", ":smile_cat:"),
        (":smile::thumbs_u", ":smile::thumbs_up:"),
        ("/msg carol (:thumbs_u", "/msg carol (:thumbs_up:"),
        ("std::smile_", "std::smile_"),
        ("12:smile_", "12:smile_"),
        (":", ":"),
        (":nosuchcode", ":nosuchcode"),
    ],
)
def test_codes_of_emoji(line: str, after: str, known: Known) -> None:
    assert completed(line, known) == after


def test_the_shortest_codes_are_listed_first_and_not_all(known: Known) -> None:
    found = complete(":smi", known)
    assert found is not None
    assert found.candidates[0] == ":smile:"
    assert ":smiley:" in found.candidates
    listing = Completion("x", tuple(f"x{number:04}" for number in range(1000))).listing.text
    assert listing.endswith(f"x{SHOWN_MAX - 1:04}, and {1000 - SHOWN_MAX} more")


@given(st.text(), st.lists(st.text(max_size=5)))
def test_any_line_with_any_names_completes_to_its_own_beginning(
    line: str, names: list[str]
) -> None:
    heard = Known()
    heard.hear(e.People(tuple(names)))
    heard.hear(e.RoomList(()))
    found = complete(line, heard)
    if found is not None:
        assert line.endswith(found.typed)
        beginning = found.typed.casefold()
        assert all(one.casefold().startswith(beginning) for one in found.candidates)
