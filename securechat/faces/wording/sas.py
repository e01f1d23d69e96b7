"""The sentences of the faces of lines about comparing emoji."""

from securechat.client import events as e
from securechat.faces.entries import Entry, Tone
from securechat.faces.sas_emoji import emoji_line, words_line

SasNews = e.ComparingAsked | e.ComparingShown | e.ComparingAgreed | e.ComparingEnded

_EMOJI_IN_FIRST_ROW = 4
"""All seven with their words are wider than a terminal."""

_WHY = {
    e.ComparingEnd.DIFFERS: "one of you sees something else",
    e.ComparingEnd.TIMEOUT: "it took more than 10 minutes",
    e.ComparingEnd.OUT_OF_TURN: "the other side has ended it, or has begun anew",
    e.ComparingEnd.COMMITMENT: "the other side has changed its key meanwhile",
    e.ComparingEnd.MAC: "the other side has confirmed something else",
    e.ComparingEnd.KEY: "the other side has sent a key that is of no use",
    e.ComparingEnd.BUSY: "the other side goes on somewhere else",
    e.ComparingEnd.KEY_CHANGED: "the key has changed",
}


def comparing(event: SasNews, *, own_name: str, unicode: bool) -> Entry:
    """What is told of comparing emoji; ``unicode``: emoji can be shown, beside their words."""
    match event:
        case e.ComparingAsked():
            return asked(event, own_name)
        case e.ComparingShown():
            return shown(event, unicode=unicode)
        case e.ComparingAgreed():
            return Entry(f"Now {event.name} has to say so too: /match {own_name}, there.")
        case e.ComparingEnded():
            return ended(event)


def asked(event: e.ComparingAsked, own_name: str) -> Entry:
    """One of the two wants to compare; the other is to say so too."""
    name = event.name
    if event.own:
        return Entry(
            f"{name} is asked to compare emoji with you. There, within 10 minutes: "
            f"/verify {own_name} emoji"
        )
    return Entry(
        f"[NOTICE] {name} wants to compare emoji with you: /verify {name} emoji, "
        "within 10 minutes.",
        Tone.ALERT,
    )


def shown(event: e.ComparingShown, *, unicode: bool) -> Entry:
    """What to compare."""
    name = event.name
    row = emoji_line if unicode else words_line
    first, second = row(event.emoji[:_EMOJI_IN_FIRST_ROW]), row(event.emoji[_EMOJI_IN_FIRST_ROW:])
    return Entry(
        f"Compare with {name}, by voice or in person:\n{first}\n{second}\nor {event.decimals}\n"
        f"The same on both sides: /match {name}   Anything else: /differ {name}"
    )


def ended(event: e.ComparingEnded) -> Entry:
    """Comparing has come to nothing."""
    name = event.name
    if event.alarm:
        return Entry(
            f"[WARNING] What you and {name} see does not match: somebody may be in between. "
            f"Nothing has changed; to be sure: /verify {name}.",
            Tone.ALERT,
        )
    return Entry(f"Comparing with {name} ended: {_WHY[event.reason]}. Nothing has changed.")
