"""The fields of JSON objects about comparing emoji."""

from securechat.client import events as e
from securechat.faces.json_lines.room_events import Fields
from securechat.faces.sas_emoji import SAS_EMOJI

SasNews = e.ComparingAsked | e.ComparingShown | e.ComparingAgreed | e.ComparingEnded


def sas_fields(event: SasNews) -> tuple[str, Fields]:
    """Return the kind of an event and its fields."""
    match event:
        case e.ComparingAsked():
            return "comparing", {"name": event.name, "own": event.own}
        case e.ComparingShown():
            emoji = [
                {"number": index, "emoji": SAS_EMOJI[index][0], "word": SAS_EMOJI[index][1]}
                for index in event.emoji
            ]
            fields: Fields = {"name": event.name, "emoji": emoji, "decimals": event.decimals}
            return "comparing-shown", fields
        case e.ComparingAgreed():
            return "comparing-agreed", {"name": event.name}
        case e.ComparingEnded():
            fields = {"name": event.name, "reason": event.reason.value, "alarm": event.alarm}
            return "comparing-ended", fields
