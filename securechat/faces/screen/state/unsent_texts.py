"""What is being typed in each conversation: kept over the end of the run, and let others know."""

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from securechat.client import commands as c
from securechat.client.names.typed_names import conversation_key

STORE_AFTER = timedelta(seconds=1)
"""So long nothing was typed when it is stored: not with each key."""

STORE_AT_LEAST_AFTER = timedelta(seconds=5)
"""Who types on without a pause loses no more than this to a crash."""

TELL_AGAIN_AFTER = timedelta(seconds=1)
STOPPED_AFTER = timedelta(seconds=6)
"""When the engine hears again that a text goes on being typed, and that it does no more."""

_Question = c.StoreText | c.Composing


class _Edit(Struct):
    """What was put into an input to be changed, and what was there before."""

    text: str
    put_aside: str


class UnsentTexts:
    """The text in the input of each conversation; ``ask`` asks the engine, which may refuse.

    What is typed while no conversation is chosen stands under the name "", and is not kept. Nobody
    is told that a command is being typed.
    """

    def __init__(self, ask: Callable[[_Question], None], now: Callable[[], datetime]) -> None:
        self._ask = ask
        self._now = now
        self._texts: dict[str, str] = {}
        self._unstored: dict[str, str] = {}
        self._edits: dict[str, _Edit] = {}
        self._typed_at = self._stored_at = now()
        self._composing: str | None = None
        self._told_at = now()

    def of(self, name: str) -> str:
        """Return the text in the input of a conversation."""
        return self._texts.get(conversation_key(name), "")

    def take_stored(self, texts: tuple[tuple[str, str], ...]) -> None:
        """Take those of an earlier run; what was typed by now stays."""
        for name, text in texts:
            self._texts.setdefault(conversation_key(name), text)

    def note(self, name: str, text: str) -> None:
        """Take note of what stands in the input of a conversation now."""
        if text == self.of(name):
            return
        self._typed_at = self._now()
        if not self._unstored:
            self._stored_at = self._typed_at
        self._put(name, text)
        if text and name and not _is_command(text):
            self._tell_composing(name)
        else:
            self.stop_composing()

    def sent(self, name: str) -> None:
        """Take note that the text of a conversation has gone."""
        if self.of(name):
            self._put(name, "")
        self._composing = None  # the message itself says it
        self.store()

    def begin_edit(self, name: str, text: str) -> None:
        """Put a message's text into the input; what stands there is put aside until the end."""
        self._edits[conversation_key(name)] = _Edit(text, self.of(name))
        self.note(name, text)

    def end_edit(self, name: str) -> None:
        """Put back what stood in the input before a message's text."""
        if edit := self._edits.pop(conversation_key(name), None):
            self.note(name, edit.put_aside)

    def take_along(self, before: str, name: str) -> None:
        """Put the text of one conversation behind that of another, which is chosen now."""
        if text := self.of(before):
            self._put(before, "")
            self._put(name, self.of(name) + text)

    def put_before(self, name: str, text: str) -> None:
        """Put a text that was not sent before what stands in the input, or was put aside there."""
        if edit := self._edits.get(conversation_key(name)):
            edit.put_aside = joined(text, edit.put_aside)
        else:
            self._put(name, joined(text, self.of(name)))

    def store(self) -> None:
        """Let the engine keep what has changed."""
        unstored, self._unstored = self._unstored, {}
        for key, name in unstored.items():
            self._ask(c.StoreText(name, self._worth_keeping(key)))

    def tick(self) -> None:
        """Do what is due, about once a second."""
        idle = self._since(self._typed_at)
        if idle >= STORE_AFTER or self._since(self._stored_at) >= STORE_AT_LEAST_AFTER:
            self.store()
        if idle >= STOPPED_AFTER:
            self.stop_composing()

    def stop_composing(self) -> None:
        """Let others know that nothing is typed any more, if they were told that it is."""
        if self._composing is not None:
            self._ask(c.Composing(self._composing, active=False))
            self._composing = None

    def rename(self, before: str, name: str) -> None:
        """Take note of another name for a person."""
        old, new = conversation_key(before), conversation_key(name)
        self._unstored.pop(old, None)
        if old != new and (edit := self._edits.pop(old, None)):
            self._edits[new] = edit
        if old != new and (text := self._texts.pop(old, "")):
            self._texts[new] = text
            self._unstored[new] = name

    def _since(self, at: datetime) -> timedelta:
        """Return how long ago that was; a clock that was set back must not hold anything up."""
        return abs(self._now() - at)

    def _worth_keeping(self, key: str) -> str:
        """Return what is to be there in the next run, which knows of no edit.

        A message's text that was not changed is not: it would go out as another message.
        """
        text, edit = self._texts[key], self._edits.get(key)
        if edit is None:
            return text
        return edit.put_aside if text in ("", edit.text) else joined(text, edit.put_aside)

    def _put(self, name: str, text: str) -> None:
        self._texts[conversation_key(name)] = text
        if name:
            self._unstored[conversation_key(name)] = name

    def _tell_composing(self, name: str) -> None:
        if self._composing is not None and self._composing != name:
            self.stop_composing()
        if self._composing is None or self._since(self._told_at) >= TELL_AGAIN_AFTER:
            self._composing, self._told_at = name, self._now()
            self._ask(c.Composing(name, active=True))


def joined(text: str, typed: str) -> str:
    """Return both, each beginning with a line of its own."""
    return f"{text}\n{typed}" if typed else text


def _is_command(text: str) -> bool:
    start = text.lstrip()
    return start.startswith("/") and not start.startswith(("//", "/me "))
