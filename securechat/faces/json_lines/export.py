"""A conversation as one JSON document, a message a line; JSON.md is the schema."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from securechat.client.events import PastMessage
from securechat.client.history.exporting import Conversation
from securechat.faces.json_lines.events import VERSION, past_fields


def encode_export(
    conversation: Conversation, messages: Iterable[PastMessage], exported_ms: int
) -> Iterator[str]:
    """Give the lines of the document, in ASCII, one by one as the messages come."""
    head = _encode(
        {
            "v": VERSION,
            "export": "conversation",
            "name": conversation.own_name,
            "peer": conversation.peer,
            "peer_name": conversation.peer_name,
            "relay": conversation.relay,
            "fingerprint": conversation.fingerprint,
            "exported": exported_ms,
        }
    )
    yield f'{head.removesuffix("}")},"messages":['
    waiting = ""
    for message in messages:
        if waiting:
            yield f"{waiting},"
        waiting = _encode(past_fields(message))
    if waiting:
        yield waiting
    yield "]}"


def _encode(fields: dict[str, Any]) -> str:
    return json.dumps(fields, separators=(",", ":"))
