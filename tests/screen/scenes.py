"""Scenes on the full screen: what alice sees of a town of which everything is made up.

Used by the snapshots and by `scripts/screenshots`.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from msgspec.structs import replace

from securechat.client import commands as c
from securechat.client import events as e
from tests.screen.driving import NOW, Game, message

NOW_MS = int(NOW.timestamp() * 1000)
FINGERPRINT = "9f2c-41aa-07be-d310"
DIGITS = " ".join(f"{number * 7919 % 100_000:05}" for number in range(12))
EMOJI = e.ComparingShown("carol", (0, 5, 24, 60, 58, 32, 7), "1234 5678 9012")
CODE = "I have it:\n```\ndef tea(time: int) -> bool:\n    return time == 5\n```"
PEOPLE = (("bob", e.Trust.VERIFIED), ("carol", e.Trust.NEW), ("dave", e.Trust.NEW))
ROOMS = (("#ops", "Tea at five", 4), ("#books", "", 3))
MAILBOXES = ("9f2c41aa" * 4, "77aa0123" * 4)

Scene = Callable[[Game], Awaitable[None]]


def past(
    number: int,
    text: str,
    *,
    sender: str = "bob",
    minutes_ago: int = 0,
    action: bool = False,
    edited: bool = False,
    reply: e.Quote | None = None,
    reactions: tuple[tuple[str, str], ...] = (),
) -> e.PastMessage:
    """Return a message in #ops, as the history has it; one of alice is delivered."""
    time_ms = NOW_MS - int(timedelta(minutes=minutes_ago) / timedelta(milliseconds=1))
    own = sender == "alice"
    return e.PastMessage(
        message_id=f"past-{number}",
        sender=sender,
        recipient="#ops",
        text=text,
        time_ms=time_ms,
        kept_ms=time_ms,
        e2e=True,
        trust="" if own else "verified" if sender == "bob" else "new",
        state=e.DeliveryState.DELIVERED if own else None,
        missing=0,
        late=False,
        room="#ops",
        action=action,
        position=number,
        edited=edited,
        reply=reply,
        reactions=reactions,
    )


PAGE = (
    past(1, "Who has the **key** of the tea room?", minutes_ago=24 * 60),
    past(2, "I do", sender="carol", minutes_ago=24 * 60 - 2),
    past(3, "has a cup already", action=True, minutes_ago=9),
    past(4, "Is the kettle in order?", sender="alice", minutes_ago=8,
         reactions=(("bob", "\N{THUMBS UP SIGN}"), ("carol", "\N{HOT BEVERAGE}"))),
    past(5, "Yes, and there is a timer too", minutes_ago=7, edited=True,
         reply=e.Quote("past-4", "alice", "Is the kettle in order?")),
    past(6, "", sender="carol", minutes_ago=6, edited=True),
    past(7, CODE, sender="carol", minutes_ago=5),
)  # fmt: skip


def answer(game: Game, question: object) -> None:
    """Answer what the screen asks, as an engine would."""
    match question:
        case c.Page("#ops"):
            game.engine.emit(e.Page(question, PAGE, older=False, newer=False))
        case c.Page():
            game.engine.emit(e.Page(question, (), older=False, newer=False))
        case c.Rooms():
            game.engine.emit(e.RoomList(tuple(_room(*room) for room in ROOMS)))
        case c.Contacts():
            game.engine.emit(e.Contacts(tuple(_person(*person) for person in PEOPLE)))
        case c.Who(str(room)):
            people = (e.RoomPerson("alice", None, admin=True), *map(e.RoomPerson._make, _BOTH))
            game.engine.emit(e.RoomPeople(room, people))
        case c.Verify(str(name), c.How.DIGITS):
            game.engine.emit(e.SafetyNumber(name, DIGITS, e.Trust.NEW, FINGERPRINT))
        case c.Verify(str(), c.How.EMOJI):
            game.engine.emit(EMOJI)
        case c.Sight(str(name)):
            game.engine.emit(_relay_view(name))


_BOTH = (
    ("bob", e.Trust.VERIFIED, False, False),
    ("carol", e.Trust.NEW, False, False),
    ("dave", e.Trust.NEW, False, True),
)


def _room(name: str, topic: str, members: int) -> e.RoomInfo:
    return e.RoomInfo(name, topic, "alice", members, joined=True, admin=True, paused=False,
                      muted=False)  # fmt: skip


def _person(name: str, trust: e.Trust) -> e.KnownPerson:
    return e.KnownPerson(name, name, trust, FINGERPRINT, request=False, blocked=False)


def _relay_view(name: str) -> e.RelayView:
    theirs, own = MAILBOXES
    seen = tuple(
        e.Sighting(NOW_MS - 60_000 + 5_000 * number, outgoing, theirs if outgoing else own,
                   512 if number else 1024, ephemeral=number == 3)
        for number, outgoing in enumerate((True, False, True, True, False))
    )  # fmt: skip
    return e.RelayView(name, own, seen)


async def begin(game: Game) -> None:
    """Let the engine answer all that was asked, and all that will be."""
    game.engine.on_call = lambda call: answer(game, call[1]) if call[0] == "ask" else None
    for question in game.asked:
        answer(game, question)
    await game.settle()


async def conversation(game: Game) -> None:
    """A room with all that can be in one, something unread elsewhere, and a text being typed."""
    await begin(game)
    game.chat.choose("#ops")
    game.app.show_changes()
    await game.settle()
    game.app.on_app_blur()
    boils = message("The water boils", sender="bob", number=8, room="#ops")
    await game.tell(replace(boils, trust=e.Trust.VERIFIED))
    await game.tell(message("Come **now**, alice", sender="dave", number=9, room="#ops"))
    await game.tell(message("Are you there?", sender="carol", number=10))
    game.app.on_app_focus()
    game.app.load("on my way")
    await game.settle()


async def verification(game: Game) -> None:
    """Digits, emoji and code of carol."""
    await begin(game)
    game.chat.choose("carol")
    game.app.show_changes()
    await game.settle()
    await game.do("verify")
    await game.press("e")


async def relay_view(game: Game) -> None:
    """What the relay sees of carol."""
    await begin(game)
    game.chat.choose("carol")
    game.app.show_changes()
    await game.settle()
    await game.do("relay")


async def alarm(game: Game) -> None:
    """The key of somebody else has changed, and there is no connection."""
    await conversation(game)
    await game.tell(
        e.PeerKeyChanged("dave", FINGERPRINT, "41aa-9f2c-d310-07be"),
        e.Offline("the relay is stopping", 4.0),
    )


async def help_page(game: Game) -> None:
    """Keys and commands."""
    await begin(game)
    await game.do("help")


SCENES: dict[str, Scene] = {
    "conversation": conversation,
    "verification": verification,
    "relay-view": relay_view,
    "alarm": alarm,
    "help": help_page,
}
