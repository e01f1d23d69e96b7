"""Texts that are being typed: kept for each conversation until they are sent."""

from collections.abc import Mapping

import msgspec

from securechat.client import commands as c
from securechat.client.events import StoredTexts as StoredTextsTold
from securechat.client.names.typed_names import is_room
from securechat.client.state.desk import Desk

MAX_STORED = 256
"""Conversations with such a text; that of the oldest goes when there is one more."""

MAX_STORED_BYTES = 64 * 1024

_TABLE = "stored-text"


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    """A text, when it was stored, and whom or which room it is for by their names of then."""

    title: str
    text: str
    stored_ms: int


class StoredTexts:
    """What the user has typed and not sent, by conversation. It never leaves this computer."""

    def __init__(self, desk: Desk, rows: Mapping[tuple[str, bytes], bytes]) -> None:
        self._desk = desk
        here = [
            (key, msgspec.msgpack.decode(value, type=_Stored))
            for (table, key), value in rows.items()
            if table == _TABLE and key.startswith(desk.relay_id)
        ]
        self._texts = dict(sorted(here, key=lambda stored: stored[1].stored_ms))

    def answer(self, question: c.StoreText | c.StoredTexts) -> None:
        """Keep a text, or forget it; or tell of all, the oldest first."""
        match question:
            case c.StoreText(target, text):
                self._store(target, text)
            case c.StoredTexts():
                texts = [(self._called(each.title), each.text) for each in self._texts.values()]
                waiting = tuple(sorted(self._desk.unsent))
                self._desk.tell(StoredTextsTold(tuple(texts), waiting))

    def _store(self, target: str, text: str) -> None:
        """Keep what fits, as the last one."""
        key = self._desk.key_of(target)
        before = self._texts.pop(key, None)
        if not text:
            if before is not None:
                self._desk.change({(_TABLE, key): None})
            return
        kept = text.encode(errors="replace")[:MAX_STORED_BYTES].decode(errors="ignore")
        contact = None if is_room(target) else self._desk.contacts.find(target)
        title = contact.name if contact else target
        stored = self._texts[key] = _Stored(title, kept, self._desk.now_ms())
        if before is None or before.text != kept:
            self._desk.change({(_TABLE, key): msgspec.msgpack.encode(stored)})
        if len(self._texts) > MAX_STORED:
            oldest = next(iter(self._texts))
            del self._texts[oldest]
            self._desk.change({(_TABLE, oldest): None})

    def _called(self, title: str) -> str:
        return title if is_room(title) else self._desk.called(title)
