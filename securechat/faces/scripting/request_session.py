"""The serving end of a request: one command of the same user, answered by a running client."""

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from securechat.client.commands import InviteQuestion
from securechat.client.events import Ended, Event, Ready
from securechat.client.input.command_line import fitting_text
from securechat.errors import SecureChatError, UsageError
from securechat.faces.json_lines.events import encode_error, encode_event, encode_object
from securechat.faces.scripting.inviting import Asking
from securechat.faces.scripting.requests import (
    Audible,
    ListenRequest,
    Request,
    Sending,
    SendRequest,
    Shown,
    parse_request,
)
from securechat.faces.session.engine import ChatEngine


class RequestSession:
    """Greets with ``ready``, takes one request, and answers until the other side hangs up.

    The first answer to a listener is ``ready`` once more: from then on it misses nothing. It says
    of each message that it has printed it, which is what ``shown`` is called for.

    ``write`` queues a line and ``end`` closes the session after it; neither blocks, and both may be
    called from any thread. ``is_unsent`` says whether the message of an id is kept for later.
    """

    def __init__(
        self,
        engine: ChatEngine,
        ready: Ready,
        is_unsent: Callable[[str], bool],
        shown: Callable[[str, str], None],
        write: Callable[[bytes], None],
        end: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._ready = ready
        self._is_unsent = is_unsent
        self._shown = shown
        self._write = write
        self._end = end
        self._request: Request | None = None
        self._cancel: Callable[[], None] = lambda: None
        self._tell(ready)

    def received(self, line: bytes) -> None:
        """Take a line; ``error``, and the end, when it asks for nothing that can be done."""
        try:
            request = parse_request(line)
            if isinstance(request, Shown):
                if request.confirm:
                    self._engine.confirm_read(request.sender, request.message_id)
                self._shown(request.sender, request.message_id)
            elif self._request is not None:
                raise UsageError("One session carries one request", "ask in another one")
            else:
                self._begin(request)
        except SecureChatError as error:
            self._write(self.farewell(error))
            self._end()

    def farewell(self, error: SecureChatError) -> bytes:
        """Return the line that says why the session ends."""
        return encode_error(error).encode()

    def closed(self) -> None:
        """Answer no more."""
        self._cancel()

    def _begin(self, request: SendRequest | ListenRequest | InviteQuestion) -> None:
        match request:
            case SendRequest(_, text):
                fitting_text(text)
                self._cancel = Sending(self._engine, request, self._is_unsent, self._tell).cancel
            case ListenRequest():
                hear = partial(self._hear, Audible(request))
                self._cancel = self._engine.catch_up(hear, self._ready, request.person)
                if request.person is not None:
                    self._engine.talk_to(request.person)
            case _:
                self._cancel = Asking(self._engine, request, self._tell).cancel
        self._request = request

    def _hear(self, audible: Audible, event: Event) -> None:
        """Tell a listener what it wants; why the engine ends is not its business."""
        if isinstance(event, Ended):
            self._write(encode_object("ended", {}).encode())  # no error before it is the reason
            self._end()
        elif isinstance(event, Ready) and event is not self._ready:
            self._tell(replace(event, again=True))
        elif audible.includes(event):
            self._tell(event)

    def _tell(self, event: Event) -> None:
        line = encode_event(event)
        if line is not None:
            self._write(line.encode())
        if isinstance(event, Ended):
            self._end()
