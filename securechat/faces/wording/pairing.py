"""The sentences of the faces of lines about codes and invitations."""

from datetime import datetime

from securechat.client import events as e
from securechat.faces.entries import Entry, Tone
from securechat.faces.wording.messages import clock


def answer(event: e.CodeReady | e.CodeEnded | e.InviteMade | e.InviteList, now: datetime) -> Entry:
    """What needs no more than its own words."""
    match event:
        case e.CodeReady():
            return code_ready(event, now)
        case e.CodeEnded():
            return code_ended(event)
        case e.InviteMade():
            return invite_made(event, now)
        case e.InviteList():
            return invite_list(event, now)


def code_ready(event: e.CodeReady, now: datetime) -> Entry:
    """A code, and what to do with it."""
    until = clock(event.expires_ms, now)
    return Entry(f"Code {event.code} works once, until {until}. There: securechat join")


def code_ended(event: e.CodeEnded) -> Entry:
    """A code that let nobody in."""
    who = f"Somebody at {event.address}"
    match event.reason:
        case e.CodeEnd.WRONG_CODE:
            what = (
                f"{who} tried this code with wrong words. Nobody was let in; the code is used up."
            )
        case e.CodeEnd.ANOTHER_RELAY:
            what = (
                f"{who} had the right words but is on another relay ({event.shown}): somebody may "
                "be in between. Nobody was let in."
            )
        case e.CodeEnd.INVALID:
            what = f"{who} took the code and sent what is not valid. Nobody was let in."
        case e.CodeEnd.GONE:
            what = f"{who} took the code and went away in the middle. Nobody was let in."
        case e.CodeEnd.EXPIRED:
            return Entry(f"The code has expired.{_another(event)}")
        case e.CodeEnd.LOST:
            return Entry(f"The relay does not have the code any more.{_another(event)}")
    return Entry(f"[WARNING] {what}{_another(event)}", Tone.ALERT)


def _another(event: e.CodeEnded) -> str:
    return "" if event.again else " /code makes another."


def paired(event: e.Paired, *, is_current: bool) -> Entry:
    """Somebody who has used the code; ``is_current``: what is typed goes to them."""
    if event.blocked:
        return Entry(
            f"{event.name} is verified (you both used the code) but still blocked here: nothing "
            f"comes or goes. /unblock {event.name}",
            Tone.ALERT,
        )
    then = "Type a message." if is_current else f"Write with /msg {event.name} text."
    return Entry(f"{event.name} is verified: you both used the code. {then}")


def invite_made(event: e.InviteMade, now: datetime) -> Entry:
    """An invitation to pass on."""
    return Entry(
        f"Invitation {event.link} {works(event.uses, event.expires_ms, now)}. "
        "There: securechat join LINK. To take it back: "
        f"securechat invite --revoke {event.id}"
    )


def invite_list(event: e.InviteList, now: datetime) -> Entry:
    """The invitations that can still be used, one a line."""
    if not event.invites:
        return Entry("No invitation of yours can be used.")
    listed = [f"{each.id} {works(each.uses, each.expires_ms, now)}" for each in event.invites]
    return Entry("\n".join(["Your invitations:", *listed]))


def works(uses: int, expires_ms: int, now: datetime) -> str:
    """How often an invitation can be used, and until when."""
    times = "once" if uses == 1 else f"{uses} times"
    return f"works {times}, until {clock(expires_ms, now)}"
