"""What may stand in a field of the screen: a field draws what is in it as it is."""

from securechat.text import safe_text


def typed_text(text: str) -> str:
    """Return a typed, pasted or loaded text, safe to draw; its lines and tabs are kept.

    Idempotent. A line ends in one newline, whatever it ended in before.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "\t".join(safe_text(part, multiline=True) for part in lines.split("\t"))
