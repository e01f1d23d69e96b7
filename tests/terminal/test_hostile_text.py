"""Text that wants to be more than text, from a peer who cleans nothing, and as it is typed.

The peer is a `securechat.Client` in this process, the checks of its own side taken out. The victims
are real commands: on a terminal whose every byte is looked at, in lines, and as JSON.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pyte
import pytest

from securechat import Client as Bot
from securechat.client import events as e
from securechat.identity.roster import RosterEntry, RosterMember
from securechat.identity.types import Name, UserKey
from securechat.text import MARKS_MAX
from tests.hostile_texts import CONTROLS, FAMILY, FORGED, REORDERING, TRICKS
from tests.processes import FAILURE_S, Client, Process, Relay, chatting, relaying, run, running
from tests.terminal.seat import COLUMNS, CTRL_C, ENTER, ROWS, Terminal, seen_on, sitting_at

OUR_SEQUENCES = re.compile(
    rb"\x1b\[(?:"
    rb"[0-9;]*m"  # how text looks
    rb"|\d*[ABCD]"  # the cursor, some cells or lines from here
    rb"|[KJ]"  # erase to the end of the line, or of the screen
    rb"|\?25[hl]|\?12[hl]"  # the cursor is seen or not, and does not blink
    rb"|\?7[hl]"  # whether long lines are broken
    rb"|\?2004[hl]"  # pastes are told from typing
    rb"|\?1l"  # the arrow keys send what they always do
    rb")"
)
"""All that a terminal is ever told by us."""

TOPICS = ("\u202eegap\u202c [/b] [TODO]", "e" + "\u0301" * 255, FAMILY * 30 + FORGED[0])
BAD_TOPICS = ("x\x1b[2J", f"x\n{FORGED[0]}", f"x\r{FORGED[0]}", "x\u2028y", "\x9b31m")
LAST_WORDS = "the very end"
BAD_NAMES = ("eve\x1b[2J", "eve\n[SERVER]", "\u202eeve", "[SERVER] bob", "bob: mine")
BAD_ROOMS = ("ops\x1b[2J", "ops\n[SERVER]", "o\u202eps", "o" + "\u0301" * 40, "ops] bob", "lobby ")
PROBLEMS = 2 * len(BAD_ROOMS) + len(BAD_TOPICS) + len(BAD_NAMES)
"""An invitation is two rosters: the room's first one, and that which lists the invited."""


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take out what would keep a client of this process from sending anything at all."""

    def parse_room(typed: str) -> tuple[Name, str]:
        return Name(typed.removeprefix("#")), ""

    monkeypatch.setattr("securechat.client.state.room_book.parse_room", parse_room)
    monkeypatch.setattr("securechat.client.rooms.rooms.parse_room", parse_room)
    monkeypatch.setattr("securechat.e2e.roster_making.parse_name", Name)
    monkeypatch.setattr("securechat.e2e.roster_making.is_topic", lambda text: True)
    monkeypatch.setattr(RosterEntry, "verify", lambda self, relay_id: None)


@dataclass
class Victims:
    """One person at each face, and bob, who is honest and whom the peer plays."""

    tom: Terminal
    pia: Process
    jil: Process
    bob: Client
    heard: tuple[list[str], list[str]] = field(default_factory=lambda: ([], []))
    """What pia and jil have printed, as far as it was read."""

    def hear(self, text: str) -> None:
        """Wait until the next line with this text has come to pia and to jil."""
        for piped, heard in zip((self.pia, self.jil), self.heard, strict=True):
            heard += piped.read_until(text).split("\n")


@pytest.fixture
def victims(relay: Relay, tmp_path: Path) -> Iterator[Victims]:
    def flags(name: str) -> tuple[str, ...]:
        return ("--name", name, *relay.flags)

    with ExitStack() as stack:
        bob = stack.enter_context(chatting(tmp_path / "bob", *flags("bob")))
        bob.expect("room", room="#lobby", change="entered")
        tom = stack.enter_context(sitting_at("client", *flags("tom"), home=tmp_path / "tom"))
        pia, jil = (
            stack.enter_context(running("client", face, *flags(name), home=tmp_path / name))
            for face, name in (("--plain", "pia"), ("--json", "jil"))
        )
        pia.read_until("[SERVER] You are in #lobby")
        jil.read_until('"change":"entered"')
        tom.see("[SERVER] You are in #lobby")
        tom.enter("/notify off")
        tom.see("Notifications are off")
        yield Victims(tom, pia, jil, bob)


@pytest.fixture
def mallory(relay: Relay, victims: Victims, tmp_path: Path, unchecked: None) -> Iterator[Bot]:
    home = tmp_path / "mallory"
    with Bot("mallory", relay.address, ca=relay.ca, home=home, lobby=True) as bot:
        wait_for(bot, e.RoomNews)
        victims.tom.see("[SERVER] mallory joined the chat!")
        yield bot


def wait_for(bot: Bot, kind: type[e.Event]) -> None:
    """Wait until the peer hears an event."""
    assert any(isinstance(event, kind) for event in bot.events(FAILURE_S))


def write_everything(mallory: Bot, victims: Victims) -> None:
    """Send each victim all tricks: as text of each kind, as an action, as a topic, as an answer."""
    mallory.create("#ops")
    mallory.invite("#ops", "tom", "pia", "jil")
    victims.tom.see("invites you to #ops")
    victims.tom.enter("/join #ops")
    victims.tom.see_last("#ops >")
    victims.hear("invit")  # invites, or invitation
    for piped in (victims.pia, victims.jil):
        piped.types("/join #ops")
    victims.bob.send("I am bob")
    victims.tom.see("[#lobby] bob (new): I am bob")
    for text in TRICKS:
        for target in ("#lobby", "#ops", "tom", "pia", "jil"):
            last = mallory.send(target, text)
    mallory.wait_for(last)
    for text in TRICKS:
        mallory.send("#lobby", text, action=True)
        mallory.send("#lobby", "again", reply_to="mallory")
    for topic in TOPICS:
        mallory.topic("#ops", topic)
    victims.bob.send("I am bob")
    victims.tom.see("[#lobby] bob: I am bob")
    mallory.send("#ops", LAST_WORDS)


def list_somebody(mallory: Bot, room: str, name: str) -> None:
    """Put somebody into a room whom nobody knows, under a name of one's own making."""
    here = mallory._engine._here
    rooms = here.parts.questions._rooms

    def change() -> None:
        closed = here.desk.rooms.closed(room)
        somebody = RosterMember(UserKey(b"\xff" * 32), admin=False, name=Name(name))
        rooms._change(closed.room_id, closed.members | {somebody.user_key: somebody})

    mallory._engine._calls.put(change)


