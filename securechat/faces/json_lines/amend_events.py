"""The fields of JSON objects about messages that are changed, and about what others see."""

from typing import Any

from securechat.client import events as e

Fields = dict[str, Any]

AmendNews = e.Amended | e.Reacted | e.Typing | e.OwnTyping | e.RelayView


def amend_fields(event: AmendNews) -> tuple[str, Fields]:
    """Return the kind of an event and its fields."""
    match event:
        case e.Amended():
            return ("edited" if event.text else "deleted"), _amended_fields(event)
        case e.Reacted():
            return "reaction", _reacted_fields(event)
        case e.Typing():
            where = {} if event.room is None else {"room": event.room}
            return "typing", {"name": event.name, "active": event.active, **where}
        case e.OwnTyping():
            return "own-typing", {"shown": event.shown}
        case e.RelayView():
            return "relay-view", _view_fields(event)


def _amended_fields(event: e.Amended) -> Fields:
    fields: Fields = {"id": event.message_id, "from": event.sender, **_place(event)}
    if event.text:
        fields["text"] = event.text
    fields["ts"] = event.time_ms
    if event.own:
        fields["own"] = True
    return fields


def _reacted_fields(event: e.Reacted) -> Fields:
    fields: Fields = {
        "id": event.message_id,
        "from": event.name,
        **_place(event),
        "symbol": event.symbol,
    }
    if event.own:
        fields["own"] = True
    return fields


def _place(event: e.Amended | e.Reacted) -> Fields:
    return {"to": event.recipient} if event.room is None else {"room": event.room}


def _view_fields(view: e.RelayView) -> Fields:
    fields: Fields = {} if view.name is None else {"name": view.name}
    fields["mailbox"] = view.own_mailbox
    fields["sightings"] = [
        {
            "ts": sighting.time_ms,
            "outgoing": sighting.outgoing,
            "mailbox": sighting.mailbox,
            "bytes": sighting.size_bytes,
            "ephemeral": sighting.ephemeral,
        }
        for sighting in view.sightings
    ]
    return fields
