"""What the relay sees, told as it is."""

from datetime import UTC, datetime

from securechat.client import events as e
from securechat.faces.screen.drawing.relay_page import SENTENCES, lay_out_relay_view, relay_title
from securechat.faces.screen.drawing.spans import Line, width_of
from tests.pure.faces.sample_events import NOON_MS

NOW = datetime.fromtimestamp(NOON_MS / 1000, UTC)
THEIRS, OWN = "9f2c41aa" * 4, "77aa0123" * 4
VIEW = e.RelayView(
    "bob",
    OWN,
    (
        e.Sighting(NOON_MS, True, THEIRS, 1024, False),
        e.Sighting(NOON_MS + 1000, False, OWN, 512, False),
        e.Sighting(NOON_MS + 2000, True, "00" * 16, 512, True),
    ),
)


def rows(lines: list[Line]) -> list[str]:
    return ["".join(part.text for part in line).rstrip() for line in lines]


def test_every_envelope_is_listed_with_its_sums() -> None:
    shown = rows(lay_out_relay_view(VIEW, 200, NOW))
    assert shown == [
        *(line for sentence in SENTENCES for line in (sentence, "")),
        "In this run, 3 in all:",
        "2 handed in, for 2 mailboxes, 1,536 bytes",
        "1 delivered to this device, 512 bytes",
        "",
        "15:06:42    512 B  to 00000000  typing",
        "15:06:41    512 B  to you",
        "15:06:40  1,024 B  to 9f2c41aa",
    ]


def test_the_title_says_of_whom() -> None:
    assert relay_title(VIEW) == "What the relay sees: bob"
    assert relay_title(e.RelayView(None, OWN, ())) == "What the relay sees: everything"


def test_a_narrow_page_breaks_its_sentences() -> None:
    for columns in (40, 60, 132):
        lines = lay_out_relay_view(VIEW, columns, NOW)
        assert max(map(width_of, lines)) <= columns
        assert " ".join(" ".join(rows(lines)).split()).startswith(" ".join(SENTENCES))