def send_what_does_not_hold(mallory: Bot) -> None:
    """Invite to rooms with names that none can have, make topics and people that cannot be."""
    for room in BAD_ROOMS:
        mallory.create(f"#{room}")
        mallory.invite(f"#{room}", "tom", "pia", "jil")
    for number, topic in enumerate(BAD_TOPICS):
        room = f"#t{number}"
        mallory.create(room)
        mallory.invite(room, "tom", "pia", "jil")
        mallory.topic(room, topic)
    for number, name in enumerate(BAD_NAMES):
        room = f"#n{number}"
        mallory.create(room)
        mallory.invite(room, "tom", "pia", "jil")
        list_somebody(mallory, room, name)


MALLORY = r"(?:\[#(?:lobby|ops)\] )?(?:\* )?mallory(?: \(.*?\))?(?::| |$)"
HONEST = (
    r"#(?:lobby|ops)(?: \[\d+ (?:in|from) \S+(?:, \d+ (?:in|from) \S+)*\])? >(?: /join #ops)?",
    r"\[#lobby\] bob(?: \(new\))?: I am bob",
    r"\[SERVER\] mallory joined the chat!",
    r"\[SERVER\] mallory (?:\(new\) )?invites you to #(?:ops|[tn]\d), a closed room of 4 .*",
    r"\[SERVER\] You are in #ops, a closed room\. It has no topic\.",
    r"You are writing to #ops now\.",
    r"\[SERVER\] #ops: (?:tom|pia|jil) joined\.",
    r"\[SERVER\] #ops: mallory changed the topic\. Topic:.*",
    r"\[Problem\] mallory sent (?:an invitation|a change of #[tn]\d) that does not hold: .*",
)
"""The lines that may stand at the left edge while mallory writes, but for mallory's own."""


def check_lines(lines: Sequence[str]) -> None:
    """Check that each line at the left edge is ours, or says who wrote it."""
    edge = [line for line in lines if line and not line.startswith("    ")]
    allowed = re.compile("|".join((MALLORY, *(f"(?:{each})$" for each in HONEST))))
    assert [line for line in edge if not allowed.match(line)] == []
    assert len([line for line in edge if line.startswith("[#lobby] bob")]) == 2
    assert not [line for line in lines if CONTROLS.search(line) or REORDERING.search(line)]
    assert any("[/b] [TODO] [bold red]x[/]" in line for line in lines)
    marks = max(len(run) for line in lines for run in re.findall("\u0301+", line))
    assert 0 < marks <= MARKS_MAX


