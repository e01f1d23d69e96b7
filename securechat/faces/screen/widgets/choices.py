"""What can be chosen in the pickers: conversations, things to do, messages found, reactions."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from securechat.client import events as e
from securechat.client.command_help import HELP
from securechat.faces.emoji_codes import codes_beginning, with_emoji
from securechat.faces.screen.actions import ACTIONS, Scope
from securechat.faces.screen.drawing.facts import Place
from securechat.faces.screen.drawing.fuzzy import find_best
from securechat.faces.screen.drawing.help_page import key_label
from securechat.faces.screen.drawing.reaction_line import show_symbol
from securechat.faces.screen.drawing.spans import Look, span
from securechat.faces.screen.widgets.picker import Choice
from securechat.faces.wording.messages import clock

REACTIONS = ("thumbs_up", "red_heart", "joy", "tada", "eyes", "thinking", "cry", "thumbs_down")
"""The codes of the reactions that are offered."""

_CODES_MAX = 40
_SHOWN_CHARACTERS = 512
"""More of a message fits on no row."""


def conversation_choices(typed: str, places: Sequence[Place]) -> list[Choice[str]]:
    """Return the conversations that are meant, of equal ones those with something unread first."""
    ordered = sorted(places, key=lambda place: (not place.mention, not place.unread))
    return [_place_choice(place) for place in find_best(typed, ordered, lambda place: place.name)]


def _place_choice(place: Place) -> Choice[str]:
    mark = "@" if place.mention else ""
    unread = f"{mark}{place.unread}" if place.unread else ""
    return Choice((span(f"{unread:>4} ", Look.SIDE_UNREAD), span(place.name)), place.name)


def doing_choices(typed: str, bound: Mapping[str, str]) -> list[Choice[str]]:
    """Return what can be done: the ids of actions, and commands, which begin with a slash.

    ``bound`` are the keys that a user has set.
    """
    actions = [
        (action.id, action.label, key_label(bound.get(action.id, action.keys)), action.id)
        for action in ACTIONS
        if action.scope is not Scope.MESSAGES and action.id != "palette"
    ]
    commands = [(usage.split()[0], usage, meaning, usage) for usage, meaning in HELP]
    found = find_best(typed, [*actions, *commands], lambda doing: " ".join(doing[1:]))
    return [
        Choice((span(what), span(f"  {more}", Look.MARK)), value) for value, what, more, _ in found
    ]


def message_choices(found: e.SearchResult | None, now: datetime) -> list[Choice[e.PastMessage]]:
    """Return the messages that were found, the newest first."""
    if found is None:
        return []
    return [
        Choice((span(f"{clock(past.time_ms, now)} ", Look.TIME), span(_told(past))), past)
        for past in reversed(found.messages)
    ]


def _told(past: e.PastMessage) -> str:
    where = past.room or ("" if past.state is None else f"to {past.recipient}")
    text = past.text[:_SHOWN_CHARACTERS]
    return " ".join(f"{where} {past.sender}: {text}".split())


def reaction_choices(typed: str) -> list[Choice[str]]:
    """Return the reactions that are meant; an empty one takes the user's own back."""
    code = typed.strip().strip(":")
    if not code:
        return [*map(_code_choice, REACTIONS), Choice((span("none: take mine back"),), "")]
    if not code.isascii():
        return [Choice((span(show_symbol(code)),), code)]
    return [_code_choice(name) for name in codes_beginning(code)[:_CODES_MAX]]


def _code_choice(code: str) -> Choice[str]:
    symbol = with_emoji(f":{code}:")
    return Choice((span(f"{code} "), span(symbol)), symbol)
