"""The fields of JSON objects about codes and invitations."""

from securechat.client import events as e
from securechat.faces.json_lines.room_events import Fields

PairingNews = e.CodeReady | e.CodeEnded | e.Paired | e.InviteMade | e.InviteList


def pairing_fields(event: PairingNews) -> tuple[str, Fields]:
    """Return the kind of an event and its fields."""
    match event:
        case e.CodeReady():
            return "code", {"code": event.code, "expires": event.expires_ms}
        case e.CodeEnded():
            return "code-ended", _ended_fields(event)
        case e.Paired():
            return "paired", {
                "name": event.name,
                "fingerprint": event.fingerprint,
                "blocked": event.blocked,
            }
        case e.InviteMade():
            return "invite", {"link": event.link, "qr": event.qr_text, **_invite_fields(event)}
        case e.InviteList():
            return "invites", {"invites": [_invite_fields(each) for each in event.invites]}


def _ended_fields(event: e.CodeEnded) -> Fields:
    fields: Fields = {"reason": event.reason.value, "again": event.again}
    if event.address:
        fields["address"] = event.address
    if event.shown:
        fields["shown"] = event.shown
    return fields


def _invite_fields(invite: e.InviteMade | e.InviteInfo) -> Fields:
    return {"id": invite.id, "uses": invite.uses, "expires": invite.expires_ms}