def shown_without_joining(raw: bytes) -> list[str]:
    """Return the lines that a terminal shows which draws each character of an emoji by itself."""
    screen = pyte.HistoryScreen(COLUMNS, ROWS, history=10_000)
    joiners = "\u200d\ufe0f".encode()
    text = raw.replace(joiners[:3], b"").replace(joiners[3:], b"")
    pyte.ByteStream(screen).feed(text)
    return seen_on(screen)


def check_terminal(tom: Terminal) -> None:
    """Check every byte that the terminal got, and what a poor one would show of it."""
    rest = OUR_SEQUENCES.sub(b"", tom.raw)
    assert b"\x1b" not in rest
    assert not CONTROLS.search(rest.decode())
    assert not REORDERING.search(rest.decode())
    lines = shown_without_joining(tom.raw)
    check_lines(lines[lines.index("[SERVER] mallory joined the chat!") :])
    assert tom.text.count("mallory sent an invitation that does not hold") == 2 * len(BAD_ROOMS)


def check_json(lines: Sequence[str]) -> None:
    """Check that each line is an object in ASCII, and that each text is there as it was sent."""
    assert all(line.isascii() and line.isprintable() for line in lines)
    events = list(map(json.loads, lines))
    heard = [each for each in events if each["event"] == "message" and each["from"] == "mallory"]
    for room, others in (("#lobby", ("again",)), ("#ops", (LAST_WORDS,)), (None, ())):
        texts = [
            each["text"]
            for each in heard
            if (each.get("room"), each.get("action", False)) == (room, False)
        ]
        assert [text for text in texts if text not in others] == list(TRICKS)
    assert [each["text"] for each in heard if each.get("action")] == list(TRICKS)
    topics = [each["topic"] for each in events if each.get("change") == "topic"]
    assert topics == list(TOPICS)
    problems = [each for each in events if each["event"] == "error"]
    assert len(problems) == PROBLEMS


def test_what_a_peer_writes_is_shown_as_the_text_of_that_peer(
    victims: Victims, mallory: Bot
) -> None:
    write_everything(mallory, victims)
    victims.tom.see(LAST_WORDS)
    send_what_does_not_hold(mallory)
    last_problem = f"a change of #n{len(BAD_NAMES) - 1} that does not hold"
    victims.tom.see(last_problem)
    check_terminal(victims.tom)
    mallory.send("#ops", LAST_WORDS)
    for _ in range(2):
        victims.hear(LAST_WORDS)
    for piped, heard in zip((victims.pia, victims.jil), victims.heard, strict=True):
        piped.types("/quit")
        assert piped.finish() == 0
        heard += iter(piped.read_line, None)
    lines, objects = victims.heard
    check_lines(lines[lines.index("[SERVER] mallory joined the chat!") :])
    problems = victims.pia.stderr.splitlines()
    assert [line for line in problems if not re.fullmatch(HONEST[-1], line)] == []
    assert len(problems) == PROBLEMS
    check_json(objects)


MARKS = "e" + "\u0301" * 100_000
NAME_RULE = r"A name (?:has|begins with)"
TYPED = (
    (b"x" * 1024 * 1024 + b"x", r"An input line has more than 1,048,576 bytes"),
    (b"x" * 1_000_000, r"The text has 1,000,000 bytes, a message holds 8,192"),
    (b"/msg bob " + b"x" * 1_000_000, r"The text has 1,000,000 bytes, a message holds 8,192"),
    (MARKS.encode(), r"The text has 200,001 bytes, a message holds 8,192"),
    (b"\xff\xfe", r"An input line is not UTF-8"),
    (b"/msg bob \xff\xfe", r"An input line is not UTF-8"),
    (f"/create #{MARKS}".encode(), NAME_RULE),
    (b"/create #" + b"x" * 1_000_000, NAME_RULE),
    (b"/create #ops\x1b[2J", NAME_RULE),
    (b"/invite #ops \x9b31m".decode("latin-1").encode(), NAME_RULE),
    (b"/topic #mine " + b"x" * 1_000_000, r"A topic is one line of up to 256 characters"),
    (b"/topic #mine x\x1b[2J", r"A topic is one line of up to 256 characters"),
    (f"/msg {MARKS} hi".encode(), NAME_RULE),
    (b"/msg b\x1b[31mob hi", NAME_RULE),
    (b"/\x1b[2Jdance", r"There is no command /.*dance"),
    (b"/" + b"x" * 1_000_000, r"There is no command /x+"),
)  # fmt: skip
"""Lines that are refused, and how the refusal begins, which may come after that of a later line."""


