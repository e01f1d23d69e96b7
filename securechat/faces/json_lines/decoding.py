"""From the lines of `json_lines.events` back to events: those that answer requests."""

import json
from collections.abc import Callable
from typing import Any

from securechat.client import events as e
from securechat.errors import RemoteProtocolError, SecureChatError

Fields = dict[str, Any]


def decode_event(line: bytes) -> e.Event | None:
    """Return the event on a line, or None for a kind that no request is answered with.

    Raises RemoteProtocolError when it is no such line.
    """
    try:
        fields = json.loads(line)
        decode = _DECODERS.get(fields["event"])
        return decode(fields) if decode is not None else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RemoteProtocolError(
            "The running client answers in another way than this version expects",
            "close it and start it again: it may be an older one",
        ) from error


def decode_error(fields: Fields) -> SecureChatError:
    """Return the error that an object tells, as an instance of its class, by its code."""
    kinds = {kind.code: kind for kind in _all_kinds(SecureChatError)}
    kind = kinds.get(str(fields["code"]), SecureChatError)
    return kind(str(fields["message"]), str(fields.get("try", "")))


def _all_kinds(kind: type[SecureChatError]) -> list[type[SecureChatError]]:
    """Return a class and those below it, the nearest one last: a code names the highest."""
    below = [each for child in kind.__subclasses__() for each in _all_kinds(child)]
    return [*below, kind]


def _message(fields: Fields) -> e.Message:
    return e.Message(
        message_id=str(fields["id"]),
        sender=str(fields["from"]),
        recipient=str(fields["room"] if "room" in fields else fields["to"]),
        text=str(fields["text"]),
        time_ms=int(fields["ts"]),
        e2e=bool(fields["e2e"]),
        trust=e.Trust(fields["trust"]),
        request=bool(fields.get("request", False)),
        missing=int(fields.get("missing", 0)),
        late=bool(fields.get("late", False)),
        room=fields.get("room"),
        action=bool(fields.get("action", False)),
        reply=_quote(fields["reply"]) if "reply" in fields else None,
        mention=bool(fields.get("mention", False)),
        alert=bool(fields.get("alert", False)),
    )


def _quote(fields: Fields) -> e.Quote:
    return e.Quote(str(fields["id"]), fields.get("from"), fields.get("text"))


_DECODERS: dict[str, Callable[[Fields], e.Event]] = {
    "ready": lambda f: e.Ready(f["name"], f["relay"], f["fingerprint"], f["again"]),
    "offline": lambda f: e.Offline(f["message"], f["retry_ms"] / 1000),
    "message": _message,
    "sent": lambda f: e.Sent(f["id"], f["to"]),
    "accepted": lambda f: e.Accepted(f["id"], f["to"]),
    "delivered": lambda f: e.Delivered(f["id"], f["to"]),
    "read": lambda f: e.Read(f["id"], f["to"]),
    "key-changed": lambda f: e.PeerKeyChanged(
        f["name"], f["pinned"], f["shown"], f.get("verified", False), f.get("accepted", False)
    ),
    "trust": lambda f: e.TrustChanged(
        f["name"],
        e.Trust(f["trust"]),
        f["fingerprint"],
        e.Reason(f["reason"]),
        f.get("by_itself", False),
    ),
    "devices-changed": lambda f: e.DevicesChanged(f["name"], e.Trust(f["trust"])),
    "device-renewed": lambda f: e.DeviceRenewed(f["device"]),
    "invite": lambda f: e.InviteMade(f["link"], f["qr"], f["id"], f["uses"], f["expires"]),
    "invites": lambda f: e.InviteList(
        tuple(e.InviteInfo(each["id"], each["uses"], each["expires"]) for each in f["invites"])
    ),
    "ended": lambda _f: e.Ended(None),
    "error": lambda f: e.Problem(decode_error(f), f.get("id")),
}
