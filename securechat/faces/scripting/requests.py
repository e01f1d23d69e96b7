"""What ``send``, ``listen`` and ``invite`` ask of an engine, their own or that of a running client.

A request is one JSON object on a line, its answers are the events of JSON.md. Only the commands of
one user talk like this among themselves; the requests are no public interface.
"""

import json
import threading
from collections.abc import Callable

from msgspec import Struct

from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.names.typed_names import conversation_key, is_room
from securechat.errors import SecureChatError, StillQueued, TimedOut, UsageError
from securechat.faces.json_lines.events import VERSION
from securechat.faces.session.engine import ChatEngine


class SendRequest(Struct, frozen=True):
    """Send a text, and tell how it fares."""

    recipient: str
    text: str


class ListenRequest(Struct, frozen=True):
    """Tell every message, or those of one sender, or in one ``#room``."""

    sender: str | None = None

    @property
    def person(self) -> str | None:
        """Who is no stranger to whoever asks for this; None when that is nobody, or a room."""
        return None if self.sender is None or is_room(self.sender) else self.sender


class Shown(Struct, frozen=True):
    """Not asked but told by a listener: it has printed this message.

    ``confirm``: and its user lets the writers of messages know that.
    """

    sender: str
    message_id: str
    confirm: bool = False


Request = SendRequest | ListenRequest | Shown | c.InviteQuestion


def encode_request(request: Request) -> bytes:
    """Return the line for a request."""
    fields: dict[str, str | bool | int | None]
    match request:
        case SendRequest(recipient, text):
            fields = {"do": "send", "to": recipient, "text": text}
        case ListenRequest(sender):
            fields = {"do": "listen"} if sender is None else {"do": "listen", "from": sender}
        case Shown(sender, message_id, confirm):
            fields = {"do": "shown", "from": sender, "id": message_id, "confirm": confirm}
        case c.MakeInvite(uses, lifetime_s, address):
            fields = {"do": "invite", "uses": uses, "seconds": lifetime_s, "address": address}
        case c.Invites():
            fields = {"do": "invites"}
        case c.RevokeInvite(invite_id):
            fields = {"do": "revoke-invite", "id": invite_id}
    return json.dumps({"v": VERSION, **fields}).encode()


def parse_request(line: bytes) -> Request:
    """Return the request on a line; UsageError when it is none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    match found:
        case {"v": 1, "do": "send", "to": str(recipient), "text": str(text)}:
            return SendRequest(recipient, text)
        case {"v": 1, "do": "listen", "from": str(sender)}:
            return ListenRequest(sender)
        case {"v": 1, "do": "listen"}:
            return ListenRequest()
        case {"v": 1, "do": "shown", "from": str(sender), "id": str(message_id), **others}:
            return Shown(sender, message_id, others.get("confirm") is True)
        case {
            "v": 1,
            "do": "invite",
            "uses": int(uses),
            "seconds": int(lifetime_s),
            "address": None | str() as address,
        }:
            return c.MakeInvite(uses, lifetime_s, address)
        case {"v": 1, "do": "invites"}:
            return c.Invites()
        case {"v": 1, "do": "revoke-invite", "id": str(invite_id)}:
            return c.RevokeInvite(invite_id)
        case _:
            raise UsageError("That is no request of this version", "securechat --version")


class Audible:
    """What one listener wants to hear."""

    def __init__(self, request: ListenRequest) -> None:
        self._sender = None if request.sender is None else _Names(request.sender)

    def includes(self, event: e.Event) -> bool:
        """Return whether an event is one of it."""
        match event:
            case e.Message(sender=name, room=room):
                return self._sender is None or name in self._sender or (room or "") in self._sender
            case e.Renamed() if self._sender is not None:
                self._sender.note(event)
                return False
            case e.Problem(_, message_id):
                return message_id is None
            case e.PeerKeyChanged(name) | e.DevicesChanged(name):
                return self._sender is None or name in self._sender
            case e.TrustChanged(name):
                return self._sender is not None and name in self._sender
            case e.Ready() | e.Offline() | e.DeviceRenewed() | e.Ended():
                return True
            case _:
                return False


class _Names:
    """All that one person is called in the course of a run; case does not matter."""

    def __init__(self, name: str) -> None:
        self._names = {conversation_key(name)}

    def __contains__(self, name: str) -> bool:
        return conversation_key(name) in self._names

    def note(self, renamed: e.Renamed) -> None:
        if renamed.before in self:
            self._names.add(conversation_key(renamed.name))


class Sending:
    """One message and the events about it, which go to ``tell`` in the engine's thread.

    ``is_unsent`` says whether the message of an id is kept for later: when the engine ends first,
    the Ended that is told has the error that says what remains.
    """

    def __init__(
        self,
        engine: ChatEngine,
        request: SendRequest,
        is_unsent: Callable[[str], bool],
        tell: Callable[[e.Event], None],
    ) -> None:
        """Send it; raises as `ChatEngine.send` does."""
        self._recipient = request.recipient
        self._is_unsent = is_unsent
        self._tell = tell
        self._accepted = self._delivered = False
        self._lock = threading.Lock()
        with self._lock:  # the engine may tell of the message before we know its id
            self.cancel = engine.subscribe(self._hear, errands=True)
            try:
                self._message_id = engine.send(request.recipient, request.text, errand=True)
            except BaseException:
                self.cancel()
                raise

    def _hear(self, event: e.Event) -> None:
        with self._lock:
            concerns = self._concerns(event)
        if isinstance(event, e.Ended):
            self._tell(e.Ended(self._what_remains(event)))
        elif concerns:
            self._tell(event)

    def _concerns(self, event: e.Event) -> bool:
        match event:
            case e.Sent(message_id) | e.Read(message_id):
                return message_id == self._message_id
            case e.Delivered(message_id):
                self._delivered |= message_id == self._message_id
                return message_id == self._message_id
            case e.Accepted(message_id):
                self._accepted |= message_id == self._message_id
                return message_id == self._message_id
            case e.Problem(_, message_id):
                return message_id in (None, self._message_id)
            case _:
                return False

    @property
    def is_kept(self) -> bool:
        """Whether it waits for the next connection; for the thread that commits to the state."""
        return self._is_unsent(self._message_id)

    def _what_remains(self, ended: e.Ended) -> SecureChatError:
        if self._accepted or self._delivered:
            come, not_yet = ("delivered", "read") if self._delivered else ("accepted", "delivered")
            return TimedOut(
                f"The message to {self._recipient} was {come}, and not yet {not_yet} when the"
                " client ended",
                f"ask {self._recipient}",
            )
        if self.is_kept:
            return still_queued(self._recipient, "not handed over when the client ended")
        return ended.error or SecureChatError(
            f"The message to {self._recipient} was not taken: the client ended just then",
            "run the same command again",
        )


def still_queued(recipient: str, why: str) -> StillQueued:
    """Return the error for a message that was not handed over, and is kept."""
    return StillQueued(
        f"The message to {recipient} was {why}. It waits in your outbox, and goes out while any"
        " securechat command of yours is connected",
        "securechat listen --timeout 60; or give it up: securechat client, and there:"
        f" /unsend {recipient}",
    )
