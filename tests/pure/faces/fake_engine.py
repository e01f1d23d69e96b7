"""An engine that does nothing but remember what it was asked, and say what the test tells it to."""

from collections.abc import Callable

from securechat.client.commands import Question
from securechat.client.events import Ended, Event
from securechat.errors import SecureChatError


class FakeEngine:
    """Tells ``at_start`` when it is started, and Ended when it is stopped, unless ``never_ends``.

    ``on_call`` sees each call as it comes.
    """

    def __init__(self, *at_start: Event, queued: int = 0, never_ends: bool = False) -> None:
        self._at_start = at_start
        self.queued = queued
        self.queued_for: list[str] = []
        self.calls: list[tuple[object, ...]] = []
        self.on_call: Callable[[tuple[object, ...]], None] = lambda call: None
        self.error: SecureChatError | None = None
        self._never_ends = never_ends
        self._listeners: list[tuple[Callable[[Event], None], bool]] = []
        self.unread: list[Event] = []
        self.read: list[tuple[str, str]] = []
        self.confirmed: list[tuple[str, str]] = []

    def emit(self, *events: Event, errand: bool = False) -> None:
        """Tell the listeners, or those of errands."""
        for event in events:
            for listener, errands in tuple(self._listeners):
                if errands or not errand:
                    listener(event)

    @property
    def sent(self) -> list[tuple[object, ...]]:
        """The (recipient, text) pairs that were sent."""
        return [call[1:] for call in self.calls if call[0] == "send"]

    def subscribe(
        self, listener: Callable[[Event], None], *, errands: bool = False
    ) -> Callable[[], None]:
        entry = (listener, errands)
        self._listeners.append(entry)
        return lambda: self._listeners.remove(entry)

    def catch_up(
        self, listener: Callable[[Event], None], first: Event, sender: str | None = None
    ) -> Callable[[], None]:
        self._note("catch_up", sender)
        for event in (first, *self.unread):
            listener(event)
        return self.subscribe(listener)

    def shown(self, sender: str, message_id: str) -> None:
        self.read.append((sender, message_id))

    def confirm_read(self, sender: str, message_id: str) -> None:
        self.confirmed.append((sender, message_id))

    def start(self) -> None:
        self._note("start")
        self.emit(*self._at_start)

    def talk_to(self, name: str) -> None:
        self._note("talk_to", name)

    def send(
        self,
        target: str,
        text: str,
        *,
        errand: bool = False,
        action: bool = False,
        reply_to: str | None = None,
    ) -> str:
        """Note what the text is besides, if it is anything, in a last part of the call."""
        message_id = f"id{len(self.sent) + 1}"
        extras = {"action": action, "reply_to": reply_to}
        said = {key: value for key, value in extras.items() if value}
        self._note("send", target, text, *([said] if said else []))
        return message_id

    def ask(self, question: Question) -> None:
        self._note("ask", question)

    def stop(self, flush_s: float) -> None:
        self._note("stop", flush_s)
        if not self._never_ends:
            self.emit(Ended(self.error))

    def _note(self, *call: object) -> None:
        self.calls.append(call)
        self.on_call(call)
