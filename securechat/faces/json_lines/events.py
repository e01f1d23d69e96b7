"""One JSON object for each event; JSON.md is the schema, and a test compares the two."""

import json
from collections.abc import Callable

from securechat.client import events as e
from securechat.client.command_help import HELP
from securechat.errors import SecureChatError
from securechat.faces.json_lines.amend_events import amend_fields
from securechat.faces.json_lines.pairing_events import pairing_fields
from securechat.faces.json_lines.room_events import Fields, room_fields
from securechat.faces.json_lines.sas_events import sas_fields

VERSION = 1


def encode_object(event: str, fields: Fields) -> str:
    """Return one line of JSON, in ASCII: what is not ASCII, and all controls, are escapes."""
    return json.dumps({"v": VERSION, "event": event, **fields}, separators=(",", ":"))


def encode_event(event: e.Event, unread: Callable[[str], int] = lambda _: 0) -> str | None:
    """Return the line for an event, or None for one that has none.

    That is an end without an error, what only a screen asks for, and a session that has begun
    without the relay: the chat in JSON never does.

    ``unread`` counts the messages of a conversation that came while text went to others.
    """
    match event:
        case e.Ready():
            return encode_object(
                "ready",
                {
                    "name": event.name,
                    "relay": event.relay,
                    "fingerprint": event.fingerprint,
                    "again": event.again,
                },
            )
        case e.Message():
            return encode_object("message", _message_fields(event))
        case e.Sent() | e.Accepted() | e.Delivered() | e.Read():
            fields = {"id": event.message_id, "to": event.recipient}
            return encode_object(type(event).__name__.lower(), fields)
        case e.Problem():
            return encode_error(event.error, event.message_id)
        case e.Ended():
            return None if event.error is None else encode_error(event.error)
        case e.Resumed():
            return encode_object("resumed", {})
        case e.Offline():
            retry_ms = round(event.retry_in_s * 1000)
            return encode_object("offline", {"message": event.why, "retry_ms": retry_ms})
        case e.History() | e.SearchResult() | e.Retention() | e.Withdrawn():
            return _encode_about_history(event)
        case e.DeviceRenewed():
            return encode_object("device-renewed", {"device": event.device})
        case (
            e.RoomNews()
            | e.Invitation()
            | e.RoomList()
            | e.RoomPeople()
            | e.Notifications()
            | e.OwnPresence()
        ):
            return encode_object(*room_fields(event, unread))
        case e.CodeReady() | e.CodeEnded() | e.Paired() | e.InviteMade() | e.InviteList():
            return encode_object(*pairing_fields(event))
        case e.ComparingAsked() | e.ComparingShown() | e.ComparingAgreed() | e.ComparingEnded():
            return encode_object(*sas_fields(event))
        case e.Amended() | e.Reacted() | e.Typing() | e.OwnTyping() | e.RelayView():
            return encode_object(*amend_fields(event))
        case e.Page() | e.StoredTexts() | e.BegunOffline():
            return None
        case _:
            return _encode_about_people(event)


def encode_error(error: SecureChatError, message_id: str | None = None) -> str:
    """Return the line for an error; ``message_id`` is the own message that it concerns."""
    fields: Fields = {"code": error.code, "message": error.what}
    if error.try_next:
        fields["try"] = error.try_next
    if message_id is not None:
        fields["id"] = message_id
    return encode_object("error", fields)


def encode_help() -> str:
    """Return the line that answers ``/help``."""
    commands = [{"command": command, "meaning": meaning} for command, meaning in HELP]
    return encode_object("help", {"commands": commands})


def _message_fields(message: e.Message) -> Fields:
    fields: Fields = {
        "id": message.message_id,
        "from": message.sender,
        **_place(message),
        "text": message.text,
        "ts": message.time_ms,
        "e2e": message.e2e,
        "verified": message.trust is e.Trust.VERIFIED,
        "trust": message.trust.value,
    }
    if message.request:
        fields["request"] = True
    if message.missing:
        fields["missing"] = message.missing
    if message.reply is not None:
        fields["reply"] = _quote_fields(message.reply)
    for name in ("late", "action", "mention", "alert"):
        if getattr(message, name):
            fields[name] = True
    return fields


def _place(message: e.Message | e.PastMessage) -> Fields:
    return {"to": message.recipient} if message.room is None else {"room": message.room}


def _quote_fields(quote: e.Quote) -> Fields:
    fields: Fields = {"id": quote.message_id}
    if quote.sender is not None:
        fields["from"] = quote.sender
    if quote.text is not None:
        fields["text"] = quote.text
    return fields


