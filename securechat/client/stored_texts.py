"""Texts that are being typed: kept for each conversation until they are sent."""

from collections.abc import Mapping

from securechat.client import commands as c
from securechat.client.desk import Desk
from securechat.client.events import StoredTexts as StoredTextsTold


class StoredTexts:
    """What the user has typed and not sent, by conversation. It never leaves this computer."""

    def __init__(self, desk: Desk, rows: Mapping[tuple[str, bytes], bytes]) -> None:
        self._desk = desk
        self._rows = rows
        self._texts: dict[str, str] = {}

    def answer(self, question: c.StoreText | c.StoredTexts) -> None:
        """Keep a text, or forget it; or tell of all."""
        match question:
            case c.StoreText(target, ""):
                self._texts.pop(target, None)
            case c.StoreText(target, text):
                self._texts[target] = text
            case c.StoredTexts():
                self._desk.tell(StoredTextsTold(tuple(self._texts.items())))
