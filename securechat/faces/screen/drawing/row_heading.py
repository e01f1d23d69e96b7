"""What stands before the text of a message: who wrote it, and all that is to be known of it."""

from securechat.client import events as e
from securechat.faces.screen.drawing.rows import Notice, Row
from securechat.faces.screen.drawing.spans import Line, Look, span
from securechat.faces.wording.messages import (
    ASKS_TO_TALK,
    TLS_ONLY,
    answers,
    begins_like_a_remark,
    heading,
)

_LOOKS = {
    e.Trust.NEW.value: Look.TRUST,
    e.Trust.VERIFIED.value: Look.TRUST,
    e.Trust.CHANGED.value: Look.CHANGED,
    e.DeliveryState.FAILED.value: Look.ALERT,
    TLS_ONLY: Look.ALERT,
}


def head_of(row: Row, before: Row | Notice | None) -> Line:
    """Return the beginning of a message, up to its text.

    The word for the trust in its writer is left out where it stands just above.
    """
    remarks = _remarks(row, before)
    star, who, *others = heading(row.sender, remarks, action=row.action)
    if row.deleted:
        others[-1] = others[-1].rstrip(": ")  # no text follows
    looks = [_LOOKS.get(part, Look.STATE) for part in others]
    if row.reply is not None:
        looks[-2] = Look.QUOTE
    parts = zip((star, who, *others), (Look.MARK, _look_of_name(row), *looks), strict=True)
    return tuple(span(text, look) for text, look in parts if text)


def _look_of_name(row: Row) -> Look:
    if row.own:
        return Look.OWN
    return Look.MENTION if row.mention else Look.NAME


def _remarks(row: Row, before: Row | Notice | None) -> list[str]:
    """Return what is to be known of a message, what it answers last."""
    remarks = [row.trust] if _says_trust(row, before) else []
    if row.state is not None:
        remarks.append(row.state.value)
    if row.request:
        remarks.append(ASKS_TO_TALK)
    if not row.e2e:
        remarks.append(TLS_ONLY)
    if row.late:
        remarks.append("late")
    if row.edited:
        remarks.append("deleted" if row.deleted else "edited")
    if row.reply is not None:
        remarks.append(answers(row.reply))
    return remarks


def _says_trust(row: Row, before: Row | Notice | None) -> bool:
    if row.own or not row.trust:
        return False
    if row.request or row.trust == e.Trust.CHANGED.value:
        return True
    if row.action and begins_like_a_remark(row.text):
        return True
    return not isinstance(before, Row) or (before.sender, before.trust) != (row.sender, row.trust)