def _encode_about_history(event: e.History | e.SearchResult | e.Retention | e.Withdrawn) -> str:
    match event:
        case e.History():
            fields: Fields = {"messages": [past_fields(past) for past in event.messages]}
            if event.name is not None:
                fields["name"] = event.name
            return encode_object("history", fields)
        case e.SearchResult():
            messages = [past_fields(past) for past in event.messages]
            return encode_object("found", {"messages": messages, "more": event.more})
        case e.Retention():
            return encode_object("retention", {"name": event.name, "days": event.days})
        case e.Withdrawn():
            return encode_object("withdrawn", {"name": event.name, "ids": list(event.message_ids)})


def past_fields(past: e.PastMessage) -> Fields:
    """Return a message of the history, with the names that `encode_event` gives to one now."""
    fields: Fields = {
        "id": past.message_id,
        "from": past.sender,
        **_place(past),
        "text": past.text,
        "ts": past.time_ms,
        "kept": past.kept_ms,
        "e2e": past.e2e,
    }
    if past.state is not None:
        fields["state"] = past.state.value
    else:
        fields["verified"] = past.trust == e.Trust.VERIFIED
        fields["trust"] = past.trust
    if past.missing:
        fields["missing"] = past.missing
    if past.edited:
        fields["edited" if past.text else "deleted"] = True
    if past.reply is not None:
        fields["reply"] = _quote_fields(past.reply)
    if past.reactions:
        fields["reactions"] = [{"from": who, "symbol": symbol} for who, symbol in past.reactions]
    for name in ("late", "action", "mention"):
        if getattr(past, name):
            fields[name] = True
    return fields


def _encode_about_people(
    event: e.Waiting
    | e.PeerReady
    | e.PresenceChanged
    | e.EncryptionChanged
    | e.People
    | e.Contacts
    | e.Blocked
    | e.Renamed
    | e.SafetyNumber
    | e.PeerKeyChanged
    | e.TrustChanged
    | e.DevicesChanged,
) -> str:
    match event:
        case e.DevicesChanged():
            fields = {"name": event.name, "trust": event.trust.value}
            return encode_object("devices-changed", fields)
        case e.SafetyNumber() | e.PeerKeyChanged() | e.TrustChanged():
            return _encode_about_keys(event)
        case e.Waiting():
            return encode_object("waiting", {"name": event.name, "known": event.known})
        case e.PeerReady():
            return encode_object(
                "peer",
                {
                    "name": event.name,
                    "trust": event.trust.value,
                    "fingerprint": event.fingerprint,
                    "first_use": event.first_use,
                },
            )
        case e.PresenceChanged():
            return encode_object("presence", _presence_fields(event))
        case e.EncryptionChanged():
            return encode_object(
                "encryption", {"name": event.name, "e2e": event.encrypted, "once": event.once}
            )
        case e.People():
            return encode_object(
                "people",
                {
                    "names": list(event.names),
                    "trust": event.trust,
                    "away": sorted(event.away),
                },
            )
        case e.Contacts():
            contacts = [_contact_fields(known) for known in event.people]
            return encode_object("contacts", {"contacts": contacts})
        case e.Blocked():
            return encode_object("blocked", {"name": event.name, "blocked": event.blocked})
        case e.Renamed():
            return encode_object("renamed", {"before": event.before, "name": event.name})


def _presence_fields(event: e.PresenceChanged) -> Fields:
    fields: Fields = {"name": event.name, "online": event.online}
    if event.away:
        fields["away"] = True
    if event.last_seen_ms is not None:
        fields["last_seen"] = event.last_seen_ms
    if event.room is not None:
        fields["room"] = event.room
    return fields


def _encode_about_keys(event: e.SafetyNumber | e.PeerKeyChanged | e.TrustChanged) -> str:
    match event:
        case e.SafetyNumber():
            return encode_object(
                "safety-number",
                {
                    "name": event.name,
                    "digits": event.digits,
                    "verified": event.trust is e.Trust.VERIFIED,
                    "trust": event.trust.value,
                    "fingerprint": event.fingerprint,
                },
            )
        case e.PeerKeyChanged():
            return encode_object(
                "key-changed",
                {
                    "name": event.name,
                    "pinned": event.pinned,
                    "shown": event.shown,
                    "verified": event.verified,
                    "accepted": event.accepted,
                },
            )
        case e.TrustChanged():
            return encode_object(
                "trust",
                {
                    "name": event.name,
                    "trust": event.trust.value,
                    "fingerprint": event.fingerprint,
                    "reason": event.reason.value,
                    "by_itself": event.by_itself,
                },
            )


def _contact_fields(known: e.KnownPerson) -> Fields:
    return {
        "name": known.name,
        "relay_name": known.relay_name,
        "trust": known.trust.value,
        "fingerprint": known.fingerprint,
        "request": known.request,
        "blocked": known.blocked,
    }