def problems_of(piped: Process, face: str) -> list[str]:
    """Return what the face said was wrong, once it has ended."""
    lines = list(iter(piped.read_line, None))
    assert not [line for line in lines if CONTROLS.search(line) or REORDERING.search(line)]
    if face == "--json":
        assert all(line.isascii() for line in lines)
        events = map(json.loads, lines)
        return [event["message"] for event in events if event["event"] == "error"]
    return [line.removeprefix("[Problem] ") for line in piped.stderr.splitlines()]


@pytest.mark.parametrize("face", ["--plain", "--json"])
def test_what_cannot_be_sent_is_refused_line_by_line(
    relay: Relay, tmp_path: Path, face: str
) -> None:
    ann, ben = (f"{name}{face.replace('--', '.')}" for name in ("ann", "ben"))
    flags = ("--name", ann, *relay.flags)
    with chatting(tmp_path / "ben", "--name", ben, *relay.flags) as other:
        other.expect("room", room="#lobby", change="entered")
        with running("client", face, *flags, home=tmp_path / "ann") as piped:
            other.expect("presence", name=ann, online=True)
            stdin = piped.process.stdin
            assert stdin
            stdin.write(b"/create #mine\n/msg #lobby before\n")
            stdin.write(b"".join(typed + b"\n" for typed, _ in TYPED) + b"after\n")
            stdin.close()
            assert other.expect("message", room="#lobby")["text"] == "before"
            assert other.expect("message", room="#lobby")["text"] == "after"
            assert piped.finish() == 0
            problems = problems_of(piped, face)
    assert len(problems) == len(TYPED)
    assert all(len(problem) < 300 for problem in problems)
    for begins, count in Counter(begins for _, begins in TYPED).items():
        assert sum(bool(re.match(begins, problem)) for problem in problems) == count


def test_a_dumb_terminal_does_not_break_lines_itself(relay: Relay, tmp_path: Path) -> None:
    with sitting_at(
        "client", "--name", "uma", *relay.flags, home=tmp_path / "uma", term="dumb"
    ) as uma:
        uma.see("[SERVER] You are in #lobby")
        with chatting(tmp_path / "vic", "--name", "vic", *relay.flags) as vic:
            vic.expect("room", room="#lobby", change="entered")
            vic.types(*(f"{'x' * count} {FORGED[0]}" for count in range(52, 64)), "that is all")
            uma.see("that is all")
        start, end = (
            next(number for number, line in enumerate(uma.lines) if text in line)
            for text in ("[#lobby] vic", "that is all")
        )
        told = ("[#lobby] vic", "    ", "[SERVER] vic joined", "[SERVER] ann", "[SERVER] ben")
        assert all(line.startswith(told) for line in uma.lines[start:end])
        assert b"\x1b" not in uma.raw


def test_what_is_pasted_into_a_terminal_is_refused_and_all_goes_on(
    relay: Relay, tmp_path: Path
) -> None:
    too_long = "The text has {:,} bytes, a message holds 8,192; nothing was sent."
    with sitting_at("client", "--name", "tia", *relay.flags, home=tmp_path) as tia:
        tia.see_last("#lobby >")
        for pasted, refusal in (
            (MARKS.encode(), too_long.format(len(MARKS.encode()))),
            (b"x" * 1_000_000, too_long.format(1_000_000)),
            (b"\xff\xfe", "The text holds bytes that are not UTF-8, nothing was sent."),
            (b"/msg b\x1b[31mob hi", "A name has only letters, digits and the signs . _ - in it."),
        ):
            tia.paste(pasted)
            tia.press(ENTER)
            tia.see(f"[Problem] {refusal}")
            tia.press(CTRL_C)
            tia.see_last("#lobby >")
        tia.enter("/who")
        tia.see("In #lobby:")
        assert b"\x1b" not in OUR_SEQUENCES.sub(b"", tia.raw)


@pytest.mark.parametrize(
    "name", [MARKS[:50_000], "\udcff\udcfe", "eve\x1b[2J", "[SERVER]", "\u202eve"]
)
def test_a_name_that_nobody_can_have_is_refused(relay: Relay, tmp_path: Path, name: str) -> None:
    status, stdout, stderr = run("client", "--name", name, *relay.flags, home=tmp_path)
    assert (status, stdout) == (6, "")
    assert re.match(rf"securechat: {NAME_RULE}.*\n  try: .*\n$", stderr)
    assert not CONTROLS.search(stderr)
