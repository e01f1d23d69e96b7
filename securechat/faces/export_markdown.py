"""A conversation as Markdown to read: in a renderer, in an editor and on a terminal.

A text of a person is an indented code block, which every renderer shows as it is: there is no
character that ends one, every line of it begins with four spaces, and every line that does not is
ours. It went through `safe_text`, so that a line has no other ends than those seen here.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo

from securechat.client.events import PastMessage
from securechat.client.history.exporting import Conversation
from securechat.text import safe_text

INDENT = "    "

_ACTIVE = re.compile(r"[!-,./:-@\[-`{-~]")
_AT_ONCE = timedelta(minutes=5)
"""A message that is kept within this time of its writing has one time."""


def render_export(
    conversation: Conversation,
    messages: Iterable[PastMessage],
    exported_ms: int,
    zone: tzinfo | None = None,
) -> Iterator[str]:
    """Give the lines of the document as the messages come; ``zone`` is else the local one.

    Days and times are those at which messages were kept here, so that they follow each other.
    """
    exported = datetime.fromtimestamp(exported_ms / 1000, zone).astimezone(zone)
    own_name, peer = _escape(conversation.own_name), _escape(conversation.peer)
    yield f"# Conversation of {own_name} with {peer}"
    yield ""
    if conversation.peer != conversation.peer_name:
        yield f"- {peer} is {_escape(conversation.peer_name)} on the relay."
    yield f"- Relay: {_quote(conversation.relay)}, fingerprint {_quote(conversation.fingerprint)}"
    yield f"- Exported: {exported:%Y-%m-%d %H:%M:%S}"
    yield f"- Times: local time, which was {_quote(f'{exported:%Z}')} (UTC{exported:%z}) then"
    day = None
    for message in messages:
        kept = datetime.fromtimestamp(message.kept_ms / 1000, zone)
        if kept.date() != day:
            day = kept.date()
            yield ""
            yield f"## {day}"
        yield from _render(message, kept)


def _render(message: PastMessage, kept: datetime) -> Iterator[str]:
    yield ""
    yield f"**{kept:%H:%M:%S} {_escape(message.sender)}** ({', '.join(_remarks(message, kept))})"
    yield ""
    for line in safe_text(message.text, multiline=True).split("\n"):
        yield f"{INDENT}{line}"
    if message.reactions:
        yield ""
    for who, symbol in message.reactions:
        yield f"- {_escape(who)} reacts with {_quote(symbol)}"


def _remarks(message: PastMessage, kept: datetime) -> Iterator[str]:
    yield _escape(message.trust) if message.state is None else message.state.value
    if message.action:
        yield "says what they do"
    if message.reply is not None:
        sender = message.reply.sender
        yield f"answers {_escape(sender) if sender else 'a message that is not here'}"
    if message.edited:
        yield "edited" if message.text else "deleted"
    if not message.e2e:
        yield "TLS only: the relay can read this"
    if message.late:
        yield "late: sent before what stands above"
    if message.missing:
        yield f"{message.missing} before this one missing"
    if message.state is None and (written := _written(message.time_ms, kept)):
        yield f"written {written}"


def _written(time_ms: int, kept: datetime) -> str:
    """Return what the sender says about the time, when it is another one."""
    try:
        written = datetime.fromtimestamp(time_ms / 1000, kept.tzinfo)
    except (OverflowError, ValueError, OSError):
        return "at an impossible time"
    if abs(kept - written) < _AT_ONCE:
        return ""
    return f"{written:%H:%M}" if written.date() == kept.date() else f"{written:%Y-%m-%d %H:%M}"


def _escape(text: str) -> str:
    """Return a name as it is shown: none of its characters means anything to a renderer."""
    return _ACTIVE.sub(r"\\\g<0>", safe_text(text))


def _quote(text: str) -> str:
    """Return something short as a code span, without the one sign that means anything there."""
    return f"`{safe_text(text).replace('`', '') or ' '}`"
